"""Values → the JSONC text of them, in the style of a document. Pure; a stack instead of recursion, as a value may be
as deep as a document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from reconciler.formats.jsonc import (
    MAX_DEPTH,
    JsoncError,
    Steps,
    parse,
)
from reconciler.formats.jsonc_document import Document, Refusal

Fresh: TypeAlias = Sequence[tuple[str | None, object]]
"""Entries to add: keys (None in an array) and values."""

_surrogate = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Raw:
    """Source text of a value, to be written as it is."""

    text: str


def rendered(document: Document, new: object, depth: int, indent: str | None) -> str:
    """The text of a value so many levels deep, on a line so indented; without indentation all on one line."""
    parts: list[str] = []
    todo: list[_Pending | str] = [_Pending(new, depth, indent)]
    while todo:
        piece = todo.pop()
        if isinstance(piece, str):
            parts.append(piece)
        elif entries := children(piece.value):
            todo += reversed(_pieces(document, piece, entries))
        else:
            parts.append(_scalar(piece.value))
    return "".join(parts)


class _Pending(NamedTuple):
    value: object
    depth: int
    indent: str | None


def _pieces(document: Document, new: _Pending, entries: Fresh) -> list[_Pending | str]:
    if new.depth >= MAX_DEPTH:
        raise Refusal(f"nested deeper than {MAX_DEPTH} levels")
    opening, closing = "{}" if isinstance(new.value, Mapping) else "[]"
    indent = None if new.indent is None else new.indent + document.unit
    lead = "" if indent is None else lead_of(document, indent)
    pieces: list[_Pending | str] = [opening + lead]
    for index, (key, item) in enumerate(entries):
        separator = "," + lead_of(document, indent) if index else ""
        pieces += separator + _key(document, key), _Pending(item, new.depth + 1, indent)
    return [*pieces, closing if new.indent is None else lead_of(document, new.indent) + closing]


def lead_of(document: Document, indent: str | None) -> str:
    """What stands before an entry: a line of its own, or the space after a comma."""
    if indent is None:
        return "" if document.is_tight else " "
    return document.newline + indent


def _key(document: Document, key: str | None) -> str:
    return "" if key is None else _scalar(key) + (":" if document.is_tight else ": ")


def bodies_of(document: Document, fresh: Fresh, steps: Steps, indent: str | None) -> list[str]:
    """The texts of new entries for the container at this place."""
    return [_key(document, key) + rendered(document, item, len(steps) + 1, indent) for key, item in fresh]


def children(new: object) -> Fresh:
    """What is in a mapping or a sequence; nothing in anything else."""
    if isinstance(new, Mapping):
        if wrong := [key for key in new if not isinstance(key, str)]:
            raise Refusal(f"`{wrong[0]}` cannot be a key: it is not a string")
        return list(new.items())
    return [(None, item) for item in new] if isinstance(new, list | tuple) else []


def _scalar(new: object) -> str:
    if isinstance(new, Raw):
        return checked(new)
    if isinstance(new, Mapping | list | tuple):
        return "{}" if isinstance(new, Mapping) else "[]"
    if new is not None and not isinstance(new, bool | int | float | str):
        raise Refusal(f"a Python {type(new).__name__} cannot be written as JSON")
    try:
        text = json.dumps(new, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise Refusal("this number cannot be written as JSON") from None
    return _surrogate.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def checked(new: Raw) -> str:
    try:
        node = parse(new.text)
    except JsoncError as error:
        raise Refusal(f"`{new.text[:40]}` is not JSONC: {error.message}") from error
    if (node.start, node.end) != (0, len(new.text)) or _surrogate.search(new.text):
        raise Refusal(f"`{new.text[:40]}` is not the text of one value alone")
    return new.text
