"""Arguments → the command they name and what it was told. Imports argparse and one command's file."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

COMMANDS = {
    "Start": {
        "init": "start a desired-state repository",
        "import": "describe what stands in this home, and take it over as it is",
    },
    "Change": {
        "validate": "look for mistakes in desired state",
        "plan": "what would change, and why",
        "apply": "make it so",
        "check": "for hooks: valid, and nothing drifted?",
        "docs": "render documents, check them and every link, show how they hang together",
        "secret": "keep a secret outside of git, and refer to it",
    },
    "Look": {
        "status": "what is managed, and how it stands",
        "why": "everything known about one resource",
        "history": "what was done, and when",
        "show": "what one run did",
        "server": "look at servers, start and stop them, read their logs",
        "orchestrate": "one front for all of it: servers, integration, monitoring",
        "doctor": "look for trouble on this machine",
    },
    "Take back": {
        "resume": "finish what an interrupted run left",
        "rollback": "undo a run",
        "release": "hand resources back as they were before they were ours",
    },
    "Keep so": {
        "run": "keep it so: apply what is committed, repair what drifts",
        "suspend": "leave something alone for a while",
        "unsuspend": "keep it again",
        "events": "what the loop did and said",
        "service": "run the loop from login on",
        "hook": "check before every commit",
    },
    "Give in": {
        "adopt": "write what stands here into git's files",
        "ignore": "write the rule that leaves something alone",
    },
    "Shell": {
        "completion": "print the completion script of a shell",
        "schema": "print or write the JSON Schemas by which editors check what you write",
    },
}
HELP = {name: text for group in COMMANDS.values() for name, text in group.items()}
MODULES = {"import": "import_home"}
SYNONYMS = {
    "diff": "plan", "preview": "plan", "up": "apply", "sync": "apply", "undo": "rollback", "revert": "rollback",
    "log": "history", "verify": "check", "lint": "validate", "explain": "why", "forget": "release", "new": "init",
}  # fmt: skip


class UsageError(Exception):
    """A command line that cannot be understood; `hint` says what to type instead."""

    def __init__(self, program: str, text: str, hint: str) -> None:
        self.program, self.text, self.hint = program, text, hint
        super().__init__(text)


class Parser(argparse.ArgumentParser):
    """argparse, with errors raised instead of exit status 2."""

    def error(self, message: str) -> NoReturn:
        import re

        text = re.sub("'([^']*)'", r"`\1`", message.removeprefix("argument "))
        raise UsageError(self.prog, text, f"`{self.prog} --help` shows what it takes")


def parse(argv: Sequence[str]) -> tuple[ModuleType, argparse.Namespace]:
    """The chosen command's module and its options. Raises UsageError; SystemExit after --help and --version."""
    top = top_parser()
    top.add_argument("verb", nargs="?")
    top.add_argument("rest", nargs=argparse.REMAINDER)
    said, extra = top.parse_known_args(argv)
    if extra:
        raise _unknown(top, extra)
    if said.help or said.verb in (None, "help"):
        _print_help(said.rest, asked=said.help or said.verb is not None)
    command = _command(said.verb)
    parser = command_parser(said.verb, command)
    known, extra = parser.parse_known_intermixed_args(said.rest, said)
    if extra:
        raise _unknown(parser, extra)
    return command, known


def top_parser() -> Parser:
    """Options that stand before a verb as well as after it."""
    parser = Parser(prog="reconcile", add_help=False, allow_abbrev=False, parents=[_everywhere()])
    parser.set_defaults(directory=None, color="auto")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    return parser


def command_parser(verb: str, command: ModuleType) -> Parser:
    """The parser of one command."""
    parser = Parser(
        prog=f"reconcile {verb}",
        description=f"{HELP[verb][:1].upper()}{HELP[verb][1:]}.",
        epilog=getattr(command, "EXITS", None),
        allow_abbrev=False,
        parents=[_everywhere()],
    )
    command.options(parser)
    return parser


def whole_parser() -> Parser:
    """Every command in one parser, for the completion of shells."""
    parser = Parser(prog="reconcile", allow_abbrev=False, parents=[_everywhere()])
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND")
    for verb, text in HELP.items():
        command = commands.add_parser(verb, help=text, allow_abbrev=False, parents=[_everywhere()])
        _command(verb).options(command)
    return parser


def _everywhere() -> Parser:
    # No defaults here: what was said before the verb must survive the second parse.
    parser = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("-C", dest="directory", metavar="DIR", help="the desired-state repository, or a folder in it")
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), metavar="WHEN", help="auto (default), always or never"
    )
    return parser


def run_number(text: str) -> int:
    """The type of an argument RUN."""
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"`{text}` is not the number of a run: `reconcile history` lists them")


def host_name(text: str) -> str:
    """The type of an argument of `--host`."""
    if text and "/" not in text and text not in (".", ".."):
        return text
    raise argparse.ArgumentTypeError(f"`{text}` is no host name: give it the name of a folder in desired-state/hosts/")


def preflight(parser: argparse.ArgumentParser) -> None:
    """The option of every command whose plans are confirmed."""
    parser.add_argument("--no-preflight", action="store_true", help="do not ask opencode whether it takes the outcome")


def allow_delete(parser: argparse.ArgumentParser) -> None:
    """The option of every command that plans what git asks for."""
    parser.add_argument(
        "--allow-delete",
        type=_number,
        default=0,
        metavar="N",
        help="up to N objects may be deleted at once, though that is all of them, or more than half of ten or more",
    )


def _number(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"`{text}` is not a number of objects")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from reconciler.cli.version import version

        print(f"reconcile {version()}")
        parser.exit()


def _command(verb: str) -> ModuleType:
    if verb not in HELP:
        meant = SYNONYMS.get(verb) or _near(verb, HELP)
        raise UsageError("reconcile", f"unknown command `{verb}`", _meant(meant, "reconcile"))
    return import_module(f"reconciler.cli.commands.{MODULES.get(verb, verb)}")


def _unknown(parser: argparse.ArgumentParser, extra: Sequence[str]) -> UsageError:
    option = next((word for word in extra if word.startswith("-")), None)
    if option is None:
        return UsageError(parser.prog, f"unexpected argument `{extra[0]}`", _meant("", parser.prog))
    name = option.partition("=")[0]
    known = [text for action in parser._actions for text in action.option_strings]
    return UsageError(parser.prog, f"unknown option `{name}`", _meant(_near(name, known), parser.prog))


def _near(word: str, known: Iterable[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), 1, cutoff=0.7)), "")


def _meant(word: str, program: str) -> str:
    return f"did you mean `{word}`?" if word else f"`{program} --help` shows what it takes"


def _print_help(rest: Sequence[str], *, asked: bool) -> NoReturn:
    """`--help` and `help [COMMAND]` to stdout; a missing command is a usage error."""
    import sys

    if asked and rest:
        print(command_parser(rest[0], _command(rest[0])).format_help(), end="")
    else:
        print(help_text(), end="", file=sys.stdout if asked else sys.stderr)
    sys.exit(0 if asked else 1)


def help_text() -> str:
    """What there is, grouped by when one needs it."""
    lines = [
        "usage: reconcile [-C DIR] COMMAND ...",
        "",
        "Keeps the configuration of OpenCode and Zed as git says.",
        "",
    ]
    for title, commands in COMMANDS.items():
        lines += [f"{title}:", *(f"  {name:<12}{text}" for name, text in commands.items()), ""]
    lines += [
        "Everywhere:",
        "  -C DIR      the desired-state repository, or a folder in it",
        "  --color     auto (default), always or never; NO_COLOR is heeded",
        "  --version   show the version",
        "",
        "`reconcile COMMAND --help` says more about one.",
    ]
    return "\n".join(lines) + "\n"
