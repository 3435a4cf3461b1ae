"""The changes of a wave → those that can be done at once, so that nothing goes before what replaces it has come. Pure.

All keys of a file change in one edit. So files in which keys only come or change have their turn first, then those in
which keys come and go, and at last those in which keys only go. Of several in which keys come and go, each but the last
has what may wait removed by an edit of its own, after all of them have gained: not what shares an entry with a key that
comes, since half an entry must stand nowhere.

A file that several kinds edit takes its turn after those, in one edit by each kind: each gives its bytes back by one
way, through no other's edit. Of two or more such files, each kind adds what it has to all before it removes anything of
its own from one, and only then is it the next kind's turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reconciler.model.change import Change
from reconciler.model.kind import AnyKind

DEEP = 2
"""So many steps lead to an entry (`mcp/github`) where more lead to a key in it; else one does."""
Phase = Sequence[Change[Any]]
At = tuple[str, str]


def phases(changes: Phase, kinds: Sequence[AnyKind]) -> Iterator[Phase]:
    """`kinds`: in the order in which they act. An undo that knows the very bytes of files edits them all in the order
    that it was given."""
    losing = {c.claim[:2] for c in changes if _goes(c)}
    if not losing or any(change.exact for change in changes):
        yield changes
        return
    by_file: dict[At, list[Change[Any]]] = {at: [] for at in sorted(losing)}
    for change in changes:
        by_file.get(change.claim[:2], []).append(change)
    mixed = {at: own for at, own in by_file.items() if any(c.after is not None and _touches(c) for c in own)}
    shared = {at: own for at, own in mixed.items() if len({c.ref.kind for c in own if _touches(c)}) > 1}
    single = [own for at, own in mixed.items() if at not in shared]
    later = {c.claim for own in (single if shared else single[:-1]) for c in _may_wait(own)}
    yield from filter(None, [[c for c in changes if c.claim[:2] not in losing]])
    for own in single:
        yield [c for c in own if c.claim not in later]
    yield from _in_turn(shared.values(), kinds) if len(shared) > 1 else shared.values()
    only = losing.difference(mixed)
    yield from filter(None, [[c for c in changes if c.claim[:2] in only or c.claim in later]])


def _in_turn(files: Iterable[Phase], kinds: Sequence[AnyKind]) -> Iterator[Phase]:
    for kind in kinds:
        parts = [[change for change in own if change.ref.kind == kind.name] for own in files]
        later = {change.claim for own in parts for change in _may_wait(own)}
        together = [change for own in parts for change in own]
        yield from filter(
            None, ([c for c in together if c.claim not in later], [c for c in together if c.claim in later])
        )


def _may_wait(changes: Phase) -> list[Change[Any]]:
    """Of one file and one kind, the keys that go while no key beside them comes."""
    coming = [change.claim.item for change in changes if change.after is not None and _touches(change)]
    return [c for c in changes if _goes(c) and not any(_beside(c.claim.item, item) for item in coming)]


def _beside(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    depth = DEEP if min(len(one), len(other)) > DEEP else 1
    return one[:depth] == other[:depth]


def _touches(change: Change[Any]) -> bool:
    return not change.action.bookkeeping


def _goes(change: Change[Any]) -> bool:
    return bool(change.claim.item) and change.after is None and _touches(change)
