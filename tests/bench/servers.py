"""What servers cost: `apply` to four ready ones beside starting the same four by hand, and a plan that has nothing to
do with them beside the same without.

    python -m tests.bench.servers [PAIRS]

The two of a pair have their turn one after the other, each pair the other way round; both plans were asked for before.
By hand is: start all four, then ask each until its health and its folder answer. Both find the database made already,
and all four start at once.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.support.opencode import Sandbox, Server, binary
from tests.support.serving import Servers

FOUR = ("mcp-ecosystem", "opencode-dev", "opencode-config", "zed-config")


class Figures(NamedTuple):
    """Seconds, pair by pair; of the plans also the processor's."""

    apply: list[float]
    by_hand: list[float]
    plan_with: list[float]
    plan_without: list[float]
    used_with: list[float]
    used_without: list[float]


def measure(pairs: int, folder: Path) -> Figures:
    with Sandbox(folder / "home", binary()) as sandbox, Sandbox(folder / "other", binary()) as other:
        house, bare = Servers(sandbox, folder / "git"), Servers(other, folder / "bare")
        ports = {name: house.declare(name) for name in FOUR}
        bare.say("id: bare\n", "reconcile.yaml")
        house.done("apply", "--yes")
        _stop(house)
        applied, by_hand = _in_turn(pairs, lambda: _applied(house), lambda: _by_hand(sandbox, ports))
        for name in FOUR:  # they were stopped by hand, and would be left so
            house.done("server", "start", name)
        bare.done("apply", "--yes")
        time.sleep(1.1)  # until then nothing is answered from memory
        for one in (house, bare):
            assert one.done("plan").startswith("in step")
        with_, without = _in_turn(pairs, lambda: _timed(house, "plan"), lambda: _timed(bare, "plan"))
        used, unused = _in_turn(pairs, lambda: _used(house, "plan"), lambda: _used(bare, "plan"))
        _stop(house)
    return Figures(applied, by_hand, with_, without, used, unused)


def _in_turn(pairs: int, one: Callable[[], float], other: Callable[[], float]) -> tuple[list[float], list[float]]:
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        for which in (0, 1) if number % 2 else (1, 0):
            found[which].append((one, other)[which]())
    return found


def _timed(house: Servers, *args: str) -> float:
    began = time.monotonic()
    house.done(*args)
    return time.monotonic() - began


def _used(house: Servers, *args: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    house.done(*args)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _applied(house: Servers) -> float:
    took = _timed(house, "apply", "--yes", "--force", "server/*")
    _stop(house)
    return took


def _stop(house: Servers) -> None:
    for name in FOUR:
        house.done("server", "stop", name)


def _by_hand(sandbox: Sandbox, ports: dict[str, int]) -> float:
    began = time.monotonic()
    servers = {name: Server(sandbox, sandbox.home / "projects" / name, port, {}) for name, port in ports.items()}
    for name, server in servers.items():
        server.wait_healthy()
        server.get("/config", directory=sandbox.home / "projects" / name)
    took = time.monotonic() - began
    for server in servers.values():
        server.stop()
    return took


def told(found: Figures) -> str:
    ratios = [a / b for a, b in zip(found.apply, found.by_hand, strict=True)]
    more = [(a - b) * 1000 for a, b in zip(found.plan_with, found.plan_without, strict=True)]
    used = [(a - b) * 1000 for a, b in zip(found.used_with, found.used_without, strict=True)]
    lines = [
        f"{len(ratios)} pairs, medians",
        f"`apply` to four ready servers: {_median(found.apply):.1f} s, by hand {_median(found.by_hand):.1f} s, "
        f"× {_median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        f"a plan with nothing to do, four servers: {_median(found.plan_with) * 1000:.0f} ms, without "
        f"{_median(found.plan_without) * 1000:.0f} ms: {_span(more)} ms more, {_span(used)} ms of the processor",
    ]
    return "\n".join(lines)


def _span(values: list[float]) -> str:
    return f"{_median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def _median(values: list[float]) -> float:
    return statistics.median(values)


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as folder:
        print(told(measure(pairs, Path(folder))), flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")
