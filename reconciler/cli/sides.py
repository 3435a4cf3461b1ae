"""A plan's conflicts → what was edited here and what git changed, each since the last apply. Looks into the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.render_body import Sides
from reconciler.model.change import Cause, Plan
from reconciler.model.resource import Claim

if TYPE_CHECKING:
    from reconciler.app import App


def sides(plan: Plan, app: App) -> dict[Claim, Sides]:
    """One entry for each conflict whose last applied content is still kept; none for what is taken back."""
    if plan.title:
        return {}
    kinds = {kind.name: kind for kind in app.kinds}
    found = {}
    for change in plan.changes:
        if change.cause is Cause.CONFLICT and not change.action.bookkeeping and change.recorded and not change.secret:
            kind = kinds[change.ref.kind]
            try:
                last = kind.codec.decode(app.journal.content(change.recorded.value))
            except KeyError:
                continue
            found[change.claim] = Sides(kind.diff(last, change.before.state), kind.diff(last, change.target.desired))
    return found
