"""Keys that another key only implies, as `command` does a `type` in Zed: they go with it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from reconciler.model.change import ABSENT, Action, Change
from reconciler.model.resource import Claim
from reconciler.shapes import json_keys
from reconciler.shapes.shared_json import IMPLIED, Leaf, Old, Steps


def together(old: Callable[[Steps], Iterable[Old]]) -> Callable[[Sequence[Change[Leaf]]], Sequence[Change[Leaf]]]:
    """A key that would be implied again goes where what implies it goes."""

    def of(changes: Sequence[Change[Leaf]]) -> Sequence[Change[Leaf]]:
        gone = {c.claim: c for c in changes if c.after is None and c.verdict.allowed and not c.action.bookkeeping}
        return [_gone(change, gone, old) for change in changes]

    return of


def _gone(change: Change[Leaf], gone: dict[Claim, Change[Leaf]], old: Callable[[Steps], Iterable[Old]]) -> Change[Leaf]:
    if change.after is None or change.after.spelled != IMPLIED:
        return change
    implying = (change.claim._replace(item=o.steps) for o in old(change.claim.item) if o.implied)
    cause = next((gone[claim] for claim in implying if claim in gone), None)
    if cause is None:
        return change
    before = change.before.state
    action = Action.FORGET if before is None or before.spelled == IMPLIED else Action.DELETE
    diff = json_keys.diff(before, None)
    target = replace(change.target, desired=None)
    return replace(change, target=target, action=action, after=None, fingerprint=ABSENT, diff=diff, made=cause.made)
