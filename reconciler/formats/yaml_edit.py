"""YAML text and edits → text, comments kept; only the value's own characters change where that is possible. Pure."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from reconciler.formats import secret_refs, yaml
from reconciler.model.problem import Invalid

Steps = tuple[str, ...]


class Missing:
    """In place of a value: the key goes."""


MISSING: Final = Missing()


class Set(NamedTuple):
    """The value a place is to have; MISSING removes it. Parents are made as maps; an item of a list is named by its
    index, and must exist already."""

    steps: Steps
    value: Any


def edit(text: str, edits: Sequence[Set]) -> str:
    """The text after these edits, one after the other. Raises Invalid for a text that is no YAML map or list."""
    for change in edits:
        text = _cut(text, change) or _spliced(text, change) or _added(text, change) or _dumped(text, change)
    return text


def _cut(text: str, change: Set) -> str | None:
    """The text without the lines of one key or item, every comment kept; None where that does not come out right."""
    span = yaml.lines_of(text, change.steps) if isinstance(change.value, Missing) else None
    if span is None:
        return None
    lines = text.splitlines(keepends=True)
    return _if_right(text, "".join(lines[: span[0]] + lines[span[1] :]), change)


def _spliced(text: str, change: Set) -> str | None:
    """One value put in the very place of another; None where that does not come out right."""
    node = yaml.node(text, change.steps)
    if node is None or isinstance(change.value, Missing) or _multiline(text, node) or _container(change.value):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    return _if_right(text, text[:start] + _scalar(change.value) + text[end:], change)


def _added(text: str, change: Set) -> str | None:
    """One more key at the end of a map in block style; None where that does not come out right."""
    place = yaml.end_of_map(text, change.steps[:-1])
    if place is None or isinstance(change.value, Missing) or yaml.node(text, change.steps) is not None:
        return None
    line, column = place
    lines = text.splitlines(keepends=True)
    if line > len(lines) or not lines[line - 1].endswith("\n"):
        return None
    new = yaml.dump({change.steps[-1]: change.value}).splitlines(keepends=True)
    added = [" " * column + one if one.strip() else one for one in new]
    return _if_right(text, "".join([*lines[:line], *added, *lines[line:]]), change)


def _if_right(text: str, new: str, change: Set) -> str | None:
    try:
        return new if yaml.load(new, "") == _with(yaml.load(text, ""), change) else None
    except Invalid:
        return None


def _multiline(text: str, node: Any) -> bool:
    return (
        not (node.id == "scalar" or node.flow_style)
        or "\n" in text[node.start_mark.index : node.end_mark.index]
        or node.anchor is not None
    )


def _container(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and "\n" in value)


def _scalar(value: Any) -> str:
    """A scalar as a person would write it."""
    if not isinstance(value, str):
        return json.dumps(value)
    if (reference := secret_refs.in_yaml(value)) is not None:
        return reference
    plain = value.strip() == value and value.isprintable() and not any(mark in value for mark in ":#,[]{}&*!|>%@`'\"")
    try:
        same = plain and yaml.load(f"a: {value}", "") == {"a": value}
    except Exception:
        same = False
    return value if same and value else json.dumps(value, ensure_ascii=False)


def _with(data: Any, change: Set) -> Any:
    *way, last = change.steps
    holder = data
    for step in way:
        holder = holder[_step(holder, step)]
    if isinstance(change.value, Missing):
        del holder[_step(holder, last)]
    else:
        holder[_step(holder, last)] = change.value
    return data


def _step(holder: Any, step: str) -> Any:
    return int(step) if isinstance(holder, list) else step


def _dumped(text: str, change: Set) -> str:
    editor = yaml.editor()
    document = editor.load(text)
    if document is None:
        document = editor.map()
    holder = document
    *way, last = change.steps
    for step in way:
        if not isinstance(holder, list) and not isinstance(holder.get(step), dict | list):
            if isinstance(change.value, Missing):
                return text
            holder[step] = editor.map()
        holder = holder[_step(holder, step)]
    if not isinstance(change.value, Missing):
        holder[_step(holder, last)] = yaml.written(change.value)
    elif isinstance(holder, list) or last in holder:
        del holder[_step(holder, last)]
    out = io.StringIO()
    editor.dump(document, out)
    return out.getvalue()
