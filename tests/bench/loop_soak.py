"""Whether the loop's memory and its state stay as they are over thousands of repairs.

python -m tests.bench.loop_soak [SIZE [REPAIRS]]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.bench.loop import GUARD, memory, repaired, running, until
from tests.bench.work import agent, make

LOOKS = 20


class Look(NamedTuple):
    """After so many repairs: KiB of memory, bytes of the state folder."""

    repairs: int
    memory: int
    state: int


def measure(size: int, times: int, folder: Path) -> Iterator[Look]:
    work = make(folder, size)
    settings = work.repo / "desired-state/reconcile.yaml"
    settings.write_text(settings.read_text() + GUARD)
    work.git("commit", "-q", "-a", "-m", "no guard")
    work.run(work.reconcile("apply", "--yes"))
    state = Path(work.variables["HOME"]) / ".local/state/reconciler"
    with running(work, work.reconcile("run")) as loop:
        until(lambda: repaired(agent(work.targets, 0)) > 0)
        for number in range(times + 1):
            if number % (times // LOOKS) == 0:
                yield Look(
                    number, memory(loop.pid), sum(path.stat().st_size for path in state.iterdir() if path.is_file())
                )
            repaired(agent(work.targets, number % size))


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="reconcile-soak-") as made:
        print("| repairs | memory | state |\n|---|---|---|")
        for look in measure(*(given + [1000, 10_000][len(given) :]), Path(made)):
            print(f"| {look.repairs} | {look.memory / 1024:.1f} MiB | {look.state >> 10} KiB |", flush=True)
