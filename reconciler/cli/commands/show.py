"""`reconcile show`: one run of the history → what it did, with diffs; text or JSON."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from reconciler.cli.parser import run_number

if TYPE_CHECKING:
    from reconciler.app import App
    from reconciler.model.change import Change, Diff
    from reconciler.model.outcome import Run, Step


def options(parser: ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", type=run_number, metavar="RUN", help="a run's number (the last one)")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument("--full", action="store_true", help="show every diff whole")


def run(args: Namespace) -> int:
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_body import Page
    from reconciler.cli.render_run import run_record, run_text, step_record

    app = opening.with_home(args)
    found, steps = _found(app, args.run)
    if args.json:
        terminal.show_json({**run_record(found), "steps": [step_record(step) for step in steps]})
        return 0
    style = terminal.style(args)
    page = Page(style, app.world.show)
    terminal.show(run_text(found, [_change(app, step) for step in steps], page))
    if found.ended and found.verb != "import":
        terminal.say(f"`reconcile rollback {found.id}` takes it back")
    return 0


def _found(app: App, number: int | None) -> tuple[Run, tuple[Step, ...]]:
    from reconciler.model.problem import invalid

    found = next((run for run in app.journal.runs() if number in (None, run.id)), None)
    if found is None:
        what = "there are no runs yet" if number is None else f"there is no run {number}"
        raise invalid("history", what, "see `reconcile history`")
    return found, tuple(app.journal.steps(found.id))


def _change(app: App, step: Step) -> Change[Any]:
    """The step as a plan would have shown it; without a diff where a content is no longer kept."""
    from reconciler.model.change import Change, Diff, Seen, Verdict
    from reconciler.model.outcome import Status
    from reconciler.model.problem import Origin
    from reconciler.model.resource import Target

    before, after, diff = _contents(app, step)
    done = step.status is Status.DONE
    return Change(
        Target(step.ref, step.part, step.claim, after, Origin("")),
        step.action,
        step.cause,
        Seen(step.claim, before, step.before),
        after,
        step.after,
        None,
        diff=diff or Diff(),
        partial=step.rest.partial,
        verdict=Verdict()
        if done
        else Verdict(False, f"{step.status}: {step.message}" if step.message else step.status),
    )


def _contents(app: App, step: Step) -> tuple[Any, Any, Diff | None]:
    """What stood there before and after, and how they differ."""
    from reconciler.model.change import ABSENT, Diff
    from reconciler.pipeline.wishes import hidden

    kind = next((kind for kind in app.kinds if kind.name == step.ref.kind), None)
    if kind is None or step.action.bookkeeping:
        return None, None, None
    veils = step.veil_before, step.veil_after
    try:
        before, after = (
            None if name == ABSENT else kind.codec.decode(app.journal.content(veil or name))
            for name, veil in zip((step.before, step.after), veils, strict=True)
        )
    except KeyError:
        return None, None, None
    if not any(veils):
        return before, after, kind.diff(before, after)
    key, likes = app.journal.key(), [state for state, veil in zip((before, after), veils, strict=True) if veil]
    before, after = (hidden(state, kind.codec, key, *likes) for state in (before, after))
    return before, after, Diff(note="secret changed") if veils[0] == veils[1] else kind.diff(before, after)
