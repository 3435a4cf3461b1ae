"""Claims on ports → who listens there; changes of servers → started, disposed, restarted, stopped. Looks and acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.formats.serving_json import CODEC
from reconciler.model.change import FORCED, Change, Seen
from reconciler.model.fingerprint import fingerprint
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import Claim
from reconciler.model.serving import Deed, Health, Now, ServerWorld, Serving
from reconciler.model.world import Look, World
from reconciler.shapes.server_decisions import otherwise, told
from reconciler.shapes.server_loading import mildest


def observe(claims: Sequence[Claim], look: Look, key: bytes) -> Iterable[Seen[Serving]]:
    """All ports at once."""
    found = look.servers.now([int(claim.path) for claim in claims])
    for claim in claims:
        now = found.get(int(claim.path))
        state = Serving(now.launch, now=now) if now else None
        yield Seen(claim, state, fingerprint(state, CODEC, key))


def act(changes: Sequence[Change[Serving]], world: World) -> Iterable[Outcome]:
    """A whole wave at once; nobody who is at work is disturbed unless that was said."""
    servers = world.servers
    outcomes: dict[Claim, Outcome] = {}
    starting: list[Change[Serving]] = []
    waiting: list[Change[Serving]] = []
    for change in changes:
        deed = _deed(change)
        outcome = _ended(change, deed, servers) if deed in (Deed.STOP, Deed.RESTART, Deed.DISPOSE) else None
        if outcome is not None:
            outcomes[change.claim] = outcome
        elif deed in (Deed.START, Deed.RESTART):
            starting.append(change)
        elif deed is Deed.DISPOSE:
            waiting.append(change)
    outcomes |= _started(starting, waiting, servers)
    return [outcomes.get(change.claim) or Outcome(change.claim, Status.DONE) for change in changes]


def _deed(change: Change[Serving]) -> Deed:
    """What is said, else what brings the port from what was seen to what shall be."""
    now = change.before.state.now if change.before.state else None
    if change.after is None:
        return Deed.STOP if now is not None and now.ours else Deed.NOTHING
    if now is None:
        return Deed.START
    if change.after.deed in (Deed.RESTART, Deed.DISPOSE):
        return change.after.deed
    return Deed.RESTART if now.ours and now.launch != change.after.launch else Deed.NOTHING


def _ended(change: Change[Serving], deed: Deed, servers: ServerWorld) -> Outcome | None:
    """The part that disturbs somebody; None where it is done, and something may follow."""
    assert change.before.state is not None and change.before.state.now is not None
    now = change.before.state.now
    if servers.inside(now):
        return _not_done(change, Status.HELD, "this very session runs on it", "apply again from outside of it")
    if change.after is not None and deed is not Deed.STOP and _needless(now, change.after):
        return Outcome(change.claim, Status.DONE)
    wanted = change.after or _noted(change, now, servers)
    sitting = servers.sitting(now)
    if not sitting.idle and wanted.care.when != "now" and change.verdict.rule != FORCED:
        return _not_done(change, Status.WAITING, f"not idle: {told(sitting)}")
    if deed is Deed.RESTART and (why := servers.prepare(wanted.launch)):
        return _not_done(change, Status.FAILED, f"not restarted: {why}")
    why = servers.dispose(now) if deed is Deed.DISPOSE else servers.stop(now)
    return _not_done(change, Status.FAILED, why) if why else None


def _needless(now: Now, wanted: Serving) -> bool:
    """Whether somebody else has brought it about since."""
    same = now.launch == wanted.launch if now.ours else not otherwise(now.launch, wanted.launch, by_hand=True)
    due = now.heavy and wanted.care.exceeded == "restart"
    return same and not due and now.probe.health is Health.WELL and mildest(now.differs)[0] is Deed.NOTHING


def _noted(change: Change[Serving], now: Now, servers: ServerWorld) -> Serving:
    """How one that git no longer names was cared for."""
    note = servers.note(int(change.claim.path))
    return Serving(now.launch, note.care) if note else Serving(now.launch)


def _started(
    starting: Sequence[Change[Serving]], waiting: Sequence[Change[Serving]], servers: ServerWorld
) -> dict[Claim, Outcome]:
    """All at once; the first start of a database alone, since it is made then."""
    outcomes: dict[Claim, Outcome] = {}
    todo = sorted(starting, key=lambda change: change.claim)
    if len(todo) > 1 and servers.first_start([c.after.launch for c in todo if c.after]):
        outcomes |= _batch(todo[:1], (), servers)
        todo = todo[1:]
    return outcomes | _batch(todo, waiting, servers)


def _batch(
    starting: Sequence[Change[Serving]], waiting: Sequence[Change[Serving]], servers: ServerWorld
) -> dict[Claim, Outcome]:
    outcomes: dict[Claim, Outcome] = {}
    begun = []
    for change in starting:
        assert change.after is not None
        if change.after.care.orphans == "remove":
            servers.remove([one for one in servers.orphans() if one.server == change.after.launch.name])
        try:
            servers.start(replace(change.after, deed=Deed.NOTHING, why=""))
            begun.append(change)
        except Invalid as error:
            outcomes[change.claim] = Outcome(change.claim, Status.FAILED, error.problems[0])
    said = servers.wait([c.after for c in (*begun, *waiting) if c.after])
    for change in (*begun, *waiting):
        if why := said[int(change.claim.path)]:
            hint = f"`reconcile server logs {change.ref.name}` shows what it said"
            outcomes[change.claim] = _not_done(change, Status.FAILED, f"not ready: {why}", hint)
    return outcomes


def _not_done(change: Change[Serving], status: Status, text: str, hint: str = "") -> Outcome:
    return Outcome(change.claim, status, Problem(Origin(str(change.ref)), text, hint))
