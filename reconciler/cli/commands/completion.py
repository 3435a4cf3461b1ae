"""`reconcile completion`: a shell's name → the script that completes our commands in it."""

from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterator

FILES = ("FILE", "PATH", "PLAN|TARGET")
SHELLS = ("bash", "zsh", "fish")
EXITS = """bash: reconcile completion bash > ~/.local/share/bash-completion/completions/reconcile
zsh: reconcile completion zsh > "${fpath[1]}/_reconcile"
fish: reconcile completion fish > ~/.config/fish/completions/reconcile.fish"""


def options(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(args: Namespace) -> int:
    import shtab

    from reconciler.cli import terminal
    from reconciler.cli.parser import whole_parser

    parser = whole_parser()
    for action in _arguments(parser):
        if action.metavar in FILES or action.metavar == "DIR":
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    terminal.show(shtab.complete(parser, shell=args.shell))
    return 0


def _arguments(parser: ArgumentParser) -> Iterator[Action]:
    """Every option and argument, those of the commands included."""
    for action in parser._actions:
        yield action
        if isinstance(action.choices, dict):
            for command in action.choices.values():
                yield from _arguments(command)
