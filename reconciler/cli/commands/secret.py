"""`reconcile secret`: keeps a secret and prints the reference to it, removes one, lists those that git refers to."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.app import App

EXITS = (
    "Exit status: 0; 1 where it was not kept, where there was nothing to remove, or where a reference leads nowhere."
)


def options(parser: ArgumentParser) -> None:
    parser.add_argument("verb", choices=("set", "list", "rm"), metavar="set|list|rm", help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="what the secret is called here")
    parser.add_argument("typed", nargs="*", help=SUPPRESS)
    parser.add_argument("--keyring", action="store_true", help="keep it in this desktop's keyring")
    parser.add_argument("--age", action="store_true", help="keep it in a file sealed for this user")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: Namespace) -> int:
    from reconciler.cli import opening
    from reconciler.model.problem import invalid

    app = opening.with_home(args)
    if args.verb == "list":
        return _list(app, args)
    if not args.name:
        raise invalid(f"secret {args.verb}", "which one?", f"`reconcile secret {args.verb} NAME`")
    if args.typed:  # not shown again: who logs this would log the secret
        hint = f"`pass show x | reconcile secret set {args.name}`, or without a pipe: then it is asked for"
        raise invalid(f"secret {args.verb}", "a secret is never an argument, which other programs see", hint)
    return _set(app, args) if args.verb == "set" else _rm(app, args)


def _set(app: App, args: Namespace) -> int:
    from reconciler.app import secret_keeping
    from reconciler.cli import terminal

    secret_keeping.check_name(args.name)
    secret = _read(args.name)
    where = "keyring" if args.keyring else "age" if args.age else ""
    reference = secret_keeping.keep(app, args.name, secret, where)
    if args.json:
        terminal.show_json({"reference": reference})
    else:
        terminal.show(f"!secret {reference}\n")
        kept = "this desktop's keyring" if reference.startswith("keyring:") else "a file sealed for this user"
        terminal.say(f'kept in {kept}; paste that line in place of the value, in JSON `{{"$secret": "{reference}"}}`')
    return 0


def _read(name: str) -> str:
    """From stdin, or asked for without an echo; never an argument, which other programs see. Raises Invalid."""
    import sys

    from reconciler.cli import terminal
    from reconciler.model.problem import invalid

    if sys.stdin is not None and terminal.is_terminal(sys.stdin):
        from getpass import getpass

        secret = getpass(f"{name}: ", sys.stderr)
    else:
        secret = sys.stdin.read().removesuffix("\n").removesuffix("\r") if sys.stdin else ""
    if not secret or "\0" in secret:
        raise invalid(f"secret {name}", "there is nothing to keep", f"`pass show x | reconcile secret set {name}`")
    return secret


def _rm(app: App, args: Namespace) -> int:
    from reconciler.app import secret_keeping
    from reconciler.cli import terminal

    gone = secret_keeping.remove(app, args.name)
    if args.json:
        terminal.show_json({"removed": gone})
    else:
        terminal.show("".join(f"removed {one}\n" for one in gone) or f"nothing is kept as `{args.name}`\n")
    return 0 if gone else 1


def _list(app: App, args: Namespace) -> int:
    from reconciler.app import secret_keeping
    from reconciler.cli import terminal

    found = secret_keeping.listed(app)
    if args.json:
        terminal.show_json([{**_plain(one), "used_by": [str(ref) for ref in one.used_by]} for one in found])
    else:
        style = terminal.style(args)
        width = max((len(one.reference) for one in found), default=0)
        words = {True: "there", False: "missing", None: "asked for by apply"}
        lines = [
            "  ".join((
                one.reference.ljust(width), words[one.there].ljust(18), ", ".join(map(str, one.used_by)) or "unused",
                *([f"({one.text})"] if one.text else []),
            ))
            for one in found
        ]  # fmt: skip
        terminal.show(style.finish(map(style.safe, lines or ["no secrets: `reconcile secret set NAME` keeps one"])))
    return 1 if any(one.there is False for one in found) else 0


def _plain(one: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(one)  # type: ignore[call-overload, no-any-return]
