"""A world that sees what another sees, and over it the edits that were made here. Writes into memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model.dress import Dress
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import File, Place
from reconciler.model.serving import ServerWorld
from reconciler.model.world import Bitless, Edit, Edited, Look


class Rehearsal:
    """`edited`: what files would hold; `seen`: files that were looked at already."""

    def __init__(self, look: Look, seen: Mapping[tuple[str, str], File | None] | None = None) -> None:
        self.look = look
        self.edited: dict[tuple[str, str], File | None] = {}
        self._seen = seen or {}
        self._made: set[tuple[str, str]] = set()
        self._lacking: dict[tuple[str, str], tuple[str, ...]] = {}

    def scan(self, root: str, skip: Mapping[str, str]) -> Place:
        return self.look.scan(root, skip)

    def read(self, root: str, path: str) -> File | None:
        if (root, path) in self.edited:
            return self.edited[root, path]
        if (root, path) in self._seen:
            return self._seen[root, path]
        return self.look.read(root, path)

    def real(self, root: str, path: str) -> str:
        return self.look.real(root, path)

    def leftovers(self, root: str) -> Sequence[str]:
        return self.look.leftovers(root)

    def mode(self, root: str, path: str) -> int | None:
        return self.look.mode(root, path)

    def empty(self, root: str, folder: str) -> bool:
        return False

    def bitless(self, root: str, path: str) -> Bitless | None:
        return self.look.bitless(root, path)

    def dress(self, root: str, path: str) -> Dress | None:
        return self.look.dress(root, path)

    def show(self, root: str, path: str) -> str:
        return self.look.show(root, path)

    @property
    def servers(self) -> ServerWorld:
        """Only files are rehearsed."""
        raise NotImplementedError

    def lacking(self, root: str, path: str) -> tuple[str, ...]:
        at = root, path.rpartition("/")[0]
        if at not in self._lacking:
            self._lacking[at] = self.look.lacking(root, path)
        return tuple(folder for folder in self._lacking[at] if (root, folder) not in self._made)

    def edit(self, edits: Sequence[Edit]) -> Sequence[Edited]:
        return [self._edit(one) for one in edits]

    def prune(self, root: str, folder: str) -> bool:
        return False

    def recover(self, root: str, path: str) -> Sequence[Problem]:
        return ()

    def make(self, root: str, path: str) -> tuple[str, ...]:
        """The folders that a new file needs made, each said once."""
        made = self.lacking(root, path)
        self._made.update((root, folder) for folder in made)
        return made

    def _edit(self, one: Edit) -> Edited:
        if self.read(one.root, one.path) != one.before:
            where = Origin(self.show(one.root, one.path))
            return Edited(problem=Problem(where, "something else stands here"), stale=True)
        self.edited[one.root, one.path] = one.after
        return Edited(self.make(one.root, one.path) if one.before is None else ())
