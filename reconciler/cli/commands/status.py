"""`reconcile status`: what is managed and how it stands, at a glance; text or JSON."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0, unless it cannot look."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: Namespace) -> int:
    from reconciler.cli import opening, showing, terminal
    from reconciler.cli.render_run import past
    from reconciler.cli.render_status import Overview, status_record, status_text

    app = opening.with_repository(args)
    with terminal.busy(showing.LOOKING):
        loaded = app.load()
        plan = app.plan(loaded=loaded)
    overview = Overview(
        folder=terminal.short(app.here.folder),
        plan=plan,
        refs=tuple(resource.ref for resource in loaded.resources),
        last=next((past(run, app.journal.steps(run.id)) for run in app.journal.runs()), None),
        open=tuple(app.open_runs()),
        at_work=app.at_work,
        pinned=app.journal.pinned(plan.repo),
        left=app.leftovers,
    )
    if args.json:
        terminal.show_json(status_record(overview))
    else:
        terminal.show(status_text(overview, terminal.style(args)))
    return 0
