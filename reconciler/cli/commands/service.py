"""`reconcile service`: the loop from login on, by systemd or launchd."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0; `status`: 1 where it is not installed. 1 where the service manager refuses."


def options(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("install", "uninstall", "status", "show"), help="`show` prints the file")


def run(args: Namespace) -> int:
    from reconciler.app import service
    from reconciler.cli import opening, terminal

    app = opening.with_kept(args)
    if args.action == "show":
        terminal.show(service.service(app).content.decode(errors="replace"))
        return 0
    if args.action == "status":
        return _status(app)
    done = service.install(app) if args.action == "install" else service.uninstall(app)
    verb = (
        "runs from now on, and at every login" if args.action == "install" else "is gone; nothing it started was ended"
    )
    terminal.show(f"{done.name} {verb}\n")
    terminal.say(
        f"{terminal.short(done.path)} · `{done.logs}`" if args.action == "install" else terminal.short(done.path)
    )
    return 0


def _status(app: object) -> int:
    from reconciler.app import App, service
    from reconciler.cli import terminal

    assert isinstance(app, App)
    ours, there, same, said = service.standing(app)
    if not there:
        terminal.show("not installed\n")
        terminal.say("`reconcile service install` does")
        return 1
    terminal.show(f"{ours.name}: {terminal.short(ours.path)}\n{said or 'its manager says nothing'}\n")
    if not same:
        terminal.say("its file is not what this version would write: `reconcile service install` writes it anew")
    return 0
