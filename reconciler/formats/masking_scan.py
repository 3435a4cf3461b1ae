"""A text in, the places in it where a secret may stand, out. Pure.

C does the searching: looking through 10,000 files must not be felt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

KEYWORDS = (
    b"token",
    b"secret",
    b"pass",
    b"pwd",
    b"key",
    b"authorization",
    b"credential",
    b"bearer",
    b"_pat",
    b"cookie",
)
LITERALS = (b"://", b"asic ")
SHORTEST_RUN = 19
RANDOM_RUN = 32
"""Of base64: a shorter one is too short to look random."""


class Span(NamedTuple):
    """Where a value stands in the text, and why it looks like a secret (never the value itself)."""

    start: int
    end: int
    why: str


class Scan:
    """A text, and one byte for each of its characters (`?` where latin-1 has none), so that positions are the same."""

    __slots__ = ("_marked", "lowered", "raw", "text", "words")

    def __init__(self, text: str, raw: bytes | None = None) -> None:
        self.text = text
        self.raw = text.encode("latin-1", "replace") if raw is None else raw
        self.lowered = self.raw.lower()
        self.words = [word for word in KEYWORDS if word in self.lowered]
        self._marked = self.raw.translate(_marks())

    @property
    def worth_it(self) -> bool:
        """Whether anything stands here that all secrets have one of."""
        return (
            bool(self.words)
            or any(word in self.lowered for word in LITERALS)
            or _run(SHORTEST_RUN)[0] in self._marked
            or _run(RANDOM_RUN)[0] in self._whole()
        )

    def _whole(self) -> bytes:
        return self._marked.replace(b"+", b"x")

    def runs(self, at_least: int, *, base64: bool = False) -> Iterator[tuple[int, int]]:
        """Where so many letters, digits, `_` and `-` (in base64 `+` and `/` too) stand in a row."""
        marked = self._whole() if base64 else self._marked
        wanted, pattern = _run(at_least)
        if wanted in marked:
            for found in pattern.finditer(marked):
                yield found.start() + self.escaped(found.start()), found.end()

    def escaped(self, start: int) -> int:
        r"""1 where the first letter belongs to an escape: `\nghp_…` in a JSON string is a line break, then the key."""
        return int(start > 0 and self.text[start - 1] == "\\")


@cache
def _run(length: int) -> tuple[bytes, re.Pattern[bytes]]:
    """What to look for first, since a literal is found much faster, and the whole run."""
    return b"x" * length, re.compile(b"x" * length + b"x*")


@cache
def _marks() -> bytes:
    """Every byte to `x` within a word, `+` where only base64 goes on, or 0."""
    word = [chr(c).isascii() and (chr(c).isalnum() or chr(c) in "_-") for c in range(256)]
    return bytes(ord("x") if word[c] else ord("+") if chr(c) in "+/" else 0 for c in range(256))
