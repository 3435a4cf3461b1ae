"""Values, pointers and counts → the few words that say them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from reconciler.cli.style import Style
from reconciler.model.change import NULL, FieldChange
from reconciler.model.secret import MARKED

LONGEST = 60
BARE = re.compile(r"[A-Za-z_/~.][^\s\"'`,;:]*([ :][^\s\"'`,;:]+)*")
KEYWORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "unset", "~"})
SIMPLE_KEY = re.compile(r"[A-Za-z0-9_$*@-]+")


def count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def joined(parts: Iterable[str], separator: str = " · ") -> str:
    return separator.join(part for part in parts if part)


def key_path(pointer: str) -> str:
    """`/permission/bash/git push *` → `permission.bash."git push *"`."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return ".".join(step if SIMPLE_KEY.fullmatch(step) else json.dumps(step, ensure_ascii=False) for step in steps)


def literal(value: Any) -> str:
    """A value as one line; text that could be read as something else is quoted."""
    if value is None or value is NULL:
        return "unset" if value is None else "null"
    if isinstance(value, str) and (MARKED.fullmatch(value) or _bare(value)):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _bare(value: str) -> bool:
    return bool(BARE.fullmatch(value)) and value.lower() not in KEYWORDS


def field(change: FieldChange, style: Style, above: str = "", signed: str = "") -> str:
    """`agent: build → plan`, masked and short, with what differs in sight; without the key that stands `above`.
    `signed`: a key that a sign says of whether it comes or goes."""
    key = key_path(change.pointer)
    before, after = (_masked(key, literal(value), style) for value in (change.before, change.after))
    if None not in (change.before, change.after):
        before, after = pair(before, after, LONGEST)
    inside = f"{change.pointer}/".startswith(f"{above}/") and above.startswith("/")
    label = style.safe(key_path(change.pointer[len(above) :]) if inside else key)
    said = _arrow(change, not label or change.pointer == signed, shortened(before), shortened(after))
    return f"{label}: {said}" if label else said


def _arrow(change: FieldChange, signed: bool, before: str, after: str) -> str:
    # A key that comes or goes has its sign already: the value says the rest.
    if signed and None in (change.before, change.after):
        return after if change.before is None else before
    return f"{before} → {after}"


def _masked(key: str, value: str, style: Style) -> str:
    # The key is part of what makes a value look like a secret, so both are shown to the masker.
    head = f"{key}: "
    masked = style.safe(head + value)
    return masked.removeprefix(head) if masked.startswith(head) else style.safe(value)


def shortened(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


class Alike(NamedTuple):
    """How many characters two texts share at their beginnings and ends."""

    head: int
    tail: int


def alike(one: str, other: str) -> Alike:
    head = _run(one, other)
    return Alike(head, min(_run(one[::-1], other[::-1]), min(len(one), len(other)) - head))


def _run(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def pair(one: str, other: str, room: int) -> tuple[str, str]:
    """Two texts cut where they are the same, when they are too long, so that the difference stays in sight."""
    if max(len(one), len(other)) <= room:
        return one, other
    head, tail = alike(one, other)
    context = max((room - 2 - max(len(one), len(other)) + head + tail) // 2, 8)
    return _window(one, head, tail, context), _window(other, head, tail, context)


def _window(text: str, head: int, tail: int, context: int) -> str:
    start = head - context if head > context + 3 else 0
    end = len(text) - tail + context if tail > context + 3 else len(text)
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
