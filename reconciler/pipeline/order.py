"""Changes → the same changes in waves: what others need first, deletes last. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Change
from reconciler.model.resource import Ref

Wave = Callable[[Change[Any]], int]


def order(changes: Sequence[Change[Any]], waves: Mapping[str, Wave] | None = None) -> tuple[Change[Any], ...]:
    """Numbers the waves; within one, changes stand by claim. A circle of needs ends up in one wave. What a kind puts
    into a later wave of its own comes after all that is in an earlier one."""
    later: dict[int, list[Change[Any]]] = {}
    for change in changes:
        wave = (waves or {}).get(change.ref.kind)
        later.setdefault(wave(change) if wave else 0, []).append(change)
    found: list[Change[Any]] = []
    for _, members in sorted(later.items()):
        first = found[-1].wave + 1 if found else 0
        found += [_in_wave(change, change.wave + first) for change in _ordered(members)]
    return tuple(found)


def _ordered(changes: Sequence[Change[Any]]) -> tuple[Change[Any], ...]:
    made = _levels([c for c in changes if not _last(c)])
    gone = _levels([c for c in changes if _last(c)])
    last = max(made.values(), default=-1)
    deepest = max(gone.values(), default=0)
    numbered = [_in_wave(c, last + 1 + deepest - gone[c.ref] if _last(c) else made[c.ref]) for c in changes]
    return tuple(sorted(numbered, key=lambda c: (c.wave, c.claim)))


def _in_wave(change: Change[Any], wave: int) -> Change[Any]:
    return change if change.wave == wave else replace(change, wave=wave)


def _last(change: Change[Any]) -> bool:
    """A file is removed last; the keys of one file change together, in one edit."""
    return change.after is None and not change.claim.item


def _levels(changes: Sequence[Change[Any]]) -> dict[Ref, int]:
    needs: dict[Ref, set[Ref]] = {}
    for change in changes:
        needs.setdefault(change.ref, set()).update(change.target.needs)
    levels = dict.fromkeys(needs, 0)
    for _ in levels:
        moved = False
        for ref, needed in needs.items():
            level = max((levels[n] + 1 for n in needed if n in levels and n != ref), default=0)
            if level > levels[ref] and level < len(levels):
                levels[ref], moved = level, True
        if not moved:
            break
    return levels
