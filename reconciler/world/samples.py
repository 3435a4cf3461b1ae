"""What servers used, in the state database: written, rolled up as it ages, read as it was. Durable when it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.model.sampling import TIERS, Sample, rolled
from reconciler.world.store_file import StateFile

if TYPE_CHECKING:
    import sqlite3

COLUMNS = "at, cpu, memory, most_memory, sessions, busy, latency, number"


INSERT = f"INSERT OR REPLACE INTO samples (server, tier, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Samples:
    """Samples of every server by name; `tier` 0 are those as they were taken."""

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def keep(self, taken: Mapping[str, Sample], now: float) -> None:
        """Writes new samples, and rolls up or drops what has aged."""
        with self._file.writing() as db:
            db.executemany(INSERT, [(server, 0, *_row(one)) for server, one in taken.items()])
            for tier, (old, new) in enumerate(pairwise(TIERS)):
                # Whole stretches only: one that is still filling would be rolled up twice.
                before = now - old.kept - (now - old.kept) % new.width
                _roll_up(db, tier, before, new.width)
                db.execute("DELETE FROM samples WHERE tier = ? AND at < ?", (tier, before))
            db.execute("DELETE FROM samples WHERE tier = ? AND at < ?", (len(TIERS) - 1, now - TIERS[-1].kept))

    def since(self, server: str, start: float) -> Sequence[Sample]:
        """Everything kept of a server from `start` on, oldest first, the coarser before the finer."""
        query = f"SELECT {COLUMNS} FROM samples WHERE server = ? AND at >= ? ORDER BY at"
        return [Sample(*row) for row in self._file.rows(query, server, start)]


def _roll_up(db: sqlite3.Connection, tier: int, before: float, width: float) -> None:
    aged: dict[str, list[Sample]] = {}
    query = f"SELECT server, {COLUMNS} FROM samples WHERE tier = ? AND at < ?"
    for server, *row in db.execute(query, (tier, before)).fetchall():
        aged.setdefault(server, []).append(Sample(*row))
    for server, found in aged.items():
        db.executemany(INSERT, [(server, tier + 1, *_row(one)) for one in rolled(found, width)])


def _row(one: Sample) -> tuple[float | int, ...]:
    return one.at, one.cpu, one.memory, one.most_memory, one.sessions, one.busy, one.latency, one.number
