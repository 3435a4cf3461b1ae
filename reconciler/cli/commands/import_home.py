"""`reconcile import`: this home → desired state that describes it, owned as it stands; names all that was left out."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.resource import Claim

EXITS = "Exit status: 0; 1 if something could not be read (the rest is imported all the same)."


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--include",
        action="append",
        default=[],
        metavar="PATH",
        help="take this file although it looks as if it held a secret",
    )
    parser.add_argument(
        "--format",
        choices=("yaml", "native"),
        default="yaml",
        help="settings as YAML (the default), or as the JSONC they are",
    )
    parser.add_argument("--json", action="store_true", help="print what was taken and left as JSON")


def run(args: Namespace) -> int:
    import os

    from reconciler.app import environment, import_home
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_import import import_record, import_text
    from reconciler.model.problem import Severity

    # As `left out` prints them, however they were typed and the shell expanded them.
    include = [_shown(path) for path in args.include]
    native = args.format == "native"
    imported = import_home(environment(os.environ), args.directory, include, native=native)
    world = opening.with_repository(args).world
    left = [
        (
            world.show(entry.claim.root, entry.claim.path) + _key(entry.claim),
            "not read: see below" if entry.problem else entry.reason,
        )
        for entry in imported.left
    ]
    if args.json:
        terminal.show_json(import_record(imported, left))
    else:
        terminal.show(import_text(imported, terminal.short(imported.folder), left, terminal.style(args)))
    return 1 if any(problem.severity is Severity.ERROR for problem in imported.problems) else 0


def _key(claim: Claim) -> str:
    from reconciler.formats.jsonc import pointer

    return f"#{pointer(claim.item)}" if claim.item else ""


def _shown(path: str) -> str:
    """A path, with the key in it where one is named, as `left out` prints it."""
    import os

    from reconciler.cli import terminal

    file, hash_, pointer = path.partition("#")
    return terminal.short(os.path.abspath(os.path.expanduser(file))) + hash_ + pointer
