"""`reconcile unsuspend`: ends suspensions."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0; 1 if there was no such suspension."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("scopes", nargs="*", metavar="SCOPE", help="as it was suspended; without one, all that are")


def run(args: Namespace) -> int:
    from reconciler.app import looping
    from reconciler.cli import opening, terminal
    from reconciler.model.problem import Invalid, Origin, Problem

    app = opening.with_kept(args)
    standing = [pause.scope for pause in app.book.suspensions(app.repo)]
    scopes = args.scopes or standing
    hint = f"suspended are: {', '.join(f'`{scope}`' for scope in standing)}" if standing else "nothing is suspended"
    if missing := [scope for scope in scopes if scope not in standing]:
        raise Invalid(Problem(Origin(scope), "is not suspended", hint) for scope in missing)
    for scope in scopes:
        app.book.unsuspend(app.repo, scope)
        terminal.show(f"{scope} is kept again\n")
    looping.poke(app)
    if not scopes:
        terminal.say("nothing is suspended")
    return 0
