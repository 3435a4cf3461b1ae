"""`reconcile release`: references → the plan that brings back what stood there before us; shown, asked, done."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from reconciler.cli.parser import preflight

if TYPE_CHECKING:
    from reconciler.app import App

EXITS = "Exit status: 0 if everything was handed back; 1 if anything failed, or you said no."

AGAIN = "remove that from desired-state/ too, or the next `reconcile apply` takes over again"


def options(parser: ArgumentParser) -> None:
    parser.add_argument("refs", nargs="*", metavar="REF", help="a reference, a kind or a glob")
    parser.add_argument("--all", action="store_true", help="everything that this repository owns here")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    preflight(parser)
    parser.add_argument("--no-wait", action="store_true", help="exit 1 when another apply is at work")
    parser.add_argument("--full", action="store_true", help="show every diff whole")


def run(args: Namespace) -> int:
    from reconciler.app import undoing
    from reconciler.cli import acting, opening, terminal
    from reconciler.cli.parser import UsageError

    if bool(args.refs) == args.all:
        text = "say what to hand back" if not args.refs else "either name references or say `--all`, not both"
        raise UsageError("reconcile release", text, "`reconcile release agent/x`, or `--all`")
    app = opening.with_repository(args)
    acting.settle(app, args)
    plan = undoing.hand_back(app, args.refs)
    status = acting.act(plan, app, args, acting.RELEASE, ask=not args.yes)
    named = _still_named(app, {str(change.ref) for change in plan.changes})
    if status == 0 and named:
        terminal.say(f"git still names {named}: {AGAIN}")
    return status


def _still_named(app: App, refs: set[str]) -> str:
    from reconciler.app import planning
    from reconciler.model.problem import Invalid

    try:
        named = sorted(refs & {str(resource.ref) for resource in planning.read(app).resources})
    except Invalid:
        return ""
    shown = ", ".join(f"`{ref}`" for ref in named[:3])
    return f"{shown} and {len(named) - 3} more" if len(named) > 3 else shown
