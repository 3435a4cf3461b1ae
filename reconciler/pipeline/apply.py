"""Plan → run: write intent, look again, act, look again, settle; wave by wave. Acts and records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from reconciler.model.change import ABSENT, Change, Diff, Plan, Seen
from reconciler.model.fingerprint import Codec, alike
from reconciler.model.outcome import NOT_REMOVED, Intent, Outcome, Run, Status
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import PORT, Claim, File
from reconciler.model.world import Look
from reconciler.pipeline.expect import expected
from reconciler.pipeline.hands import BAD, Hands, Notes, Settled
from reconciler.pipeline.phases import phases
from reconciler.pipeline.plan import below
from reconciler.pipeline.putting import put_in, watching
from reconciler.pipeline.settle import settle, standing
from reconciler.pipeline.shielding import Shielded, veil

Progress = Callable[[int, int], None]
NOW = "from what stands here now to what was planned"
NOT_EMPTIED = "is ours and empty, and could not be removed"
NOTHING: Mapping[Claim, Outcome] = {}
BATCH = 1000
"""So many files are brought about at once: each batch is made durable, and seen as progress."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an apply came to: its run (None where nothing was to do), and each change with its outcome."""

    run: Run | None
    outcomes: tuple[Settled, ...] = ()


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def apply(
    plan: Plan,
    hands: Hands,
    *,
    verb: str,
    folder: str,
    progress: Progress = silent,
    refused: Mapping[Claim, Outcome] = NOTHING,
) -> Result:
    """Does what the plan allows, each claim only if it still is as the plan saw it, and is not `refused`."""
    todo = (*plan.bookkeeping, *plan.due)
    if not todo:
        return Result(None)

    def begin(opened: Sequence[Intent]) -> int:
        begun = {intent.change.claim for intent in opened}
        later = [(change, None) for change in sorted(todo, key=_turn) if change.claim not in begun]
        about = (verb, plan.repo, folder, plan.revision, plan.host)
        return hands.journal.begin(*about, title=plan.title, opened=opened, planned=_intents(later, hands))

    return carry_on(Pages(hands.journal, begin), todo, (), hands, progress, refused)


@dataclass(slots=True)
class Pages:
    """What the journal has of a run: the commit that `begin`s it holds all that is planned, and what its first wave
    intends. `run` 0: it has not begun."""

    journal: Notes
    begin: Callable[[Sequence[Intent]], int]
    run: int = 0

    def intend(self, intents: Sequence[Intent]) -> None:
        if self.run:
            self.journal.intend(self.run, intents)
        else:
            self.run = self.begin(intents)


def carry_on(
    pages: Pages,
    todo: Sequence[Change[Any]],
    earlier: Sequence[Settled],
    hands: Hands,
    progress: Progress = silent,
    refused: Mapping[Claim, Outcome] = NOTHING,
) -> Result:
    """Brings a run to its end, after what was done of it `earlier`. Where something stops it, it stays open."""
    settled = [*earlier]
    try:
        lacking = dict(refused)
        lacking |= hands.filling.lacking(todo) if any(change.secret for change in todo) else {}
        waves = groupby(sorted(todo, key=_turn), key=lambda c: c.wave)
        for steps in (list(phase) for _, wave in waves for phase in phases(list(wave), hands.kinds)):
            ahead, total = len(settled), len(earlier) + len(todo)
            without = [(c, lacking[c.claim]) for c in steps if c.claim in lacking]
            steps = [c for c in steps if c.claim not in lacking]
            done = _wave(pages, steps, [*settled, *without], hands, lambda acted: progress(ahead + acted, total))  # noqa: B023
            hands.journal.settle(pages.run, [*without, *done])
            settled += [*without, *done]
            progress(len(settled), total)
    except BaseException:
        if pages.run:
            settle(pages.run, hands)
        raise
    return Result(hands.journal.finish(pages.run), tuple(settled))


def _turn(change: Change[Any]) -> tuple[int, Claim]:
    return change.wave, change.claim


def _wave(
    pages: Pages,
    changes: Sequence[Change[Any]],
    earlier: Sequence[Settled],
    hands: Hands,
    acted: Callable[[int], None],
) -> Iterable[Settled]:
    ready, refused = _looked_at(changes, earlier, hands)
    ready = _with_kin(ready, hands)
    hands = watching(ready, hands)
    modes = hands.watch.modes(ready, hands.world)
    ready = [_dressed(change, hands) for change in put_in(ready, refused, hands)]
    dresses = {change.claim[:2]: change.dress for change in ready if change.dress is not None}
    hands = replace(hands, world=Shielded(hands.world, modes, dresses)) if modes or dresses else hands
    foreseen = expected(ready, hands)
    pages.intend(_intents(foreseen, hands))
    booked = [(c, Outcome(c.claim, Status.DONE)) for c in ready if c.action.bookkeeping]
    outcomes = {change.claim: outcome for change, outcome in foreseen if outcome is not None}
    done = [*booked, *_acted([c for c in ready if not c.action.bookkeeping], hands, acted, outcomes)]
    if isinstance(hands.world, Shielded):
        hands.world.settle()
    return [*done, *refused]


def _looked_at(
    changes: Sequence[Change[Any]], earlier: Sequence[Settled], hands: Hands
) -> tuple[list[Change[Any]], list[Settled]]:
    """Which changes still find what the plan saw; the others with the reason. Nothing is removed where another change,
    which it may make room for, is refused."""
    failed = {change.ref for change, outcome in earlier if outcome.status in BAD}
    seen = hands.look([c for c in changes if _why_skip(c, failed) is None])
    ready: list[Change[Any]] = []
    refused: list[Settled] = []
    for change in sorted(changes, key=lambda c: c.after is None):
        if (why := _why_skip(change, failed)) is not None:
            refused.append((change, Outcome(change.claim, Status.SKIPPED, why)))
        elif (moved := _moved(change, seen[change.claim], hands)) is not None:
            stands = seen[change.claim]
            diff = _what_moved(change, stands, hands)
            refused.append((change, Outcome(change.claim, Status.STALE, moved, diff=diff, found=stands.state)))
            failed.add(change.ref)
        else:
            # What is seen of a process counts in no comparison, and is another one since files were written.
            same = change.claim.root != PORT and seen[change.claim] == change.before
            ready.append(change if same else replace(change, before=seen[change.claim]))
    return sorted(ready, key=_turn), refused


def _why_skip(change: Change[Any], failed: set[Any]) -> Problem | None:
    if not failed:
        return None
    origin = Origin(str(change.ref))
    if needed := sorted(str(ref) for ref in change.target.needs & failed):
        return Problem(origin, f"not done, since it needs {', '.join(needed)}")
    # A key of what stays is removed by an edit of that: nothing else replaces it, and it is whole only without.
    alone = change.partial and change.ref not in failed
    if change.after is None and not change.action.bookkeeping and not alone:
        return Problem(origin, NOT_REMOVED, "mend those, then apply again")
    return None


def _moved(change: Change[Any], seen: Seen[Any], hands: Hands) -> Problem | None:
    if seen.problem is not None and seen.problem.severity is Severity.ERROR:
        return seen.problem
    if alike(seen.fingerprint, change.before.fingerprint):
        return None
    where = hands.world.show(change.claim.root, change.claim.path)
    return Problem(Origin(where), "changed since the plan was made; left as it is", "plan again")


def _what_moved(change: Change[Any], seen: Seen[Any], hands: Hands) -> Diff | None:
    """From what the plan saw to what stands there now; a saved plan may not know any more what it saw. Where secrets
    of ours stand, nobody can tell them from the rest after an edit: that is not shown."""
    row = change.recorded
    if seen.problem is not None or change.secret or change.veiled or (row is not None and row.veiled):
        return None
    kind = next(kind for kind in hands.kinds if kind.name == change.ref.kind)
    if change.before.state is None and change.before.fingerprint != ABSENT:
        return replace(below(change.target.part, kind.diff(seen.state, change.after)), note=NOW)
    return below(change.target.part, kind.diff(change.before.state, seen.state))


def _dressed(change: Change[Any], hands: Hands) -> Change[Any]:
    """A file that goes may come back."""
    goes = change.after is None and not change.claim.item and not change.action.bookkeeping
    return replace(change, dress=hands.world.dress(*change.claim[:2])) if goes else change


def _acted(
    changes: Sequence[Change[Any]], hands: Hands, acted: Callable[[int], None], foreseen: Mapping[Claim, Outcome]
) -> list[Settled]:
    outcomes: dict[Claim, Outcome] = {}
    for kind, part in hands.in_turn(changes):
        for batch in _batches(part):
            outcomes.update((o.claim, o) for o in kind.act(batch, hands.world))
            acted(len(outcomes))
    failed = [c for c in changes if outcomes[c.claim].status is Status.FAILED and _in_a_file(c)]
    seen = hands.look([*(c for c in changes if outcomes[c.claim].status is Status.DONE), *failed])
    for change in failed:
        if alike(seen.pop(change.claim).fingerprint, change.fingerprint):
            outcomes[change.claim] = _done_all_the_same(change, outcomes[change.claim], foreseen)
        elif (planned := foreseen.get(change.claim)) is not None:
            left = standing(planned.made, change.claim, hands.world)
            outcomes[change.claim] = replace(outcomes[change.claim], made=left)
    gone = [change for change in changes if change.after is None and outcomes[change.claim].status is Status.DONE]
    outcomes.update((change.claim, _emptied(change, outcomes[change.claim], hands.world)) for change in gone)
    return [_judged(change, outcomes[change.claim], seen.get(change.claim), hands) for change in changes]


def _emptied(change: Change[Any], outcome: Outcome, look: Look) -> Outcome:
    """A folder of ours that could not be removed with the last thing in it is told, and tried again."""
    folders = [claim for claim in change.made if not claim.item and claim not in outcome.unmade]
    left = [claim for claim in folders if look.empty(claim.root, claim.path)]
    if not left:
        return outcome
    problem = Problem(Origin(look.show(left[0].root, left[0].path)), NOT_EMPTIED, "the next apply tries it again")
    return replace(outcome, problem=outcome.problem or problem)


def _in_a_file(change: Change[Any]) -> bool:
    return bool(change.claim.item) or isinstance(change.after or change.before.state, File)


def _done_all_the_same(change: Change[Any], outcome: Outcome, foreseen: Mapping[Claim, Outcome]) -> Outcome:
    """An error came when all was in place (a folder could not be flushed): it is told, and what stood there is kept."""
    planned = foreseen.get(change.claim, Outcome(change.claim, Status.DONE))
    return replace(planned, status=Status.DONE, problem=outcome.problem)


def _with_kin(changes: Sequence[Change[Any]], hands: Hands) -> list[Change[Any]]:
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


def _batches(changes: Sequence[Change[Any]]) -> Iterator[Sequence[Change[Any]]]:
    """Files may be brought about one by one, all keys of a file must be at once."""
    whole = [c for c in changes if not c.claim.item]
    yield from (whole[start : start + BATCH] for start in range(0, len(whole), BATCH))
    if inside := [c for c in changes if c.claim.item]:
        yield inside


def _not_so(change: Change[Any], hands: Hands) -> Problem:
    where = hands.world.show(change.claim.root, change.claim.path)
    return Problem(Origin(where), "written, but something else stands there now", "see who else writes it")


def _intents(foreseen: Iterable[tuple[Change[Any], Outcome | None]], hands: Hands) -> list[Intent]:
    codecs = {kind.name: kind.codec for kind in hands.kinds}
    return [_intent(change, outcome, codecs[change.ref.kind]) for change, outcome in foreseen]


def _intent(change: Change[Any], foreseen: Outcome | None, codec: Codec[Any]) -> Intent:
    """What is kept of it: of what holds secrets of ours only the state with references in their place."""
    row = change.recorded
    ours = row is not None and row.veiled and alike(change.before.fingerprint, row.value)
    before, after = None if ours else change.before.state, veil(change) if change.veiled else change.after
    old, new = (None if state is None else codec.encode(state) for state in (before, after))
    return Intent(change, old, new, foreseen)
