"""Members of an object in another order: each takes along the comments directly above and beside it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.formats.jsonc import (
    Node,
    Steps,
    find_entry,
)
from reconciler.formats.jsonc_document import NEWLINE, PIECE, Document
from reconciler.formats.jsonc_remove import removed


class _Member(NamedTuple):
    slot: str
    """The white space before, and comments further above: this stays in place."""
    body: str
    beside: str


def reordered(document: Document, steps: Steps, order: list[str]) -> Document:
    node = document.at(steps)
    if list(dict.fromkeys(entry.key for entry in node.entries)) == order:
        return document
    document = _without_repeats(document, steps)
    node = document.at(steps)
    start = document.end_of_comments(node.start + 1)[1] or node.start + 1
    members, end = _members(document, node, start)
    by_key = {entry.key: member for entry, member in zip(node.entries, members, strict=True)}
    has_comma, indent = node.entries[-1].comma >= 0, document.indent_at(node.entries[-1].start)
    text, beside = "", ""
    for place, (member, key) in enumerate(zip(members, order, strict=True), start=1):
        text += _parted(beside, member.slot, document.newline + indent) + by_key[key].body
        beside = by_key[key].beside
        text += ("," if has_comma or place < len(order) else "") + beside
    text += _parted(beside, document.text[end : node.end - 1], document.newline + document.indent_at(node.start))
    return document.spliced([(start, node.end - 1, text)])


def _without_repeats(document: Document, steps: Steps) -> Document:
    """Only the last of each key, whose value counts."""
    node = document.at(steps)
    while repeated := [i for i, entry in enumerate(node.entries) if find_entry(node, entry.key or "") != i]:
        document = removed(document, node, repeated[0])
        node = document.at(steps)
    return document


def _members(document: Document, node: Node, start: int) -> tuple[list[_Member], int]:
    """The members, and where the last one ends with the comments beside it."""
    text, members = document.text, []
    for entry in node.entries:
        body, after = start, entry.comma + 1 or entry.value.end
        for piece in PIECE.finditer(text, start, entry.start):
            if piece.lastgroup == "space" and (piece.start() == start or len(NEWLINE.findall(piece[0])) > 1):
                body = piece.end()
        end, line = document.end_of_comments(after)
        if line is None and entry is not node.entries[-1]:
            end = after
        beside = (
            text[entry.value.end : end] if entry.comma < 0 else text[entry.value.end : entry.comma] + text[after:end]
        )
        members.append(_Member(text[start:body], text[body : entry.value.end], beside))
        start = end
    return members, start


def _parted(beside: str, following: str, line: str) -> str:
    """What follows, kept out of a `//` comment before it."""
    kinds = [piece.lastgroup for piece in PIECE.finditer(beside)]
    if kinds[-1:] != ["line"] or following.lstrip(" \t").startswith(("\n", "\r")):
        return following
    return line + following.lstrip(" \t")
