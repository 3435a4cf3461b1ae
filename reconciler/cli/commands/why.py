"""`reconcile why`: a reference → what git says and since when, what we did, what stands there, who else writes it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def options(parser: ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF", help="a reference, a kind or a glob: agent/x")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: Namespace) -> int:
    from reconciler.app import why
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_why import why_record, why_text

    found = why(opening.with_repository(args), args.ref)
    if args.json:
        terminal.show_json([why_record(one) for one in found])
    else:
        style = terminal.style(args)
        terminal.show("\n".join(why_text(one, style) for one in found))
    return 0
