"""A change that is to be adopted → the same, with git's references in place of the secrets they lead to. Looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.app.session import App
from reconciler.model.change import Change
from reconciler.model.kind import AnyKind
from reconciler.model.problem import Invalid, invalid
from reconciler.model.world import Unreadable
from reconciler.pipeline.judge import told


def veiled(change: Change[Any], kind: AnyKind, app: App) -> Change[Any]:
    """Raises Invalid where another secret stands there: no secret is written into git."""
    carrier, here, asked = kind.codec.secrets, change.before.state, change.target.desired
    if not change.veiled or carrier is None or here is None:
        return change
    try:
        found = carrier.veiled(here, asked, app.secrets.value)
    except Unreadable as error:
        raise Invalid([error.problem]) from None
    if found is None:
        names = ", ".join(f"`{name}`" for name in sorted(carrier.references(asked)))
        hint = "put it there (`reconcile secret set NAME` keeps one), or adopt other keys by name"
        text = f"{told(change)}: git has a reference here, and what stands here is not what {names} leads to"
        raise invalid(str(change.target.origin), text, hint)
    return replace(change, before=replace(change.before, state=found))
