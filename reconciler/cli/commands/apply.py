"""`reconcile apply`: shows the plan, asks, does it; a saved plan is done exactly as it was saved."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from reconciler.cli.parser import allow_delete, host_name, preflight

if TYPE_CHECKING:
    from reconciler.model.change import Plan

if TYPE_CHECKING:
    from reconciler.app import App

EXITS = (
    "Exit status: 0 if everything was done; 1 if anything was refused, stale, in conflict or failed, or you said no."
)


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="PLAN|TARGET",
        help="a file from `plan -o` (- for stdin), or references, kinds, globs",
    )
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument("--force", action="append", default=[], metavar="REF", help="let git win where this is held")
    allow_delete(parser)
    parser.add_argument(
        "--host", type=host_name, metavar="NAME", help="as if this machine were called NAME, as the plan was made"
    )
    preflight(parser)
    parser.add_argument(
        "--no-wait", action="store_true", help="exit 1 when another apply is at work, or a server that it would disturb"
    )
    parser.add_argument("--orphans", action="store_true", help="end what dead servers left running")
    parser.add_argument("--secrets", action="store_true", help="ask keyrings, age and programs whether secrets changed")
    parser.add_argument("--full", action="store_true", help="show every diff whole")


def run(args: Namespace) -> int:
    from reconciler.cli import opening

    app = opening.with_repository(args).asking(args.secrets)
    status = _apply(app, args)
    return max(status, _orphans(app)) if args.orphans else status


def _orphans(app: App) -> int:
    """Ends them, as that was asked for by name."""
    from reconciler.app import serving
    from reconciler.cli import terminal

    found, left = serving.remove_orphans(app)
    for orphan in found:
        said = "does not end" if orphan in left else "ended"
        command = terminal.style_of(None).safe(orphan.command)
        terminal.show(f"orphan {orphan.process.pid} of server/{orphan.server} {said}: {command}\n")
    return 1 if left else 0


def _apply(app: App, args: Namespace) -> int:
    from reconciler.app import proposing, reopening
    from reconciler.cli import acting, afterwards, saved, showing, terminal

    acting.settle(app, args)
    path, since = saved.named([kind.name for kind in app.kinds], args.targets), app.newest_run
    if path is not None:
        saved.alone(args)
        # A saved plan was read before it was saved: it is not asked about again, and nothing is done beside it.
        status = acting.act(reopening.reopened(app, saved.text(path)), app, args, acting.APPLY, ask=False)
        return max(status, afterwards.look_again(app, args, since, None))

    def replan() -> Plan:
        return proposing.proposal(app, "work", args.targets, args.force, args.allow_delete)[1]

    with terminal.busy(showing.LOOKING):
        plan = replan()
    asked = {"ask": not args.yes, "only": args.targets, "replan": replan, "since": since}
    status = acting.act(plan, app, args, acting.APPLY, **asked)
    return max(status, afterwards.look_again(app, args, since, args.targets))
