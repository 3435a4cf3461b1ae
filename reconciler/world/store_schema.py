"""The tables of a state database, and what SQLite's errors mean: made, checked, told in plain words. Writes tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING

from reconciler.model.problem import invalid
from reconciler.world.store_origin import here

if TYPE_CHECKING:
    import sqlite3

VERSION = 3

# `owned` refers to contents, so that nothing that is needed to hand a thing back can be dropped.
TABLES = """
meta(name TEXT PRIMARY KEY, value TEXT NOT NULL)
repositories(id TEXT PRIMARY KEY, folder TEXT NOT NULL, seen TEXT NOT NULL)
blobs(id TEXT PRIMARY KEY, sealed INTEGER NOT NULL, content BLOB NOT NULL)
runs(id INTEGER PRIMARY KEY, verb TEXT NOT NULL, repo TEXT NOT NULL, tree TEXT NOT NULL, commit_id TEXT NOT NULL,
    branch TEXT NOT NULL, uncommitted INTEGER NOT NULL, host TEXT NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL,
    generation INTEGER, counts TEXT, title TEXT NOT NULL DEFAULT '')
steps(id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, root_path TEXT NOT NULL, path TEXT NOT NULL,
    item TEXT NOT NULL, root TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, part TEXT NOT NULL,
    action TEXT NOT NULL, cause TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, recorded TEXT,
    status TEXT NOT NULL, message TEXT NOT NULL, becomes TEXT, wave INTEGER NOT NULL DEFAULT 0, rest TEXT)
owned(root_path TEXT NOT NULL, path TEXT NOT NULL, item TEXT NOT NULL, root TEXT NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL, part TEXT NOT NULL, repo TEXT NOT NULL, value TEXT NOT NULL REFERENCES blobs,
    standing TEXT NOT NULL, before TEXT REFERENCES blobs, needs TEXT NOT NULL, revision TEXT NOT NULL,
    run INTEGER NOT NULL, veiled TEXT NOT NULL DEFAULT '', mode INTEGER, PRIMARY KEY (root_path, path, item))
made(root_path TEXT NOT NULL, path TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (root_path, path, item))
pins(repo TEXT PRIMARY KEY, commit_id TEXT NOT NULL, reason TEXT NOT NULL)
"""
# What the loop and those who pause it write; without it ownership is whole all the same.
BOOK = """
events(id INTEGER PRIMARY KEY, repo TEXT NOT NULL, at TEXT NOT NULL, level TEXT NOT NULL, what TEXT NOT NULL,
    about TEXT NOT NULL, text TEXT NOT NULL, run INTEGER NOT NULL)
suspensions(repo TEXT NOT NULL, scope TEXT NOT NULL, reason TEXT NOT NULL, until TEXT NOT NULL, by TEXT NOT NULL,
    PRIMARY KEY (repo, scope))
conditions(repo TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, level TEXT NOT NULL, about TEXT NOT NULL,
    PRIMARY KEY (repo, key))
memory(repo TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (repo, name))
samples(server TEXT NOT NULL, tier INTEGER NOT NULL, at REAL NOT NULL, cpu REAL NOT NULL, memory INTEGER NOT NULL,
    most_memory INTEGER NOT NULL, sessions INTEGER NOT NULL, busy INTEGER NOT NULL, latency REAL NOT NULL,
    number INTEGER NOT NULL, PRIMARY KEY (server, tier, at))
"""
INDEX = "CREATE INDEX steps_by_claim ON steps(run, root_path, path, item)"
NAMES = frozenset(line.partition("(")[0] for line in TABLES.splitlines() if line and not line.startswith(" "))
# All but the contents: those are many, and each is checked when it is needed.
VITAL = sorted(NAMES - {"blobs"})
DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

AWAY = "put it back from a backup, or move it away: the next plan then says `unknown` where it cannot tell"
WRITABLE = "see with `ls -l` who may; its folder must be writable too"
MEANINGS = {
    "SQLITE_BUSY": ("is being written by another run", "let it finish, then run it again"),
    "SQLITE_LOCKED": ("is being written by another run", "let it finish, then run it again"),
    "SQLITE_CORRUPT": ("is damaged", AWAY),
    "SQLITE_NOTADB": ("is damaged, or another program's file", AWAY),
    "SQLITE_READONLY": ("cannot be written", WRITABLE),
    "SQLITE_PERM": ("cannot be opened: permission is denied", WRITABLE),
    "SQLITE_CANTOPEN": ("cannot be opened", WRITABLE),
    "SQLITE_FULL": ("cannot be written: the disk is full", "free some space, then run it again"),
    "SQLITE_IOERR": ("cannot be read or written: the disk reports an error", "see the system's log"),
}


@contextmanager
def telling(where: str) -> Iterator[None]:
    """SQLite's errors as Invalid, where people can do something about them; bugs stay what they are."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        name = sort_of(error)
        if name not in MEANINGS:
            raise
        text, hint = MEANINGS[name]
        raise invalid(where, f"the state {text}", hint) from None


def sort_of(error: sqlite3.Error) -> str:
    """SQLite's own name of an error, without its finer distinctions."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def fill(db: sqlite3.Connection, key: bytes, home: str, *, lost: bool = False) -> None:
    """The tables of a new state, bound to a key of fingerprints and a home. `lost`: there was another before it."""
    create(db, TABLES)
    create(db, BOOK)
    db.execute(INDEX)
    said = {"schema": str(VERSION), "key": _proof(key), "made": now(), **here(home)}
    db.executemany("INSERT INTO meta VALUES (?, ?)", [*said.items(), *([("lost", now())] if lost else [])])


def create(db: sqlite3.Connection, tables: str) -> None:
    """Tables, one on each line that is not indented."""
    import sqlite3

    strict = " STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""
    for table in tables.replace("\n    ", " ").strip().splitlines():
        db.execute(f"CREATE TABLE {table}{strict}")


def empty(db: sqlite3.Connection) -> bool:
    return not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def version(db: sqlite3.Connection, where: str) -> int:
    """The version of its tables. Raises Invalid for a later one, and for another program's database."""
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names & NAMES:
        raise invalid(where, "the state is another program's database", AWAY)
    said = meta(db, "schema") if "meta" in names else ""
    if said.isdigit() and int(said) > VERSION:
        hint = "use the newer version of reconcile that wrote it"
        raise invalid(where, f"the state has format {said}, this version knows {VERSION}", hint)
    return int(said) if said.isdigit() and names >= NAMES else 0


def damage(db: sqlite3.Connection) -> str:
    """What is wrong with its tables, as SQLite says it; "" where they are sound. Contents are not looked at."""
    for table in VITAL:
        for (said,) in db.execute(f"PRAGMA quick_check({table})"):
            if said != "ok":
                return str(said).splitlines()[0]
    return ""


def check_key(db: sqlite3.Connection, where: str, key: bytes) -> None:
    """Raises Invalid for a state whose fingerprints were made with another key."""
    if meta(db, "key") != _proof(key):
        hint = "put back the `key` that belongs to it: key and state go together into a backup"
        raise invalid(where, "the state was made with another key of fingerprints", hint)


def meta(db: sqlite3.Connection, name: str) -> str:
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _proof(key: bytes) -> str:
    """What tells two keys apart, and nothing else about them."""
    return blake2b(b"the key of this state", digest_size=16, key=key).hexdigest()


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
