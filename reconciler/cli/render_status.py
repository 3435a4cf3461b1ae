"""What is managed and how it stands → a few lines, or JSON records; findings of the doctor likewise. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.cli import exits, phrase
from reconciler.cli.grouping import Item, grouped
from reconciler.cli.render_events import suspension_line, suspension_record
from reconciler.cli.render_run import Past, run_record, when
from reconciler.cli.render_summary import revision
from reconciler.cli.style import Style, pad
from reconciler.model.change import Cause, Plan
from reconciler.model.event import Condition, Level, Suspension
from reconciler.model.outcome import Run
from reconciler.model.resource import Ref

if TYPE_CHECKING:
    from reconciler.app.checks.finding import Finding

STATES = ("in step", "changed here", "in conflict", "to apply", "held")


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything `status` shows. `open`: interrupted runs, unless somebody is `at_work`; `pinned`: the commit a
    rollback holds back, and why; `left`: temporary files of runs that were stopped; `loop`: who keeps it so; `waiting`:
    what it left to a person; `gone`: whether that is a commit, since the work tree has no desired state."""

    folder: str
    plan: Plan
    refs: tuple[Ref, ...]
    last: Past | None
    open: tuple[Run, ...]
    pinned: tuple[str, str] | None
    left: tuple[str, ...] = ()
    at_work: str = ""
    loop: str = ""
    suspended: tuple[Suspension, ...] = ()
    waiting: tuple[Condition, ...] = ()
    gone: bool = False


def status_text(seen: Overview, style: Style) -> str:
    """A line for each kind, the last run, and whatever waits for somebody."""
    table = by_kind(seen)
    width = max((len(kind) for kind in table), default=0)
    digits = max((len(str(sum(states.values()))) for states in table.values()), default=0)
    where = f"{seen.folder} at {revision(seen.plan.revision)} · this is `{seen.plan.host}`"
    lines = [style.safe(where), ""]
    for kind, states in table.items():
        said = ", ".join(_said(state, number, states, style) for state, number in states.items())
        lines.append(f"  {pad(kind, width)}  {sum(states.values()):>{digits}}  {said}")
    if not table:
        lines.append("  nothing is managed yet: `reconcile import` describes what stands in this home")
    return style.finish([*lines, "", *_notes(seen, style)])


def by_kind(seen: Overview) -> dict[str, Counter[str]]:
    """How many resources of each kind are in which state."""
    states = {ref: "in step" for ref in seen.refs}
    for _, item in grouped(seen.plan.changes):
        ref = item.name.ref
        states[ref] = max(_state(item), states.get(ref, "in step"), key=STATES.index)
    table: dict[str, Counter[str]] = {}
    for ref, state in sorted(states.items(), key=lambda entry: (entry[0].kind, STATES.index(entry[1]))):
        table.setdefault(ref.kind, Counter())[state] += 1
    return table


def _state(item: Item) -> str:
    first = item.changes[0]
    if exits.excused(first):
        return "held"
    if first.cause in (Cause.CONFLICT, Cause.UNKNOWN):
        return "in conflict"
    return "changed here" if first.cause is Cause.DRIFT else "held" if item.held else "to apply"


def _said(state: str, number: int, states: Counter[str], style: Style) -> str:
    tone = {"in step": "ok", "to apply": "update"}.get(state, "held")
    return style.paint(state if len(states) == 1 else f"{number} {state}", tone)


def _notes(seen: Overview, style: Style) -> Iterator[str]:
    if seen.last:
        run, did = seen.last
        yield f"last: {style.safe(phrase.joined([f'run {run.id}', run.verb, when(run.started), did]))}"
    for run in seen.open:
        yield style.paint(f"at work: {style.safe(seen.at_work)}" if seen.at_work else interrupted(run), "warning")
    if seen.left:
        said = f"{phrase.count(len(seen.left), 'temporary file')} of a run that was stopped: see `reconcile doctor`"
        yield style.paint(said, "warning")
    if seen.loop:
        yield style.safe(f"kept so by {seen.loop}")
        yield from (style.paint(style.safe(_first(c)), _tone(c)) for c in seen.waiting)
    yield from (style.safe(suspension_line(pause)) for pause in seen.suspended)
    if seen.pinned:
        commit, reason = seen.pinned
        yield style.safe(f"{commit[:7]} is held back ({reason}) until git moves on or you apply")
    if seen.gone:
        kept = "the loop keeps" if seen.loop else "was applied last"
        yield style.paint(f"desired-state/ is not in the work tree: this is the commit that {kept}", "warning")
    elif seen.plan.due or seen.plan.held:
        yield "`reconcile plan` shows what differs"


def _first(condition: Condition) -> str:
    head, _, rest = condition.text.partition("\n")
    return f"{head} (`reconcile events` says more)" if rest else head


def _tone(condition: Condition) -> str:
    return "error" if condition.level is Level.ERROR else "held"


def interrupted(run: Run) -> str:
    """What a run that something stopped asks of people."""
    ways = f"`reconcile resume` finishes it, `reconcile rollback {run.id}` takes it back"
    return f"run {run.id} ({run.verb}) was interrupted: {ways}, `reconcile apply` plans anew"


def status_record(seen: Overview) -> dict[str, Any]:
    """The same as data."""
    return {
        "folder": seen.folder,
        "host": seen.plan.host,
        "revision": seen.plan.revision._asdict(),
        "kinds": {kind: dict(states) for kind, states in by_kind(seen).items()},
        "last": run_record(seen.last.run) if seen.last else None,
        "open": [run.id for run in seen.open],
        "left": list(seen.left),
        "loop": seen.loop or None,
        "gone": seen.gone,
        "suspended": [suspension_record(pause) for pause in seen.suspended],
        "waiting": [{"what": c.key.partition(" ")[0], "about": c.about, "text": c.text} for c in seen.waiting],
        "pinned": seen.pinned and {"commit": seen.pinned[0], "reason": seen.pinned[1]},
    }


def findings_text(findings: Sequence[Finding], style: Style) -> str:
    """A line for each check, its remedy below where it is not well, or good to know."""
    lines = []
    for found in findings:
        mark = (
            style.paint("·", "dim") if found.note else style.paint("✓", "ok") if found.ok else style.paint("✗", "error")
        )
        lines.append(f"{mark} {style.safe(found.text)}")
        if found.remedy and (found.note or not found.ok):
            lines.append(f"  hint: {style.safe(found.remedy)}")
    bad = sum(1 for found in findings if not found.ok)
    return style.finish([*lines, "", f"{phrase.count(bad, 'thing')} to mend" if bad else "all is well"])
