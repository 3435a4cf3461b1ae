"""`reconcile doctor`: this machine, home and repository → what is well, what is not, and its remedy; text or JSON."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0 if all is well; 1 if anything needs mending."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(args: Namespace) -> int:
    from dataclasses import asdict

    from reconciler.app import check_up
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_status import findings_text

    found = check_up(opening.with_home(args))
    if args.json:
        terminal.show_json([asdict(finding) for finding in found])
    else:
        style = terminal.style(args)
        terminal.show(findings_text(found, style))
    return 0 if all(finding.ok for finding in found) else 1
