"""Servers that must be disturbed while somebody is at work there: how long each has waited, and what its own policy
says of that (`on_config_change`). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from reconciler.formats.duration import shown
from reconciler.model.change import FORCED, Change, Plan, Verdict
from reconciler.model.event import Condition, Level
from reconciler.model.serving import Care, Note, Process
from reconciler.shapes.server_decisions import IDLE


class Wait(NamedTuple):
    """Since when one process is waited for, and why at first. `began`: seconds on a clock that nobody sets, of that
    process's boot; `since`: the same moment in UTC, ISO 8601."""

    port: int
    process: Process | None
    began: float
    since: str
    why: str = ""

    @classmethod
    def of(cls, fact: Sequence[Any]) -> Wait:
        """As it was kept for the next life of the loop."""
        port, process, *rest = fact
        return cls(port, process and Process(*process), *rest)


Waits = Mapping[str, Wait]


class Patient(NamedTuple):
    """The plan with what waits held, and what shall not wait longer told to go on; `again`: seconds until the next
    deadline."""

    plan: Plan
    waits: Waits
    lasting: tuple[Condition, ...] = ()
    again: float | None = None


def patient(plan: Plan, waits: Waits, notes: Mapping[int, Note], now: float, at: str) -> Patient:
    """`now` and `at`: the same moment, as in Wait. Another process is waited for anew."""
    found = {str(change.ref): _wait(change, waits, now, at) for change in plan.changes if _busy(change)}
    cares = {str(change.ref): _care(change, notes) for change in plan.changes if str(change.ref) in found}
    late = {ref for ref, wait in found.items() if now - wait.began >= cares[ref].deadline}
    forced = {ref for ref in late if cares[ref].then == "force"}
    changes = tuple(
        _judged(change, ref in forced) if (ref := str(change.ref)) in found else change for change in plan.changes
    )
    lasting = (
        _condition(change, found[ref], cares[ref], ref in late)
        for change in changes
        if (ref := str(change.ref)) in found and ref not in forced
    )
    lefts = (cares[ref].deadline - (now - wait.began) for ref, wait in found.items() if ref not in late)
    return Patient(replace(plan, changes=changes), found, tuple(lasting), min(lefts, default=None))


def _busy(change: Change[Any]) -> str:
    """Who is at work where this change, which may be made, would disturb them against its policy; "" for nobody."""
    if change.ref.kind != "server" or not change.verdict.allowed or change.verdict.rule == FORCED:
        return ""
    if change.after is not None and change.after.care.when == "now":
        return ""
    return next((one.busy for one in change.disturbs if one.busy not in ("", IDLE)), "")


def _wait(change: Change[Any], waits: Waits, now: float, at: str) -> Wait:
    seen = change.before.state
    process = seen.now.process if seen is not None and seen.now is not None else None
    before = waits.get(str(change.ref))
    fresh = before is None or before.process != process or before.began > now
    if before is not None and not fresh:
        return before
    return Wait(int(change.claim.path), process, now, at, change.disturbs[0].reason)


def _care(change: Change[Any], notes: Mapping[int, Note]) -> Care:
    """One that git names no more was noted with how it was cared for."""
    note = notes.get(int(change.claim.path))
    return change.after.care if change.after is not None else note.care if note else Care()


def _judged(change: Change[Any], forced: bool) -> Change[Any]:
    if forced:
        return replace(change, verdict=Verdict(True, FORCED))
    return replace(change, verdict=Verdict(False, f"not idle: {_busy(change)}", chosen=True))


def _condition(change: Change[Any], wait: Wait, care: Care, late: bool) -> Condition:
    ref, [one, *_] = str(change.ref), change.disturbs
    deed, since = one.how.partition(",")[0], f"{_clock(wait.since)} UTC"
    text = f"{ref}: {deed} waits since {since} for {one.busy} ({wait.why})"
    if care.then == "force":
        return Condition(
            f"waiting {ref}", f"{text}; at {_clock(wait.since, care.deadline)} UTC it is done all the same", about=ref
        )
    if late:
        text += f"; longer than {shown(care.deadline)}: `reconcile apply --force {ref}` does not wait"
    return Condition(f"waiting {ref}", text, Level.WARNING if late else Level.NOTE, ref)


def _clock(since: str, later: float = 0.0) -> str:
    return f"{datetime.fromisoformat(since) + timedelta(seconds=later):%H:%M:%S}"
