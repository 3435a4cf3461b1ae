"""A saved plan's text → the plan, or every reason why it is none of this home's, or no longer what was planned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.formats import plan_json
from reconciler.model.change import Plan
from reconciler.model.fingerprint import fingerprint
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import PORT, Claim
from reconciler.pipeline.aim import skipped

if TYPE_CHECKING:
    from reconciler.app.session import App


def reopened(app: App, text: str) -> Plan:
    """Raises Invalid."""
    plan = plan_json.loads(text, app.codecs, app.cipher.unseal)
    problems = [*_foreign(plan, app), *_altered(plan, app)]
    if problems:
        raise Invalid(problems)
    return plan


def _foreign(plan: Plan, app: App) -> Iterator[Problem]:
    for what, theirs, ours in (
        ("machine", plan.host, app.host),
        ("HOME", plan.home, app.env.home),
        ("repository", plan.repo, app.repo),
    ):
        if theirs != ours:
            yield Problem(Origin("plan"), f"made for the {what} `{theirs}`, this is `{ours}`", _mend(what, plan))


def _altered(plan: Plan, app: App) -> Iterator[Problem]:
    """What no plan does by itself."""
    key = app.journal.key()
    skips = {root.name: root.skip for root in app.roots} | {PORT: {}}
    claims: set[Claim] = set()
    for change in plan.changes:
        claim = change.claim
        if claim.root not in skips or (not claim.item and skipped(claim.path, skips[claim.root])):
            yield Problem(Origin("plan"), f"{change.ref}: may not touch `{claim.path}`", "plan again")
        elif claim in claims:
            text = f"{change.ref}: `{app.world.show(claim.root, claim.path)}` is changed twice in this plan"
            yield Problem(Origin("plan"), text, "plan again: this file was altered after it was saved")
        claims.add(claim)
        if fingerprint(change.after, app.codecs[change.ref.kind], key) != (change.veiled or change.fingerprint):
            yield Problem(Origin("plan"), f"{change.ref}: its content is not what was planned", "plan again")


def _mend(what: str, plan: Plan) -> str:
    return f"say `--host {plan.host}` here too" if what == "machine" and plan.here else "plan again here"


def save(app: App, plan: Plan) -> Iterator[str]:
    """The plan as a JSON document that holds no secret in clear, piece by piece."""
    from reconciler.formats import plan_json

    app.cipher.keep()
    return plan_json.lines(plan, app.codecs, app.cipher.seal)
