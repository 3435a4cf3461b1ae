"""The changes of a wave → those that can be done at once, so that nothing goes before what replaces it has come. Pure.

All keys of a file change in one edit. So files in which keys only come or change have their turn first, then those in
which keys come and go, one by one, and at last those in which keys only go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.model.change import Change


def phases(changes: Sequence[Change[Any]]) -> Iterator[Sequence[Change[Any]]]:
    """An undo that knows the very bytes of files edits them all in the order that it was given."""
    losing = {c.claim[:2] for c in changes if _goes(c)}
    if not losing or any(change.exact for change in changes):
        yield changes
        return
    mixed = {c.claim[:2] for c in changes if c.claim[:2] in losing and c.after is not None and _touches(c)}
    yield from filter(None, [[c for c in changes if c.claim[:2] not in losing]])
    for at in sorted(mixed):
        yield [c for c in changes if c.claim[:2] == at]
    yield from filter(None, [[c for c in changes if c.claim[:2] in losing - mixed]])


def _touches(change: Change[Any]) -> bool:
    return not change.action.bookkeeping


def _goes(change: Change[Any]) -> bool:
    return bool(change.claim.item) and change.after is None and _touches(change)
