"""A step → what it handed back of an item that goes by another name since one before it went beside it. Pure."""

from __future__ import annotations

from reconciler.model.change import Action
from reconciler.model.fingerprint import alike
from reconciler.model.outcome import Step


def renamed(step: Step) -> str:
    """The fingerprint of what was handed back: the step's own `after` is what has its name now. "" where it has it
    itself."""
    row = step.recorded
    back = step.action is Action.RESTORE and step.becomes is None and step.claim.item and not step.veil_after
    if not back or row is None or row.before is None or alike(step.after, row.before):
        return ""
    return row.before
