"""Changes that wait for a server to be idle → made once it is, or left at the deadline. Holds no lock meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reconciler.app import applying
from reconciler.app.session import App
from reconciler.formats.duration import shown
from reconciler.model.change import FORCED, Change, Plan, Verdict
from reconciler.model.outcome import Status
from reconciler.model.serving import Care
from reconciler.pipeline.apply import Result
from reconciler.shapes.server_decisions import told

PAUSE = 0.5
Tell = Callable[[str], None]


def waiting(result: Result) -> list[Change[Any]]:
    """What an apply left for when nobody is at work any more."""
    return [change for change, outcome in result.outcomes if outcome.status is Status.WAITING]


def when_idle(
    opened: App, plan: Plan, changes: list[Change[Any]], verb: str, tell: Tell
) -> Iterator[tuple[Change[Any], Result | None]]:
    """Each change with what became of it, in the order in which they come to pass; None: left for later."""
    began = time.monotonic()
    said: dict[Change[Any], str] = {}
    left = list(changes)
    while left:
        for change in list(left):
            busy, care = _busy(opened, change)
            over = time.monotonic() - began >= care.deadline
            if busy and not over:
                if said.get(change) != busy:
                    tell(f"waiting for {change.ref} to be idle: {busy} (at most {shown(care.deadline)})")
                    said[change] = busy
                continue
            if busy and care.then != "force":
                left.remove(change)
                yield change, None
                continue
            result = applying.do(opened, _alone(plan, change, bool(busy)), verb=verb)
            if not waiting(result):
                left.remove(change)
                yield change, result
        if left:
            time.sleep(PAUSE)


def _busy(opened: App, change: Change[Any]) -> tuple[str, Care]:
    """Who is at work there, "" where nobody is; and how that server is cared for."""
    servers, port = opened.world.servers, int(change.claim.path)
    now, note = servers.now([port]).get(port), servers.note(port)
    care = change.after.care if change.after is not None else note.care if note else Care()
    sitting = servers.sitting(now) if now is not None and now.serves else None
    return told(sitting) if sitting is not None and not sitting.idle else "", care


def _alone(plan: Plan, change: Change[Any], force: bool) -> Plan:
    """That change, judged again by a look at the server: it may have been restarted by somebody else meanwhile."""
    verdict = Verdict(True, FORCED) if force else change.verdict
    return replace(plan, changes=(replace(change, verdict=verdict),), problems=(), confirmed=())
