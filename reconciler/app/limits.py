"""Limits over all servers together → a warning where they are passed. Looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.app.session import App
from reconciler.model.problem import Problem, Severity
from reconciler.model.resource import Loaded, Ref

LIMITS = Ref("orchestration", "resource_limits")


def most_sessions(loaded: Loaded) -> int:
    """How many sessions there may be on all servers; 0 for any number."""
    said: Mapping[str, Any] = next((r.spec for r in loaded.resources if r.ref == LIMITS), {})
    return int(said.get("max_sessions_total", 0))


def passed(opened: App, loaded: Loaded) -> Iterator[Problem]:
    """Asked only where a limit is set, and only servers that run."""
    most = most_sessions(loaded)
    ports = [r.spec.serving.launch.port for r in loaded.resources if r.ref.kind == "server"] if most else []
    if not ports:
        return
    servers = opened.world.servers
    running = [now for now in servers.now(ports).values() if now.serves]
    found = counted([(now.launch.data, servers.sessions(now)) for now in running])
    if found > most:
        origin = next(r.origin for r in loaded.resources if r.ref == LIMITS)
        text = f"{found} sessions on all servers, of at most {most} (`max_sessions_total`)"
        hint = "`opencode session list` shows them, `opencode session delete` removes one"
        yield Problem(origin, text, hint, Severity.WARNING)


def counted(sessions: list[tuple[str, int]]) -> int:
    """By whose data they are: sessions of one database are shown by each server that shares it."""
    shared = [number for data, number in sessions if data == "shared"]
    return max(shared, default=0) + sum(number for data, number in sessions if data != "shared")
