"""A run that something stopped → what became of each step that was under way: looked at, recorded. Acts and records.

What stands as intended was done by us: to take it for somebody else's would lose what stood there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from reconciler.model.change import Change, Seen
from reconciler.model.fingerprint import alike
from reconciler.model.outcome import Outcome, Status, Step
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, Target
from reconciler.model.world import Look, World
from reconciler.pipeline.hands import Hands, Settled
from reconciler.pipeline.plan import above


def settle(run: int, hands: Hands) -> Sequence[Problem]:
    """Each open step is done, or planned again, or was edited meanwhile; files that had to stay are problems."""
    opened = [step for step in hands.journal.steps(run) if step.status is Status.OPEN]
    places = sorted({step.claim[:2] for step in opened if not step.action.bookkeeping})
    problems = {at: found for at in places if (found := hands.world.recover(*at))}
    changes = {step.claim: again(step) for step in opened}
    seen = hands.look(list(changes.values()))
    settled = [_became(step, changes[step.claim], seen[step.claim], hands) for step in opened if step.claim in seen]
    told = [(c, replace(o, problem=o.problem or problems.get(c.claim[:2], (None,))[0])) for c, o in settled]
    hands.journal.settle(run, [*_reversed(run, told, hands)])
    return [problem for found in problems.values() for problem in found]


class Doubts(Protocol):
    """As much of a journal as tells where an edit did not go well."""

    def doubtful(self) -> Sequence[tuple[str, str]]: ...

    def made(self) -> frozenset[Claim]: ...

    def cleared(self, places: Sequence[tuple[str, str]], gone: Sequence[Claim]) -> None: ...


def clear(world: World, doubts: Doubts) -> Sequence[Problem]:
    """What such edits left beside files, cleared, and empty folders of ours with it; what had to stay is a problem,
    for as long as it is there."""
    places = doubts.doubtful()
    problems = {at: found for at in places if (found := world.recover(*at))}
    well = [at for at in places if at not in problems]
    ours = {claim for claim in doubts.made() for at in well if above(claim, Claim(*at))}
    doubts.cleared(well, [*_pruned(sorted(ours), world)])
    return [problem for found in problems.values() for problem in found]


def again(step: Step, after: Any = None, exact: bytes = b"") -> Change[Any]:
    """The change that a step was made of; what stands there is to be looked at."""
    rest = step.rest
    target: Target[Any] = Target(step.ref, step.part, step.claim, after, rest.origin, frozenset(rest.needs), rest.rank)
    before: Seen[Any] = Seen(step.claim, None, step.before, behind=rest.behind)
    return Change(
        target,
        step.action,
        step.cause,
        before,
        after,
        step.after,
        step.becomes,
        step.recorded,
        made=rest.made,
        wave=step.wave,
        exact=exact,
        partial=rest.partial,
        veiled=step.veil_after,
    )


def _became(step: Step, change: Change[Any], seen: Seen[Any], hands: Hands) -> Settled:
    rest = step.rest
    if step.action.bookkeeping:
        return change, Outcome(step.claim, Status.DONE)
    if alike(seen.fingerprint, step.after):
        gone = {*rest.going, *(_pruned(rest.made, hands.world) if rest.removes else ())}
        return change, Outcome(step.claim, Status.DONE, made=rest.promised, unmade=tuple(sorted(gone)))
    _ = [*_pruned(rest.promised, hands.world)]
    kept = standing(rest.promised, step.claim, hands.world)
    if alike(seen.fingerprint, step.before):
        return change, Outcome(step.claim, Status.PLANNED, made=kept)
    where = hands.world.show(step.claim.root, step.claim.path)
    problem = Problem(Origin(where), "edited while the run was interrupted; left as it is", "plan again")
    return change, Outcome(step.claim, Status.STALE, problem, made=kept)


def standing(claims: Sequence[Claim], at: Claim, look: Look) -> tuple[Claim, ...]:
    """Those of some folders above a file that are there."""
    lacking = set(look.lacking(at.root, at.path)) if claims else set()
    return tuple(c for c in claims if not c.item and c.path != at.path and c.path not in lacking)


def _pruned(claims: Sequence[Claim], world: World) -> Iterator[Claim]:
    """Folders that we made, where they are empty, innermost first."""
    for claim in sorted(claims, key=lambda c: -len(c.path)):
        if not claim.item and world.prune(claim.root, claim.path):
            yield claim


def _reversed(run: int, settled: Sequence[Settled], hands: Hands) -> Iterator[Settled]:
    """With what turns back all that was done to one shared file, said once for it."""
    told: set[tuple[str, str, str]] = set()
    for change, outcome in settled:
        at = (change.ref.kind, change.claim.root, change.claim.path)
        if outcome.status is Status.DONE and change.claim.item and at not in told:
            told.add(at)
            yield (
                change,
                replace(outcome, reverse=hands.journal.promised(run, *at)),
            )
        else:
            yield change, outcome
