"""Servers that ended: the loop waits longer each time before it starts one again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.formats.duration import shown
from reconciler.model.change import Action, Cause, Change, Plan, Verdict
from reconciler.model.serving import Note
from reconciler.shapes import server_decisions


class Tended(NamedTuple):
    """The plan with what waits held; `again`: seconds until it may be done."""

    plan: Plan
    again: float | None


def tended(plan: Plan, notes: Mapping[int, Note], now: float) -> Tended:
    """Holds starts of servers that ended a moment ago."""
    waits = {change.claim: _wait(change, notes, now) for change in plan.changes if _ended(change)}
    changes = [_resting(change, wait) if (wait := waits.get(change.claim)) else change for change in plan.changes]
    return Tended(replace(plan, changes=tuple(changes)), min((wait for wait in waits.values() if wait), default=None))


def _ended(change: Change[Any]) -> bool:
    started = change.action is Action.CREATE and change.cause is Cause.DRIFT
    return change.ref.kind == "server" and started and change.verdict.allowed


def _wait(change: Change[Any], notes: Mapping[int, Note], now: float) -> float:
    note = notes.get(int(change.claim.path))
    return server_decisions.pause(note, now) if note else 0.0


def _resting(change: Change[Any], wait: float) -> Change[Any]:
    text, hint = f"it ended: started again in {shown(wait)}", f"`reconcile server start {change.ref.name}` does it now"
    return replace(change, verdict=Verdict(False, text, hint, chosen=True))
