"""What the loop does about servers between two commits: waits longer each time before it starts one again, and looks at
its memory for a while before it minds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.app import App, tending
from reconciler.formats.duration import shown
from reconciler.model.change import Action, Cause, Change, Plan, Verdict
from reconciler.model.event import Condition, Event, Level
from reconciler.model.resource import Loaded
from reconciler.model.sampling import Sample
from reconciler.model.serving import Care, Note
from reconciler.shapes import server_decisions

SAMPLES = 5


class Tended(NamedTuple):
    """The plan with what waits held; `again`: seconds until it may be done."""

    plan: Plan
    again: float | None


def tended(plan: Plan, notes: Mapping[int, Note], now: float) -> Tended:
    """Holds starts of servers that ended a moment ago. Pure."""
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


def look(app: App, loaded: Loaded) -> tuple[list[Event], list[Condition]]:
    """Samples every server, says which limits are exceeded, and restarts one that is idle where git says so."""
    taken, found = tending.sampled(app, loaded)
    enforced = tending.enforced(app) if any(wanted.care.cpu for wanted, _ in found.values()) else False
    events: list[Event] = []
    lasting: list[Condition] = []
    for name in taken:
        wanted, now = found[name]
        samples = app.book.samples.since(name, taken[name].at - 3 * SAMPLES * loaded.settings.loop.sample)
        if heavy(samples, wanted.care) and wanted.care.exceeded == "restart":
            if not (why := tending.relieved(app, wanted, now)):
                events.append(
                    Event("restarted", _too_much(name, samples, wanted.care), Level.WARNING, f"server/{name}")
                )
                continue
            lasting.append(Condition(f"waiting server/{name}", f"server/{name}: to be restarted, {why}"))
        lasting += over(name, samples, wanted.care, enforced)
    return events, lasting


def heavy(samples: Sequence[Sample], care: Care) -> bool:
    """Whether a tree of processes was over its limit of memory in each of the last few samples. Pure."""
    last = samples[-SAMPLES:]
    return bool(care.memory) and len(last) == SAMPLES and all(one.most_memory > care.memory for one in last)


def over(name: str, samples: Sequence[Sample], care: Care, enforced: bool = False) -> Iterable[Condition]:
    """What lasts of a server's limits; `enforced`: whether somebody else sees to that of the processor. Pure."""
    about, last = f"server/{name}", samples[-SAMPLES:]
    if heavy(samples, care):
        yield Condition(f"memory {about}", _too_much(name, samples, care), about=about)
    if care.cpu and not enforced and len(last) == SAMPLES and all(one.cpu > care.cpu for one in last):
        text = f"{about}: over {care.cpu:g}% of a processor, {SAMPLES} looks in a row; that can't be enforced here"
        yield Condition(f"cpu {about}", text, about=about)


def _too_much(name: str, samples: Sequence[Sample], care: Care) -> str:
    return f"server/{name}: over {care.memory // 1_000_000} MB of memory, {SAMPLES} looks in a row"
