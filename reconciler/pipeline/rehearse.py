"""A plan's changes → what would stand there after them, done by the very code that applies them. Writes into memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Change, Plan, Recorded
from reconciler.model.kind import AnyKind
from reconciler.model.outcome import Run, Step
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import File, Place, Revision
from reconciler.model.world import Edit, Edited, Look
from reconciler.pipeline.apply import Hands, Settled, apply


class Rehearsal:
    """A world: what `look` sees, and over it the edits that were made here."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.edited: dict[tuple[str, str], File | None] = {}

    def scan(self, root: str, skip: Mapping[str, str]) -> Place:
        return self.look.scan(root, skip)

    def read(self, root: str, path: str) -> File | None:
        if (root, path) in self.edited:
            return self.edited[root, path]
        return self.look.read(root, path)

    def leftovers(self, root: str) -> Sequence[str]:
        return self.look.leftovers(root)

    def show(self, root: str, path: str) -> str:
        return self.look.show(root, path)

    def edit(self, edits: Sequence[Edit]) -> Sequence[Edited]:
        return [self._edit(one) for one in edits]

    def prune(self, root: str, folder: str) -> bool:
        return False

    def _edit(self, one: Edit) -> Edited:
        if self.read(one.root, one.path) != one.before:
            return Edited(
                problem=Problem(Origin(self.show(one.root, one.path)), "something else stands here"), stale=True
            )
        self.edited[one.root, one.path] = one.after
        return Edited()


class NoNotes:
    """A journal that keeps nothing."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def key(self) -> bytes:
        return self._key

    def recorded(self) -> Sequence[Recorded]:
        return ()

    def begin(self, verb: str, repo: str, folder: str, revision: Revision, host: str) -> int:
        return 0

    def intend(self, run: int, changes: Sequence[tuple[Change[Any], bytes | None, bytes | None]]) -> None:
        pass

    def settle(self, run: int, settled: Sequence[Settled]) -> None:
        pass

    def steps(self, run: int) -> Sequence[Step]:
        return ()

    def finish(self, run: int) -> Run:
        return Run(0, "rehearse", "", Revision("", ""), "", "")


def rehearse(plan: Plan, changes: Sequence[Change[Any]], kinds: Sequence[AnyKind], look: Look, key: bytes) -> Rehearsal:
    """Some of a plan's changes done; one that would be refused as stale is left out here too."""
    world = Rehearsal(look)
    apply(replace(plan, changes=tuple(changes)), Hands(kinds, world, NoNotes(key)), verb="rehearse", folder="")
    return world
