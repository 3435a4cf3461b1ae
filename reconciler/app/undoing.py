"""A run, or references → the plan that takes it back, or hands back what stood there before."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.app.session import App
from reconciler.model.change import Plan
from reconciler.model.problem import invalid
from reconciler.model.resource import Revision
from reconciler.pipeline import cycle, naming


def take_back(app: App, run: int, force: Sequence[str] = ()) -> Plan:
    """The plan that takes a run back. Raises Invalid."""
    found = next((r for r in app.journal.runs() if r.id == run), None)
    if found is None:
        raise invalid("history", f"there is no run {run}", "see `reconcile history`")
    return cycle.take_back(run, _revision(app), app.eyes(found.repo), force)


def hand_back(app: App, refs: Sequence[str]) -> Plan:
    """The plan that hands back what stood there before it was ours. Raises Invalid."""
    owned = [row for row in app.journal.recorded() if row.repo == app.repo]
    naming.check(refs, [row.ref for row in owned], [(row.ref, row.part) for row in owned])
    return cycle.hand_back(refs, _revision(app), app.eyes(app.repo))


def _revision(app: App) -> Revision:
    return app.repository.tree("work").revision if app.repository else Revision("none", "")
