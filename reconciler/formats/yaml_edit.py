"""YAML text and edits → text, comments kept; only the value's own characters change where that is possible. Pure."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from reconciler.formats import yaml

Steps = tuple[str, ...]


class Missing:
    """In place of a value: the key goes."""


MISSING: Final = Missing()


class Set(NamedTuple):
    """The value a place is to have; MISSING removes it. Parents are made as maps."""

    steps: Steps
    value: Any


def edit(text: str, edits: Sequence[Set]) -> str:
    """The text after these edits. Raises Invalid for a text that is no YAML map."""
    for change in edits:
        text = _spliced(text, change) or _dumped(text, change)
    return text


def _spliced(text: str, change: Set) -> str | None:
    """One value put in the very place of another; None where that does not come out right."""
    node = yaml.node(text, change.steps)
    if node is None or isinstance(change.value, Missing) or _multiline(text, node) or _container(change.value):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    new = text[:start] + _scalar(change.value) + text[end:]
    wanted = _with(yaml.load(text, ""), change)
    return new if yaml.load(new, "") == wanted else None


def _multiline(text: str, node: Any) -> bool:
    return node.id != "scalar" or "\n" in text[node.start_mark.index : node.end_mark.index] or node.anchor is not None


def _container(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and "\n" in value)


def _scalar(value: Any) -> str:
    """A scalar as a person would write it."""
    if not isinstance(value, str):
        return json.dumps(value)
    plain = value.strip() == value and value.isprintable() and not any(mark in value for mark in ":#,[]{}&*!|>%@`'\"")
    try:
        same = plain and yaml.load(f"a: {value}", "") == {"a": value}
    except Exception:
        same = False
    return value if same and value else json.dumps(value, ensure_ascii=False)


def _with(data: Any, change: Set) -> Any:
    holder = data
    for step in change.steps[:-1]:
        holder = holder[step]
    holder[change.steps[-1]] = change.value
    return data


def _dumped(text: str, change: Set) -> str:
    editor = yaml.editor()
    document = editor.load(text)
    if document is None:
        document = editor.map()
    holder = document
    for step in change.steps[:-1]:
        if not isinstance(holder.get(step), dict):
            if isinstance(change.value, Missing):
                return text
            holder[step] = editor.map()
        holder = holder[step]
    if isinstance(change.value, Missing):
        holder.pop(change.steps[-1], None)
    else:
        holder[change.steps[-1]] = yaml.written(change.value)
    out = io.StringIO()
    editor.dump(document, out)
    return out.getvalue()
