"""Files that hold secrets → the permission bits they get, and what of them is secret: nobody else may read them, and
when the last secret is handed back they get the bits they had. A world that writes with those bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.model.change import Change, Recorded
from reconciler.model.dress import Dress
from reconciler.model.fingerprint import Codec
from reconciler.model.problem import Problem
from reconciler.model.resource import Claim, File, Place
from reconciler.model.secret import MARKED
from reconciler.model.serving import ServerWorld
from reconciler.model.world import Bitless, Edit, Edited, World
from reconciler.shapes import veiling
from reconciler.shapes.carrying import FILES

OWNER = 0o700
PRIVATE = 0o600
PLACEHOLDER = "xxxxxxxxxxxxxxxx"
At = tuple[str, str]


@dataclass
class Shield:
    """What is known of files that hold secrets, while one wave of changes is made. `rows`: those of ownership that
    have secrets, of every repository; `veiled`: what each of them has, with references in place of secrets."""

    rows: dict[Claim, Recorded]
    veiled: dict[Claim, Any] = field(default_factory=dict)

    def moded(self, change: Change[Any], world: World) -> Change[Any]:
        """The row of a change remembers the bits that its file had before it held secrets."""
        becomes = change.becomes
        if becomes is None or not becomes.veiled or (change.recorded is not None and change.recorded.veiled):
            return change
        beside = next((row for claim, row in self.rows.items() if claim[:2] == change.claim[:2]), None)
        mode = beside.mode if beside is not None else world.mode(*change.claim[:2])
        return replace(change, becomes=replace(becomes, mode=mode))

    def modes(self, changes: Sequence[Change[Any]], world: World) -> dict[At, int]:
        """The bits that the files of some changes get; those that stay as they are are not named."""
        touched = {change.claim for change in changes}
        rows: dict[At, list[Recorded]] = {}
        for row in self.rows.values():
            rows.setdefault(row.claim[:2], []).append(row)
        veiled = {change.claim[:2] for change in changes if change.becomes and change.becomes.veiled}
        found: dict[At, int] = {}
        concerned = {claim[:2] for claim in touched} & (veiled | rows.keys())
        for at in {at for at in concerned if world.bitless(*at) is None}:
            before = rows.get(at, [])
            if at in veiled or any(row.claim not in touched for row in before):
                mode = world.mode(*at)
                found[at] = PRIVATE if mode is None else mode & OWNER
            elif before and before[0].mode is not None:
                found[at] = before[0].mode
        return found

    def text(self, at: At, text: str) -> str:
        """A shared file with references in place of its secrets."""
        places = {claim.item: state for claim, state in self.veiled.items() if claim[:2] == at and claim.item}
        return veiling.veil(text, places) if places else text

    def staged(self, at: At, file: File) -> File | None:
        """A file as a copy may hold it, a placeholder for each secret; None where they can't be told apart."""
        whole = self.veiled.get(Claim(*at))
        if whole is not None:
            return FILES.hidden(file, whole, lambda secret: PLACEHOLDER)
        if not any(claim[:2] == at for claim in self.veiled):
            return file
        text = self.text(at, file.content.decode("utf-8", "surrogateescape"))
        return file._replace(content=MARKED.sub(PLACEHOLDER, text).encode("utf-8", "surrogateescape"))

    def veils(self, changes: Sequence[Change[Any]]) -> list[Change[Any]]:
        """The changes of one kind, each with what is secret in its file before and after all of them."""
        before = dict(self.veiled)
        for change in changes:
            self.veiled.pop(change.claim, None)
            if change.becomes is not None and change.becomes.veiled:
                self.veiled[change.claim] = veil(change)
        return [replace(c, veils=(_of(c.claim, before), _of(c.claim, self.veiled))) for c in changes]


def veil(change: Change[Any]) -> Any:
    """What a change writes, with references in place of secrets."""
    return dict(change.veils[1]).get(change.claim, change.after)


def _of(claim: Claim, veiled: Mapping[Claim, Any]) -> tuple[tuple[Claim, Any], ...]:
    return tuple((at, state) for at, state in veiled.items() if at[:2] == claim[:2])


def shield(rows: Sequence[Recorded], codecs: Mapping[str, Codec[Any]], content: Any) -> Shield:
    """`rows`: those that hold secrets; `content`: what the journal keeps under a fingerprint."""
    found = Shield({row.claim: row for row in rows})
    for claim, row in found.rows.items():
        with suppress(KeyError):
            found.veiled[claim] = codecs[row.ref.kind].decode(content(row.veiled))
    return found


class Shielded:
    """A world in which some files are written with other permission bits, and some are made with a dress."""

    def __init__(self, world: World, modes: Mapping[At, int], dresses: Mapping[At, Dress]) -> None:
        self._world, self._modes, self._dresses = world, modes, dresses

    @property
    def servers(self) -> ServerWorld:
        return self._world.servers

    def scan(self, root: str, skip: Mapping[str, str]) -> Place:
        return self._world.scan(root, skip)

    def read(self, root: str, path: str) -> File | None:
        return self._world.read(root, path)

    def mode(self, root: str, path: str) -> int | None:
        return self._world.mode(root, path)

    def empty(self, root: str, folder: str) -> bool:
        return self._world.empty(root, folder)

    def bitless(self, root: str, path: str) -> Bitless | None:
        return self._world.bitless(root, path)

    def dress(self, root: str, path: str) -> Dress | None:
        return self._world.dress(root, path)

    def show(self, root: str, path: str) -> str:
        return self._world.show(root, path)

    def real(self, root: str, path: str) -> str:
        return self._world.real(root, path)

    def leftovers(self, root: str) -> Sequence[str]:
        return self._world.leftovers(root)

    def lacking(self, root: str, path: str) -> tuple[str, ...]:
        return self._world.lacking(root, path)

    def recover(self, root: str, path: str) -> Sequence[Problem]:
        return self._world.recover(root, path)

    def prune(self, root: str, folder: str) -> bool:
        return self._world.prune(root, folder)

    def edit(self, edits: Sequence[Edit]) -> Sequence[Edited]:
        return self._world.edit([self._worn(one) for one in edits])

    def _worn(self, one: Edit) -> Edit:
        at = one.root, one.path
        return one._replace(mode=self._modes.get(at), dress=self._dresses.get(at))

    def settle(self) -> None:
        """Gives the bits to those files that nothing else had to be written in."""
        self._world.edit([*self._left()])

    def _left(self) -> Iterator[Edit]:
        for (root, path), mode in self._modes.items():
            standing = self._world.mode(root, path)
            if standing is not None and standing & ~0o111 != mode & ~0o111:
                file = self._world.read(root, path)
                yield Edit(root, path, file, file, mode)
