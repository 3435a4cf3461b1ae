"""A plan → what a hook says of it: a line for each thing that drifted, a note on what is pending. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.cli import exits, phrase
from reconciler.cli.grouping import grouped
from reconciler.cli.render_problems import problem_lines, problem_record
from reconciler.cli.render_summary import in_step, revision
from reconciler.cli.style import Style, pad
from reconciler.model.change import Cause, Change, Plan
from reconciler.model.problem import Problem
from reconciler.model.resource import Ref

SAYS = {Cause.DRIFT: "changed here", Cause.CONFLICT: "in conflict", Cause.UNKNOWN: "unknown: the record is lost"}


def check_text(plan: Plan, style: Style, stale: Sequence[Problem] = ()) -> str:
    """Short: diffs are the plan's business."""
    items = [item for _, item in grouped(plan.changes) if any(map(_against, item.changes))]
    column = max((len(item.title) for item in items), default=0)
    lines = [*problem_lines((*plan.problems, *stale), style)]
    for item in items:
        said = SAYS.get(item.changes[0].cause) or item.changes[0].verdict.rule
        lines.append(f"{style.paint('!', 'held')} {style.paint(pad(style.safe(item.title), column), 'title')}  {said}")
    pending = len(_pending(plan))
    if items:
        lines.append(f"{phrase.count(len(items), 'object')} drifted: `reconcile plan` shows how")
    if pending:
        lines.append(f"{phrase.count(pending, 'change')} pending at {revision(plan.revision)}: see `reconcile plan`")
    return style.finish(lines if items or pending or stale else [*lines, in_step(plan)])


def _against(change: Change[Any]) -> bool:
    against = change.cause in exits.AGAINST_AN_EDIT or not change.verdict.allowed
    return against and not exits.excused(change) and not exits.guarded(change)


def _pending(plan: Plan) -> set[Ref]:
    """What git asks for and nobody has done yet, too many deletions included."""
    asked = [change for change in plan.due if change.cause not in exits.AGAINST_AN_EDIT]
    return {change.ref for change in (*asked, *filter(exits.guarded, plan.held))}


def check_record(plan: Plan, stale: Sequence[Problem] = ()) -> dict[str, Any]:
    """The same as data."""
    return {
        "valid": True,
        "revision": plan.revision._asdict(),
        "drifted": sorted({str(c.ref) for c in plan.changes if _against(c)}),
        "pending": sorted(map(str, _pending(plan))),
        "stale": [problem_record(problem) for problem in stale],
        "problems": [problem_record(problem) for problem in plan.problems],
    }
