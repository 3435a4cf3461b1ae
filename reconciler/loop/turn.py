"""One turn of the loop: where the branch stands ▸ look ▸ hold what is not the loop's to decide ▸ act ▸ tell."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reconciler.app import App, Result, applying, looping, planning, tending
from reconciler.formats.duration import shown
from reconciler.loop import conditions, guard, restraint, suspects
from reconciler.loop.following import Followed, Library, Place, follow, refused
from reconciler.loop.patience import Wait, Waits, patient
from reconciler.loop.tending import tended
from reconciler.loop.weighing import Weighed, weighed
from reconciler.model.backoff import Backoff, Fault, among, failed, soonest, worked
from reconciler.model.change import FORCED, Cause, Change, Plan
from reconciler.model.event import LOOP, Condition, Event, Level
from reconciler.model.loop import LoopSettings
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Invalid, Problem
from reconciler.model.resource import Loaded
from reconciler.model.serving import Process

MACHINE = "this machine"
MOST = 1000
"""So many events are kept at most until they can be written down."""
SHORTEST = 0.1
"""Seconds between two looks that nothing asked for, at least."""


@dataclass
class Memory:
    """What one life of the loop keeps between turns; `place`, `waits` and who is heavy are kept for the next life too.
    `troubles`: what lasts beside turns; `untold`: what could not be written down yet, `mute` times in a row."""

    place: Place
    waits: Waits = field(default_factory=dict)
    cache: Library = field(default_factory=Library)
    faults: dict[str, Fault] = field(default_factory=dict)
    times: guard.Times = field(default_factory=dict)
    backoff: Backoff = field(default_factory=Backoff)
    resting: float | None = None
    sampled: float = float("-inf")
    weighed: Weighed = field(default_factory=lambda: Weighed({}, (), {}))
    troubles: dict[str, Condition] = field(default_factory=dict)
    untold: Sequence[Event] = ()
    mute: int = 0

    @classmethod
    def of(cls, kept: Mapping[str, Any], branch: str) -> Memory:
        """As the last life of the loop left it, where that followed the same branch."""
        place = Place.of(kept.get("place"))
        waits = {ref: Wait.of(fact) for ref, fact in kept.get("waits", {}).items()}
        heavy = {Process(*process): how for process, how in kept.get("heavy", ())}
        return cls(place if place.branch == branch else Place(branch), waits, weighed=Weighed({}, (), heavy))

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is kept for the next life, as plain values."""
        heavy = [(list(process), how) for process, how in self.weighed.heavy.items()]
        return {"place": asdict(self.place), "waits": self.waits, "heavy": heavy}


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn came to. `settings`: None where they can't be read; `wrote`: the files it changed; `again`: seconds
    until the next one must be, at most."""

    settings: LoopSettings | None
    events: tuple[Event, ...] = ()
    wrote: frozenset[str] = frozenset()
    again: float | None = None


def turn(app: App, memory: Memory, *, signed: bool = False) -> Turned:
    """Looks at everything once, and does what may be done. Never raises Invalid: what is in the way is told."""
    now = time.monotonic()
    lasting: list[Condition] = []
    done: Sequence[Event] = ()
    followed = None
    whole = False
    wrote: frozenset[str] = frozenset()
    try:
        applying.settle_open(app)
        followed = follow(app, memory.place, memory.cache, _last_run(app), signed=signed)
        memory.place = followed.place
        lasting += followed.conditions
        if followed.loaded is not None:
            # What the commit calls itself counts, whatever stands in the work tree.
            app = replace(app, named=followed.loaded.settings.id or app.here.folder)
            done, wrote, whole = _acted(app, memory, followed, now, lasting)
        memory.faults = worked(memory.faults, MACHINE)
    except (Invalid, OSError) as error:
        problems = _problems(error)
        memory.faults = failed(memory.faults, MACHINE, problems[0].text, now, memory.backoff)
        lasting.append(conditions.of_problems("machine", "nothing could be done:", problems))
    known = None if whole else conditions.HEADS if followed else conditions.MACHINE
    memory.untold = [*memory.untold, *done][-MOST:]
    end: float | None = None
    try:
        events = _told(app, memory, memory.untold, [*lasting, *memory.troubles.values()], known)
        end = looping.next_end(app)
        memory.untold, memory.mute = [], 0
    except (Invalid, OSError) as error:
        memory.mute += 1
        events, end = _mute(memory, _problems(error)), memory.backoff.after(memory.mute)
    loaded = followed.loaded if followed else None
    return Turned(loaded.settings.loop if loaded else None, events, wrote, _again(memory, loaded, now, end))


def _problems(error: Invalid | OSError) -> Sequence[Problem]:
    return error.problems if isinstance(error, Invalid) else looping.explained(error)


def _mute(memory: Memory, problems: Sequence[Problem]) -> tuple[Event, ...]:
    """Nothing can be written down: that is said to who listens, once; the rest is told when it can be."""
    said = conditions.of_problems("machine", "nothing can be written down:", problems)
    return (Event("machine", said.text, Level.ERROR, at=looping.clock()),) if memory.mute == 1 else ()


def _again(memory: Memory, loaded: Loaded | None, now: float, end: float | None) -> float | None:
    """Seconds until the next look, where something makes it due sooner than usual; `end`: until a suspension ends."""
    servers = [r.spec.serving.care.interval for r in loaded.resources if r.ref.kind == "server"] if loaded else []
    sample = [loaded.settings.loop.sample] if loaded and servers else []
    waits = [soonest(memory.faults, now), memory.resting, end, *servers, *sample]
    return max(SHORTEST, min(found)) if (found := [wait for wait in waits if wait is not None]) else None


def _acted(
    app: App, memory: Memory, followed: Followed, now: float, lasting: list[Condition]
) -> tuple[Sequence[Event], frozenset[str], bool]:
    """What was done, the files that were written, and whether all that lasts was found."""
    assert followed.loaded is not None
    looping.bounded(app, followed.loaded.settings.loop.pause)
    plan = _plan(app, memory, followed.loaded, now)
    memory.faults = among(memory.faults, {MACHINE, *(str(change.ref) for change in plan.changes)})
    notes = tending.notes(app)
    plan, again = tended(plan, notes, time.time())
    waiting = patient(plan, memory.waits, notes, time.monotonic(), looping.clock())
    plan, memory.waits = waiting.plan, waiting.waits
    lasting += waiting.lasting
    memory.resting = min((wait for wait in (again, waiting.again) if wait is not None), default=None)
    if plan.due:
        plan = planning.confirmed(app, plan)
    if plan.refused:
        problems = [problem for said in plan.confirmed for problem in said.problems]
        memory.place = refused(memory.place, conditions.of_problems("commit", _spoils(memory), problems).text)
        lasting.append(Condition("commit", memory.place.why, Level.ERROR))
        return (), frozenset(), False
    result = applying.do(app, plan, verb="loop")
    if memory.place.in_force:
        memory.place = replace(memory.place, good=memory.place.head)
    _count(memory, result, now)
    _suspend(app, memory, followed.loaded.settings.loop, result, now)
    lasting += conditions.of_plan(plan, worked(memory.faults, MACHINE), app.book.suspensions(app.repo))
    lasting += _weighed(app, memory, followed.loaded, now)
    return _events(result), looping.written(app, result), True


def _weighed(app: App, memory: Memory, loaded: Loaded, now: float) -> Sequence[Condition]:
    """What lasts of servers' limits, looked at now and then; who is heavy is planned for at once."""
    if not any(resource.ref.kind == "server" for resource in loaded.resources):
        return ()
    if now - memory.sampled >= loaded.settings.loop.sample:
        heavy, memory.sampled = memory.weighed.heavy, now
        memory.weighed = weighed(app, loaded, memory.weighed, app.book.conditions(app.here.folder))
        if memory.weighed.heavy.keys() - heavy.keys():
            memory.resting = 0.0
    return memory.weighed.lasting


def _spoils(memory: Memory) -> str:
    return f"{memory.place.head[:7]} would make what OpenCode refuses, and is not applied:"


def _plan(app: App, memory: Memory, loaded: Loaded, now: float) -> Plan:
    plan = planning.looked(app, loaded, holding=True)[1]
    place = memory.place
    pinned = app.journal.pinned(app.repo)
    known = restraint.Known(
        now=now,
        by_hand=looping.touched(app, place.head, place.since),
        pinned=pinned[1] if pinned and pinned[0] == place.head else "",
        gone=looping.gone(app),
        faults=memory.faults,
        behind="" if place.in_force else f"{place.head[:7]} can't be applied",
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
        why = "".join(f": {one.reason}" for one in change.disturbs[:1])
        return Event(what, f"{change.action} {ref}{why}", about=ref, run=run)
    why = f": {outcome.problem.text}" if outcome.problem else ""
    return Event(outcome.status.value, f"{change.action} {ref}{why}", Level.NOTE, ref, run)


def _told(
    app: App, memory: Memory, done: Sequence[Event], found: Sequence[Condition], known: Collection[str] | None
) -> tuple[Event, ...]:
    """Writes down what happened, what began and what is over; and where the branch was left. `known`: the sorts of
    conditions that were looked at, None for all."""
    folder = app.here.folder
    before = app.book.conditions(folder)
    lasting = [
        one if before.get(one.key) == one else replace(one, text=app.book.masked(one.text))
        for one in conditions.unseen(before, found, known)
    ]
    news = conditions.compared(before, lasting)
    events = app.book.tell(folder, [*done, *conditions.events(news)])
    if before != {one.key: one for one in lasting}:
        app.book.last(folder, lasting)
    memory.place = replace(memory.place, why=app.book.masked(memory.place.why))
    kept = app.book.recall(folder)
    if json.loads(json.dumps(memory.facts)) != {name: kept.get(name) for name in memory.facts}:
        app.book.remember(folder, memory.facts)
    return tuple(events)


def _last_run(app: App) -> int:
    return next((run.id for run in app.journal.runs(1)), 0)
