"""`reconcile ignore`: a reference or a key → the rule in reconcile.yaml that leaves it alone; offers the commit."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0; 1 if the reference names nothing."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF[#/pointer]", help="a reference, a key in it, a kind or a glob")
    parser.add_argument("--report", action="store_true", help="keep listing it: hand edits stay, git's changes apply")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(args: Namespace) -> int:
    from reconciler.app import ignore
    from reconciler.cli import opening
    from reconciler.cli.render_written import tell

    app = opening.with_repository(args)
    tell(ignore(app, args.ref, "report" if args.report else "ignore"), args, nothing="the rule stands there already")
    return 0
