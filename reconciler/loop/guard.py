"""Corrections of one object, counted: when the loop must stop fighting somebody over it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Times = Mapping[str, tuple[float, ...]]


class Limit(NamedTuple):
    """More than `corrections` in `within` seconds are a war."""

    corrections: int
    within: float


def counted(times: Times, corrected: Iterable[str], now: float, limit: Limit) -> dict[str, tuple[float, ...]]:
    """When each object was corrected, as far back as it counts. A clock that was set back forgets what lies ahead."""
    kept = {name: tuple(t for t in seen if now - limit.within < t <= now) for name, seen in times.items()}
    for name in corrected:
        kept[name] = (*kept.get(name, ()), now)
    return {name: seen for name, seen in kept.items() if seen}


def at_war(times: Times, limit: Limit) -> list[str]:
    """The objects corrected too often."""
    return sorted(name for name, seen in times.items() if len(seen) > limit.corrections)
