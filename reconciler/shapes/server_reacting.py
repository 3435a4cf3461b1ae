"""Ports as git wants them and as they are, and what else the plan changes → changes of servers. Asks who is busy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, replace

from reconciler.formats.serving_json import CODEC
from reconciler.model.change import ABSENT, FORCED, Action, Cause, Change, Diff, Disruption, FieldChange, Verdict
from reconciler.model.diff import field_changes
from reconciler.model.fingerprint import fingerprint
from reconciler.model.kind import Situation
from reconciler.model.outcome import Run
from reconciler.model.resource import Ref
from reconciler.model.serving import Deed, Difference, Launch, Now, Serving
from reconciler.shapes import server_decisions, server_diagnoses, server_loading
from reconciler.shapes.server_decisions import Case, Decision

ROOT = "opencode"
SORTS = {Action.CREATE: "new", Action.DELETE: "gone"}
DISTURBING = (Deed.DISPOSE, Deed.RESTART, Deed.STOP)
ACTIONS = {Deed.START: Action.CREATE, Deed.STOP: Action.DELETE}


def react(proposed: Sequence[Change[Serving]], situation: Situation) -> Iterable[Change[Serving]]:
    """The changes that are needed; `proposed` has one for each port that git names or that we own."""
    if not proposed:
        return []
    coming = list(_coming(situation.due))
    wanted = {change.ref for change in proposed if change.after is not None}
    cases = [(change, _case(change, coming, wanted, situation)) for change in proposed]
    decided = [(change, case, server_decisions.decide(case)) for change, case in cases]
    decided = _with_orphans(_unmoved(_with_room(decided, situation)), situation)
    return [made for change, case, decision in decided if (made := _made(change, case, decision, situation))]


def _coming(due: Sequence[Change[object]]) -> Iterator[Difference]:
    """What this plan writes that servers read."""
    for change in due:
        if change.claim.root == ROOT and server_loading.relevant(change.claim.path):
            sort = "edited" if change.claim.item else SORTS.get(change.action, "edited")
            yield Difference(change.claim.path, sort)


def _case(
    change: Change[Serving], coming: Sequence[Difference], wanted: AbstractSet[Ref], situation: Situation
) -> Case:
    servers, port = situation.look.servers, int(change.claim.path)
    desired, seen = change.after, change.before.state
    now = seen.now if seen else None
    return Case(
        desired=desired,
        now=now,
        note=servers.note(port),
        owned=change.recorded is not None,
        listed=bool(change.target.origin.path),
        moved=desired is None and change.ref in wanted,
        coming=coming,
        named=situation.named(change.ref),
        told=situation.told(change.ref),
        inside=now is not None and now.serves and servers.inside(now),
        hindrance=servers.hindrance(desired.launch) if desired is not None else "",
        generations=generations(now, situation.runs()) if now is not None else (0, 0),
        clock=servers.clock(),
    )


def generations(now: Now | None, runs: Sequence[Run]) -> tuple[int, int]:
    """The generation that a server read, and the newest one."""
    from datetime import datetime

    numbered = [(run.generation, datetime.fromisoformat(run.started).timestamp()) for run in runs if run.generation]
    held = [number for number, started in numbered if now is not None and started <= now.loaded_at]
    return max(held, default=0), max((number for number, _ in numbered), default=0)


Decided = tuple[Change[Serving], Case, Decision]


def _with_room(decided: Sequence[Decided], situation: Situation) -> list[Decided]:
    """Holds the starts for which the host has no memory."""
    starting = [c.desired for _, c, d in decided if d.deed is Deed.START and not d.held and c.desired]
    short = server_decisions.too_many(starting, situation.look.servers.room()) if starting else set()
    return [
        (change, case, server_decisions.held(decision, server_diagnoses.FULL))
        if decision.deed is Deed.START and not decision.held and int(change.claim.path) in short
        else (change, case, decision)
        for change, case, decision in decided
    ]  # fmt: skip


def _unmoved(decided: Sequence[Decided]) -> list[Decided]:
    """A server whose new port cannot be had stays on the one it has."""
    stuck = {change.ref: d.held for change, _, d in decided if d.deed is Deed.START and d.held}
    return [
        (change, case, server_decisions.held(decision, server_diagnoses.STUCK, why=stuck[change.ref]))
        if decision.deed is Deed.STOP and not decision.held and change.ref in stuck
        else (change, case, decision)
        for change, case, decision in decided
    ]


def _with_orphans(decided: Sequence[Decided], situation: Situation) -> list[Decided]:
    """Says what servers that ended have left: an agent may have done that on purpose."""
    ended = any(d.deed is Deed.START and d.cause is Cause.DRIFT for _, _, d in decided)
    left = situation.look.servers.orphans() if ended else ()
    found = []
    for change, case, decision in decided:
        own = [one for one in left if case.desired and one.server == case.desired.launch.name]
        if own and decision.deed is Deed.START:
            what = ", ".join(f"{one.process.pid} (`{one.command}`)" for one in own[:3])
            ends = "ends them" if case.desired and case.desired.care.orphans == "remove" else "leaves them: `--orphans`"
            decision = decision._replace(why=f"{decision.why}; {len(own)} of its processes still run: {what}; {ends}")
        found.append((change, case, decision))
    return found


def _made(change: Change[Serving], case: Case, decision: Decision, situation: Situation) -> Change[Serving] | None:
    if decision.deed is Deed.NOTHING:
        return _recorded(change, decision, situation) if decision.record else None
    wanted = case.desired or change.before.state
    assert wanted is not None
    if case.now is not None and not case.now.ours and decision.deed is Deed.DISPOSE:
        wanted = replace(wanted, launch=case.now.launch)  # it stays the process that it is
    after = replace(wanted, deed=decision.deed, why=decision.why, now=None)
    gone = decision.deed is Deed.STOP
    made = fingerprint(None if gone else after, CODEC, situation.key)
    return replace(
        change,
        action=ACTIONS.get(decision.deed, Action.UPDATE),
        cause=decision.cause,
        after=None if gone else after,
        fingerprint=made,
        becomes=replace(change.becomes, value=made) if change.becomes and not gone else None,
        diff=Diff() if decision.held else _diff(case, decision),
        disturbs=tuple(_disturbed(change, after, case, decision, situation)),
        verdict=_verdict(case, decision),
    )


def _verdict(case: Case, decision: Decision) -> Verdict:
    if decision.held:
        return Verdict(False, decision.held, decision.hint, decision.chosen)
    return Verdict(rule=FORCED if case.told else "")


def _recorded(change: Change[Serving], decision: Decision, situation: Situation) -> Change[Serving]:
    """Noted as ours as it runs, or as ours no more."""
    if decision.cause is Cause.ORPHAN:
        return replace(change, action=Action.FORGET, cause=Cause.ORPHAN, after=None, fingerprint=ABSENT, becomes=None)
    assert change.before.state is not None and change.after is not None and change.becomes is not None
    runs = replace(change.before.state, care=change.after.care, now=None)
    made = fingerprint(runs, CODEC, situation.key)
    becomes = replace(change.becomes, value=made)
    booked = replace(change, action=Action.RECORD, cause=Cause.ADOPT, diff=Diff(note=decision.why))
    return replace(booked, after=runs, fingerprint=made, becomes=becomes)


def _disturbed(
    change: Change[Serving], after: Serving, case: Case, decision: Decision, situation: Situation
) -> Iterator[Disruption]:
    """Who is at work there, asked only where something is going to be disturbed."""
    if decision.deed in DISTURBING and case.now is not None and case.now.serves:
        sitting = situation.look.servers.sitting(case.now)
        why = decision.why
        if case.desired and case.now.ours and case.desired.launch.data != case.now.launch.data:
            why += f" · {sitting.sessions} sessions go out of sight"
        yield Disruption(change.ref, server_decisions.manner(after, decision), why, server_decisions.told(sitting))


def _diff(case: Case, decision: Decision) -> Diff:
    if decision.deed is Deed.RESTART and case.now and case.desired and case.now.launch != case.desired.launch:
        return diff(Serving(case.now.launch), case.desired)
    return (
        Diff(note=decision.why) if decision.deed in (Deed.START, Deed.STOP) or decision.cause is Cause.DRIFT else Diff()
    )


def diff(before: Serving | None, after: Serving | None) -> Diff:
    """How two launches differ; of a start or a stop there is no more to say than that."""
    if before is None or after is None:
        return Diff()
    return Diff(fields=tuple(_fields(before.launch, after.launch)))


def _fields(before: Launch, after: Launch) -> list[FieldChange]:
    return field_changes(_plain(before), _plain(after))


def _plain(launch: Launch) -> Mapping[str, object]:
    return {key: value for key, value in asdict(launch).items() if key != "name"} | {"env": dict(launch.env)}


def wave(change: Change[Serving]) -> int:
    """After all files: first what ends, then who matters most."""
    return 1 if change.after is None else 2 + change.after.care.priority
