"""Changes → the same changes in waves: what others need first, deletes last. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Change
from reconciler.model.resource import Ref


def order(changes: Sequence[Change[Any]]) -> tuple[Change[Any], ...]:
    """Numbers the waves; within one, changes stand by claim. A circle of needs ends up in one wave."""
    made = _levels([c for c in changes if c.after is not None])
    gone = _levels([c for c in changes if c.after is None])
    last = max(made.values(), default=-1)
    deepest = max(gone.values(), default=0)
    numbered = [
        replace(c, wave=made[c.ref] if c.after is not None else last + 1 + deepest - gone[c.ref]) for c in changes
    ]
    return tuple(sorted(numbered, key=lambda c: (c.wave, c.claim)))


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
