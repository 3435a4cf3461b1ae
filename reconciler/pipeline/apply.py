"""Plan → run: write intent, look again, act, look again, settle; wave by wave. Acts and records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from reconciler.formats import splices
from reconciler.model.change import Change, Plan, Recorded, Seen
from reconciler.model.fingerprint import alike
from reconciler.model.kind import AnyKind
from reconciler.model.outcome import Outcome, Run, Status, Step
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, Revision, Target
from reconciler.model.world import Look, Unreadable, World
from reconciler.pipeline.observe import look_at

Settled = tuple[Change[Any], Outcome]
BAD = (Status.STALE, Status.FAILED, Status.SKIPPED)


class Notes(Protocol):
    """As much of a journal as an apply needs."""

    def key(self) -> bytes: ...

    def begin(self, verb: str, repo: str, folder: str, revision: Revision, host: str) -> int: ...

    def intend(self, run: int, changes: Sequence[tuple[Change[Any], bytes | None, bytes | None]]) -> None: ...

    def settle(self, run: int, settled: Sequence[Settled]) -> None: ...

    def finish(self, run: int) -> Run: ...

    def steps(self, run: int) -> Sequence[Step]: ...

    def recorded(self) -> Sequence[Recorded]: ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What an apply works with."""

    kinds: Sequence[AnyKind]
    world: World
    journal: Notes


@dataclass(frozen=True, slots=True)
class Result:
    """What an apply came to: its run (None where nothing was to do), and each change with its outcome."""

    run: Run | None
    outcomes: tuple[Settled, ...] = ()


def apply(
    plan: Plan, hands: Hands, *, verb: str, folder: str, progress: Callable[[int, int], None] = lambda done, all_: None
) -> Result:
    """Does what the plan allows, each claim only if it still is as the plan saw it."""
    todo = (*plan.bookkeeping, *plan.due)
    if not todo:
        return Result(None)
    run = hands.journal.begin(verb, plan.repo, folder, plan.revision, plan.host)
    settled: list[Settled] = []
    try:
        for _, wave in groupby(sorted(todo, key=lambda c: (c.wave, c.claim)), key=lambda c: c.wave):
            settled += _wave(run, list(wave), settled, hands)
            progress(len(settled), len(todo))
    except BaseException:
        settle(run, hands)
        raise
    return Result(hands.journal.finish(run), tuple(settled))


def settle(run: int, hands: Hands) -> Run:
    """Looks at what an interrupted run left open, and records what became of each; then closes the run.

    What stands as intended was done by us: to take it for somebody else's would lose what stood there before.
    """
    opened = [step for step in hands.journal.steps(run) if step.status is Status.OPEN]
    changes = [_reopened(step) for step in opened]
    seen = _look(changes, hands)
    hands.journal.settle(run, [(c, _became(c, seen[c.claim])) for c in changes if c.claim in seen])
    return hands.journal.finish(run)


def _reopened(step: Step) -> Change[Any]:
    target: Target[Any] = Target(step.ref, step.part, step.claim, None, Origin(""))
    before: Seen[Any] = Seen(step.claim, None, step.before)
    return Change(target, step.action, step.cause, before, None, step.after, step.becomes, step.recorded)


def _became(change: Change[Any], seen: Seen[Any]) -> Outcome:
    if change.action.bookkeeping or alike(seen.fingerprint, change.fingerprint):
        return Outcome(change.claim, Status.DONE)
    if alike(seen.fingerprint, change.before.fingerprint):
        return Outcome(change.claim, Status.SKIPPED, Problem(Origin(str(change.ref)), "interrupted before it was done"))
    return Outcome(change.claim, Status.FAILED, Problem(Origin(str(change.ref)), "interrupted, and edited since"))


def _wave(run: int, changes: Sequence[Change[Any]], earlier: Sequence[Settled], hands: Hands) -> Iterable[Settled]:
    ready, refused = _looked_at(changes, earlier, hands)
    hands.journal.intend(run, [_intent(c, hands) for c in ready])
    booked = [(c, Outcome(c.claim, Status.DONE)) for c in ready if c.action.bookkeeping]
    done = [*booked, *_acted([c for c in ready if not c.action.bookkeeping], hands)]
    hands.journal.settle(run, [*done, *refused])
    return [*done, *refused]


def _looked_at(
    changes: Sequence[Change[Any]], earlier: Sequence[Settled], hands: Hands
) -> tuple[list[Change[Any]], list[Settled]]:
    """Which changes still find what the plan saw; the others with the reason."""
    failed = {change.ref for change, outcome in earlier if outcome.status in BAD}
    seen = _look([c for c in changes if _why_skip(c, failed) is None], hands)
    ready: list[Change[Any]] = []
    refused: list[Settled] = []
    for change in changes:
        if (why := _why_skip(change, failed)) is not None:
            refused.append((change, Outcome(change.claim, Status.SKIPPED, why)))
        elif (moved := _moved(change, seen[change.claim], hands)) is not None:
            refused.append((change, Outcome(change.claim, Status.STALE, moved)))
        else:
            ready.append(replace(change, before=seen[change.claim]))
    return ready, refused


def _why_skip(change: Change[Any], failed: set[Any]) -> Problem | None:
    origin = Origin(str(change.ref))
    if needed := sorted(str(ref) for ref in change.target.needs & failed):
        return Problem(origin, f"not done, since it needs {', '.join(needed)}")
    if failed and change.after is None and not change.action.bookkeeping:
        return Problem(origin, "not removed, since other changes did not work", "mend those, then apply again")
    return None


def _moved(change: Change[Any], seen: Seen[Any], hands: Hands) -> Problem | None:
    if seen.problem is not None:
        return seen.problem
    if alike(seen.fingerprint, change.before.fingerprint):
        return None
    where = hands.world.show(change.claim.root, change.claim.path)
    return Problem(Origin(where), "changed since the plan was made; left as it is", "plan again")


def _look(changes: Sequence[Change[Any]], hands: Hands) -> dict[Claim, Seen[Any]]:
    by_kind: dict[str, list[Claim]] = {}
    for change in changes:
        by_kind.setdefault(change.ref.kind, []).append(change.claim)
    return look_at(by_kind, hands.kinds, hands.world, hands.journal.key())


def _acted(changes: Sequence[Change[Any]], hands: Hands) -> list[Settled]:
    outcomes: dict[Claim, Outcome] = {}
    changes = _with_kin(changes, hands)
    for kind in _in_order(changes, hands):
        if batch := [c for c in changes if c.ref.kind == kind.name]:
            outcomes.update((o.claim, o) for o in kind.act(batch, hands.world))
    seen = _look([c for c in changes if outcomes[c.claim].status is Status.DONE], hands)
    return [_judged(change, outcomes[change.claim], seen.get(change.claim), hands) for change in changes]


def _with_kin(changes: Sequence[Change[Any]], hands: Hands) -> Sequence[Change[Any]]:
    """Removals of items learn what else in their file is ours, and must keep its name."""
    files = {c.claim[:2] for c in changes if c.after is None and c.claim.item}
    ours = [row.claim for row in hands.journal.recorded() if row.claim[:2] in files] if files else []
    kin = {at: frozenset(claim for claim in ours if claim[:2] == at) for at in files}
    return [replace(c, kin=kin[c.claim[:2]]) if c.after is None and c.claim.item else c for c in changes]


def _judged(change: Change[Any], outcome: Outcome, seen: Seen[Any] | None, hands: Hands) -> Settled:
    """What really stands there after all."""
    if seen is None:
        return change, outcome
    if outcome.heir:
        return replace(change, fingerprint=seen.fingerprint), outcome
    if alike(seen.fingerprint, change.fingerprint):
        return change, outcome
    return change, replace(outcome, status=Status.FAILED, problem=_not_so(change, hands))


def _in_order(changes: Sequence[Change[Any]], hands: Hands) -> Sequence[AnyKind]:
    """Kinds that edited one file take their edits back in the order in which each finds its own text."""
    if not any(change.exact for change in changes):
        return hands.kinds
    orders = (hands.kinds[::-1], hands.kinds)
    return next((order for order in orders if _finds(changes, order, hands.world)), orders[0])


def _finds(changes: Sequence[Change[Any]], order: Sequence[AnyKind], look: Look) -> bool:
    """Whether the first kind that comes to a file finds the text that its way back fits."""
    rank = {kind.name: at for at, kind in enumerate(order)}
    first: dict[tuple[str, str], Change[Any]] = {}
    for change in sorted((c for c in changes if c.exact), key=lambda c: rank[c.ref.kind]):
        first.setdefault(change.claim[:2], change)
    return all(splices.back(c.exact, _text(look, *at)) is not None for at, c in first.items())


def _text(look: Look, root: str, path: str) -> str:
    with suppress(Unreadable, UnicodeDecodeError):
        file = look.read(root, path)
        return file.content.decode() if file else ""
    return ""


def _not_so(change: Change[Any], hands: Hands) -> Problem:
    where = hands.world.show(change.claim.root, change.claim.path)
    return Problem(Origin(where), "written, but something else stands there now", "see who else writes it")


def _intent(change: Change[Any], hands: Hands) -> tuple[Change[Any], bytes | None, bytes | None]:
    codec = next(kind.codec for kind in hands.kinds if kind.name == change.ref.kind)
    before, after = change.before.state, change.after
    return change, None if before is None else codec.encode(before), None if after is None else codec.encode(after)
