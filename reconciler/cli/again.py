"""A plan that another run came before → the plan as it is after that one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.cli import terminal
from reconciler.model.change import Change, Plan

SAID = "another run came first: planned anew"


class Again:
    """`plan` is the latest one. Where a person was `asked`, nothing is done that was not shown."""

    def __init__(self, plan: Plan, make: Callable[[], Plan], *, asked: bool) -> None:
        self.plan = plan
        self._make, self._asked = make, asked

    def __call__(self) -> Plan:
        terminal.say(SAID)
        fresh = self._make()
        self.plan = _agreed(fresh, self.plan) if self._asked else fresh
        return self.plan


def _agreed(fresh: Plan, shown: Plan) -> Plan:
    """The changes that were shown, as they were shown."""
    seen = {_what(change) for change in shown.changes}
    return replace(fresh, changes=tuple(c for c in fresh.changes if c.action.bookkeeping or _what(c) in seen))


def _what(change: Change[object]) -> tuple[object, ...]:
    return change.claim, change.before.fingerprint, change.fingerprint, change.verdict.allowed
