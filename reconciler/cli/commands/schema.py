"""`reconcile schema`: a kind → the JSON Schema of what people write, for editors; printed, or written into a folder."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.app.opencode_schema import Config
    from reconciler.model.world import Env

EXITS = "Exit status: 0; 1 if there is no such schema, or no `opencode` to ask."
HERE = "."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", metavar="KIND", help="a kind, `several` or `reconcile` (all of them)")
    parser.add_argument(
        "--write",
        nargs="?",
        const=HERE,
        metavar="DIR",
        help="write KIND.json there (this repository's desired-state/.schemas/)",
    )
    parser.add_argument(
        "--refresh", action="store_true", help="ask the installed `opencode` for the schema of its configuration"
    )


def run(args: Namespace) -> int:
    import os

    from reconciler.app import environment, opencode_schema, schemas
    from reconciler.cli import terminal

    env = environment(os.environ)
    if args.refresh:
        with terminal.busy("asking `opencode serve`"):
            config = opencode_schema.refresh(env)
    else:
        config = opencode_schema.current(env)
    names = [args.kind] if args.kind else list(schemas.names())
    if args.write is not None:
        _write(names, config, args, env)
    elif args.kind:
        terminal.show(schemas.written(args.kind, config).content.decode())
    else:
        terminal.show("".join(f"{name}\n" for name in names))
    terminal.say(f"OpenCode's part is the schema {config.told}")
    return 0


def _write(names: list[str], config: Config, args: Namespace, env: Env) -> None:
    import os

    from reconciler.app import schemas
    from reconciler.app.own_files import put
    from reconciler.cli import opening, terminal

    folder = args.write
    if folder == HERE:
        folder = f"{opening.with_repository(args).here.folder}/desired-state/{schemas.FOLDER}"
    folder = os.path.abspath(os.path.expanduser(folder))
    written = put({f"{name}.json": schemas.written(name, config) for name in names}, folder, env)
    lines = [f"wrote {terminal.short(f'{folder}/{path}')}\n" for path in written]
    terminal.show("".join(lines) or f"{terminal.short(folder)} is up to date\n")
