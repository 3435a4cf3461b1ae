"""Declared servers and those that run → a table; starting, stopping and restarting one by hand. Looks, and acts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.app import limits, planning, server_rows
from reconciler.app.server_rows import Declared, Row
from reconciler.app.session import App
from reconciler.formats.duration import shown
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.serving import Figures, Note, Now, Orphan, Process, Suspension
from reconciler.shapes import server_decisions

PAUSE = 0.5
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Table:
    """All servers, what dead ones left, and how many sessions there may be (0: no limit)."""

    rows: tuple[Row, ...]
    orphans: tuple[Orphan, ...]
    most_sessions: int = 0

    @property
    def sessions(self) -> int:
        """Sessions of one database are shown by every server that shares it."""
        return limits.counted([(r.now.launch.data, r.sitting.sessions) for r in self.rows if r.sitting and r.now])


def declared(opened: App) -> dict[str, Declared]:
    """By name. Raises Invalid."""
    return server_rows.of(planning.read(opened), opened)


def table(opened: App, names: Sequence[str] = ()) -> Table:
    """Everything about every server, or about some. Raises Invalid for a name that nobody knows."""
    loaded, servers = planning.read(opened), opened.world.servers
    rows = server_rows.rows_of(loaded, opened)
    _known(names, [row.name for row in rows])
    rows = [row for row in rows if not names or row.name in names]
    alive = [row.now.process for row in rows if row.now and row.now.process]
    used = servers.figures(alive) if alive else {}
    return Table(
        tuple(sorted((_measured(row, used) for row in rows), key=_importance)),
        tuple(servers.orphans()),
        limits.most_sessions(loaded),
    )


def _importance(row: Row) -> tuple[int, str]:
    return row.serving.care.priority, row.name


def _measured(row: Row, used: Mapping[Process, Figures]) -> Row:
    return replace(row, figures=used.get(row.now.process)) if row.now and row.now.process else row


def _known(names: Iterable[str], known: Sequence[str]) -> None:
    import difflib

    problems = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
            problems.append(Problem(Origin(f"server/{name}"), "there is no such server", hint))
    if problems:
        raise Invalid(problems)


def one(opened: App, name: str) -> tuple[Declared | None, Now | None, Note | None]:
    """A server by its name: in git, or running still. Raises Invalid."""
    wanted, servers = declared(opened), opened.world.servers
    notes = {note.launch.name: note for note in servers.notes()}
    _known([name], sorted({*wanted, *notes}))
    found = wanted.get(name)
    port = found.serving.launch.port if found else notes[name].launch.port
    return found, servers.now([port]).get(port), servers.note(port)


def start(opened: App, name: str, reason: str) -> str:
    """Starts a declared server and waits until it is ready; what to say of it. Raises Invalid."""
    found, now, _ = one(opened, name)
    if found is None:
        raise invalid(f"server/{name}", "git names it no more", "declare it below `desired-state/servers/`")
    servers, launch = opened.world.servers, found.serving.launch
    if now is not None and not now.serves:
        raise invalid(f"server/{name}", f"port {launch.port} is taken (`{now.command}`)")
    if now is None:
        with opened.locked("server start", True, lambda holder: None):
            servers.start(found.serving)
            if why := servers.wait([found.serving])[launch.port]:
                raise invalid(f"server/{name}", f"not ready: {why}", f"see `reconcile server logs {name}`")
    servers.suspend(launch, None if found.running else Suspension("running", reason, servers.clock()))
    return "runs already" if now else "is ready"


def stop(opened: App, name: str, reason: str, *, at_once: bool, tell: Tell) -> str:
    """Stops a server that we started, once it is idle. Raises Invalid."""
    found, now, note = one(opened, name)
    servers = opened.world.servers
    launch = found.serving.launch if found else note.launch if note else None
    assert launch is not None
    if now is not None:
        if not now.ours:
            hint = f"`reconcile server restart {name}` makes it ours" if now.serves else "stop it by hand"
            raise invalid(f"server/{name}", "was not started by us", hint)
        _stopped(opened, now, found, at_once, tell)
    servers.suspend(launch, Suspension("stopped", reason, servers.clock()) if found and found.running else None)
    return "is stopped" if now else "does not run"


def restart(opened: App, name: str, *, at_once: bool, tell: Tell) -> str:
    """Ends it, whoever started it, and starts it as git says: from then on it is ours. Raises Invalid."""
    found, now, _ = one(opened, name)
    if found is None or found.serving.care.lifecycle == "external":
        raise invalid(f"server/{name}", "git does not have us start it", "see its `lifecycle`")
    servers, launch = opened.world.servers, found.serving.launch
    if why := servers.prepare(launch):
        raise invalid(f"server/{name}", f"cannot be started: {why}")
    if now is not None:
        if not now.serves:
            raise invalid(f"server/{name}", f"port {launch.port} is taken (`{now.command}`)")
        _stopped(opened, now, found, at_once, tell)
    start(opened, name, "restarted by hand")
    return "is ready"


def _stopped(opened: App, now: Now, found: Declared | None, at_once: bool, tell: Tell) -> None:
    servers, name = opened.world.servers, now.launch.name or (found.name if found else "")
    if servers.inside(now):
        hint = "do it in a terminal outside of that session"
        raise invalid(f"server/{name}", "this very session runs on it: left for later", hint)
    deadline = found.serving.care.deadline if found else 600.0
    until = time.monotonic() + deadline
    said = ""
    while not at_once and not (sitting := servers.sitting(now)).idle:
        busy = server_decisions.told(sitting)
        if time.monotonic() > until:
            raise invalid(f"server/{name}", f"not idle: {busy}", "`--now` does it all the same")
        if busy != said:
            tell(f"waiting for server/{name} to be idle: {busy} (at most {shown(deadline)})")
        said = busy
        time.sleep(PAUSE)
    with opened.locked("server stop", True, lambda holder: None):
        if why := servers.stop(now):
            raise invalid(f"server/{name}", why)


def remove_orphans(opened: App) -> tuple[Sequence[Orphan], Sequence[Orphan]]:
    """Ends what dead servers left: those that were there, and those that still are."""
    servers = opened.world.servers
    found = servers.orphans()
    return found, servers.remove(found) if found else ()


def watched(opened: App, names: Sequence[str], pause: float) -> Iterator[Table]:
    """The table again and again."""
    while True:
        yield table(opened, names)
        time.sleep(pause)


def log(opened: App, name: str) -> str:
    """Where a server's log is. Raises Invalid."""
    _, _, note = one(opened, name)
    if note is None or not os.path.exists(note.log):
        raise invalid(f"server/{name}", "has no log of ours", "only servers that we started have one")
    return note.log


def attaching(opened: App, name: str) -> tuple[list[str], dict[str, str]]:
    """The command that attaches to a server, and the variables it needs. Raises Invalid."""
    _, now, _ = one(opened, name)
    if now is None or not now.serves:
        raise invalid(f"server/{name}", "does not run", f"`reconcile server start {name}`")
    found: Any = opened.world.servers.attach(now)
    if isinstance(found, str):
        raise invalid(f"server/{name}", found)
    command, variables = found
    return command, variables
