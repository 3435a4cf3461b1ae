"""Exit statuses, as the design's table of verbs has them."""

from __future__ import annotations

import pytest

from reconciler.cli import exits
from reconciler.model.change import Action, Cause, Plan, Verdict
from reconciler.model.outcome import Outcome, Status
from tests.support.plans import change, plan

A, C = Action, Cause
REPORTED = Verdict(False, "reported only (desired-state/reconcile.yaml:3:5)", chosen=True)
HELD = Verdict(False, "edited here and changed in git since the last apply")
NEW = change("agent/new", A.CREATE, C.COMMIT)
ADOPT = change("agent/adopt", A.UPDATE, C.ADOPT)
EQUAL = change("agent/equal", A.RECORD, C.ADOPT)
DRIFT = change("agent/drift", A.UPDATE, C.DRIFT)
LISTED = change("agent/listed", A.UPDATE, C.DRIFT, verdict=REPORTED)
CLASH = change("agent/clash", A.UPDATE, C.CONFLICT, verdict=HELD)
LOST = change("agent/lost", A.UPDATE, C.UNKNOWN, verdict=HELD)


@pytest.mark.parametrize(
    ("seen", "of_plan", "of_check", "fail_on_changes"),
    [
        (plan(), 0, 0, 0),
        (plan(EQUAL), 0, 0, 0),
        (plan(LISTED), 0, 0, 0),
        (plan(NEW), 2, 0, 2),
        (plan(ADOPT), 2, 0, 2),
        (plan(DRIFT), 3, 3, 3),
        (plan(CLASH), 3, 3, 3),
        (plan(LOST), 3, 3, 3),
        (plan(NEW, DRIFT), 2, 3, 3),
        (plan(NEW, LISTED), 2, 0, 2),
    ],
)
def test_plan_and_check(seen: Plan, of_plan: int, of_check: int, fail_on_changes: int) -> None:
    assert exits.of_plan(seen) == of_plan
    assert exits.of_check(seen, changes_fail=False) == of_check
    assert exits.of_check(seen, changes_fail=True) == fail_on_changes


@pytest.mark.parametrize(
    ("seen", "status", "expected"),
    [
        (plan(NEW), Status.DONE, 0),
        (plan(NEW, LISTED), Status.DONE, 0),
        (plan(NEW, CLASH), Status.DONE, 1),
        (plan(NEW), Status.STALE, 1),
        (plan(NEW), Status.FAILED, 1),
        (plan(NEW), Status.SKIPPED, 1),
    ],
)
def test_apply(seen: Plan, status: Status, expected: int) -> None:
    assert exits.of_apply(seen, ((NEW, Outcome(NEW.claim, status)),)) == expected
