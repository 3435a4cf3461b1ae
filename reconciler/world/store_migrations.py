"""A state of an earlier version → the same in this version's tables; one transaction of its caller. Writes tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reconciler.world.store_schema import BOOK, create

if TYPE_CHECKING:
    import sqlite3


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})")}


def _from_1(db: sqlite3.Connection) -> None:
    """Version 1 stood in two shapes: the first had no `steps.becomes`. Its runs say nothing of what was yet to do."""
    if "becomes" not in _columns(db, "steps"):
        db.execute("ALTER TABLE steps ADD COLUMN becomes TEXT")
    db.execute("ALTER TABLE steps ADD COLUMN wave INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE steps ADD COLUMN rest TEXT")
    db.execute("ALTER TABLE runs ADD COLUMN title TEXT NOT NULL DEFAULT ''")
    create(db, BOOK)


def _from_2(db: sqlite3.Connection) -> None:
    """No state held references to secrets, and the first of these had no book."""
    if not _columns(db, "events"):
        create(db, BOOK)
    db.execute("ALTER TABLE owned ADD COLUMN veiled TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE owned ADD COLUMN mode INTEGER")


STEPS: Mapping[int, Callable[[sqlite3.Connection], None]] = {1: _from_1, 2: _from_2}


def migrate(db: sqlite3.Connection, version: int, to: int) -> None:
    """Version by version."""
    for one in range(version, to):
        STEPS[one](db)
    db.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (str(to),))
