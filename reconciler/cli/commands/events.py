"""`reconcile events`: what the loop did and said, as lines or JSON records."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0."
PAUSE = 0.5


def options(parser: ArgumentParser) -> None:
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what happens from now on")
    parser.add_argument("-n", dest="most", type=int, default=50, metavar="N", help="the last N (default 50)")
    parser.add_argument("--json", action="store_true", help="a JSON record for each event")


def run(args: Namespace) -> int:
    import json
    import time

    from reconciler.cli import opening, terminal
    from reconciler.cli.render_events import event_line

    app = opening.with_kept(args)
    style = terminal.style(args)
    last = 0
    found = app.book.events(app.here.folder, 0, args.most)
    while True:
        for event in found:
            last = event.id
            terminal.show((json.dumps(event.record) if args.json else event_line(event, style)) + "\n")
        if not args.follow:
            return 0
        terminal.flush()
        time.sleep(PAUSE)
        found = app.book.events(app.here.folder, last, 1000)
