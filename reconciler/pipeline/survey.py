"""One scan of the roots → Layout: what stands where, under which names. Looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from reconciler.model.change import ABSENT, Recorded
from reconciler.model.kind import Root
from reconciler.model.resource import Claim, Layout, Place, Ref
from reconciler.model.world import Look, Unreadable


def survey(roots: Sequence[Root], look: Look, recorded: Iterable[Recorded] = (), home: str = "") -> Layout:
    """Every root as it stands, and the claims that each resource already holds."""
    held: dict[Ref, dict[str, Claim]] = {}
    emptied: set[Claim] = set()
    for row in recorded:
        if row.value == ABSENT:
            emptied.add(row.claim)
        else:
            held.setdefault(row.ref, {})[row.part] = row.claim
    places = {root.name: _place(root, look) for root in roots}
    return Layout(places, held, frozenset(emptied), _texts(roots, look), home=home)


def _place(root: Root, look: Look) -> Place:
    if root.listed:
        return look.scan(root.name, root.skip)
    return Place(root.name, look.real(root.name, ""), shown=look.show(root.name, ""))


def _texts(roots: Sequence[Root], look: Look) -> dict[tuple[str, str], str]:
    """The shared files that can be read as text; the others are reported by who needs them."""
    texts = {}
    for root in roots:
        for path in root.shared:
            with suppress(Unreadable, UnicodeDecodeError):
                file = look.read(root.name, path)
                if file is not None:
                    texts[root.name, path] = file.content.decode()
    return texts
