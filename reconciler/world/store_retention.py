"""A state → the same without runs that are too old, and without contents that nothing needs any more. Deletes rows.

A run goes when it is neither among the newest nor young. What ownership needs stays: what stood there before a thing
was ours, and, for files that we own keys of, what turns each run's edit back, since `release` goes back through all of
them. Runs that are open stay whole.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reconciler.model.resource import History

if TYPE_CHECKING:
    import sqlite3

DAY = 86400
WASTE = 512
"""So many free pages (2 MiB), if they are more than half of all, are worth writing the file anew."""

# Names with a `/` say what turns a run back; all others are fingerprints.
UNNEEDED = """
DELETE FROM blobs WHERE id NOT GLOB '*/*' AND id NOT IN (
    SELECT value FROM owned UNION SELECT before FROM owned WHERE before IS NOT NULL UNION SELECT veiled FROM owned
    UNION SELECT before FROM steps UNION SELECT after FROM steps
    UNION SELECT said.value FROM steps, json_each(steps.recorded) AS said WHERE said.type = 'text'
    UNION SELECT said.value FROM steps, json_each(steps.becomes) AS said WHERE said.type = 'text'
    UNION SELECT said.value FROM steps, json_each(steps.rest) AS said WHERE said.type = 'text')
"""


def old(db: sqlite3.Connection, keep: History) -> list[int]:
    """The runs that are not kept any more and have something left that could go."""
    before = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - keep.days * DAY))
    query = """
        SELECT id FROM runs WHERE ended != '' AND started < ?
        AND id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)
        AND (id IN (SELECT run FROM steps) OR NOT EXISTS (
            SELECT 1 FROM blobs WHERE blobs.id GLOB 'reverse/' || runs.id || '/*'))
    """
    return [run for (run,) in db.execute(query, (before, keep.runs))]


def thin(db: sqlite3.Connection, runs: list[int]) -> None:
    """Lets these runs go."""
    shared = set(db.execute("SELECT kind, root, path FROM owned WHERE item != '[]'").fetchall())
    for run in runs:
        db.execute("DELETE FROM steps WHERE run = ?", (run,))
        db.execute("DELETE FROM blobs WHERE id GLOB ?", (f"dress/{run}/*",))
        reverses = [name for (name,) in db.execute("SELECT id FROM blobs WHERE id GLOB ?", (f"reverse/{run}/*",))]
        needed = {name for name in reverses if tuple(name.split("/", 4)[2:]) in shared}
        db.executemany("DELETE FROM blobs WHERE id = ?", [(name,) for name in reverses if name not in needed])
        if not needed:
            db.execute("DELETE FROM runs WHERE id = ?", (run,))
    db.execute(UNNEEDED)


def wasteful(db: sqlite3.Connection) -> bool:
    """Whether most of the file is empty."""
    free, pages = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
    return bool(free > WASTE and free * 2 > pages)
