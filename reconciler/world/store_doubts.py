"""Places where an edit did not go well ↔ the row of `meta` that keeps them until nothing is left there. Writes it."""

from __future__ import annotations

import json
from collections.abc import Set
from typing import TYPE_CHECKING

from reconciler.model.outcome import Status
from reconciler.world.store_schema import meta

if TYPE_CHECKING:
    import sqlite3

Place = tuple[str, str]
NONE: Set[Place] = frozenset()
NAME = "doubtful"
DOUBTED = (Status.DONE, Status.PLANNED, Status.STALE, Status.FAILED)
"""How a change may end that an error befell while it was made."""


def places(db: sqlite3.Connection) -> set[Place]:
    """Folders of roots, and paths below them."""
    return {(folder, path) for folder, path in json.loads(meta(db, NAME) or "[]")}


def note(db: sqlite3.Connection, *, more: Set[Place] = NONE, less: Set[Place] = NONE) -> None:
    if more or less:
        kept = json.dumps(sorted(places(db) - less | more))
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (NAME, kept))
