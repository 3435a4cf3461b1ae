"""A path → the state database behind it, for queries and transactions; makes the file on the first write, durably."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.model.problem import Invalid
from reconciler.world.disk import sync_folder
from reconciler.world.problems import failed, shown
from reconciler.world.seal import Seal, private_folder
from reconciler.world.store_schema import check, check_key, empty, fill, telling

if TYPE_CHECKING:
    import sqlite3

MEMORY = ":memory:"
PATIENCE = 10.0
# FULL and fullfsync: what was settled stays settled when the power goes, on macOS too. secure_delete: a content that
# turns out to be a secret later is written again, sealed, and must not stay behind in a free page.
SETTINGS = (
    "foreign_keys=ON",
    "synchronous=FULL",
    "fullfsync=ON",
    "temp_store=MEMORY",
    "secure_delete=ON",
    "cache_size=-65536",
)


class StateFile:
    """One connection, opened when first needed. Every method raises Invalid for what people can mend."""

    def __init__(self, path: str, home: str, seal: Seal | None) -> None:
        self._path, self._seal = path, seal
        self.where = shown(path, home)
        self._db: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """None where there is no state yet. Makes nothing."""
        with telling(self.where):
            if self._db is None and self._path != MEMORY:
                self._found()
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction."""
        with self.reading() as db:
            db = db or self._made()
            self._tighten()
            with _transaction(db):
                yield db

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.reading() as db:
            return [] if db is None else db.execute(query, values).fetchall()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _found(self) -> None:
        if not os.path.exists(self._path):
            return
        db = _connected(f"file:{quote(self._path)}?mode=rw")
        if empty(db):
            db.close()
            return
        check(db, self.where)
        if self._seal is not None:
            check_key(db, self.where, self._seal.key(of_state=True))
        self._hold(db)

    def _made(self) -> sqlite3.Connection:
        """The database, made with folder, key and marker."""
        assert self._seal is not None
        self._seal.keep(anew=True)
        db = _connected(f"file:{MEMORY}" if self._path == MEMORY else self._new_file())
        with _transaction(db):
            if empty(db):
                fill(db, self._seal.key())
            check_key(db, self.where, self._seal.key())  # another process may have been faster
        self._seal.mark(self.where)
        self._hold(db)
        return db

    def _new_file(self) -> str:
        try:
            private_folder(os.path.dirname(self._path))
            # Before SQLite sees it: it gives its other files the mode of this one.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise Invalid([failed(self.where, "made", error)]) from None
        uri = f"file:{quote(self._path)}?mode=rw"
        db = _connected(uri)
        db.execute("PRAGMA journal_mode=WAL")
        db.close()
        sync_folder(os.path.dirname(self._path))
        return uri

    def _tighten(self) -> None:
        """A state brought back from a backup may have become readable for others."""
        if self._path == MEMORY:
            return
        try:
            private_folder(os.path.dirname(self._path))
            if os.stat(self._path).st_mode & 0o077:
                os.chmod(self._path, 0o600)
        except OSError as error:
            raise Invalid([failed(self.where, "kept from others", error)]) from None

    def _hold(self, db: sqlite3.Connection) -> None:
        self._db = db
        weakref.finalize(self, db.close)  # so that SQLite's own files beside the state go when we go


def _connected(uri: str) -> sqlite3.Connection:
    import sqlite3

    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE)
    for setting in SETTINGS:
        db.execute(f"PRAGMA {setting}")
    return db


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
