"""A tree with comments and the data it holds → the YAML a person would have written. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from reconciler.formats import yaml
from reconciler.formats.jsonc import Json
from reconciler.formats.jsonc_remarks import Document, Group, Item, Scalar
from reconciler.model.problem import Invalid

WIDTH: Final = 100
"""A list that stood on one line stays there up to this column."""

_text_start = re.compile(r"[^\W\d]|[/$(]|\.(?:[^\W\d]|\.?/)|~/")
_dotted = re.compile(r"\.(?:inf|nan)", re.I)
_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


def written(document: Document, data: Json) -> str:
    """The first that says the data: all of it with comments, the unruly entries without, nothing but the data."""
    for text in _attempts(document, data):
        if _says(text, data):
            return text
    raise ValueError("this cannot be written as YAML")


def _attempts(document: Document, data: Json) -> Iterator[str]:
    top = _lines(document.root, 0)
    yield _text(document, [line for lines in top for line in lines])
    safe: list[str] = []
    for lines, (key, value) in zip(top, _parts(data), strict=True):
        part: Json = [value] if isinstance(data, list) else {key: value}
        safe += lines if _says("\n".join(lines), part) else yaml.dump(part).splitlines()
    yield _text(document, safe)
    yield yaml.dump(data)


def _parts(data: Json) -> list[tuple[str, Json]]:
    if isinstance(data, list):
        return [(str(index), item) for index, item in enumerate(data)]
    return list(data.items()) if isinstance(data, dict) else []


def _says(text: str, data: Json) -> bool:
    try:
        return repr(yaml.load(text, "")) == repr(data)  # which tells 1 from true, 1.0 and "1", and sees the order
    except Invalid:
        return False


def _text(document: Document, body: list[str]) -> str:
    header = _tidy([*document.header, *document.root.head], last=True)
    footer = _tidy(document.footer, last=True)
    parts = (header, [*body, *_tidy(document.root.tail, first=False, last=True)], footer)
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _lines(group: Group, indent: int) -> list[list[str]]:
    """Block style, item by item, each without indentation; `indent` is where it will stand."""
    written = []
    for index, item in enumerate(group.items):
        lines = _listed(item, indent) if group.array else _member(item, indent)
        written.append([*_tidy(item.above, first=not index), *lines])
    return written


def _member(item: Item, indent: int) -> list[str]:
    lead = f"{_key(item.key)}:"
    if one := _beginning(item, lead, indent):
        return one
    assert isinstance(item.value, Group)
    return [_commented(lead, item.beside + item.value.head), *_indented(_inside(item.value, indent + 2))]


def _listed(item: Item, indent: int) -> list[str]:
    """An item behind its dash; comments that would stand between the two go above."""
    if one := _beginning(item, "-", indent):
        return one
    assert isinstance(item.value, Group)
    lines = [*item.beside, *item.value.head, *_inside(item.value, indent + 2)]
    start = next(index for index, line in enumerate(lines) if line and not line.startswith("#"))
    return [*lines[:start], f"- {lines[start]}", *_indented(lines[start + 1 :])]


def _beginning(item: Item, lead: str, indent: int) -> list[str]:
    """What begins on the line of its key or dash: a scalar, something empty, something short; else nothing."""
    value = item.value
    if not isinstance(value, Group):
        header, *body = _literal(value) or [_plain_or_quoted(value)]
        return [_commented(f"{lead} {header}", item.beside), *_indented(body)]
    if not value.items:
        empty = f"{lead} []" if value.array else f"{lead} {{}}"
        return [_commented(empty, item.beside + value.head), *_indented(_tidy(value.tail, last=True))]
    if value.inline and (value.array or lead == "-") and not _talks(value):
        line = f"{lead} {_flow(value)}"
        return [_commented(line, item.beside)] if indent + len(line) <= WIDTH else []
    return []


def _inside(group: Group, indent: int) -> list[str]:
    lines = [line for lines in _lines(group, indent) for line in lines]
    return [*lines, *_tidy(group.tail, first=False, last=True)]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]


def _commented(line: str, remarks: list[str]) -> str:
    return "  ".join([line, " ".join(remarks)]) if remarks else line


def _tidy(remarks: list[str], *, first: bool = True, last: bool = False) -> list[str]:
    """One blank line where there were several; none first in a block, or last."""
    tidy: list[str] = []
    for line in remarks:
        if line or (tidy[-1] if tidy else not first):
            tidy.append(line)
    return tidy[:-1] if last and tidy and not tidy[-1] else tidy


def _talks(group: Group) -> bool:
    """Whether a comment stands anywhere in it."""
    return bool(group.head or group.tail) or any(
        item.above or item.beside or (isinstance(item.value, Group) and _talks(item.value)) for item in group.items
    )


def _flow(value: Scalar | Group) -> str:
    if not isinstance(value, Group):
        return _plain_or_quoted(value, inside_flow=True)
    if value.array:
        return "[" + ", ".join(_flow(item.value) for item in value.items) + "]"
    return "{" + ", ".join(f"{_key(item.key, inside_flow=True)}: {_flow(item.value)}" for item in value.items) + "}"


def _key(key: str, *, inside_flow: bool = False) -> str:
    return _quoted(key) if ":" in key else _plain_or_quoted(key, inside_flow=inside_flow)


def _plain_or_quoted(value: Scalar, *, inside_flow: bool = False) -> str:
    if isinstance(value, str):
        return value if _plain(value, inside_flow) else _quoted(value)
    return _float(value) if isinstance(value, float) else json.dumps(value)


def _plain(text: str, inside_flow: bool) -> bool:
    """Whether every reader of YAML 1.1 or 1.2, and every person, takes it for text."""
    return (
        _text_start.match(text) is not None
        and text.isprintable()
        and text.lower() not in _WORDS
        and not _dotted.match(text)
        and not text.endswith((" ", ":"))
        and ": " not in text
        and " #" not in text
        and not (inside_flow and any(mark in text for mark in ",[]{}?"))
    )


def _quoted(text: str) -> str:
    return "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def _escaped(mark: str) -> str:
    if mark.isprintable():
        return mark
    return f"\\u{ord(mark):04x}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08x}"


def _float(number: float) -> str:
    digits = repr(number)
    if digits.endswith("inf"):
        return digits.replace("inf", ".inf")
    return digits.replace("e", ".0e") if "." not in digits else digits  # YAML 1.1 knows no 1e+300


def _literal(value: Scalar) -> list[str]:
    """A text of several lines as a literal block, where that is exact and no line has blanks one cannot see."""
    if not isinstance(value, str) or "\n" not in value.rstrip("\n") or value.endswith("\n\n"):
        return []
    lines = value.removesuffix("\n").split("\n")
    exact = all(line == line.rstrip() and line.replace("\t", "").isprintable() for line in lines)
    if not exact or not lines[0] or lines[0][0] in " \t":
        return []
    return ["|" if value.endswith("\n") else "|-", *lines]
