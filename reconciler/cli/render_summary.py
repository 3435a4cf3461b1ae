"""A plan → the few words that sum it up: its revision, its counts, that all is in step. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.cli import phrase
from reconciler.cli.grouping import Grouped, Item, grouped
from reconciler.cli.render_disturbs import disturbed
from reconciler.model.change import Action, Cause, Plan
from reconciler.model.resource import Revision

WORDS = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.DELETE: "to delete",
    Action.RESTORE: "to restore",
}
CAUSES = {Cause.DRIFT: "to repair", Cause.ADOPT: "to take over", Cause.CONFLICT: "to overwrite"}


def revision(read: Revision) -> str:
    """`3f2c1ab (main), 2 files uncommitted`."""
    if not read.commit:
        return f"the work tree ({phrase.joined([read.branch, 'no commit yet'], ', ')})"
    branch = f" ({read.branch})" if read.branch else ""
    staged = ", as staged" if read.tree == "index" else ""
    loose = f", {phrase.count(read.uncommitted, 'file')} uncommitted" if read.uncommitted else ""
    return f"{read.short}{branch}{staged}{loose}"


def in_step(plan: Plan, only: Sequence[str] = ()) -> str:
    """The one line that says that nothing is to be done; `only`: the TARGETs that were looked at."""
    objects = plan.unchanged + len({c.ref for c in plan.bookkeeping if c.action is not Action.FORGET})
    already = f"{len(plan.bookkeeping)} already as git says (`reconcile apply` notes that, and writes no file)"
    noted = already if plan.bookkeeping else ""
    # A limited plan still counts everything, and the rest need not be in step.
    what = " ".join(only) or phrase.count(objects, "object")
    posing = f"as if this were `{plan.host}`" if plan.here else ""
    held = _waiting(list(grouped(plan.changes)))
    return phrase.joined([f"in step with {revision(plan.revision)}: {what}", posing, noted, *held])


def summary(plan: Plan, items: Sequence[Grouped]) -> str:
    """`1 to create, 2 to update, 1 to repair · 1 conflict · 1 held`; `items`: its entries."""
    due = Counter(_word(item) for section, item in items if not item.held and section != "left")
    words = [*WORDS.values(), *CAUSES.values()]
    said = ", ".join(f"{due[word]} {word}" for word in words if due[word])
    return phrase.joined(
        [said or "nothing to write", disturbed(plan), *_waiting(items), *_recorded(plan), *_confirmed(plan)]
    )


def _word(item: Item) -> str:
    if item.first.cause in CAUSES:
        return CAUSES[item.first.cause]
    actions = {change.action for change in item.changes}
    return WORDS[actions.pop()] if len(actions) == 1 and not item.partial else WORDS[Action.UPDATE]


def _waiting(items: Sequence[Grouped]) -> Iterator[str]:
    held = Counter(section for section, item in items if item.held)
    if held["conflict"]:
        yield phrase.count(held["conflict"], "conflict")
    for section in ("unknown", "held"):
        if held[section]:
            yield f"{held[section]} {section}"


def _recorded(plan: Plan) -> Iterator[str]:
    booked = [change for change in plan.bookkeeping if change.cause is not Cause.CONFLICT]
    if booked and plan.title:
        yield f"{len({change.ref for change in booked})} handed back as they stand"
    elif booked:
        yield f"{len(booked)} already as git says"
    if left := {change.ref for change in plan.bookkeeping if change.cause is Cause.CONFLICT}:
        yield f"{len(left)} left as edited"


def _confirmed(plan: Plan) -> Iterator[str]:
    for said in plan.confirmed:
        if said.ok is None:
            yield f"not confirmed: {said.text}"
        else:
            yield phrase.joined([f"{'confirmed' if said.ok else 'refused'} by {said.by}", said.text], ", ")
