"""A plan → done under the lock of this HOME; runs that something stopped → settled, or finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from reconciler.app import planning
from reconciler.app.grounding import ALONE
from reconciler.app.session import App
from reconciler.model.change import Cause, Change, Plan
from reconciler.model.outcome import Run
from reconciler.model.problem import Invalid, Problem
from reconciler.model.resource import Claim, Ref
from reconciler.pipeline import cycle
from reconciler.pipeline.apply import Result, apply
from reconciler.pipeline.entire import halved
from reconciler.pipeline.hands import Hands
from reconciler.pipeline.resume import resume
from reconciler.pipeline.settle import clear, settle

Waiting = Callable[[str], None]
Progress = Callable[[int, int], None]


def do(
    app: App,
    plan: Plan,
    *,
    verb: str = "apply",
    wait: bool = True,
    on_wait: Waiting = lambda holder: None,
    progress: Progress = lambda done, total: None,
    again: Callable[[], Plan] | None = None,
    since: int = 0,
) -> Result:
    """Does what the plan allows; what `again` makes of it, where another run came first: after `since`, the newest
    run when it was planned. Raises Invalid where another run holds the lock and we may not wait."""
    _refuse(plan)
    if not plan.due and not plan.bookkeeping:
        if verb != "rollback" or not plan.held:  # what took nothing back holds no commit back
            _pin(app, plan, verb)
        return Result(None)
    waited: list[str] = []

    def told(holder: str) -> None:
        waited.append(holder)
        on_wait(holder)

    with app.locked(verb, wait, told):
        folder = app.repository.folder if app.repository else plan.repo
        hands = _hands(app)
        if again is not None and (waited or app.newest_run != since):
            app.cipher.forget()
            plan = again()
            _refuse(plan)
        if _unsettled(app):
            _closed(app, hands)
            plan = _less_known(app, plan)
        renew = _narrowly(app, plan)
        refused = halved(plan, app.roots, app.kinds, app.world, app.journal.key())
        result = apply(plan, hands, verb=verb, folder=folder, progress=progress, refused=refused)
        _pin(app, plan, verb)
        _regain(app, plan.repo)
        renew()
        if plan.history is not None:
            app.journal.thin(plan.history)
    return result


def _narrowly(app: App, plan: Plan) -> Callable[[], None]:
    """What is called after a run, so that the next look can be a narrow one too. Under the lock."""
    from reconciler.world import baseline

    since = baseline.read()
    ours = since is not None and app.repository is not None and app.repository.folder == since.ground.top
    if since is None or not ours or not since.holds or app.journal.digest() != since.ground.rows:
        return lambda: None
    rows = (row for change in plan.changes for row in (change, change.recorded) if row is not None)
    applied = {str(row.ref) for row in rows if row.ref.kind in ALONE}

    def renew() -> None:
        with suppress(OSError):
            baseline.renew(since, app.journal.digest(), applied)

    return renew


def _regain(app: App, repo: str) -> None:
    """The loss of a state is over once nothing that git names is unknown any more."""
    if not app.journal.lost(repo) or app.repository is None:
        return
    with suppress(Invalid):
        if all(c.cause is not Cause.UNKNOWN for c in cycle.propose(planning.read(app), app.eyes(repo)).changes):
            app.journal.regain(repo)


def _hands(app: App) -> Hands:
    return Hands(app.kinds, app.world, app.journal, app.secrets)


def settle_open(
    app: App, *, wait: bool = True, on_wait: Waiting = lambda holder: None
) -> tuple[Sequence[Run], Sequence[Problem]]:
    """Closes runs that something stopped, and clears up what others left, before anything is planned on what they
    did: those that were, and what had to stay beside the files they were about."""
    if not _unsettled(app):
        return (), ()
    with app.locked("settle", wait, on_wait):
        runs = app.open_runs()
        return runs, _closed(app, _hands(app))


def _closed(app: App, hands: Hands) -> Sequence[Problem]:
    problems: list[Problem] = []
    for run in app.open_runs():
        problems += settle(run.id, hands)
        app.journal.finish(run.id)
    return tuple(dict.fromkeys([*problems, *clear(app.world, app.journal)]))


def clear_up(app: App, *, wait: bool = True, on_wait: Waiting = lambda holder: None) -> Sequence[Problem]:
    """Clears up what edits that did not go well left beside files: what had to stay."""
    if not app.journal.doubtful():
        return ()
    with app.locked("settle", wait, on_wait):
        return clear(app.world, app.journal)


def _unsettled(app: App) -> bool:
    return bool(app.open_runs() or app.journal.doubtful())


def resume_open(
    app: App,
    *,
    wait: bool = True,
    on_wait: Waiting = lambda holder: None,
    progress: Progress = lambda done, total: None,
) -> Sequence[tuple[Result, Sequence[Problem]]]:
    """Finishes the runs that something stopped, as they were planned; the oldest first. Raises Invalid."""
    done = []
    clear_up(app, wait=wait, on_wait=on_wait)
    with app.locked("resume", wait, on_wait):
        for run in sorted(app.open_runs(), key=lambda run: run.id):
            done.append(resume(run.id, _hands(app), app.journal, app.roots, progress))
            _pin_as(app, run.verb, run.repo, run.revision.commit, run.title)
    return done


def _less_known(app: App, plan: Plan) -> Plan:
    """The plan less the records that were made meanwhile."""
    known = {(row.claim, row.ref, row.part, row.value) for row in app.journal.recorded()}
    kept = tuple(c for c in plan.changes if not (c.action.bookkeeping and _row(c) in known))
    return replace(plan, changes=kept)


def _pin(app: App, plan: Plan, verb: str) -> None:
    _pin_as(app, verb, plan.repo, plan.revision.commit, plan.title)


def _pin_as(app: App, verb: str, repo: str, commit: str, title: str) -> None:
    if verb == "rollback":
        app.journal.pin(repo, commit, title)
    elif verb == "apply" and app.journal.pinned(repo) is not None:
        app.journal.pin(repo, "", "")


def _row(change: Change[Any]) -> tuple[Claim, Ref, str, str] | None:
    row = change.becomes
    return (row.claim, row.ref, row.part, row.value) if row else None


def _refuse(plan: Plan) -> None:
    """Raises Invalid for a plan that a program would not take."""
    if plan.refused:
        raise Invalid(problem for said in plan.confirmed if said.ok is False for problem in said.problems)
