"""The machine: variables that lead astray, file watching, and OpenCode's usual port. Looks only."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.app.checks.finding import Finding, note
from reconciler.app.session import App

PLACES = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
PORT = 4096
LIMITS = {"max_user_watches": 65_536, "max_user_instances": 128}
"""Below these, watching a few repositories ends in `ENOSPC` or `EMFILE`."""


def check(app: App) -> Iterator[Finding]:
    yield from _places(app)
    yield from _watches(app)
    yield from _port()


def _places(app: App) -> Iterator[Finding]:
    for name in PLACES:
        value = app.env.variables.get(name, "")
        if value and not value.startswith("/"):
            text = f"{name} is `{value}`, which is no absolute path, and does not count"
            yield Finding(False, text, f"set it to an absolute path, or `unset {name}`")


def _watches(app: App) -> Iterator[Finding]:
    from reconciler.world.machine import inotify_limit

    for name, least in LIMITS.items() if app.env.platform == "linux" else ():
        limit = inotify_limit(name)
        if limit is not None and limit < least:
            text = f"fs.inotify.{name} is {limit}: editors, servers and `reconcile run` share it"
            line = f"fs.inotify.{name}={least * 8}"
            yield Finding(False, text, f"`sudo sysctl {line}`, and that line in /etc/sysctl.d/50-inotify.conf to stay")


def _port() -> Iterator[Finding]:
    from reconciler.world.machine import listener

    found = listener(PORT)
    if found is None:
        return
    who = f"`{found.command}` (process {found.pid})" if found.pid else "another program"
    if "acp" in found.command.split():
        text = f"port {PORT} is taken by {who}, which answers there without a password"
        hint = f"a server that asks for {PORT} does not start while it runs: give either another `--port`"
        yield Finding(False, text, hint)
    else:
        yield note(f"port {PORT} is taken by {who}", f"another `opencode serve` needs another `--port` than {PORT}")
