"""A path → the state that stands there, fit to be read, or why it is not; and out of the way with one that is not.

Reading changes no file: a state of an earlier version is read from a copy in memory. One that is damaged or a
stranger's counts as lost, and stays where it is until something is to be written: then it is
moved aside, never removed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from reconciler.model.problem import Invalid, Problem, Severity
from reconciler.world.disk import sync_folder
from reconciler.world.problems import failed, problem
from reconciler.world.store_migrations import migrate
from reconciler.world.store_origin import check_owner, stranger
from reconciler.world.store_schema import DAMAGE, VERSION, damage, empty, sort_of, version

if TYPE_CHECKING:
    import sqlite3

PATIENCE = 10.0
# FULL and fullfsync: what was settled stays settled when the power goes, on macOS too. secure_delete: a content that
# turns out to be a secret later is written again, sealed, and must not stay behind in a free page. wal_autocheckpoint:
# the pages that all commits of a large apply touch go into the state once, when it is closed.
SETTINGS = (
    "foreign_keys=ON",
    "synchronous=FULL",
    "fullfsync=ON",
    "temp_store=MEMORY",
    "secure_delete=ON",
    "cache_size=-65536",
    "wal_autocheckpoint=16000",
)


class Found(NamedTuple):
    """`db` None: no state that counts, and `trouble` why. `old`: the version on disk, where `db` is a newer copy."""

    db: sqlite3.Connection | None
    old: int = 0
    trouble: Problem | None = None


def open_state(path: str, where: str, home: str) -> Found:
    """What stands at `path`, a file. Raises Invalid for a state that is sound and not ours to read."""
    import sqlite3

    check_owner(path, where)
    db = None
    try:
        db = connected(on_disk(path))
        if empty(db):
            db.close()
            return Found(None)
        number = version(db, where)
        wrong = damage(db) if number else "a table is missing"
    except sqlite3.Error as error:
        if sort_of(error) not in DAMAGE:
            raise
        wrong = str(error)
    if wrong or db is None:
        return _unfit(db, where, f"the state is damaged ({wrong})", "or put it back from a backup now")
    if why := stranger(db, home):
        return _unfit(db, where, f"the state is not of this home: {why}", "or bring back this home's own now")
    return Found(db) if number == VERSION else Found(_newer_copy(db, number), number)


def _unfit(db: sqlite3.Connection | None, where: str, text: str, hint: str) -> Found:
    if db is not None:
        db.close()
    told = f"what differs from git is held as unknown; the next apply moves the state aside, {hint}"
    return Found(None, trouble=problem(where, text, told, Severity.WARNING))


def _newer_copy(db: sqlite3.Connection, number: int) -> sqlite3.Connection:
    copy = connected("file::memory:")
    db.backup(copy)
    db.close()
    migrate(copy, number, VERSION)
    return copy


def connected(uri: str) -> sqlite3.Connection:
    import sqlite3

    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE)
    for setting in SETTINGS:
        db.execute(f"PRAGMA {setting}")
    return db


def on_disk(path: str) -> str:
    return f"file:{quote(path)}?mode=rw"


def set_aside(path: str, where: str, ends: Sequence[str] = ("-wal", "-shm", "")) -> None:
    """Moves a state that is unfit, and SQLite's own files beside it, to another name. Raises Invalid."""
    name = f"{path}.aside-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
    try:
        for end in ends:
            if os.path.lexists(path + end):
                os.rename(path + end, name + end)
    except OSError as error:
        raise Invalid([failed(where, "moved aside", error)]) from None
    sync_folder(os.path.dirname(path))
