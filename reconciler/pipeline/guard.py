"""Judged changes → the same, with deletions held that are too many to be meant. Pure.

A desired-state folder that was emptied by mistake, a wrong branch, a wrong `-C`: all look like a wish to delete.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Action, Cause, Change, Verdict
from reconciler.model.resource import Ref

FEW = 10
"""Of fewer objects, any number may go as long as something stays; a single one is not everything."""


def guard(
    changes: Sequence[Change[Any]], owned: int, named: Collection[Ref], allow: int | None
) -> Sequence[Change[Any]]:
    """`owned`: how many resources are ours; `named`: those that git asks for; `allow`: how many may go, None: any."""
    removed = [c for c in changes if c.cause is Cause.ORPHAN and c.action is Action.DELETE and c.verdict.allowed]
    going = {c.ref for c in removed} - {*named}
    if allow is None or len(going) <= allow or not _too_many(len(going), owned):
        return changes
    verdict = Verdict(
        False,
        f"would delete {len(going)} of {owned} objects",
        f"`reconcile apply --allow-delete {len(going)}` does it, if that is meant",
    )
    held = {c.claim for c in removed if c.ref in going}
    return [replace(c, verdict=verdict) if c.claim in held else c for c in changes]


def _too_many(going: int, owned: int) -> bool:
    return (going == owned and going > 1) or (owned >= FEW and going * 2 > owned)
