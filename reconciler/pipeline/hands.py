"""What an apply works with: kinds, a world and a journal; and one look through them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.formats import splices
from reconciler.model.change import Change, Recorded, Seen
from reconciler.model.kind import AnyKind
from reconciler.model.outcome import Intent, Outcome, Run, Status, Step
from reconciler.model.resource import Claim, Revision
from reconciler.model.world import Look, Unreadable, World
from reconciler.pipeline.observe import look_at

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
        planned: Sequence[Intent] = (),
    ) -> int: ...

    def intend(self, run: int, changes: Sequence[Intent]) -> None: ...

    def settle(self, run: int, settled: Sequence[Settled]) -> None: ...

    def finish(self, run: int) -> Run: ...

    def steps(self, run: int) -> Sequence[Step]: ...

    def recorded(self) -> Sequence[Recorded]: ...

    def promised(self, run: int, kind: str, root: str, path: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What an apply works with."""

    kinds: Sequence[AnyKind]
    world: World
    journal: Notes

    def look(self, changes: Sequence[Change[Any]]) -> dict[Claim, Seen[Any]]:
        """What is so now where something is to change."""
        by_kind: dict[str, list[Claim]] = {}
        for change in changes:
            by_kind.setdefault(change.ref.kind, []).append(change.claim)
        return look_at(by_kind, self.kinds, self.world, self.journal.key())

    def in_order(self, changes: Sequence[Change[Any]]) -> Sequence[AnyKind]:
        """Kinds that edited one file take their edits back in the order in which each finds its own text."""
        if not any(change.exact for change in changes):
            return self.kinds
        orders = (self.kinds[::-1], self.kinds)
        return next((order for order in orders if _finds(changes, order, self.world)), orders[0])


def _finds(changes: Sequence[Change[Any]], order: Sequence[AnyKind], look: Look) -> bool:
    """Whether the first kind that comes to a file finds the text that its way back fits."""
    rank = {kind.name: at for at, kind in enumerate(order)}
    first: dict[tuple[str, str], Change[Any]] = {}
    for change in sorted((c for c in changes if c.exact), key=lambda c: rank[c.ref.kind]):
        first.setdefault(change.claim[:2], change)
    return all(splices.back(c.exact, _text(look, *at)) is not None for at, c in first.items())


def _text(look: Look, root: str, path: str) -> str:
    with suppress(Unreadable, UnicodeDecodeError):
        file = look.read(root, path)
        return file.content.decode() if file else ""
    return ""
