"""A JSONC text that parses, its spans, and the style it is written in. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Final, TypeAlias

from reconciler.formats.jsonc import (
    BLOCK_COMMENT,
    BOM,
    LINE_COMMENT,
    JsoncError,
    Node,
    Steps,
    find,
    find_entry,
    parse,
    pointer,
)

Splice: TypeAlias = tuple[int, int, str]

PIECE = re.compile(rf"(?P<space>[ \t\r\n]++)|(?P<line>{LINE_COMMENT})|(?P<block>{BLOCK_COMMENT})")
_comments_beside = re.compile(rf"(?:[ \t]*+(?:{LINE_COMMENT}|{BLOCK_COMMENT}))*")
_blanks = re.compile(r"[ \t]*+")
SPACE = re.compile(r"[ \t\r\n]*+")
NEWLINE = re.compile(r"\r\n?|\n")
WHITE: Final = " \t\r\n"

_SAMPLE: Final = 200
"""How many containers are looked at to tell the indentation of a document."""


class Refusal(Exception):
    """Why a value cannot be written; the place is known further out."""


class Document:
    """A text that parses, and the style it is written in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = parse(text)

    def at(self, steps: Steps) -> Node:
        node = find(self.root, steps)
        if node is None:
            raise LookupError(pointer(steps))
        return node

    def spliced(self, splices: Iterable[Splice]) -> Document:
        parts: list[str] = []
        at = 0
        for start, end, new in sorted(splices, key=itemgetter(0, 1)):
            parts += self.text[at:start], new
            at = end
        text = "".join(parts) + self.text[at:]
        try:
            return self if text == self.text else Document(text)
        except JsoncError as error:
            raise Refusal(error.message) from error

    @cached_property
    def newline(self) -> str:
        counts = Counter(NEWLINE.findall(self.text))
        return counts.most_common(1)[0][0] if counts else "\n"

    @cached_property
    def unit(self) -> str:
        """What one level of indentation adds."""
        counts: Counter[str] = Counter()
        for node in islice(_containers(self.root), _SAMPLE):
            outer, inner = self.indent_at(node.start), self.indent_at(node.entries[0].start)
            if self.starts_line(node, 0) and inner.startswith(outer):
                counts[inner[len(outer) :]] += 1
        counts.pop("", None)
        return counts.most_common(1)[0][0] if counts else "  "

    @cached_property
    def is_tight(self) -> bool:
        """Written without white space, as the first member shows."""
        entries = self.root.entries
        return bool(entries) and self.text[entries[0].key_end : entries[0].value.start] == ":"

    def indent_at(self, offset: int) -> str:
        """The white space at the beginning of the line."""
        start = max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1
        found = _blanks.match(self.text, start + self.text.startswith(BOM, start), offset)
        return found[0] if found else ""

    def gap(self, node: Node, index: int) -> tuple[int, int]:
        """The span of the white space and the comments before an entry."""
        return node.entries[index - 1].comma + 1 if index else node.start + 1, node.entries[index].start

    def starts_line(self, node: Node, index: int) -> bool:
        """Whether nothing but comments stands before the entry on its line."""
        return self.is_fresh_line(*self.gap(node, index))

    def is_fresh_line(self, start: int, end: int) -> bool:
        """Whether the last line break of a gap is outside of comments."""
        fresh = False
        for piece in PIECE.finditer(self.text, start, end):
            if NEWLINE.search(piece[0]):
                fresh = piece.lastgroup == "space"
        return fresh

    def is_inline(self, steps: Steps) -> bool:
        """Whether the value at this place shares its line with its siblings."""
        holder = find(self.root, steps[:-1])
        index = find_entry(holder, steps[-1]) if holder and steps else None
        return holder is not None and index is not None and not self.starts_line(holder, index)

    def comments(self, start: int, end: int) -> list[re.Match[str]]:
        return [piece for piece in PIECE.finditer(self.text, start, end) if piece.lastgroup != "space"]

    def end_of_comments(self, start: int) -> tuple[int, int | None]:
        """Where the comments beside this place end, and where the line does if nothing else stands there."""
        comments = end_of(_comments_beside, self.text, start)
        line = end_of(_blanks, self.text, comments)
        return comments, line if self.text[line] in "\r\n" else None


def end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _containers(root: Node) -> Iterator[Node]:
    """Objects and arrays that are not empty, the outer ones first."""
    level = [root]
    while level := [node for node in level if node.entries]:
        yield from level
        level = [entry.value for node in level for entry in node.entries]
