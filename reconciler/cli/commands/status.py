"""`reconcile status`: what is managed and how it stands, at a glance; text or JSON."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.app import App

EXITS = "Exit status: 0, unless it cannot look."
PAUSE = 2.0


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C")


def run(args: Namespace) -> int:
    from reconciler.cli import opening, terminal

    while True:
        text = _status(opening.with_kept(args), args)
        if args.watch:
            terminal.clear()
        terminal.show(text)
        if not args.watch:
            return 0
        terminal.flush()
        time.sleep(PAUSE)


def _status(app: App, args: Namespace) -> str:
    import json

    from reconciler.app import keeping, looping, planning
    from reconciler.cli import showing, terminal
    from reconciler.cli.render_run import past
    from reconciler.cli.render_status import Overview, status_record, status_text

    with terminal.busy(showing.LOOKING):
        loaded = keeping.said(app)
        plan = planning.plan(app, loaded=loaded)
    overview = Overview(
        folder=terminal.short(app.here.folder),
        plan=plan,
        refs=tuple(resource.ref for resource in loaded.resources),
        last=next((past(run, app.journal.steps(run.id)) for run in app.journal.runs()), None),
        open=tuple(app.open_runs()),
        at_work=app.at_work,
        pinned=app.journal.pinned(plan.repo),
        left=app.leftovers,
        loop=looping.keeper(app),
        suspended=tuple(app.book.suspensions(plan.repo)),
        waiting=tuple(app.book.conditions(app.here.folder).values()),
        gone=keeping.gone(app),
    )
    if args.json:
        return json.dumps(status_record(overview), indent=None if args.watch else 1, default=str) + "\n"
    return status_text(overview, terminal.style(args))
