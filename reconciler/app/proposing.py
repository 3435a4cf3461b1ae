"""What a person asked for → desired state and the plan for it, of all or only of what moved."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.app import planning
from reconciler.app.narrowing import narrow
from reconciler.app.session import App
from reconciler.model.change import Plan
from reconciler.model.resource import Loaded


def proposal(
    app: App,
    which: str = "work",
    targets: Sequence[str] = (),
    force: Sequence[str] = (),
    allow_delete: int = 0,
    *,
    every_host: bool = False,
    whole: bool = False,
) -> tuple[Loaded, Plan]:
    """What desired state says, and the plan for it. Where all was in step a while ago, only of what moved since;
    `whole`: of everything. `every_host`: with the problems that any machine would have. Raises Invalid."""
    if which == "work" and not (targets or force or whole or allow_delete != 0):
        found = narrow(app, every_host)
        if found is not None:
            return found
    loaded = planning.read_all(app, which) if every_host else planning.read(app, which)
    return loaded, planning.plan(app, which, targets, force, loaded, allow_delete)
