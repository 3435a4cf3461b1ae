"""Runs and what became of their changes → text and JSON records. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from reconciler.cli import phrase
from reconciler.cli.grouping import Item, Name, entry, name
from reconciler.cli.render_body import Page, difference, learn
from reconciler.cli.render_change import item_lines
from reconciler.cli.render_problems import problem_lines
from reconciler.cli.render_summary import revision
from reconciler.cli.style import Style, columns, pad
from reconciler.model.change import Action, Cause, Change
from reconciler.model.outcome import Outcome, Run, Status, Step

DID = {
    Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted", Action.RESTORE: "restored",
    Action.RECORD: "recorded as they stand", Action.FORGET: "handed back as they stand",
}  # fmt: skip
WHY = {Cause.DRIFT: "repaired", Cause.ADOPT: "taken over"}
NOT_DONE = {
    Status.STALE: "stale", Status.FAILED: "failed", Status.SKIPPED: "skipped", Status.HELD: "held", Status.OPEN: "open",
    Status.PLANNED: "planned",
    Status.WAITING: "waiting",
}  # fmt: skip


def result_text(run: Run | None, outcomes: Sequence[tuple[Change[Any], Outcome]], style: Style) -> str:
    """What an apply came to; each thing that was not done with its reason."""
    if run is None:
        return ""
    lines = []
    for change, outcome in outcomes:
        if outcome.status is not Status.DONE:
            mark = style.paint(f"! {NOT_DONE[outcome.status]}", "error")
            lines.append(f"{mark} {style.safe(str(name(change.ref, change.target.part)))}")
            lines += [f"  {line}" for line in problem_lines([outcome.problem] if outcome.problem else [], style)]
            lines += _moved(change, outcome, style)
        elif outcome.problem is not None:
            lines += problem_lines([outcome.problem], style)
    bad = Counter(NOT_DONE[o.status] for _, o in outcomes if o.status is not Status.DONE)
    done = did(_done(c) for c, o in outcomes if o.status is Status.DONE)
    counts = phrase.joined([done, ", ".join(f"{n} {word}" for word, n in bad.items())])
    return style.finish([*lines, style.paint(f"{_numbers(run)}: {counts or 'nothing done'}", "error" if bad else "ok")])


def _moved(change: Change[Any], outcome: Outcome, style: Style) -> list[str]:
    """What was changed since the plan was made."""
    if outcome.diff is None or not (outcome.diff.fields or outcome.diff.text):
        return []
    shown = replace(change, diff=outcome.diff)
    learn([shown, replace(shown, before=replace(change.before, state=outcome.found))], style)
    return list(difference(outcome.diff, shown, Page(style, lambda root, path: path), 4))


class Done(NamedTuple):
    """One thing that was done, to what; `partial`: to some keys of a resource, which was there before and after."""

    action: Action
    cause: Cause
    name: Name
    partial: bool = False

    @property
    def said(self) -> str:
        if self.action.bookkeeping:
            return DID[self.action]
        return WHY.get(self.cause, DID[Action.UPDATE if self.partial else self.action])


def _done(change: Change[Any]) -> Done:
    named = Name(change.ref) if change.ref.name else name(change.ref, change.target.part)
    return Done(change.action, change.cause, named, change.partial)


def did(done: Iterable[Done]) -> str:
    """`1 created, 2 updated`: resources, not files."""
    found: dict[Name, set[str]] = {}
    for one in done:
        found.setdefault(one.name, set()).add(one.said)
    words = Counter(next(iter(said)) if len(said) == 1 else DID[Action.UPDATE] for said in found.values())
    order = [*DID.values(), *WHY.values()]
    return ", ".join(f"{words[word]} {word}" for word in sorted(words, key=order.index))


def _numbers(run: Run) -> str:
    return f"run {run.id}" + (f", generation {run.generation}" if run.generation is not None else "")


class Past(NamedTuple):
    """A run and what it did, in words."""

    run: Run
    did: str


def past(run: Run, steps: Sequence[Step]) -> Past:
    done = did(
        Done(step.action, step.cause, Name(step.ref) if step.ref.name else name(step.ref, step.part), step.rest.partial)
        for step in steps
        if step.status is Status.DONE
    )
    return Past(run, phrase.joined([done or "nothing", "" if run.ended else "interrupted"]))


def history_text(runs: Sequence[Past], style: Style) -> str:
    """A table, newest first."""
    if not runs:
        return style.finish(["no runs yet: `reconcile import` or `reconcile apply` makes the first"])
    rows = [("run", "generation", "when", "verb", "commit", "did"), *map(_row, runs)]
    widths = [max(columns(row[i]) for row in rows) for i in range(5)]
    lines = ["  ".join([*map(pad, row, widths), row[5]]) for row in rows]
    return style.finish([style.paint(lines[0], "dim"), *map(style.safe, lines[1:])])


def _row(one: Past) -> tuple[str, ...]:
    run = one.run
    generation = "" if run.generation is None else str(run.generation)
    commit = run.revision.short + (" + edits" if run.revision.uncommitted else "")
    return str(run.id), generation, when(run.started), run.verb, commit, one.did


def when(stamp: str) -> str:
    """A point in time as people here would write it."""
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return stamp


def run_text(run: Run, changes: Sequence[Change[Any]], page: Page) -> str:
    """One run: its head, every resource it touched, and how to take it back."""
    style = page.style
    items: dict[tuple[Name, str], list[Change[Any]]] = {}
    for change in changes:
        items.setdefault((entry(change), change.verdict.rule), []).append(change)
    learn(changes, style)
    listed = [Item(named, tuple(members)) for (named, _), members in items.items()]
    column = max((columns(item.title) for item in listed), default=0)
    page = Page(style, page.show, column, f"`reconcile show {run.id} --full`")
    lines = [line for item in listed for line in item_lines(item, page)]
    done = did(_done(c) for c in changes if c.verdict.allowed)
    return style.finish([*_head(run, style), "", *lines, "", style.paint(done or "nothing done", "title")])


def _head(run: Run, style: Style) -> Iterator[str]:
    ended = "" if run.ended else "interrupted"
    yield style.paint(phrase.joined([_numbers(run), run.verb, when(run.started), ended]), "title")
    yield style.safe(f"desired-state at {revision(run.revision)} · on `{run.host}`")


def run_record(run: Run) -> dict[str, Any]:
    return {
        "id": run.id, "verb": run.verb, "generation": run.generation, "started": run.started, "ended": run.ended,
        "repo": run.repo, "host": run.host, "revision": run.revision._asdict(), "counts": dict(run.counts or {}),
    }  # fmt: skip


def step_record(step: Step) -> dict[str, Any]:
    return {
        "ref": str(step.ref), "part": step.part, "root": step.claim.root, "path": step.claim.path,
        "item": list(step.claim.item), "action": step.action, "cause": step.cause, "status": step.status,
        "before": step.before, "after": step.after, "message": step.message,
    }  # fmt: skip
