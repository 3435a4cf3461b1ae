"""The loop as a service of this user's session: installed, removed, asked about. Writes one file outside the roots."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from reconciler.app.session import App
from reconciler.formats import units
from reconciler.model.problem import invalid

CARRIED = ("PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "GNUPGHOME", "SSH_AUTH_SOCK")


@dataclass(frozen=True, slots=True)
class Service:
    """What keeps one repository: the file that says so, and the words by which its manager is told. `logs`: what shows
    what it says; `errors`: a file that holds what it said on standard error, "" where the manager keeps that."""

    name: str
    path: str
    content: bytes
    start: tuple[tuple[str, ...], ...]
    stop: tuple[tuple[str, ...], ...]
    ask: tuple[str, ...]
    logs: str
    errors: str = ""


def service(app: App) -> Service:
    """The service of this repository on this machine."""
    folder = app.here.folder
    name = f"reconcile-{blake2b(folder.encode('utf-8', 'surrogateescape'), digest_size=4).hexdigest()}"
    command = (sys.executable, "-m", "reconciler", "-C", folder, "run")
    said = app.env.variables
    carried = {key: said[key] for key in said if key in CARRIED or key.startswith("RECONCILE_")}
    return (
        _launchd(app, name, command, carried) if app.env.platform == "darwin" else _systemd(app, name, command, carried)
    )


def _systemd(app: App, name: str, command: Sequence[str], variables: dict[str, str]) -> Service:
    unit = f"{name}.service"
    user = ("systemctl", "--user")
    return Service(
        name=unit,
        path=f"{app.env.config}/systemd/user/{unit}",
        content=units.systemd(command, app.here.folder, variables).encode("utf-8", "surrogateescape"),
        start=((*user, "daemon-reload"), (*user, "enable", unit), (*user, "restart", unit)),
        stop=((*user, "disable", "--now", unit),),
        ask=(*user, "show", unit, "--property=ActiveState,SubState,MainPID,Result"),
        logs=f"journalctl --user -u {unit} -f",
    )


def _launchd(app: App, name: str, command: Sequence[str], variables: dict[str, str]) -> Service:
    label, log = f"dev.{name}", f"{app.env.home}/Library/Logs/{name}.log"
    path = f"{app.env.home}/Library/LaunchAgents/{label}.plist"
    return Service(
        name=label,
        path=path,
        content=units.launchd(label, command, variables, log),
        start=(("launchctl", "load", "-w", path),),
        stop=(("launchctl", "unload", "-w", path),),
        ask=("launchctl", "list", label),
        logs=f"reconcile -C {shlex.quote(app.here.folder)} events -f",
        errors=log,
    )


def install(app: App) -> Service:
    """Writes the file and starts the service. Raises Invalid, the file written all the same, where that is refused."""
    from reconciler.world import services

    ours = service(app)
    services.write(ours.path, ours.content)
    for command in ours.start:
        services.tell(command, app.env.variables)
    return ours


def cut(app: App) -> None:
    """Empties what this process as a service says its errors to, once that is long: launchd never does."""
    from reconciler.world import services

    if path := service(app).errors:
        services.cut(path, sys.stderr.fileno())


def uninstall(app: App) -> Service:
    """Stops the service and removes its file. Raises Invalid."""
    from reconciler.world import services

    ours = service(app)
    if services.read(ours.path) is None:
        raise invalid(ours.path, "no service is installed for this repository", "`reconcile service install` does")
    for command in ours.stop:
        services.ask(command, app.env.variables)
    services.remove(ours.path)
    return ours


def standing(app: App) -> tuple[Service, bool, bool, str]:
    """The service, whether its file is there, whether it is as we would write it now, and what the manager says."""
    from reconciler.world import services

    ours = service(app)
    found = services.read(ours.path)
    return ours, found is not None, found == ours.content, services.ask(ours.ask, app.env.variables) if found else ""
