"""The steps of one run in the state: as they were planned, as each was found when its turn came, as it ended. Writes,
within a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model.change import Change
from reconciler.model.outcome import Intent, Outcome, Status
from reconciler.world import store_rows

if TYPE_CHECKING:
    import sqlite3

Ended = tuple[Change[Any], Outcome, str]
Place = tuple[str, str, str]
COLUMNS = f"run, root_path, {store_rows.STEP}"
INSERT = store_rows.insert("steps", COLUMNS)
AT = "run = ? AND root_path = ? AND path = ? AND item = ?"


class Steps:
    """`root`: the folder of a root, by its name."""

    def __init__(self, db: sqlite3.Connection, run: int, root: Callable[[str], str]) -> None:
        self._db, self._run, self._root = db, run, root

    def plan(self, opened: Sequence[Intent], planned: Sequence[Intent]) -> None:
        """Each in its turn."""
        both = [*((i, Status.OPEN) for i in opened), *((i, Status.PLANNED) for i in planned)]
        both.sort(key=lambda pair: (pair[0].change.wave, pair[0].change.claim))
        self._db.executemany(INSERT, (self._row(i.change, status, "", i.expected) for i, status in both))

    def intend(self, intents: Sequence[Intent]) -> None:
        """What was planned is intended as it was found now; the rest was not planned, as in a run of old."""
        planned = self._known("status = 'planned'")
        found = [i for i in intents if self._at(i.change) in planned]
        if found:
            setting = ", ".join(f"{column} = ?" for column in store_rows.FOUND.split(", "))
            self._db.executemany(
                f"UPDATE steps SET status = 'open', {setting} WHERE {AT} AND status = 'planned'",
                ((*store_rows.found_columns(i.change, i.expected), self._run, *self._at(i.change)) for i in found),
            )
        rest = (i for i in intents if self._at(i.change) not in planned)
        self._db.executemany(INSERT, (self._row(i.change, Status.OPEN, "", i.expected) for i in rest))

    def settle(self, settled: Sequence[Ended]) -> None:
        """What was refused before it was planned gets its step only now; each comes with what is said of it."""
        known = self._known("status IN ('open', 'planned')")
        self._db.executemany(
            f"UPDATE steps SET status = ?, message = ?, after = ? WHERE {AT} AND status IN ('open', 'planned')",
            (
                (outcome.status.value, message, change.fingerprint, self._run, *self._at(change))
                for change, outcome, message in settled
            ),
        )
        rest = (ended for ended in settled if self._at(ended[0]) not in known)
        self._db.executemany(INSERT, (self._row(change, outcome.status, said) for change, outcome, said in rest))

    def _known(self, where: str) -> frozenset[Place]:
        return frozenset(
            self._db.execute(f"SELECT root_path, path, item FROM steps WHERE run = ? AND {where}", (self._run,))
        )

    def _at(self, change: Change[Any]) -> Place:
        return self._root(change.claim.root), change.claim.path, store_rows.item(change.claim)

    def _row(
        self, change: Change[Any], status: Status, message: str = "", expected: Outcome | None = None
    ) -> tuple[Any, ...]:
        return self._run, self._root(change.claim.root), *store_rows.step_columns(change, status, message, expected)
