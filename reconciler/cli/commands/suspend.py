"""`reconcile suspend`: leaves a scope alone, with a reason and for a while."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0; 1 if the scope names nothing."


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "scopes", nargs="*", metavar="SCOPE", help="a reference, a kind, a glob or a key; without one, everything"
    )
    parser.add_argument("--for", dest="span", default="", metavar="SPAN", help="`30m`, `8h`, `2d`; else until told")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for those who wonder")
    parser.add_argument("--json", action="store_true", help="print what is suspended now as JSON")


def run(args: Namespace) -> int:
    from reconciler.app import keeping, looping
    from reconciler.cli import opening, terminal
    from reconciler.cli.parser import UsageError
    from reconciler.cli.render_events import suspension_line, suspension_record
    from reconciler.formats import duration

    app = opening.with_kept(args)
    try:
        span = duration.seconds(args.span) if args.span else 0.0
    except ValueError as error:
        raise UsageError("reconcile suspend", f"`--for {args.span}`: {error}", "`--for 2h`") from None
    keeping.named(app, args.scopes)
    for scope in args.scopes or ["*"]:
        looping.suspend(app, scope, args.reason or "no reason given", span, "a person")
    looping.poke(app)
    paused = app.book.suspensions(app.repo)
    if args.json:
        terminal.show_json([suspension_record(one) for one in paused])
    else:
        terminal.show("".join(f"{suspension_line(one)}\n" for one in paused))
    return 0
