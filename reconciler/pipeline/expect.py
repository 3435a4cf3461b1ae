"""Changes that are about to be made → the same as they will turn out, and what each will come to: what a crash would
leave unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Change
from reconciler.model.outcome import Outcome, Status
from reconciler.model.resource import Claim
from reconciler.pipeline.hands import Hands
from reconciler.pipeline.rehearsal import Rehearsal


def expected(changes: Sequence[Change[Any]], hands: Hands) -> list[tuple[Change[Any], Outcome | None]]:
    """If nobody interferes. Edits of shared files are rehearsed, since one says what turns all of it back, and another
    item may go by the name of one that is removed; of the rest only the folders are foreseen."""
    world = Rehearsal(hands.world)
    found: dict[Claim, Outcome] = {}
    touching = [change for change in changes if not change.action.bookkeeping]
    for kind, part in hands.in_turn(touching):
        if shared := [c for c in part if c.claim.item]:
            found.update((outcome.claim, outcome) for outcome in kind.act(shared, world))
    for change in touching:
        if not change.claim.item and change.before.state is None:
            made = tuple(Claim(change.claim.root, f) for f in world.make(change.claim.root, change.claim.path))
            found[change.claim] = Outcome(change.claim, Status.DONE, made=made)
    heirs = Hands(hands.kinds, world, hands.journal).look(
        [c for c in touching if c.claim in found and found[c.claim].heir]
    )
    return [
        (replace(c, fingerprint=heirs[c.claim].fingerprint) if c.claim in heirs else c, found.get(c.claim))
        for c in changes
    ]
