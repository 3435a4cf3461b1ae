"""Claims that kinds decide about themselves, once all else is decided → the plan with what they make of it. Looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.model.change import ABSENT, Action, Cause, Change, Plan, Recorded, Seen, Standing
from reconciler.model.fingerprint import fingerprint
from reconciler.model.kind import AnyKind, Situation
from reconciler.model.outcome import Run
from reconciler.model.resource import Ref, Target
from reconciler.model.world import Look
from reconciler.pipeline import judge
from reconciler.pipeline.observe import Snapshot
from reconciler.pipeline.order import order
from reconciler.pipeline.plan import owned


class Told(NamedTuple):
    """What people said: the TARGETs, and where git shall win; and what is looked at."""

    only: Sequence[str]
    force: Sequence[str]
    look: Look
    runs: Callable[[], Sequence[Run]]


def split(kinds: Sequence[AnyKind]) -> tuple[list[AnyKind], list[AnyKind]]:
    """Those that the table of three states decides about, and those that decide for themselves."""
    return [kind for kind in kinds if kind.react is None], [kind for kind in kinds if kind.react is not None]


def reacted(
    plan: Plan,
    targets: Sequence[Target[Any]],
    snapshot: Snapshot,
    kinds: Sequence[AnyKind],
    policy: judge.Policy,
    told: Told,
) -> Plan:
    """The plan with the changes of kinds that react to all others; what they hold themselves stays held."""
    situation = Situation(
        plan.due,
        told.look,
        snapshot.key,
        lambda ref: _among(told.only, ref),
        lambda ref: _among(told.force, ref),
        told.runs,
    )
    made: list[Change[Any]] = []
    for kind in kinds:
        if kind.react is not None:
            made += kind.react(list(_proposed(plan, targets, snapshot, kind)), situation)
    if not made:
        return plan
    chosen = [_judged(change, policy) for change in made if not told.only or _among(told.only, change.ref)]
    waves = {kind.name: kind.wave for kind in kinds}
    moving = {c.ref for c in chosen} & {target.ref for target in targets}
    return replace(plan, changes=order([*plan.changes, *chosen], waves), unchanged=plan.unchanged - len(moving))


def _among(patterns: Sequence[str], ref: Ref) -> bool:
    return any(judge.matches(pattern, ref) for pattern in patterns)


def _judged(change: Change[Any], policy: judge.Policy) -> Change[Any]:
    """Held by policy, or allowed by the rule that the kind gave."""
    if not change.verdict.allowed:
        return change
    [judged] = judge.judge([change], policy)
    return change if judged.verdict.allowed else judged


def _proposed(plan: Plan, targets: Sequence[Target[Any]], snapshot: Snapshot, kind: AnyKind) -> Iterator[Change[Any]]:
    """One change for each claim, of which nothing is decided yet."""
    named = set()
    for target in targets:
        if target.ref.kind == kind.name:
            named.add(target.claim)
            seen, row = snapshot.seen[target.claim], snapshot.recorded.get(target.claim)
            made = fingerprint(target.desired, kind.codec, snapshot.key)
            becomes = _becoming(target, row, seen, made, plan)
            yield Change(target, Action.UPDATE, Cause.COMMIT, seen, target.desired, made, becomes, row)
    for claim, row in sorted(snapshot.recorded.items()):
        if row.ref.kind == kind.name and claim not in named:
            yield Change(owned(row), Action.DELETE, Cause.ORPHAN, snapshot.seen[claim], None, ABSENT, None, row)


def _becoming(target: Target[Any], row: Recorded | None, seen: Seen[Any], made: str, plan: Plan) -> Recorded:
    """The row of ownership once a target has its state; what stood there first is what is handed back."""
    if row is not None:
        standing, before = row.standing, row.before
    elif seen.fingerprint == ABSENT:
        standing, before = Standing.CREATED, None
    else:
        standing, before = Standing.ADOPTED, seen.fingerprint
    needs = tuple(sorted(target.needs))
    commit = plan.revision.commit
    return Recorded(target.claim, target.ref, target.part, plan.repo, made, standing, before, needs, commit)
