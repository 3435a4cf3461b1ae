"""Ports of servers with which nothing is to be done → all that this rests on: whom first_servers.py asks, and the files
that those servers loaded. Looks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from reconciler import first_servers
from reconciler.model.serving import Note
from reconciler.model.world import Env
from reconciler.world import processes, server_start
from reconciler.world.probing import EVERYWHERE
from reconciler.world.server_notes import Notes, ground
from reconciler.world.server_sessions import EVERY

NUMBERS = re.compile(r"[0-9]+(\.[0-9]+){3}")


class Footing(NamedTuple):
    """`asked`: what first_servers.py asks, where there is anything; None where it cannot tell how they are. `watched`:
    files and folders that may not move, or not come."""

    asked: Mapping[str, Any] | None
    watched: tuple[str, ...]


NOBODY = Footing({}, ())
UNKNOWN = Footing(None, ())


def footing(env: Env, ports: Mapping[int, bool], most: int, swept: Collection[str]) -> Footing:
    """`ports`: whether a server of ours must run there; `most`: how many sessions there may be, 0 for any number;
    `swept`: files that are looked at anyway, by paths without links."""
    notes = Notes(f"{env.state}/reconciler/servers")
    found = {port: notes.get(port) for port in sorted(ports)}
    running = {port: note for port, note in found.items() if note is not None and processes.alive(note.process)}
    must = {port for port, runs in ports.items() if runs}
    if must - running.keys() or not all(map(_known, running.values())):
        return UNKNOWN
    quiet = [(_host(note), port) for port, note in found.items() if port not in running]
    if not all(NUMBERS.fullmatch(host) for host, _ in quiet):
        return UNKNOWN
    try:
        started = first_servers.started([note.process.pid for note in running.values() if note.process])
    except (OSError, ValueError):
        return UNKNOWN
    if not all(processes.alive(note.process) for note in running.values()):
        return UNKNOWN
    asked = {
        "started": started,
        "within": min([first_servers.WITHIN, *(note.care.timeout for note in running.values())]),
        "most": most,
        "quiet": quiet,
        "running": [_questions(note, most) for note in running.values()],
    }
    kept = (notes.path(port, suffix) for port in found for suffix in ("json", "files"))
    return Footing(asked, (*kept, *_loaded(env, running.values(), swept)))


def _known(note: Note) -> bool:
    """Whether we started it, and it can be asked for with what its process has."""
    if note.launch.password and not (processes.LINUX and _locked(note)):
        return False
    return bool(note.tag and NUMBERS.fullmatch(_host(note)))


def _locked(note: Note) -> bool:
    return bool(note.process and processes.variable(note.process.pid, server_start.PASSWORD))


def _host(note: Note | None) -> str:
    hostname = note.launch.hostname if note else "127.0.0.1"
    return EVERYWHERE.get(hostname, hostname)


def _questions(note: Note, most: int) -> dict[str, object]:
    assert note.process is not None
    paths = ["/global/health", f"/config?directory={quote(note.launch.path)}", *([EVERY] if most else [])]
    return {
        "pid": note.process.pid,
        "host": _host(note),
        "port": note.launch.port,
        "paths": paths,
        "locked": processes.LINUX and _locked(note),
        "shared": note.launch.data == "shared",
    }


def _loaded(env: Env, notes: Iterable[Note], swept: Collection[str]) -> Iterator[str]:
    """What these servers read."""
    folders = {(server_start.configured(note.launch, env), note.launch.path) for note in notes}
    for config, project in sorted(folders):
        yield from (path for path in ground(config, project) if path not in swept)
