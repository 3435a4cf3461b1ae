"""How soon the loop repairs a live edit and applies a commit, and what it costs while nothing happens.

    python -m tests.bench.loop [SIZE [TIMES]]

Each beside its floor, turn by turn: a bare watchfiles loop with the same debounce and step, and `git commit` itself.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from reconciler.loop.waking import STEP
from reconciler.model.loop import LoopSettings
from tests.bench.work import Work, agent, make

FLOOR = Path(__file__).with_name("watch_floor.py")
IDLE = 20.0
GUARD = "loop:\n  guard: {corrections: 1000000}\n"


class Figures(NamedTuple):
    """Seconds each time; processor seconds per second while idle; KiB of memory before and after all repairs."""

    repair: list[float]
    floor: list[float]
    commit: list[float]
    git: list[float]
    idle: float
    before: int
    after: int


def measure(size: int, times: int, folder: Path) -> Figures:
    work = make(folder / "work", size)
    settings = work.repo / "desired-state/reconcile.yaml"
    settings.write_text(settings.read_text() + GUARD)
    work.git("commit", "-q", "-a", "-m", "no guard")
    work.run(work.reconcile("apply", "--yes"))
    alone = folder / "alone" / "agent.md"
    alone.parent.mkdir()
    alone.write_bytes(agent(work.targets, 0).read_bytes())
    bare = [sys.executable, str(FLOOR), str(alone), str(round(LoopSettings().debounce * 1000)), str(STEP)]
    with running(work, work.reconcile("run")) as loop, running(work, bare):
        until(lambda: repaired(agent(work.targets, 0)) > 0)
        before = memory(loop.pid)
        pairs = [(repaired(agent(work.targets, n % size)), repaired(alone)) for n in range(times)]
        commits = [_committed(work, n % size) for n in range(times)]
        time.sleep(2)
        began, used = time.monotonic(), _processor(loop.pid)
        time.sleep(IDLE)
        idle = (_processor(loop.pid) - used) / (time.monotonic() - began)
        return Figures(
            *map(list, zip(*pairs, strict=True)),
            *map(list, zip(*commits, strict=True)),
            idle,
            before,
            memory(loop.pid),
        )  # type: ignore[arg-type]


def repaired(path: Path) -> float:
    """Seconds from a hand edit until the file is as it was."""
    was = path.read_bytes()
    path.write_bytes(b"edited by hand\n")
    return until(lambda: path.read_bytes() == was)


def _committed(work: Work, number: int) -> tuple[float, float]:
    """Seconds from the end of `git commit` until it is applied, and what that commit took."""
    source, target = agent(work.sources, number), agent(work.targets, number)
    text = source.read_text() + f"- rule {time.monotonic_ns()}\n"
    source.write_text(text)
    began = time.monotonic()
    work.git("commit", "-q", "-a", "-m", "edit")
    took = time.monotonic() - began
    return until(lambda: target.read_text() == text), took


def until(so: Callable[[], object]) -> float:
    began = time.monotonic()
    while True:
        try:
            if so():
                return time.monotonic() - began
        except OSError:
            pass
        if time.monotonic() - began > 60:
            raise RuntimeError("it never came to be so")
        time.sleep(0.001)


@contextmanager
def running(work: Work, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=work.variables, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield process
    finally:
        process.terminate()
        process.wait()


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def report(found: Figures) -> str:
    def row(name: str, ours: list[float], floor: list[float]) -> str:
        ratio = statistics.median(one / other for one, other in zip(ours, floor, strict=True))
        one, other = statistics.median(ours) * 1000, statistics.median(floor) * 1000
        return f"| {name} | {one:.0f} ms | {max(ours) * 1000:.0f} ms | {other:.0f} ms | {ratio:.2f} |"

    return "\n".join(
        [
            "| what | median | most | floor | times the floor |",
            "|---|---|---|---|---|",
            row("live edit → repaired", found.repair, found.floor),
            row("commit → applied (floor: `git commit`)", found.commit, found.git),
            f"\nidle: {found.idle * 100:.2f} % of a core · memory: {found.before >> 10}, then {found.after >> 10} MiB",
        ]
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as made:
        print(report(measure(*(given + [1000, 50][len(given) :]), Path(made))))
