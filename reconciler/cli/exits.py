"""A plan, a run → the exit status, as the design's table of verbs has it. Pure."""

from __future__ import annotations

from reconciler.model.change import Cause, Change, Plan
from reconciler.model.outcome import Outcome, Status

DONE, TROUBLE, CHANGES, DRIFT = 0, 1, 2, 3
AGAINST_AN_EDIT = (Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN)


def excused(change: Change[object]) -> bool:
    """Held by a mode that people chose: listed, and no reason for an exit status."""
    return change.verdict.chosen


def guarded(change: Change[object]) -> bool:
    """Git asks for it, and it is held because it would delete too much at once."""
    return change.cause is Cause.ORPHAN and not change.verdict.allowed and not change.verdict.chosen


def intended(plan: Plan) -> bool:
    """Whether git itself asks for something."""
    return any(change.cause not in AGAINST_AN_EDIT for change in plan.due) or any(map(guarded, plan.held))


def drifted(plan: Plan) -> bool:
    """Whether something stands against git that nobody excused."""
    touching = (change for change in plan.changes if not change.action.bookkeeping or not change.verdict.allowed)
    return any(
        (change.cause in AGAINST_AN_EDIT or not change.verdict.allowed) and not excused(change) and not guarded(change)
        for change in touching
    )


def of_plan(plan: Plan) -> int:
    """`plan --exit-code`."""
    return CHANGES if intended(plan) else DRIFT if drifted(plan) else DONE


def of_check(plan: Plan, *, changes_fail: bool) -> int:
    return DRIFT if drifted(plan) else CHANGES if changes_fail and intended(plan) else DONE


def of_apply(plan: Plan, outcomes: tuple[tuple[Change[object], Outcome], ...]) -> int:
    """Trouble where anything was not done that nobody excused."""
    refused = any(not excused(change) for change in plan.held)
    return TROUBLE if refused or any(o.status is not Status.DONE or o.problem for _, o in outcomes) else DONE
