"""A unified diff of foreign text → the lines that show it: masked, harmless, with the difference in sight. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, islice, zip_longest
from typing import NamedTuple

from reconciler.cli.phrase import alike, count, pair
from reconciler.cli.style import Style, visible

LIMIT = 12
HALF = 5
HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@.*")


class Shown(NamedTuple):
    """A line to show, and for how many lines of the diff it stands."""

    text: str
    lines: int = 1


def diff_lines(text: str, style: Style, indent: int, more: str = "") -> Iterator[str]:
    """At most LIMIT lines unless the style is full; `more` is the command that shows the rest."""
    if not text:
        return
    lines = _endings(style.masker.mask(text).split("\n"))
    limit = len(lines) if style.full or len(lines) <= LIMIT + 1 else LIMIT
    room = style.width - indent if style.width else 0
    shown = list(islice(_shown(lines, style, room, fold=limit < len(lines)), limit))
    yield from (style.fit(" " * indent + line.text) for line in shown)
    if rest := len(lines) - sum(line.lines for line in shown):
        yield " " * indent + style.paint(f"… {count(rest, 'more line')}{f' ({more})' if more else ''}", "dim")


def _endings(lines: list[str]) -> list[str]:
    """CRLF is no news where every line has it."""
    body = [line for line in lines if line[:2] not in ("@@", "+\\", "-\\", " \\")]
    return [line.removesuffix("\r") for line in lines] if all(line.endswith("\r") for line in body) else lines


def _shown(lines: Sequence[str], style: Style, room: int, fold: bool) -> Iterator[Shown]:
    for changed, run in groupby(lines, key=lambda line: line.startswith(("+", "-"))):
        if changed:
            yield from _replaced(list(run), style, room, fold)
        else:
            yield from (Shown(_context(line, style)) for line in run)


def _context(line: str, style: Style) -> str:
    if hunk := HUNK.fullmatch(line):
        return style.paint(f"@@ line {hunk[1]}", "place")
    return style.paint(visible(line).expandtabs(4), "dim")


def _replaced(run: Sequence[str], style: Style, room: int, fold: bool) -> Iterator[Shown]:
    """A run of removed and added lines; the first removed is shown against the first added, and so on."""
    old = [line[1:] for line in run if line.startswith("-")]
    new = [line[1:] for line in run if line.startswith("+")]
    # What comes must not be cut off because much goes: a long run shows the beginning of both.
    half = HALF if fold and new and len(run) > LIMIT - 2 and len(old) > HALF + 1 else len(old)
    most = LIMIT if fold else len(run)
    pairs = [
        _pair(a and visible(a), b and visible(b), style, room)
        for a, b in zip_longest(old[: min(half, most)], new[:most])
    ]
    yield from (Shown(line) for line, _ in pairs if line is not None)
    if half < len(old):
        yield Shown(style.paint(f"… {len(old) - half} more", "dim"), len(old) - half)
    yield from (Shown(line) for _, line in pairs if line is not None)


def _pair(old: str | None, new: str | None, style: Style, room: int) -> tuple[str | None, str | None]:
    if old is None or new is None:
        return _whole("-", old, style), _whole("+", new, style)
    if room:
        old, new = pair(old, new, room - 1)
    head, tail = alike(old, new)
    if 2 * (head + tail) < min(len(old), len(new)):
        return _whole("-", old, style), _whole("+", new, style)
    blank = "".join(old.split()) == "".join(new.split())
    return _parts("-", old, head, tail, style, blank), _parts("+", new, head, tail, style, blank)


def _whole(sign: str, text: str | None, style: Style) -> str | None:
    return None if text is None else style.paint((sign + text).expandtabs(4), _tone(sign))


def _parts(sign: str, text: str, head: int, tail: int, style: Style, blank: bool) -> str:
    """The line with the part that differs set off; blanks are made visible where only they differ."""
    before, differs, after = text[:head], text[head : len(text) - tail], text[len(text) - tail :]
    if blank:
        differs = differs.replace(" ", "·").replace("\t", "→")
    tone = _tone(sign)
    if not style.color:
        return (sign + before + differs + after).expandtabs(4)
    return style.paint(sign + before, tone) + style.paint(differs, f"{tone}_part") + style.paint(after, tone)


def _tone(sign: str) -> str:
    return "new" if sign == "+" else "old"
