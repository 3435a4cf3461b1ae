"""Rows and sizes → what each cost: medians over rounds in which every row has its turn. Runs programs."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.rows import Row
from tests.bench.work import Work, make

LAUNCH = Path(__file__).with_name("launch.py")


class Cost(NamedTuple):
    """One run: seconds, seconds of processor, KiB at the peak."""

    wall: float
    cpu: float
    peak: float


Table = dict[str, dict[int, list[Cost]]]


def measure(rows: Sequence[Row], sizes: Sequence[int], rounds: int, say: Callable[[str], None]) -> Table:
    """What every row cost in every round, by size. Rows whose program is missing are left out."""
    table: Table = {}
    present = [row for row in rows if not row.program or shutil.which(row.program)]
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as folder:
            work = make(Path(folder) / "work", size)
            for turn in range(rounds):
                say(f"{size}: round {turn + 1} of {rounds}")
                for row, cost in _round(present, work):
                    table.setdefault(row.name, {}).setdefault(size, []).append(cost)
    return table


def _round(rows: Sequence[Row], work: Work) -> Iterator[tuple[Row, Cost]]:
    for row in rows:
        row.ready(work)
        yield row, run(row, work)


def run(row: Row, work: Work) -> Cost:
    """One run as a process of its own. Raises RuntimeError where it ends otherwise than the row says."""
    said, command = work.folder / "cost", row.command(work)
    subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), str(said), *command], env=work.variables, cwd=work.folder, check=True
    )
    wall, cpu, peak, status = map(float, said.read_text().split())
    if int(status) not in row.exits:
        raise RuntimeError(f"{row.name}: ended with {status:.0f}: {' '.join(command)}")
    return Cost(wall, cpu, peak)


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


def ratio(costs: Sequence[Cost], floor: Sequence[Cost]) -> float:
    """How many times the floor, round by round."""
    return statistics.median(one.wall / other.wall for one, other in zip(costs, floor, strict=True))
