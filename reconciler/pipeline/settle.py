"""A run that something stopped → what became of each step that was under way: looked at, recorded. Acts and records.

What stands as intended was done by us: to take it for somebody else's would lose what stood there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.model.change import Change, Seen
from reconciler.model.fingerprint import alike
from reconciler.model.outcome import Outcome, Status, Step
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, Target
from reconciler.pipeline.hands import Hands, Settled


def settle(run: int, hands: Hands) -> Sequence[Problem]:
    """Each open step is done, or planned again, or was edited meanwhile; files that had to stay are problems."""
    opened = [step for step in hands.journal.steps(run) if step.status is Status.OPEN]
    places = sorted({step.claim[:2] for step in opened if not step.action.bookkeeping})
    problems = [problem for root, path in places for problem in hands.world.recover(root, path)]
    changes = {step.claim: again(step) for step in opened}
    seen = hands.look(list(changes.values()))
    settled = [_became(step, changes[step.claim], seen[step.claim], hands) for step in opened if step.claim in seen]
    hands.journal.settle(run, [*_reversed(run, settled, hands)])
    return problems


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
        gone = {*rest.going, *(_pruned(rest.made, hands) if rest.removes else ())}
        return change, Outcome(step.claim, Status.DONE, made=rest.promised, unmade=tuple(sorted(gone)))
    _ = [*_pruned(rest.promised, hands)]
    if alike(seen.fingerprint, step.before):
        return change, Outcome(step.claim, Status.PLANNED)
    where = hands.world.show(step.claim.root, step.claim.path)
    problem = Problem(Origin(where), "edited while the run was interrupted; left as it is", "plan again")
    return change, Outcome(step.claim, Status.STALE, problem)


def _pruned(claims: Sequence[Claim], hands: Hands) -> Iterator[Claim]:
    """Folders that we made, where they are empty, innermost first."""
    for claim in sorted(claims, key=lambda c: -len(c.path)):
        if not claim.item and hands.world.prune(claim.root, claim.path):
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
                Outcome(
                    outcome.claim, Status.DONE, None, outcome.made, outcome.unmade, hands.journal.promised(run, *at)
                ),
            )
        else:
            yield change, outcome
