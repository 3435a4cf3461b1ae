"""A judged plan → the same, less what would leave half an entry in a shared file. Pure over a look.

An entry of which we own some keys and somebody else the others may be whole only with ours. The outcome is rehearsed in
memory and judged by the program's own rules, so that this holds where the program itself cannot be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.formats import splices
from reconciler.model.change import Action, Cause, Change, Diff, Plan, Standing, Verdict
from reconciler.model.fingerprint import alike
from reconciler.model.kind import AnyKind, Flaw, Root
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import Claim
from reconciler.model.world import Look, Unreadable
from reconciler.pipeline.rehearse import rehearse

At = tuple[str, str]


def entire(plan: Plan, roots: Sequence[Root], kinds: Sequence[AnyKind], look: Look, key: bytes) -> Plan:
    """Of an entry that would stay behind incomplete, what is empty goes too; else what stood there when we took it over
    stays; else all of it is held, and so is what waits for a held key. Raises Invalid for an entry of which git names
    a part, where nothing here has the rest."""
    for mend in (_emptied, _left_as_found, _held):
        flaws = list(_new(plan, roots, kinds, look, key))
        if not flaws:
            return plan
        plan = replace(plan, changes=_mended(plan.changes, flaws, partial(mend, look=look)))
    _said(plan, list(_new(plan, roots, kinds, look, key)))
    return plan


Mend = Callable[[Change[Any], At, Flaw], Change[Any]]


def _mended(changes: Sequence[Change[Any]], flaws: Sequence[tuple[At, Flaw]], mend: Mend) -> tuple[Change[Any], ...]:
    """Every change below a flaw that a removal brings about, mended."""
    for at, flaw in flaws:
        near = {c.claim for c in changes if _due(c) and _below(c, at, flaw)}
        gone = {c.claim for c in changes if c.claim in near and _gives_back(c)}
        waits = {c.claim for c in changes if not c.verdict.allowed and _below(c, at, flaw)} and near
        chosen = gone if gone and flaw.fatal else waits if not gone else set()
        changes = [mend(c, at, flaw) if c.claim in chosen else c for c in changes]
    return tuple(changes)


def _due(change: Change[Any]) -> bool:
    return change.verdict.allowed and not change.action.bookkeeping


def _below(change: Change[Any], at: At, flaw: Flaw) -> bool:
    return change.claim[:2] == at and change.claim.item[: len(flaw.item)] == flaw.item


def _gives_back(change: Change[Any]) -> bool:
    return change.after is None or change.cause in (Cause.ORPHAN, Cause.UNDO)


def _emptied(change: Change[Any], at: At, flaw: Flaw, look: Look) -> Change[Any]:
    """An entry goes with the last key in it, although the braces were somebody else's."""
    if change.after is not None:
        return change
    item = change.claim.item
    ways = {change.claim._replace(item=item[:depth]) for depth in range(len(flaw.item), len(item))}
    return replace(change, made=tuple(sorted({*change.made, *ways})))


def _left_as_found(change: Change[Any], at: At, flaw: Flaw, look: Look) -> Change[Any]:
    """A key that was taken over equal stays, no longer ours, beside those that are restored."""
    row, before = change.recorded, change.before
    if change.after is not None or row is None or row.standing is not Standing.ADOPTED:
        return change
    if not alike(before.fingerprint, row.before):
        return change
    return replace(
        change, action=Action.FORGET, after=before.state, fingerprint=before.fingerprint, diff=Diff(), made=()
    )


def _held(change: Change[Any], at: At, flaw: Flaw, look: Look) -> Change[Any]:
    if not _gives_back(change):
        rule, hint = f"waits for another key of this entry: {flaw.text}", "see what holds that"
        return replace(change, verdict=Verdict(False, rule, hint))
    entry = f"`{'/'.join(flaw.item)}`"
    rule = f"kept, for what others wrote beside it: {flaw.text}"
    hint = f"remove what others wrote of {entry} in `{look.show(*at)}`, or name {entry} in git again"
    return replace(change, verdict=Verdict(False, rule, hint))


def _said(plan: Plan, flaws: Sequence[tuple[At, Flaw]]) -> None:
    """Raises Invalid for what git says by half."""
    problems = []
    for at, flaw in flaws:
        due = [c for c in plan.changes if _due(c) and _below(c, at, flaw)]
        if due and not any(map(_gives_back, due)):
            problems.append(Problem(due[0].target.origin, f"{due[0].ref}: {flaw.text}", flaw.hint))
    if problems:
        raise Invalid(problems)


def halved(
    plan: Plan, roots: Sequence[Root], kinds: Sequence[AnyKind], look: Look, key: bytes
) -> Mapping[Claim, Outcome]:
    """The same, of a plan that was made earlier: which changes would leave half an entry in a file as it is now."""
    refused: dict[Claim, Outcome] = {}
    while True:
        rest = replace(plan, changes=tuple(c for c in plan.changes if c.claim not in refused))
        found = {
            claim: one for at, flaw in _new(rest, roots, kinds, look, key) for claim, one in _refused(rest, at, flaw)
        }
        if not found:
            return refused
        refused |= found


def _refused(plan: Plan, at: At, flaw: Flaw) -> Iterator[tuple[Claim, Outcome]]:
    near = [change for change in plan.changes if _due(change) and _below(change, at, flaw)]
    gone = [change for change in near if _gives_back(change)]
    for change in gone if gone and flaw.fatal else near if not gone else ():
        problem = Problem(
            Origin(str(change.ref)), f"not done, since others changed this entry: {flaw.text}", "plan again"
        )
        yield change.claim, Outcome(change.claim, Status.STALE, problem)


def _new(
    plan: Plan, roots: Sequence[Root], kinds: Sequence[AnyKind], look: Look, key: bytes
) -> Iterator[tuple[At, Flaw]]:
    """The flaws that a plan would bring about."""
    rules = {(root.name, path): root.flaws for root in roots for path in root.shared}
    due = [c for c in plan.due if c.claim.item and c.claim[:2] in rules]
    if not due:
        return
    outcome = rehearse(plan, due, kinds, look, key)
    for at in sorted({change.claim[:2] for change in due}):
        before, after = _text(look, at), _text(outcome, at)
        if not _exactly(before, [c for c in due if c.claim[:2] == at]):
            stood = {(flaw.item, flaw.text) for flaw in rules[at](at[1], before)}
            yield from ((at, f) for f in rules[at](at[1], after) if (f.item, f.text) not in stood)


def _text(look: Look, at: At) -> str:
    """A shared file as text, or "": what cannot be read is nobody's flaw of ours."""
    with suppress(Unreadable, UnicodeDecodeError):
        file = look.read(*at)
        return file.content.decode() if file is not None else ""
    return ""


def _exactly(text: str, changes: Sequence[Change[Any]]) -> bool:
    """Whether all of them give back the very text that stood there before ours: it is not for us to judge."""
    return all(change.exact and splices.back(change.exact, text) is not None for change in changes)
