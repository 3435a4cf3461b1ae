"""One turn of the loop: where the branch stands ▸ look ▸ hold what is not the loop's to decide ▸ act ▸ tell."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reconciler.app import App, Result, applying, looping, planning, tending
from reconciler.formats.duration import shown
from reconciler.loop import conditions, guard, restraint, suspects
from reconciler.loop.following import Followed, Library, Place, follow, refused
from reconciler.loop.patience import Waits, patient
from reconciler.loop.tending import look, tended
from reconciler.model.backoff import Backoff, Fault, failed, soonest, worked
from reconciler.model.change import FORCED, Cause, Change, Plan
from reconciler.model.event import LOOP, Condition, Event, Level
from reconciler.model.loop import LoopSettings
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Invalid
from reconciler.model.resource import Loaded

MACHINE = "this machine"


@dataclass
class Memory:
    """What one life of the loop keeps between turns; `place` and `waits` are kept for the next life too."""

    place: Place
    waits: Waits = field(default_factory=dict)
    cache: Library = field(default_factory=Library)
    faults: dict[str, Fault] = field(default_factory=dict)
    times: guard.Times = field(default_factory=dict)
    backoff: Backoff = field(default_factory=Backoff)
    resting: float | None = None
    sampled: float = float("-inf")
    exceeded: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn came to. `wrote`: the files it changed; `again`: seconds until the next one must be, at most."""

    settings: LoopSettings
    events: tuple[Event, ...] = ()
    wrote: frozenset[str] = frozenset()
    again: float | None = None


def turn(app: App, memory: Memory, *, signed: bool = False) -> Turned:
    """Looks at everything once, and does what may be done. Never raises Invalid: what is in the way is told."""
    now = time.monotonic()
    lasting: list[Condition] = []
    done: Sequence[Event] = ()
    followed = None
    wrote: frozenset[str] = frozenset()
    try:
        applying.settle_open(app)
        followed = follow(app, memory.place, memory.cache, _last_run(app), signed=signed)
        memory.place = followed.place
        lasting += followed.conditions
        if followed.loaded is not None:
            # What the commit calls itself counts, whatever stands in the work tree.
            app = replace(app, named=followed.loaded.settings.id or app.here.folder)
            done, wrote = _acted(app, memory, followed, now, lasting)
        memory.faults = worked(memory.faults, MACHINE)
    except (Invalid, OSError) as error:
        problems = error.problems if isinstance(error, Invalid) else looping.explained(error)
        memory.faults = failed(memory.faults, MACHINE, problems[0].text, now, memory.backoff)
        lasting.append(conditions.of_problems("machine", "nothing could be done:", problems))
    events = _told(app, memory, done, lasting)
    loaded = followed.loaded if followed else None
    again = _again(memory, loaded, now, looping.next_end(app))
    return Turned(loaded.settings.loop if loaded else LoopSettings(), events, wrote, again)


def _again(memory: Memory, loaded: Loaded | None, now: float, end: float | None) -> float | None:
    """Seconds until the next look, where something makes it due sooner than usual; `end`: until a suspension ends."""
    servers = [r.spec.serving.care.interval for r in loaded.resources if r.ref.kind == "server"] if loaded else []
    sample = [loaded.settings.loop.sample] if loaded and servers else []
    waits = [soonest(memory.faults, now), memory.resting, end, *servers, *sample]
    return min((wait for wait in waits if wait is not None), default=None)


def _acted(
    app: App, memory: Memory, followed: Followed, now: float, lasting: list[Condition]
) -> tuple[Sequence[Event], frozenset[str]]:
    assert followed.loaded is not None
    plan = _plan(app, memory, followed.loaded, now)
    notes = tending.notes(app)
    plan, again = tended(plan, notes, time.time())
    waiting = patient(plan, memory.waits, notes, now, looping.clock())
    plan, memory.waits = waiting.plan, waiting.waits
    lasting += waiting.lasting
    memory.resting = min((wait for wait in (again, waiting.again) if wait is not None), default=None)
    if plan.due:
        plan = planning.confirmed(app, plan)
    if plan.refused:
        problems = [problem for said in plan.confirmed for problem in said.problems]
        memory.place = refused(memory.place, conditions.of_problems("commit", _spoils(memory), problems).text)
        lasting.append(Condition("commit", memory.place.why, Level.ERROR))
        return (), frozenset()
    result = applying.do(app, plan, verb="loop")
    if memory.place.head != memory.place.failed:
        memory.place = replace(memory.place, good=memory.place.head)
    _count(memory, result, now)
    _suspend(app, memory, followed.loaded.settings.loop, result, now)
    lasting += conditions.of_plan(plan, worked(memory.faults, MACHINE), app.book.suspensions(app.repo))
    news, exceeded = _sampled(app, memory, followed.loaded, now)
    lasting += exceeded
    return [*_events(result), *news], looping.written(app, result)


def _sampled(app: App, memory: Memory, loaded: Loaded, now: float) -> tuple[Sequence[Event], Sequence[Condition]]:
    """Figures of servers, now and then; between two samples what was said of them stands."""
    if not any(resource.ref.kind == "server" for resource in loaded.resources):
        return (), ()
    if now - memory.sampled < loaded.settings.loop.sample:
        return (), memory.exceeded
    memory.sampled = now
    news, memory.exceeded = look(app, loaded)
    return news, memory.exceeded


def _spoils(memory: Memory) -> str:
    return f"{memory.place.head[:7]} would make what OpenCode refuses, and is not applied:"


def _plan(app: App, memory: Memory, loaded: Loaded, now: float) -> Plan:
    plan = planning.plan(app, loaded=loaded)
    place = memory.place
    pinned = app.journal.pinned(app.repo)
    known = restraint.Known(
        now=now,
        by_hand=looping.touched(app, place.head, place.since),
        pinned=pinned[1] if pinned and pinned[0] == place.head else "",
        gone=looping.gone(app),
        faults=memory.faults,
        behind=f"{place.head[:7]} can't be applied" if place.head == place.failed else "",
    )
    return restraint.restrained(plan, known)


def _count(memory: Memory, result: Result, now: float) -> None:
    for change, outcome in result.outcomes:
        if outcome.status is Status.DONE:
            memory.faults = worked(memory.faults, str(change.ref))
    for change, outcome in result.outcomes:
        if outcome.status is Status.FAILED:
            text = outcome.problem.text if outcome.problem else "it did not work"
            memory.faults = failed(memory.faults, str(change.ref), text, now, memory.backoff)


def _suspend(app: App, memory: Memory, settings: LoopSettings, result: Result, now: float) -> None:
    """Leaves alone what somebody changes back again and again."""
    limit = guard.Limit(settings.corrections, settings.within)
    corrected = {str(c.ref) for c, o in result.outcomes if c.cause is Cause.DRIFT and o.status is Status.DONE}
    memory.times = guard.counted(memory.times, corrected, now, limit)
    for ref in guard.at_war(memory.times, limit):
        many, writers = len(memory.times[ref]), looping.writers_of(app, ref)
        who = suspects.sentence(writers, looping.running(app, suspects.programs(writers)))
        memory.times = {name: seen for name, seen in memory.times.items() if name != ref}
        span = shown(settings.within)
        reason = f"corrected {many} times within {span}, and changed back each time; {who}"
        looping.suspend(app, ref, reason, settings.pause, LOOP)


def _events(result: Result) -> Sequence[Event]:
    run = result.run.id if result.run else 0
    return [_event(change, outcome, run) for change, outcome in result.outcomes if not change.action.bookkeeping]


def _event(change: Change[Any], outcome: Outcome, run: int) -> Event:
    ref = str(change.ref)
    if outcome.status is Status.DONE:
        if change.verdict.rule == FORCED:
            text = f"{change.action} {ref} though somebody was at work there: its deadline had passed (`then: force`)"
            return Event("forced", text, Level.WARNING, ref, run)
        what = "corrected" if change.cause is Cause.DRIFT else "applied"
        return Event(what, f"{change.action} {ref}", about=ref, run=run)
    why = f": {outcome.problem.text}" if outcome.problem else ""
    return Event(outcome.status.value, f"{change.action} {ref}{why}", Level.NOTE, ref, run)


def _told(app: App, memory: Memory, done: Sequence[Event], lasting: Sequence[Condition]) -> tuple[Event, ...]:
    """Writes down what happened, what began and what is over; and where the branch was left."""
    folder = app.here.folder
    before = app.book.conditions(folder)
    news = conditions.compared(before, lasting)
    events = app.book.tell(folder, [*done, *conditions.events(news)])
    if news.begun or news.over:
        app.book.last(folder, lasting)
    facts = {"place": asdict(memory.place), "waits": memory.waits}
    kept = app.book.recall(folder)
    if json.loads(json.dumps(facts)) != {name: kept.get(name) for name in facts}:
        app.book.remember(folder, facts)
    return tuple(events)


def _last_run(app: App) -> int:
    return next((run.id for run in app.journal.runs(1)), 0)
