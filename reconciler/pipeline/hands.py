"""What an apply works with: kinds, a world and a journal; and one look through them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.formats import splices
from reconciler.model.change import Change, Recorded, Seen
from reconciler.model.fingerprint import Codec
from reconciler.model.kind import AnyKind
from reconciler.model.outcome import Intent, Outcome, Run, Status, Step
from reconciler.model.resource import Claim, Revision
from reconciler.model.secret import Secrets
from reconciler.model.world import Look, Unreadable, World
from reconciler.pipeline.filling import NOWHERE, Filling
from reconciler.pipeline.observe import look_at
from reconciler.pipeline.shielding import Shield

Settled = tuple[Change[Any], Outcome]
BAD = (Status.STALE, Status.FAILED, Status.SKIPPED)


class Notes(Protocol):
    """As much of a journal as an apply needs."""

    def key(self) -> bytes: ...

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
    ) -> int: ...

    def intend(self, run: int, changes: Sequence[Intent]) -> None: ...

    def settle(self, run: int, settled: Sequence[Settled]) -> None: ...

    def finish(self, run: int) -> Run: ...

    def steps(self, run: int) -> Sequence[Step]: ...

    def recorded(self) -> Sequence[Recorded]: ...

    def veiled(self) -> Sequence[Recorded]: ...

    def promised(self, run: int, kind: str, root: str, path: str) -> bytes: ...

    def content(self, fingerprint: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What an apply works with; `watch`: what is known of secrets in the files that are changed now."""

    kinds: Sequence[AnyKind]
    world: World
    journal: Notes
    secrets: Secrets = NOWHERE
    watch: Shield = field(default_factory=lambda: Shield({}))

    @property
    def codecs(self) -> dict[str, Codec[Any]]:
        return {kind.name: kind.codec for kind in self.kinds}

    @property
    def filling(self) -> Filling:
        return Filling(self.secrets, self.codecs, self.journal.key())

    def look(self, changes: Sequence[Change[Any]]) -> dict[Claim, Seen[Any]]:
        """What is so now where something is to change."""
        by_kind: dict[str, list[Claim]] = {}
        for change in changes:
            by_kind.setdefault(change.ref.kind, []).append(change.claim)
        return look_at(by_kind, self.kinds, self.world, self.journal.key())

    def in_turn(self, changes: Sequence[Change[Any]]) -> list[tuple[AnyKind, list[Change[Any]]]]:
        """Each kind with its part of some changes, in the order in which they are made."""
        parts: dict[str, list[Change[Any]]] = {}
        for change in changes:
            parts.setdefault(change.ref.kind, []).append(change)
        return [(kind, parts[kind.name]) for kind in self.in_order(changes) if kind.name in parts]

    def in_order(self, changes: Sequence[Change[Any]]) -> Sequence[AnyKind]:
        """Kinds that edited one file take their edits back in the order in which each finds its own text."""
        exact = [change for change in changes if change.exact and not change.action.bookkeeping]
        if not exact:
            return self.kinds
        orders = (self.kinds[::-1], self.kinds)
        return next((order for order in orders if _finds(exact, order, self.world, self.watch)), orders[0])


def _finds(changes: Sequence[Change[Any]], order: Sequence[AnyKind], look: Look, watch: Shield) -> bool:
    """Whether the first kind that comes to a file finds the text that its way back fits."""
    rank = {kind.name: at for at, kind in enumerate(order)}
    first: dict[tuple[str, str], Change[Any]] = {}
    for change in sorted(changes, key=lambda c: rank[c.ref.kind]):
        first.setdefault(change.claim[:2], change)
    return all(splices.back(c.exact, watch.text(at, _text(look, *at))) is not None for at, c in first.items())


def _text(look: Look, root: str, path: str) -> str:
    with suppress(Unreadable, UnicodeDecodeError):
        file = look.read(root, path)
        return file.content.decode() if file else ""
    return ""
