"""A plan + what the loop knows → the same plan, with what must wait for a person or for time held. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.formats.duration import shown
from reconciler.model.backoff import Faults, resting
from reconciler.model.change import Action, Cause, Change, Plan, Verdict
from reconciler.model.resource import Claim

HERE = "repository"
FROM_GIT = (Cause.COMMIT, Cause.ORPHAN, Cause.ADOPT)


@dataclass(frozen=True, slots=True)
class Known:
    """What a turn knows beside the plan. `by_hand`: claims whose last run was somebody's own, on the commit that is
    followed; `pinned`: why a rollback holds this commit back, or ""; `gone`: roots whose folder is not there, by name →
    as people write it; `behind`: why git's own changes wait (an older commit is in force), or ""."""

    now: float = 0.0
    by_hand: frozenset[Claim] = frozenset()
    pinned: str = ""
    gone: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)
    behind: str = ""


def restrained(plan: Plan, known: Known) -> Plan:
    """The plan with the loop's own verdicts over those of the modes."""
    return replace(plan, changes=tuple(_held(change, known) for change in plan.changes))


def _held(change: Change[Any], known: Known) -> Change[Any]:
    verdict = _verdict(change, known) if change.verdict.allowed else None
    return change if verdict is None else replace(change, verdict=verdict)


def _verdict(change: Change[Any], known: Known) -> Verdict | None:
    ask = f"`reconcile apply {change.ref}`"
    if (folder := known.gone.get(change.claim.root)) is not None:
        return Verdict(False, f"{folder} is gone: not mounted?", f"{ask} makes it anew")
    if change.cause in FROM_GIT and (why := _from_git(change, known)):
        return Verdict(False, why, f"{ask} does it now")
    if change.action.bookkeeping:
        return None
    if change.claim.root == HERE:
        return Verdict(
            False, "a file of this repository: to write it is for a person", "`reconcile docs render` does it"
        )
    if change.cause is Cause.ADOPT:
        return Verdict(False, "something else stands there: to take it over is for a person to say", f"{ask} does it")
    if (fault := resting(known.faults, str(change.ref), known.now)) is not None:
        text = f"failed {_times(fault.failures)} ({fault.reason}): tried again in {shown(fault.again - known.now)}"
        return Verdict(False, text, f"{ask} tries it now")
    return None


def _from_git(change: Change[Any], known: Known) -> str:
    """Why a change that git itself makes waits, or ""."""
    if known.pinned and change.action is not Action.RECORD:
        return f"held back by a rollback ({known.pinned}) until the branch moves"
    if change.claim in known.by_hand:
        return "set by hand since this commit: left so until the branch moves"
    return known.behind


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
