"""What the loop asks of an app beside the verbs: who set what by hand, what is gone, what is left alone. Looks and, for
suspensions, writes its book."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from reconciler.app import planning
from reconciler.app.session import App
from reconciler.model.event import Suspension, Watched
from reconciler.model.loop import Channel
from reconciler.model.outcome import Status
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.resource import Claim
from reconciler.model.world import Env
from reconciler.pipeline.apply import Result

PULSE = 10.0
STAMP = "%Y-%m-%dT%H:%M:%S+00:00"


def touched(app: App, head: str, since: int) -> frozenset[Claim]:
    """What somebody set by hand, otherwise than commit `head` says: since run `since`, or on that very commit."""
    roots = {root.name: root.path(app.env) for root in app.roots}
    return app.book.touched(app.repo, head, since, roots)


def last_applied(app: App) -> str:
    """The last commit of this repository that was applied whole and as committed, or ""."""
    folder = app.here.folder
    for run in app.journal.runs():
        whole = run.verb in ("apply", "loop") and run.revision.commit and not run.revision.uncommitted
        if whole and app.journal.repository(run.repo) == folder:
            return run.revision.commit
    return ""


def gone(app: App) -> dict[str, str]:
    """Roots in which we own something and whose folder is not there, by name → as people write it."""
    owned = {row.claim.root for row in app.journal.recorded() if row.repo == app.repo}
    roots = (root for root in app.listed if root.name in owned and not os.path.isdir(root.path(app.env)))
    return {root.name: app.world.show(root.name, "").rstrip("/") for root in roots}


def writers_of(app: App, ref: str) -> Sequence[str]:
    """Who else is known to write a resource."""
    kind = next((kind for kind in app.kinds if kind.name == ref.partition("/")[0]), None)
    return [writer.who for writer in kind.writers] if kind else []


def running(app: App, names: Collection[str]) -> Mapping[str, Sequence[int]]:
    """The processes of this HOME that run one of these programs, by its name."""
    from reconciler.world import named_processes

    return named_processes.running(names, app.env.home)


def clock() -> str:
    """Now, as events have it: UTC, ISO 8601."""
    return time.strftime(STAMP, time.gmtime())


def suspend(app: App, scope: str, reason: str, span: float, by: str) -> Suspension:
    """Leaves a scope alone for `span` seconds, 0 for until told."""
    until = time.strftime(STAMP, time.gmtime(time.time() + span)) if span else ""
    pause = Suspension(scope, reason, until, by)
    app.book.suspend(app.repo, pause)
    return pause


def bounded(app: App, span: float) -> None:
    """What the loop itself left alone stays so for `span` seconds from now at most: where it is longer, the clock was
    set back meanwhile."""
    latest = time.strftime(STAMP, time.gmtime(time.time() + span))
    for pause in app.book.suspensions(app.repo):
        if pause.by_loop and pause.until > latest:
            app.book.suspend(app.repo, replace(pause, until=latest))


def next_end(app: App) -> float | None:
    """Seconds until the next suspension ends by itself, and a bit; None where none will."""
    ends = [datetime.fromisoformat(one.until).timestamp() for one in app.book.suspensions(app.repo) if one.until]
    return min((max(end + 1.0 - time.time(), 0.0) for end in ends), default=None)


def written(app: App, result: Result) -> frozenset[str]:
    """The files that an apply changed, by their full path."""
    folders = {root.name: root.path(app.env) for root in app.roots}
    done = (c for c, o in result.outcomes if o.status is Status.DONE and not c.action.bookkeeping)
    return frozenset(f"{folders[c.claim.root]}/{c.claim.path}" for c in done if c.claim.root in folders)


def watched(app: App, branch: str) -> Watched:
    """Where something may change that the loop must see, as the last look found it. Raises Invalid."""
    live: set[str] = set()
    for root in app.listed:
        folder, place = root.path(app.env), app.place(root)
        live |= {f"{folder}/{inner}".rstrip("/") for inner in place.folders} | {folder}
    single = {*(root.path(app.env) for root in app.listed), *_elsewhere(app), poke_file(app)}
    return Watched(frozenset(live), frozenset(single), frozenset(app.here.watched(branch)))


def _elsewhere(app: App) -> Iterator[str]:
    """What is ours below roots of which not every file is looked at."""
    folders = {root.name: root.path(app.env) for root in app.roots if not root.listed}
    rows = (row for row in app.journal.recorded() if row.repo == app.repo)
    return (f"{folders[row.claim.root]}/{row.claim.path}" for row in rows if row.claim.root in folders)


def branch_named(app: App) -> str:
    """The branch that reconcile.yaml names in the commit checked out, or the one checked out. Raises Invalid."""
    branch = app.here.branch()
    try:
        head = planning.read(app, "HEAD")
    except Invalid:
        said = ""
    else:
        said = head.settings.loop.branch or ("" if head.resources else _followed(app))
    if said or branch:
        return said or branch
    hint = "name one: `reconcile run --branch main`, or `loop: {branch: main}` in reconcile.yaml"
    raise invalid(app.here.folder, "no branch is checked out, and none is named to follow", hint)


def _followed(app: App) -> str:
    """The branch that the loop followed last: one that says nothing may be checked out just now."""
    return str(app.book.recall(app.here.folder).get("place", {}).get("branch", ""))


def poke_file(app: App) -> str:
    return f"{app.env.state}/reconciler/poke"


def poke(app: App) -> None:
    """Lets the loops of this HOME look again at once."""
    with suppress(OSError):
        os.makedirs(os.path.dirname(poke_file(app)), mode=0o700, exist_ok=True)
        with open(poke_file(app), "w") as file:  # noqa: PTH123
            file.write(f"{time.time_ns()}\n")


def alone(app: App) -> AbstractContextManager[None]:
    """The right to be the one loop of this repository. Raises Invalid where another has it."""
    from reconciler.world.lock import held

    return held(_lock(app), "reconcile run", False, lambda holder: None)


def keeper(app: App) -> str:
    """The loop that keeps this repository, in its own words; "" where there is none."""
    from reconciler.world.lock import holder

    return holder(_lock(app))


def _lock(app: App) -> str:
    name = blake2b(os.fsencode(app.here.folder), digest_size=8).hexdigest()
    return f"{app.env.state}/reconciler/loop-{name}.lock"


def alive() -> Callable[[str], None]:
    """Tells the service manager how we are; nothing happens without one."""
    from reconciler.world.readiness import notifier

    return notifier(os.environ)


def send(channel: Channel, title: str, text: str, records: Sequence[Mapping[str, Any]], env: Env) -> str:
    """Why news could not be sent, or ""."""
    from reconciler.world import notices

    return notices.send(channel, title, text, records, env.variables)


def explained(error: OSError) -> Sequence[Problem]:
    """The system's error as a problem."""
    text = (error.strerror or str(error)).lower()
    return (Problem(Origin(str(error.filename or "this machine")), text),)
