"""JSONC → a tree that holds each comment by what it belongs to, as lines of YAML. Pure."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from reconciler.formats import jsonc

Scalar: TypeAlias = bool | int | float | str | None

_piece = re.compile(rf"(?P<newline>\r\n?|\n)|(?P<comma>,)|(?P<comment>{jsonc.LINE_COMMENT}|{jsonc.BLOCK_COMMENT})")
_newline = re.compile(r"\r\n?|\n")
_unwritable = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_disabled = re.compile(r'#[\s/]*(?:(?P<key>"(?:[^"\\]|\\.)*")\s*:|[\]}]+,?$)')


@dataclass(slots=True)
class Group:
    """An object or array. Remarks are YAML comment lines without indentation; `""` is a blank line."""

    array: bool
    items: list[Item] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    """Behind the opening bracket."""
    tail: list[str] = field(default_factory=list)
    """Before the closing bracket."""
    inline: bool = False
    """It stood on one line."""


@dataclass(slots=True)
class Item:
    """A member of an object, or an item of an array: then the key is its index."""

    key: str
    value: Scalar | Group
    above: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    header: list[str]
    root: Group
    footer: list[str]


def document_of(text: str, root: jsonc.Node) -> Document:
    if root.kind not in ("object", "array"):
        raise jsonc.JsoncError("settings are an object or an array", *jsonc.position(text, root.start))
    beside, own = _remarks(text[: root.start])
    ends, last = _remarks(text[root.end :])
    return Document([*beside, *own], _group(text, root), [*ends, *last])


def _group(text: str, node: jsonc.Node) -> Group:
    group = Group(node.kind == "array", inline=_newline.search(text, node.start, node.end) is None)
    at = node.start + 1
    for index, entry in enumerate(node.entries):
        beside, own = _remarks(text[at : entry.start], next_on_line=True)
        _say_beside(group, beside)
        group.items.append(_item(text, entry, index, own))
        at = entry.value.end
    beside, group.tail = _remarks(text[at : node.end - 1])
    _say_beside(group, beside)
    return group if group.array else replace(group, items=_once(group.items))


def _item(text: str, entry: jsonc.Entry, index: int, above: list[str]) -> Item:
    beside, own = _remarks(text[entry.key_end : entry.value.start])
    node = entry.value
    value = _group(text, node) if node.kind in ("object", "array") else _scalar(node)
    return Item(str(index) if entry.key is None else entry.key, value, [*above, *filter(None, own)], beside)


def _scalar(node: jsonc.Node) -> Scalar:
    assert not isinstance(node.scalar, dict | list)
    return node.scalar


def _say_beside(group: Group, remarks: list[str]) -> None:
    """What stands on a line belongs to the value before it. That of a closing bracket becomes the inner end's."""
    if not group.items:
        group.head += remarks
        return
    last = group.items[-1]
    spread = last.value if isinstance(last.value, Group) and last.value.items and not last.value.inline else None
    (spread.tail if spread else last.beside).extend(remarks)


def _once(members: list[Item]) -> list[Item]:
    """The last of repeated keys counts, in the place of the first."""
    found: dict[str, Item] = {}
    for item in members:
        twin = found.get(item.key)
        found[item.key] = instead_of(twin, item) if twin else item
    return list(found.values())


def _remarks(gap: str, *, next_on_line: bool = False) -> tuple[list[str], list[str]]:
    """The comments between two values: those beside the first, and those on lines of their own before the second."""
    beside: list[str] = []
    own: list[str] = []
    newlines, line_over, comma = 0, False, next_on_line and not _newline.search(gap)
    for piece in _piece.finditer(gap):
        if piece["newline"]:
            newlines, line_over = newlines + 1, True
        elif piece["comma"]:
            line_over = line_over or comma
        else:
            lines = _remark(piece["comment"])
            line_over = line_over or len(lines) > 1
            own += [""] if newlines > 1 and line_over else []
            (own if line_over else beside).extend(lines)
            newlines = 0
    return beside, [*own, ""] if newlines > 1 else own


def _remark(source: str) -> list[str]:
    """A comment as lines of YAML."""
    source = _unwritable.sub(lambda found: f"\\u{ord(found[0]):04x}" if found[0] not in "\r\n" else found[0], source)
    lines = [source[2:].rstrip().removeprefix(" ")] if source.startswith("//") else _block(source[2:-2])
    return [f"# {line}" if line else "#" for line in lines]


def _block(body: str) -> list[str]:
    """The lines of a block comment, without its frame of stars and its indentation."""
    first, *rest = _newline.split(body.removeprefix("*").rstrip())
    rest = textwrap.dedent("\n".join(rest)).split("\n") if rest else []
    if all(line.lstrip().startswith("*") for line in rest if line.strip()):
        rest = [line.strip().removeprefix("*").removeprefix(" ") for line in rest]
    lines = [first.strip(), *map(str.rstrip, rest)]
    return lines[1:] if len(lines) > 1 and not lines[0] else lines


def instead_of(earlier: Item, later: Item) -> Item:
    return replace(later, above=paragraphs(freed_by(earlier), later.above))


def freed_by(leaf: Item) -> list[str]:
    """The comments above a leaf that stay when it goes: all but its own, which touch it and are no other setting."""
    lines = list(leaf.above)
    while lines and lines[-1] and not _other_setting(lines[-1], leaf.key):
        lines.pop()
    return lines


def left_by(item: Item) -> list[str]:
    """The comments above an item that stay when it goes with all of its own: those that do not touch it."""
    lines = list(item.above)
    while lines and lines[-1]:
        lines.pop()
    return lines


def _other_setting(remark: str, key: str) -> bool:
    found = _disabled.match(remark)
    return found is not None and found["key"] != json.dumps(key, ensure_ascii=False)


def all_freed_by(parent: Item) -> list[str]:
    group = parent.value
    return [*parent.above, *parent.beside, *group.head, *group.tail] if isinstance(group, Group) else []


def paragraphs(first: list[str], second: list[str]) -> list[str]:
    """Comments of different origin: a blank line keeps them apart."""
    return [*first, "", *second] if any(first) else [*first, *second]
