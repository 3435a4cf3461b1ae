"""`reconcile adopt`: what stands here → git's own YAML or Markdown, comments kept; offers the commit."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0; 1 if something cannot be written into git."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("refs", nargs="+", metavar="REF[#/pointer]", help="a reference, a key in it, a kind or a glob")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(args: Namespace) -> int:
    from reconciler.app import adopt
    from reconciler.cli import opening
    from reconciler.cli.render_written import tell

    app = opening.with_repository(args)
    tell(adopt(app, args.refs), args, nothing="git says already what stands here")
    return 0
