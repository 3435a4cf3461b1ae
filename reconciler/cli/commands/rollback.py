"""`reconcile rollback`: a run of the history → the plan that takes it back, shown, asked about, done."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from reconciler.cli.parser import preflight, run_number

EXITS = "Exit status: 0 if everything was taken back; 1 if anything changed since and was left, failed, or you said no."
AFTER = (
    "git still asks for it: the next `reconcile apply` would do it again, unless you revert it there too (`git revert`)"
)


def options(parser: ArgumentParser) -> None:
    parser.add_argument("run", type=run_number, metavar="RUN", help="a run's number: `reconcile history` lists them")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument(
        "--force", action="append", default=[], metavar="REF", help="take this back although it changed since"
    )
    preflight(parser)
    parser.add_argument("--no-wait", action="store_true", help="exit 1 when another apply is at work")
    parser.add_argument("--full", action="store_true", help="show every diff whole")


def run(args: Namespace) -> int:
    from reconciler.app import undoing
    from reconciler.cli import acting, opening, terminal

    app = opening.with_repository(args)
    acting.settle(app, args)
    plan = undoing.take_back(app, args.run, args.force)
    status = acting.act(plan, app, args, acting.ROLLBACK, ask=not args.yes)
    if status == 0 and plan.due:
        terminal.say(AFTER)
    return status
