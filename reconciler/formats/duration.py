"""Spans of time as people write them, `1h30m` or `250ms` ↔ seconds. Pure."""

from __future__ import annotations

import re

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[dhms])")
HINT = "a number of seconds, or `250ms`, `30s`, `5m`, `1h30m`, `2d`"


def seconds(said: str | float) -> float:
    """Seconds, 0 or more. Raises ValueError with what may be written."""
    if isinstance(said, int | float) and not isinstance(said, bool):
        return _positive(float(said))
    text = str(said).strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = PART.findall(text)
    if not parts or PART.sub("", text).strip():
        raise ValueError(f"no span of time: write {HINT}")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def _positive(number: float) -> float:
    if not 0 <= number < float("inf"):
        raise ValueError(f"no span of time: write {HINT}")
    return number


def shown(span: float) -> str:
    """The two largest units of a span in seconds: `1h30m`, `45s`, `250ms`."""
    if span < 1:
        return f"{span * 1000:.0f}ms"
    rest = round(span)
    said: list[tuple[int, str]] = []
    for unit in ("d", "h", "m", "s"):
        number, rest = divmod(rest, int(UNITS[unit]))
        if number or said:
            said.append((number, unit))
    return "".join(f"{number}{unit}" for number, unit in said[:2] if number)
