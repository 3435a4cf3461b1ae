"""A server and what it started, found by descent, session and tag: tools run in sessions of their own. Looks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b

from reconciler.model.serving import Note, Orphan, Process
from reconciler.world import processes

TAG = "RECONCILE_SERVER_TAG"
NAME = "RECONCILE_SERVER"


def scope(folder: str) -> str:
    """What every tag of one HOME begins with."""
    return blake2b(folder.encode(), digest_size=4).hexdigest()


def members(server: Process, tag: str) -> set[int]:
    """The server and all that descends from it, is in its session or has its tag; nobody else's server among them."""
    found = {server.pid, *processes.below(server.pid), *_in_session(server.pid)}
    if tag:
        found |= tagged(tag)
    return {pid for pid in found if processes.variable(pid, TAG) in ("", tag) or pid == server.pid}


def tagged(tag: str) -> set[int]:
    """Every process that was started, somehow, by the server with a tag."""
    return {pid for pid in processes.every() if processes.variable(pid, TAG) == tag}


def identities(pids: Iterable[int]) -> set[Process]:
    """Without ourselves and those that we run below."""
    spared = {os.getpid(), *processes.ancestors(os.getpid())}
    return {one for pid in pids if pid not in spared and (one := processes.identity(pid)) is not None}


def orphans(scoped: str, notes: Sequence[Note]) -> list[Orphan]:
    """Processes with a tag of this HOME whose server is dead."""
    by_tag: dict[str, list[int]] = {}
    for pid in processes.every():
        tag = processes.variable(pid, TAG)
        if tag.startswith(f"{scoped}-"):
            by_tag.setdefault(tag, []).append(pid)
    living = {note.tag for note in notes if processes.alive(note.process)}
    dead = {tag: pids for tag, pids in by_tag.items() if tag not in living and not any(map(_is_server, pids))}
    found = [Orphan(one, processes.variable(one.pid, NAME), _told(one.pid)) for pids in dead.values()
             for one in identities(pids)]  # fmt: skip
    return sorted(found, key=lambda orphan: (orphan.server, orphan.process.pid))


def _is_server(pid: int) -> bool:
    """Whether it is the server itself, of which the note was lost."""
    words = processes.command(pid)
    return "serve" in words and "--port" in words


def _told(pid: int) -> str:
    return " ".join(processes.command(pid))


def _in_session(leader: int) -> set[int]:
    found = set()
    for pid in processes.every():
        with suppress(OSError):
            if os.getsid(pid) == leader:
                found.add(pid)
    return found
