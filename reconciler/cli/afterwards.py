"""An apply that changed what documents of observed facts show → one more look, and what they show then: a plan of its
own, shown, asked about and done like any other.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from reconciler.cli import acting, exits, terminal
from reconciler.cli.phrase import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.app import App

SAID = "rendered before that was done; looked at again, it would say"


def look_again(app: App, args: Namespace, since: int, targets: Sequence[str] | None) -> int:
    """After the runs that came after `since`. Documents that are no TARGET are only named; None: all of them."""
    from reconciler.app import planning, sighted
    from reconciler.app.rendered import remembered

    changed = _changed(app, since) if sighted.ever(app) else set()
    loaded = planning.read(app, "work") if changed else None
    if loaded is None or not sighted.observing(loaded):
        return exits.DONE
    with remembered(app.env, loaded):
        shown = [f"document/{name}" for name in sighted.showing(loaded, changed)]
    if targets is None or any(not _among(targets, ref) for ref in shown):
        left = [ref for ref in shown if targets is None or not _among(targets, ref)]
        if left:
            terminal.say(f"{joined(left, ', ')} shows this as seen before: `reconcile docs render` looks again")
        return exits.DONE
    refs = [f"document/{name}" for name in sighted.outdated(app, loaded, changed)]
    plan = planning.plan(app, "work", refs, loaded=loaded) if refs else None
    if plan is None or not plan.due:
        return exits.DONE
    terminal.show(f"\n{joined(refs, ', ')}: {SAID}\n")
    return acting.act(plan, app, args, acting.APPLY, ask=not args.yes, only=refs)


def _changed(app: App, since: int) -> set[str]:
    """What was done, documents apart."""
    from reconciler.model.outcome import Status

    runs = [run.id for run in app.journal.runs() if run.id > since]
    done = (step for run in runs for step in app.journal.steps(run) if step.status is Status.DONE)
    return {str(step.ref) for step in done if not step.action.bookkeeping and step.ref.kind != "document"}


def _among(targets: Sequence[str], ref: str) -> bool:
    from reconciler.model.resource import Ref
    from reconciler.pipeline.judge import matches

    return not targets or any(matches(target, Ref(*ref.split("/", 1))) for target in targets)
