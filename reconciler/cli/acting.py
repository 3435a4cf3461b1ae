"""A plan → shown, asked about, done, reported; the exit status. What `apply`, `rollback` and `release` share."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.cli import confirming, exits, showing, terminal
from reconciler.cli.again import Again
from reconciler.cli.render_run import result_text
from reconciler.model.change import Change, Plan
from reconciler.model.outcome import Outcome, Status

if TYPE_CHECKING:
    from reconciler.app import App, Result

Outcomes = tuple[tuple[Change[Any], Outcome], ...]
NOBODY = "nobody to ask: nothing was changed\n  hint: `--yes` does it without asking"


class Deed(NamedTuple):
    """How a verb speaks of what it does; `more`: the command that shows diffs whole."""

    verb: str
    doing: str
    question: str
    more: str


APPLY = Deed("apply", "applying", "Apply these changes?", "`reconcile plan TARGET --full`")
ROLLBACK = Deed("rollback", "taking back", "Take this back?", "`reconcile rollback RUN --full`")
RENDER = Deed("docs", "rendering", "Write this?", "`reconcile docs render TARGET --full`")
PAGES = Deed("docs", "writing", "Add this?", "`reconcile docs render --complete --full`")
RELEASE = Deed("release", "handing back", "Hand this back?", "`reconcile release TARGET --full`")


def settle(app: App, args: Namespace) -> None:
    """Before anything is planned: what an interrupted run did is recorded, and its rest left to the new plan."""
    from reconciler.app import applying

    runs, problems = applying.settle_open(app, wait=not args.no_wait, on_wait=terminal.waiting)
    for run in runs:
        terminal.say(f"run {run.id} ({run.verb}) was interrupted: what it did is recorded, the rest is planned anew")
    for problem in problems:
        terminal.say(str(problem))


def act(
    plan: Plan,
    app: App,
    args: Namespace,
    deed: Deed,
    *,
    ask: bool,
    only: Sequence[str] = (),
    replan: Callable[[], Plan] | None = None,
    since: int = 0,
) -> int:
    """Bookkeeping of an apply needs no yes: it touches nothing. `replan`: how it is planned anew, where another run
    came after `since`, the newest when it was planned; None: it is done as it was planned."""
    from reconciler.app import applying

    plan = confirming.confirmed(plan, app, args)
    showing.show_plan(plan, app, args, more=deed.more, only=only)
    if plan.refused:
        terminal.say(confirming.REFUSED)
        return exits.TROUBLE
    if ask and (plan.due or (plan.title and plan.bookkeeping)):
        answer = terminal.ask(deed.question)
        if not answer:
            terminal.say(NOBODY if answer is None else "nothing was changed")
            return exits.TROUBLE
    later = Again(plan, lambda: confirming.confirmed(replan(), app, args), asked=ask) if replan else None
    with terminal.progress(deed.doing) as step:
        result = applying.do(
            app,
            plan,
            verb=deed.verb,
            wait=not args.no_wait,
            on_wait=terminal.waiting,
            progress=step,
            again=later,
            since=since,
        )
    terminal.show(result_text(result.run, result.outcomes, terminal.style(args)))
    plan = later.plan if later else plan
    return max(exits.of_apply(plan, patient(result.outcomes, args)), _idle(plan, result, app, args, deed))


def patient(outcomes: Outcomes, args: Namespace) -> Outcomes:
    """Without those that we are going to wait for."""
    return outcomes if args.no_wait else tuple((c, o) for c, o in outcomes if o.status is not Status.WAITING)


def _idle(plan: Plan, result: Result, app: App, args: Namespace, deed: Deed) -> int:
    """What waits for a server to be idle, done once it is."""
    from reconciler.app.waiting import waiting, when_idle

    left = [] if args.no_wait else waiting(result)
    status = exits.DONE
    for change, came in when_idle(app, plan, left, deed.verb, terminal.say) if left else ():
        if came is None:
            terminal.say(f"{change.ref} is still at work: left for later (`reconcile apply` tries again)")
            status = exits.TROUBLE
        else:
            terminal.show(result_text(came.run, came.outcomes, terminal.style(args)))
            status = max(status, exits.of_apply(replace(plan, changes=()), came.outcomes))
    return status
