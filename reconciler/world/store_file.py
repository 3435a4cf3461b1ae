"""A path → the state database behind it, for queries and transactions; makes the file on the first write, durably."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.model.problem import Invalid, Problem, Severity, shown
from reconciler.world.disk import Identity, identity, sync_folder
from reconciler.world.problems import failed, problem
from reconciler.world.seal import Seal, private_folder
from reconciler.world.store_migrations import migrate
from reconciler.world.store_opening import Found, connected, on_disk, open_state, set_aside
from reconciler.world.store_schema import VERSION, check_key, empty, fill, telling, version

if TYPE_CHECKING:
    import sqlite3

MEMORY = ":memory:"
WAL = "-wal"
FRUGAL = ("PRAGMA cache_size=-4096", "PRAGMA wal_autocheckpoint=1000")
"""SQLite keeps what it has read of a file that grows, up to so many KiB; and what was written, in a file beside it of
so many pages."""


class StateFile:
    """One connection, opened when first needed, and again where another file stands at the path by then, or none: what
    is written into one that nobody finds again is lost. `times`: how often that was. Every method raises Invalid for
    what people can mend."""

    def __init__(self, path: str, home: str, seal: Seal | None) -> None:
        self._path, self._seal, self._home = path, seal, home
        self.where = shown(path, home)
        self._db: sqlite3.Connection | None = None
        self._old = 0
        self.trouble: Problem | None = None
        self.times = 0
        self._stood: Identity | None = None
        self._wal: Identity | None = None
        self._frugal = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """None where there is no state yet, or none that counts: `trouble` says why. Makes nothing."""
        with telling(self.where):
            if self._db is not None and not self._db.in_transaction and _standing(self._path) != self._stood:
                self._leave()
            if self._db is None and self.trouble is None and self._path != MEMORY:
                self._found()
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction."""
        with self.reading() as db:
            if self._old:
                db = self._newer()
            db = db or self._made()
            self._tighten()
            with _transaction(db):
                yield db
            self._wal = _standing(self._path + WAL)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.reading() as db:
            return [] if db is None else db.execute(query, values).fetchall()

    def stay(self) -> None:
        """From now on in little memory: this process will be here for days."""
        self._frugal = True
        if self._db is not None:
            _spare(self._db)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db, self._old = None, 0

    def _leave(self) -> None:
        """Another file stands there, or none. SQLite would take what we wrote beside the old one for the new one's."""
        self.close()
        self.times += 1
        if self._wal is not None and _standing(self._path + WAL) == self._wal:
            set_aside(self._path, self.where, (WAL,))

    def _found(self) -> None:
        self._stood = _standing(self._path)
        found = self._looked()
        self.trouble = found.trouble
        if found.db is not None:
            self._hold(found.db, found.old)

    def _looked(self) -> Found:
        if not os.path.exists(self._path):
            return Found(None)
        found = open_state(self._path, self.where, self._home)
        if found.db is None or self._seal is None:
            return found
        if self._seal.forgotten:
            found.db.close()
            hint = "bring that back from a backup, or let the next apply move the state aside and begin anew"
            text = "the state is not of this home: the key that belongs to it was never here"
            return Found(None, trouble=problem(self.where, text, hint, Severity.WARNING))
        check_key(found.db, self.where, self._seal.key(of_state=True))
        return found

    def _newer(self) -> sqlite3.Connection:
        """The state of an earlier version, brought to this one's tables where it stands."""
        self.close()
        self._stood = _standing(self._path)
        db = connected(on_disk(self._path))
        with _transaction(db):
            # Another process may have been faster.
            migrate(db, version(db, self.where), VERSION)
        self._hold(db)
        return db

    def _made(self) -> sqlite3.Connection:
        """The database, made with folder, key and marker."""
        assert self._seal is not None
        lost = self._seal.marked
        if self.trouble is not None and self._looked().trouble is not None:
            lost = True
            set_aside(self._path, self.where)
        self.trouble = None
        self._seal.keep(anew=True)
        uri = f"file:{MEMORY}" if self._path == MEMORY else self._new_file()
        self._stood = _standing(self._path)
        db = connected(uri)
        with _transaction(db):
            if empty(db):
                fill(db, self._seal.key(), self._home, lost=lost)
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
        uri = on_disk(self._path)
        db = connected(uri)
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

    def _hold(self, db: sqlite3.Connection, old: int = 0) -> None:
        self._db, self._old = db, old
        if self._frugal:
            _spare(db)
        weakref.finalize(self, db.close)  # so that SQLite's own files beside the state go when we go


def _standing(path: str) -> Identity | None:
    """Who the file at a path is; None where none is, or there is no path."""
    try:
        return None if path.startswith(MEMORY) else identity(os.stat(path))
    except FileNotFoundError:
        return None


def _spare(db: sqlite3.Connection) -> None:
    for setting in FRUGAL:
        db.execute(setting)


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
