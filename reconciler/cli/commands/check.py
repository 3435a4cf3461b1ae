"""`reconcile check`: the entry of hooks: is desired state valid, and has nothing drifted? Short text or JSON."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = (
    "Exit status: 1 invalid, or stale documents; else 3 drift or conflict, else 2 changes pending (with --fail-on "
    "changes), else 0."
)


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--staged", action="store_true", help="judge what is staged, not the work tree")
    parser.add_argument(
        "--fail-on", choices=("changes",), metavar="WHAT", help="`changes`: exit 2 while something is to be applied"
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(args: Namespace) -> int:
    from reconciler.app import planning, proposing, remembering
    from reconciler.cli import exits, opening, terminal
    from reconciler.cli.render_check import check_record, check_text
    from reconciler.cli.render_problems import problem_record
    from reconciler.model.problem import Invalid

    try:
        app, tree = opening.with_repository(args), "index" if args.staged else "work"
        loaded, plan = proposing.proposal(app, tree, every_host=True)
        stale = planning.stale(app, loaded, tree)
    except Invalid as error:
        if args.json:
            terminal.show_json({"valid": False, "problems": [problem_record(p) for p in error.problems]})
            return 1
        raise
    if args.json:
        terminal.show_json(check_record(plan, stale))
    else:
        text = check_text(plan, terminal.style(args), stale)
        terminal.show(text)
        if opening.plainly(args) and not (plan.changes or stale):
            remembering.remember(app, "staged" if args.staged else "check", args.directory, loaded, plan, text)
    return exits.TROUBLE if stale else exits.of_check(plan, changes_fail=args.fail_on == "changes")
