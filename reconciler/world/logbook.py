"""The loop's book in the state database: events, suspensions, what lasts, what is remembered. Durable on return."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.formats.masking import Masker
from reconciler.model.event import Condition, Event, Level, Suspension
from reconciler.model.resource import Claim
from reconciler.world import store_rows
from reconciler.world.samples import Samples
from reconciler.world.store_file import StateFile
from reconciler.world.store_schema import now

KEPT = 10_000
EVENT = "id, at, level, what, about, text, run"
COUNTS = "r.repo = :repo AND (r.id > :since OR r.commit_id = :head)"
OWN = "r.verb != 'loop' AND (r.uncommitted > 0 OR r.commit_id != :head OR r.verb IN ('rollback', 'release'))"
FIRST = f"SELECT min(r.id) FROM runs r WHERE {COUNTS} AND {OWN}"
# The last run that touched a claim, where somebody did that by hand and not as the followed commit says it. What was
# done before the first of these decides nothing: a loop's own runs may be thousands.
TOUCHED = f"""
SELECT root_path, root, path, item, max(run) FROM (
    SELECT s.root_path, s.root, s.path, s.item, s.run, {OWN} AS own
    FROM steps s JOIN runs r ON r.id = s.run
    WHERE {COUNTS} AND r.id >= :first AND s.status = 'done')
GROUP BY 1, 2, 3, 4 HAVING own
"""


class Book:
    """The Logbook of one user and HOME. `clock`: UTC, ISO 8601."""

    def __init__(self, file: StateFile, clock: Callable[[], str] = now) -> None:
        self._file, self._clock = file, clock
        self._masker = Masker()
        self.samples = Samples(file)

    def tell(self, repo: str, events: Sequence[Event]) -> Sequence[Event]:
        if not events:
            return ()
        with self._file.writing() as db:
            told = []
            for event in events:
                told.append(event := replace(event, at=event.at or self._clock(), text=self._masker.mask(event.text)))
                row = (repo, event.at, event.level.value, event.what, event.about, event.text, event.run)
                number = db.execute(
                    f"INSERT INTO events (repo, {EVENT[4:]}) VALUES (?, ?, ?, ?, ?, ?, ?)", row
                ).lastrowid
                told[-1] = replace(event, id=number or 0)
            db.execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (KEPT,))
        return told

    def masked(self, text: str) -> str:
        return self._masker.mask(text)

    def stay(self) -> None:
        self._file.stay()

    def events(self, repo: str, after: int = 0, most: int = 100) -> Sequence[Event]:
        query = f"SELECT {EVENT} FROM events WHERE repo = ? AND id > ? ORDER BY id DESC LIMIT ?"
        return [_event(row) for row in reversed(self._file.rows(query, repo, after, most))]

    def suspensions(self, repo: str) -> Sequence[Suspension]:
        query = "SELECT scope, reason, until, by FROM suspensions WHERE repo = ? AND (until = '' OR until > ?)"
        return [Suspension(*row) for row in self._file.rows(f"{query} ORDER BY scope", repo, self._clock())]

    def suspend(self, repo: str, suspension: Suspension) -> None:
        row = (repo, suspension.scope, self._masker.mask(suspension.reason), suspension.until, suspension.by)
        with self._file.writing() as db:
            db.execute("DELETE FROM suspensions WHERE until != '' AND until <= ?", (self._clock(),))
            db.execute("INSERT OR REPLACE INTO suspensions VALUES (?, ?, ?, ?, ?)", row)

    def unsuspend(self, repo: str, scope: str) -> bool:
        with self._file.writing() as db:
            return db.execute("DELETE FROM suspensions WHERE repo = ? AND scope = ?", (repo, scope)).rowcount > 0

    def conditions(self, repo: str) -> Mapping[str, Condition]:
        rows = self._file.rows("SELECT key, text, level, about FROM conditions WHERE repo = ?", repo)
        return {row[0]: Condition(row[0], row[1], Level(row[2]), row[3]) for row in rows}

    def last(self, repo: str, conditions: Sequence[Condition]) -> None:
        with self._file.writing() as db:
            db.execute("DELETE FROM conditions WHERE repo = ?", (repo,))
            rows = [(repo, c.key, self._masker.mask(c.text), c.level.value, c.about) for c in conditions]
            db.executemany("INSERT INTO conditions VALUES (?, ?, ?, ?, ?)", rows)

    def recall(self, repo: str) -> Mapping[str, Any]:
        return {
            name: json.loads(value)
            for name, value in self._file.rows("SELECT name, value FROM memory WHERE repo = ?", repo)
        }

    def remember(self, repo: str, facts: Mapping[str, Any]) -> None:
        with self._file.writing() as db:
            rows = [(repo, name, json.dumps(value)) for name, value in facts.items()]
            db.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", rows)

    def touched(self, repo: str, head: str, since: int, roots: Mapping[str, str]) -> frozenset[Claim]:
        """What somebody set by hand, otherwise than commit `head` says: since run `since`, or on that very commit."""
        with self._file.reading() as db:
            asked = {"repo": repo, "head": head, "since": since}
            first = db.execute(FIRST, asked).fetchone()[0] if db is not None else None
            rows = [] if db is None or first is None else db.execute(TOUCHED, {**asked, "first": first}).fetchall()
        return frozenset(
            store_rows.claim(root, path, item) for at, root, path, item, _ in rows if roots.get(root, "") == at
        )


def _event(row: Sequence[Any]) -> Event:
    number, at, level, what, about, text, run = row
    return Event(what, text, Level(level), about, run, at, number)
