"""What is recorded: the state, the keys that belong to it, and runs that were interrupted. Looks only."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.app.checks.finding import Finding, of_problems
from reconciler.app.session import App
from reconciler.model.problem import Invalid


def check(app: App) -> Iterator[Finding]:
    keys = app.cipher.troubles()
    yield from of_problems(keys)
    try:
        rows, runs, lost = (
            len(app.journal.recorded()),
            app.open_runs(),
            app.journal.lost(app.repo if app.repository else ""),
        )
    except Invalid as error:
        yield from of_problems(problem for problem in error.problems if problem not in keys)
        return
    yield from of_problems(app.journal.troubles())
    yield Finding(
        not lost,
        "the recorded state is lost" if lost else f"state: {rows} object{'s' * (rows != 1)} owned",
        "`reconcile plan` shows what is unknown; `apply --force REF` takes git's",
    )
    for run in () if app.at_work else runs:
        remedy = f"`reconcile resume` finishes it, `reconcile rollback {run.id}` takes it back"
        yield Finding(False, f"run {run.id} ({run.verb}) was interrupted", remedy)
