"""`reconcile hook`: a plain git hook, for those without pre-commit."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0; 1 where another hook stands."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("install", "uninstall"))
    parser.add_argument("--push", action="store_true", help="check before every push too")


def run(args: Namespace) -> int:
    from reconciler.app import hooking
    from reconciler.cli import opening, terminal

    app = opening.with_repository(args)
    if args.action == "uninstall":
        gone = hooking.uninstall(app)
        terminal.show("".join(f"{terminal.short(path)} removed\n" for path in gone) or "no hook of ours stands here\n")
        return 0
    for path in hooking.install(app, ("pre-commit", "pre-push") if args.push else ("pre-commit",)):
        terminal.show(
            f"{terminal.short(path)} written: it runs `reconcile check` before every {path.rpartition('-')[2]}\n"
        )
    return 0
