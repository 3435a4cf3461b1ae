"""A plan's changes → what would stand there after them, done by the very code that applies them. Writes into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import ABSENT, LATER, Change, Plan, Recorded
from reconciler.model.kind import AnyKind
from reconciler.model.outcome import Intent, Run, Step
from reconciler.model.resource import Revision
from reconciler.model.world import Look
from reconciler.pipeline.apply import apply
from reconciler.pipeline.hands import Hands, Settled
from reconciler.pipeline.rehearsal import Rehearsal
from reconciler.pipeline.shielding import PLACEHOLDER


class Placeholders:
    """Secrets that are none."""

    def glance(self, reference: str) -> str | None:
        return PLACEHOLDER

    def asking(self) -> Placeholders:
        return self

    def value(self, reference: str) -> str:
        return PLACEHOLDER


class NoNotes:
    """A journal that keeps nothing."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def key(self) -> bytes:
        return self._key

    def recorded(self) -> Sequence[Recorded]:
        return ()

    def veiled(self) -> Sequence[Recorded]:
        return ()

    def begin(
        self,
        verb: str,
        repo: str,
        folder: str,
        revision: Revision,
        host: str,
        *,
        title: str = "",
        opened: Sequence[Intent] = (),
        planned: Sequence[Intent] = (),
    ) -> int:
        return 1

    def intend(self, run: int, changes: Sequence[Intent]) -> None:
        pass

    def promised(self, run: int, kind: str, root: str, path: str) -> bytes:
        return b""

    def settle(self, run: int, settled: Sequence[Settled]) -> None:
        pass

    def steps(self, run: int) -> Sequence[Step]:
        return ()

    def content(self, fingerprint: str) -> bytes:
        raise KeyError(fingerprint)

    def finish(self, run: int) -> Run:
        return Run(0, "rehearse", "", Revision("", ""), "", "")


def rehearse(plan: Plan, changes: Sequence[Change[Any]], kinds: Sequence[AnyKind], look: Look, key: bytes) -> Rehearsal:
    """Some of a plan's changes done; one that would be refused as stale is left out here too."""
    world = Rehearsal(look, {c.claim[:2]: c.before.state for c in changes if _plainly_seen(c)})
    # Whatever a secret is, the copy has a placeholder in its stead.
    todo = tuple(replace(c, fingerprint=LATER) if c.veiled and not c.action.bookkeeping else c for c in changes)
    apply(replace(plan, changes=todo), Hands(kinds, world, NoNotes(key), Placeholders()), verb="rehearse", folder="")
    return world


def _plainly_seen(change: Change[Any]) -> bool:
    """Whether its state before is the whole file, as it stands there; a saved plan says its fingerprint alone."""
    veiled = change.veiled or (change.recorded is not None and change.recorded.veiled)
    told = (change.before.state is None) == (change.before.fingerprint == ABSENT)
    return not change.claim.item and change.before.problem is None and not veiled and told
