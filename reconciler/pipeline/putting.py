"""A wave of changes that are ready → the same with secrets in them, and what is secret in their files. Looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Change
from reconciler.model.fingerprint import alike
from reconciler.model.outcome import Outcome
from reconciler.model.resource import Claim
from reconciler.model.world import Look
from reconciler.pipeline.hands import Hands, Settled
from reconciler.pipeline.observe import OTHERS, look_at
from reconciler.pipeline.shielding import shield


def watching(changes: Sequence[Change[Any]], hands: Hands) -> Hands:
    """With what is known of the secrets in these files; nothing, where they have none."""
    rows = hands.journal.veiled() if any(change.secret or change.exact for change in changes) else ()
    watch = shield(rows, hands.codecs, hands.journal.content)
    by_kind: dict[str, list[Claim]] = {}
    for claim, row in watch.rows.items():
        by_kind.setdefault(row.ref.kind, []).append(claim)
    for claim, seen in look_at(by_kind, hands.kinds, hands.world, hands.journal.key()).items():
        if not alike(seen.fingerprint, watch.rows[claim].value):
            watch.veiled.pop(claim, None)  # edited by hand: that must not be taken for ours
    return replace(hands, watch=watch)


def put_in(ready: Sequence[Change[Any]], refused: list[Settled], hands: Hands) -> list[Change[Any]]:
    """The changes with secrets in them; `refused` learns of those whose secret is another one by now."""
    filled: list[Change[Any]] = []
    filling = hands.filling
    for change in ready:
        exposed = bool(change.veiled) and _exposed(change, hands.world)
        made = filling.fill(change, exposed=exposed)
        if isinstance(made, Outcome):
            refused.append((change, made))
        else:
            filled.append(hands.watch.moded(made, hands.world))
    return _veiled(filled, hands) if any(change.secret or change.exact for change in filled) else filled


def _exposed(change: Change[Any], look: Look) -> bool:
    """Whether others may read its file, and that can be changed."""
    at = change.claim[:2]
    return bool((look.mode(*at) or 0) & OTHERS) and look.bitless(*at) is None


def _veiled(changes: Sequence[Change[Any]], hands: Hands) -> list[Change[Any]]:
    """Each with what is secret in its file when its turn comes, and after it: kinds act one after the other."""
    found: dict[Claim, Change[Any]] = {}
    for _, batch in hands.in_turn(changes):
        found.update((change.claim, change) for change in hands.watch.veils(batch))
    return [found[change.claim] for change in changes]
