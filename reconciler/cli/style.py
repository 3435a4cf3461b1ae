"""What a rendering may use (colour, Unicode, width), and text from files made safe to show. Pure.

Nothing a file holds may drive the terminal or deceive the eye: escapes, control characters, characters that turn the
direction of writing and those nobody sees are spelled out (`\\x1b`, `\\u202e`); what looks like a secret is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.formats.masking import Masker

TONES = {
    "title": "1", "create": "32", "update": "33", "delete": "31", "held": "35", "dim": "2", "place": "36",
    "error": "1;31", "warning": "33", "ok": "32", "new": "32", "old": "31", "new_part": "7;32", "old_part": "7;31",
}  # fmt: skip
GLYPHS = {"→": "->", "·": "|", "…": "...", "–": "-", "•": "*", "✓": "ok", "✗": "x"}
PAINTED = re.compile("(\x1b\\[[0-9;]*m)")
UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)


@dataclass(frozen=True, slots=True)
class Style:
    """`width` 0: lines are never cut. One masker serves a whole rendering, so that the masks' numbers are stable."""

    color: bool = False
    unicode: bool = True
    width: int = 0
    full: bool = False
    masker: Masker = field(default_factory=Masker)

    def paint(self, text: str, tone: str) -> str:
        return f"\x1b[{TONES[tone]}m{text}\x1b[0m" if self.color and text else text

    def safe(self, text: str) -> str:
        """One line of foreign text, masked and harmless."""
        return visible(self.masker.mask(text))

    def finish(self, lines: Iterable[str]) -> str:
        """Lines → the text to print, ending with a newline unless empty."""
        return "".join(f"{self.spell(line).rstrip()}\n" for line in lines)

    def spell(self, text: str) -> str:
        """Our own signs in ASCII where the output cannot show them."""
        if self.unicode or text.isascii():
            return text
        return "".join(GLYPHS.get(char, char) for char in text)

    def fit(self, line: str) -> str:
        """A line that may be cut, cut to the width; its colours are still closed."""
        if not self.width or columns(PAINTED.sub("", line)) <= self.width:
            return line
        more = self.spell("…")
        room, kept = self.width - len(more), []
        for part in PAINTED.split(line):
            if not PAINTED.fullmatch(part):
                part = cut(part, room)
                room -= columns(part)
            kept.append(part)
        return "".join(kept) + more


def visible(text: str) -> str:
    """One line made harmless: a tab stays, everything that is not seen is spelled out."""
    return UNSAFE.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    code = ord(found.group())
    named = {10: "\\n", 13: "\\r"}.get(code)
    return named or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def columns(text: str) -> int:
    """How many cells of a terminal a text fills."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def cut(text: str, room: int) -> str:
    """As much of a text as fits."""
    text = text[: max(room, 0)]
    while columns(text) > room > 0:
        text = text[:-1]
    return text


def pad(text: str, width: int) -> str:
    return text + " " * (width - columns(text))
