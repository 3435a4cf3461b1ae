"""The changes of a wave → those that can be done at once, so that nothing goes before what replaces it has come. Pure.

All keys of a file change in one edit. So files in which keys only come or change have their turn first, then those in
which keys come and go, and at last those in which keys only go. Of several in which keys come and go, each but the last
has what may wait removed by an edit of its own, after all of them have gained: not what shares an entry with a key that
comes, since half an entry must stand nowhere; and nothing of a file that several kinds edit, since each gives its bytes
back by one way, through no other's edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.model.change import Change

DEEP = 2
"""So many steps lead to an entry (`mcp/github`) where more lead to a key in it; else one does."""


def phases(changes: Sequence[Change[Any]]) -> Iterator[Sequence[Change[Any]]]:
    """An undo that knows the very bytes of files edits them all in the order that it was given."""
    losing = {c.claim[:2] for c in changes if _goes(c)}
    if not losing or any(change.exact for change in changes):
        yield changes
        return
    mixed = sorted({c.claim[:2] for c in changes if c.claim[:2] in losing and c.after is not None and _touches(c)})
    yield from filter(None, [[c for c in changes if c.claim[:2] not in losing]])
    later = {c.claim for at in mixed[:-1] for c in _may_wait([c for c in changes if c.claim[:2] == at])}
    for at in mixed:
        yield [c for c in changes if c.claim[:2] == at and c.claim not in later]
    only = losing.difference(mixed)
    yield from filter(None, [[c for c in changes if c.claim[:2] in only or c.claim in later]])


def _may_wait(changes: Sequence[Change[Any]]) -> list[Change[Any]]:
    """Of one file, the keys that go while no key beside them comes."""
    if len({change.ref.kind for change in changes if _touches(change)}) > 1:
        return []
    coming = [change.claim.item for change in changes if change.after is not None and _touches(change)]
    return [c for c in changes if _goes(c) and not any(_beside(c.claim.item, item) for item in coming)]


def _beside(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    depth = DEEP if min(len(one), len(other)) > DEEP else 1
    return one[:depth] == other[:depth]


def _touches(change: Change[Any]) -> bool:
    return not change.action.bookkeeping


def _goes(change: Change[Any]) -> bool:
    return bool(change.claim.item) and change.after is None and _touches(change)
