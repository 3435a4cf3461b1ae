"""`reconcile history`: every run, newest first; text or JSON."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def options(parser: ArgumentParser) -> None:
    parser.add_argument("-n", type=int, default=20, metavar="N", help="how many runs (20)")
    parser.add_argument("--json", action="store_true", help="print the runs as JSON")


def run(args: Namespace) -> int:
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_run import history_text, past, run_record

    app = opening.with_home(args)
    runs = app.journal.runs()[: max(args.n, 0)]
    if args.json:
        terminal.show_json([run_record(run) for run in runs])
    else:
        known = [past(run, app.journal.steps(run.id)) for run in runs]
        terminal.show(history_text(known, terminal.style(args)))
    return 0
