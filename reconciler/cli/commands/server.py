"""`reconcile server`: running servers, looked at, started, stopped, restarted, attached to; and their logs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.app import App

EXITS = "Exit status: 0; 1 if it could not be done, or an argument names no server."
ACTIONS = ("status", "start", "stop", "restart", "logs", "attach")
BY_HAND = "`reconcile server {}`"
PAUSE = 2.0


def options(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    parser.add_argument("names", nargs="*", metavar="NAME", help="servers; for `status` all where none is named")
    parser.add_argument("--json", action="store_true", help="status: print it as JSON")
    parser.add_argument("--watch", action="store_true", help="status: again and again")
    parser.add_argument("--reason", metavar="TEXT", help="start, stop: why; shown until the other one is said")
    parser.add_argument("--now", action="store_true", help="stop, restart: disturb who is at work")
    parser.add_argument("-f", "--follow", action="store_true", help="logs: go on as they grow")
    parser.add_argument("-n", "--lines", type=int, default=40, metavar="N", help="logs: the last N lines (40)")


def run(args: Namespace) -> int:
    from reconciler.cli import opening

    app = opening.with_repository(args)
    return {"status": _status, "logs": _logs, "attach": _attach}.get(args.action, _acted)(app, args)


def _status(app: App, args: Namespace) -> int:

    from reconciler.app import serving
    from reconciler.cli import terminal
    from reconciler.cli.render_servers import servers_record, servers_text

    tables = serving.watched(app, args.names, PAUSE) if args.watch else [serving.table(app, args.names)]
    for found in tables:
        if args.watch:
            terminal.clear()
        if args.json:
            terminal.show_json(servers_record(found))
        else:
            terminal.show(servers_text(found, terminal.style(args)))
        terminal.flush()
    return 0


def _acted(app: App, args: Namespace) -> int:
    from reconciler.app import serving
    from reconciler.cli import terminal

    _named(args)
    reason = args.reason or BY_HAND.format(args.action)
    for name in args.names:
        with terminal.busy(f"server/{name}: {args.action}"):
            if args.action == "start":
                said = serving.start(app, name, reason)
            elif args.action == "stop":
                said = serving.stop(app, name, reason, at_once=args.now, tell=terminal.say)
            else:
                said = serving.restart(app, name, at_once=args.now, tell=terminal.say)
        terminal.show(f"server/{name} {said}\n")
    return 0


def _logs(app: App, args: Namespace) -> int:
    from reconciler.app import serving
    from reconciler.cli import terminal
    from reconciler.cli.tailing import tail

    _named(args)
    style = terminal.style(args)
    for line in tail(serving.log(app, args.names[0]), args.lines, follow=args.follow):
        terminal.show(f"{style.safe(line)}\n")
        terminal.flush()
    return 0


def _attach(app: App, args: Namespace) -> int:
    """Becomes `opencode attach`."""
    import os

    from reconciler.app import serving

    _named(args)
    command, variables = serving.attaching(app, args.names[0])
    os.execve(command[0], command, {**os.environ, **variables})


def _named(args: Namespace) -> None:
    from reconciler.cli.parser import UsageError

    if not args.names:
        raise UsageError("reconcile server", f"`{args.action}` needs a NAME", "`reconcile server status` lists them")
