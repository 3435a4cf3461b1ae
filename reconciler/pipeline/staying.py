"""Changes of keys → the same, told where other keys of their resource are there before or after. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Action, Change
from reconciler.model.resource import Claim, Ref


def staying(changes: Sequence[Change[Any]], known: Iterable[tuple[Ref, Claim]]) -> tuple[Change[Any], ...]:
    """`known`: everything that resources consist of. The same resource in another root is a whole of its own."""
    does = {change.claim: change.action if change.verdict.allowed else None for change in changes}
    found: dict[tuple[Ref, str], set[Action | None]] = {}
    for ref, claim in {*known, *((change.ref, change.claim) for change in changes)}:
        # What is only forgotten is there neither before nor after.
        if ref.name and claim.item and does.get(claim) is not Action.FORGET:
            found.setdefault((ref, claim.root), set()).add(does.get(claim))
    return tuple(
        replace(change, partial=True) if len(found.get((change.ref, change.claim.root), ())) > 1 else change
        for change in changes
    )
