"""`reconcile init`: a git repository → the same with an empty desired-state/ in it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def options(parser: ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", metavar="DIR", help="a folder of the git repository (the current one)")


def run(args: Namespace) -> int:
    import os

    from reconciler.app import environment, init
    from reconciler.cli import terminal

    top, written = init(environment(os.environ), args.folder or args.directory)
    lines = [f"wrote {terminal.short(f'{top}/{path}')}" for path in written] or [
        f"{terminal.short(top)} has a desired-state/ already: nothing was written"
    ]
    terminal.show("".join(f"{line}\n" for line in lines))
    terminal.say("next: `reconcile import` describes what stands in this home")
    return 0
