"""An interrupted run → the same run, finished as it was planned. Acts and records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from reconciler.model.change import Change, Plan
from reconciler.model.dress import Dress
from reconciler.model.fingerprint import alike
from reconciler.model.kind import Root
from reconciler.model.outcome import Intent, Outcome, Status, Step
from reconciler.model.problem import Problem, invalid
from reconciler.model.resource import Claim, Revision
from reconciler.pipeline.apply import Pages, Progress, Result, carry_on, silent
from reconciler.pipeline.entire import halved
from reconciler.pipeline.hands import Hands, Settled
from reconciler.pipeline.renamed import renamed
from reconciler.pipeline.settle import again, settle


class Contents(Protocol):
    """As much of a journal as tells what was planned."""

    def content(self, fingerprint: str) -> bytes: ...

    def exact(self, run: int, kind: str, root: str, path: str) -> bytes: ...

    def dress(self, run: int, root: str, path: str) -> Dress | None: ...


def resume(
    run: int, hands: Hands, contents: Contents, roots: Sequence[Root], progress: Progress = silent
) -> tuple[Result, Sequence[Problem]]:
    """What is left of a run done, each claim only if it still is as it was found, and none that would leave half an
    entry by now; and what had to stay beside it."""
    problems = settle(run, hands)
    steps = hands.journal.steps(run)
    todo = [_planned(run, step, hands, contents) for step in steps if step.status is Status.PLANNED]
    earlier: list[Settled] = [
        (again(step), Outcome(step.claim, step.status)) for step in steps if step.status is not Status.PLANNED
    ]
    return carry_on(
        Pages(hands.journal, _begun, run), todo, earlier, hands, progress, _halved(todo, roots, hands)
    ), problems


def _begun(opened: Sequence[Intent]) -> int:
    raise AssertionError("a run that is resumed has begun")


def _halved(todo: Sequence[Change[Any]], roots: Sequence[Root], hands: Hands) -> Mapping[Claim, Outcome]:
    """What would leave half an entry in a file as it is now."""
    seen = hands.look([change for change in todo if not change.action.bookkeeping])
    fresh = [c for c in todo if c.claim in seen and alike(seen[c.claim].fingerprint, c.before.fingerprint)]
    known = tuple(replace(change, before=seen[change.claim]) for change in fresh)
    return halved(Plan("", "", "", Revision("", ""), known), roots, hands.kinds, hands.world, hands.journal.key())


def _planned(run: int, step: Step, hands: Hands, contents: Contents) -> Change[Any]:
    kind = next((kind for kind in hands.kinds if kind.name == step.ref.kind), None)
    if kind is None:
        raise invalid(str(step.ref), f"nothing here knows what `{step.ref.kind}` is", f"`reconcile rollback {run}`")
    exact = contents.exact(run, kind.name, *step.claim[:2])
    if step.rest.removes:
        return again(step, exact=exact)
    after = renamed(step) or step.after
    try:
        planned = again(step, kind.codec.decode(contents.content(step.veil_after or after)), exact)
        return replace(planned, fingerprint=after, dress=contents.dress(run, *step.claim[:2]))
    except KeyError:
        if step.action.bookkeeping:
            return again(step)
        text = "what was to be written is no longer kept"
        raise invalid(str(step.ref), text, f"`reconcile rollback {run}`, then plan again") from None
