"""Who is at work on a server → sessions, permissions, questions. Asks it, and only about folders it has loaded.

Asking a folder boots its instance, with the MCP servers of that. So only these are asked: the server's own, and those
that its own log says it created; without such a log, those of sessions that were updated since it started.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from reconciler.model.serving import Health, Sitting
from reconciler.world.probing import Answer, Line

CREATED = re.compile(rb'timestamp=(\S+) .*message="creating instance" directory=("(?:[^"\\]|\\.)*"|\S+)')
EVERY = "/experimental/session?limit=10000"


def sitting(line: Line, log: str, since: float) -> Sitting:
    """`since`: when it started or disposed of its instances, in seconds since the epoch; what cannot be known counts
    as busy."""
    listed = line.ask(EVERY)
    sessions = listed.json if listed.status == 200 and isinstance(listed.json, list) else []
    folders = {line.launch.path}
    if log:
        logged = _logged(log, since)
        if logged is None:
            return Sitting(unknown="its log cannot be read")
        folders |= logged
    elif listed.status == 200:
        folders |= {str(s["directory"]) for s in sessions if _updated(s) >= since and s.get("directory")}
    else:
        return Sitting(unknown=_why(listed))
    found = Sitting(sessions=len(sessions))
    for folder in sorted(folders):
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


def _logged(log: str, since: float) -> set[str] | None:
    """The folders whose instances were created since then; None where that cannot be read."""
    found: set[str] = set()
    try:
        with open(log, "rb") as file:  # noqa: PTH123
            for row in file:
                if row.startswith(b"--- "):
                    found.clear()
                elif (match := CREATED.search(row)) and datetime.fromisoformat(match[1].decode()).timestamp() > since:
                    text = match[2].decode(errors="replace")
                    found.add(json.loads(text) if text.startswith('"') else text)
    except (OSError, ValueError):
        return None
    return found
