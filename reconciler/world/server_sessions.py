"""Who is at work on a server → sessions, permissions, questions. Asks it, and only about folders it has loaded.

Asking a folder boots its instance, with the MCP servers of that. So only these are asked: the server's own, and those
that its own log says it created; without such a log, those of sessions that were updated since it started.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import Any, NamedTuple

from reconciler.model.serving import Health, Sitting
from reconciler.world.probing import Answer, Line

CREATED = re.compile(rb'message="creating instance" directory=("(?:[^"\\]|\\.)*"|\S+)')
MARK = b"--- "
EVERY = "/experimental/session?limit=10000"


class Since(NamedTuple):
    """When a server started, in seconds since the epoch, where it has no log that is known."""

    at: float


def sitting(line: Line, loaded: Since | frozenset[str] | None) -> Sitting:
    """`loaded`: the folders it has loaded beside its own, or what tells them, None where that cannot be known; what
    cannot be known counts as busy."""
    listed = line.ask(EVERY)
    sessions = listed.json if listed.status == 200 and isinstance(listed.json, list) else []
    if loaded is None:
        return Sitting(unknown="its log cannot be read")
    if isinstance(loaded, Since):
        if listed.status != 200:
            return Sitting(unknown=_why(listed))
        at = loaded.at
        loaded = frozenset(str(s["directory"]) for s in sessions if _updated(s) >= at and s.get("directory"))
    found = Sitting(sessions=len(sessions))
    for folder in sorted({line.launch.path, *loaded}):
        found = _with(found, line, folder)
    return found


def number(line: Line) -> int:
    """How many sessions it shows, 0 where it does not say."""
    listed = line.ask(EVERY)
    return len(listed.json) if listed.status == 200 and isinstance(listed.json, list) else 0


def _with(found: Sitting, line: Line, folder: str) -> Sitting:
    status = line.ask("/session/status", folder)
    if status.status == 400:  # it could not be loaded, so nothing runs in it
        return found
    asked = [status, line.ask("/permission", folder), line.ask("/question", folder)]
    for answer in asked:
        if answer.status != 200 or not isinstance(answer.json, dict | list):
            return found._replace(unknown=_why(answer))
    said: Any = status.json
    busy = [session for session, state in said.items() if isinstance(state, dict) and state.get("type") != "idle"]
    permissions, questions = (len(answer.json) for answer in asked[1:])
    return found._replace(
        busy=(*found.busy, *busy),
        permissions=found.permissions + permissions,
        questions=found.questions + questions,
    )


def _why(answer: Answer) -> str:
    return str(answer.failure) if answer.failure is not Health.WELL else f"it answers {answer.status}"


def _updated(session: Any) -> float:
    with suppress(KeyError, TypeError, ValueError):
        return float(session["time"]["updated"]) / 1000
    return float("inf")


def length(log: str) -> int:
    """How many bytes a log has; 0 where there is none."""
    try:
        return os.stat(log).st_size
    except OSError:
        return 0


def logged(log: str, start: int) -> frozenset[str] | None:
    """The folders whose instances were created since the last start, and after the first `start` bytes; None where
    that cannot be read. Where it stands decides, and no time: a clock that was set back would hide who is at work."""
    found: set[str] | None = set() if start else None
    try:
        with open(log, "rb") as file:  # noqa: PTH123
            if os.fstat(file.fileno()).st_size < start:
                return None
            file.seek(start)
            for row in file:
                if row.startswith(MARK):
                    found = set()
                elif found is not None and (match := CREATED.search(row)):
                    text = match[1].decode(errors="replace")
                    found.add(json.loads(text) if text.startswith('"') else text)
    except (OSError, ValueError):
        return None
    return frozenset(found) if found is not None else None
