"""`reconcile validate`: desired state → every problem in it, with its place and remedy. Changes nothing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0 if desired state is valid; 1 if it is not."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the problems as JSON")
    parser.add_argument(
        "--portable",
        action="store_true",
        help="leave out what only this machine can tell: its variables, files, agents",
    )


def run(args: Namespace) -> int:
    from reconciler.app import planning
    from reconciler.cli import opening, terminal
    from reconciler.cli.phrase import count
    from reconciler.cli.render_problems import problem_lines, problem_record
    from reconciler.model.problem import Invalid

    try:
        app = opening.with_repository(args)
        loaded = planning.read_all(app, portable=args.portable)
    except Invalid as error:
        if args.json:
            terminal.show_json({"valid": False, "problems": [problem_record(p) for p in error.problems]})
            return 1
        raise
    if args.json:
        terminal.show_json({"valid": True, "problems": [problem_record(p) for p in loaded.problems]})
        return 0
    style = terminal.style(args)
    warnings = f", {count(len(loaded.problems), 'warning')}" if loaded.problems else ""
    hosts = f", also as merged for {', '.join(f'`{host}`' for host in loaded.hosts)}" if loaded.hosts else ""
    judged = f", by the schema {app.judged_by}" if app.judged_by else ""
    last = f"{count(len(loaded.resources), 'object')} valid{hosts}{judged}{warnings}"
    terminal.show(style.finish([*problem_lines(loaded.problems, style), last]))
    return 0
