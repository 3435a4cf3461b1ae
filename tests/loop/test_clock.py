"""The loop where somebody sets the clock: by a day ahead and by a day back, while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import Clock
from tests.support.fake_serve import FakeServe, end_all
from tests.support.looping import Kept, agent, looping, processor, replace
from tests.support.opencode import free_port

DAY = 86400
GUARD = "guard: {corrections: 3, within: 10m, pause: 1h}"


class Clocked(Kept):
    """A sandbox whose every process has that clock."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, agents=4, settings=f"loop: {{every: 1h, {GUARD}}}\nhistory: {{runs: 1, days: 2}}\n")
        self.clock = clock
        self.fake = FakeServe(folder / "program")
        self.variables |= {**clock.variables, "RECONCILE_OPENCODE": str(self.fake.path)}

    def run(self, *args: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        clock = getattr(self, "clock", None)
        program = clock.program if clock else ("reconciler",)
        return subprocess.run(
            [sys.executable, "-m", *program, *args], cwd=self.repo, env=self.variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def edit(self, name: str, off: int) -> None:
        """By hand, with the time that the clock shows."""
        replace(self.live(name), f"mine, {time.monotonic_ns()}\n")
        os.utime(self.live(name), (time.time() + off,) * 2)

    def says(self, *args: str) -> Any:
        return json.loads(self.done(*args, "--json"))

    def serve(self, port: int) -> None:
        (self.home / "projects/notes").mkdir(parents=True)
        more = "restart: {backoff: 100ms, limit: 9, within: 10m}\n"
        self.say("servers/notes.yaml", f"port: {port}\npath: ~/projects/notes\n{more}")
        self.commit("a server")

    def kill(self, port: int) -> None:
        process = json.loads((self.home / f".local/state/reconciler/servers/{port}.json").read_text())["process"]
        os.kill(int(process[1]), 9)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Clocked]:
    clock = Clock(tmp_path / "clock")
    clock.set(0)
    made = Clocked(tmp_path, clock)
    yield made
    end_all(made.home)


def test_repairs_commits_and_servers_go_on_whatever_the_clock_shows(box: Clocked) -> None:
    port = free_port()
    box.serve(port)
    with looping(box, program=box.clock.program) as loop:
        loop.wait("applied", "server/notes")
        runs = len(box.says("history"))
        for turn, off in enumerate((DAY, -DAY, 0), 1):
            box.clock.set(off)
            box.edit("a0", off)
            loop.wait("corrected", "agent/a0", turn)
            shown = datetime.fromisoformat(loop.told("corrected", "agent/a0")[-1]["at"])
            assert abs(shown - datetime.now(UTC) - timedelta(seconds=off)) < timedelta(hours=1), "the clock was not set"
            box.say("agents/a1.md", agent(f"Committed, {turn}."))
            box.commit(f"{turn}")
            loop.wait("applied", "agent/a1", turn)
            assert f"Committed, {turn}." in box.live("a1").read_text()
            loop.wait("applied", "server/notes", 1 + 2 * turn)  # it loads what was changed, each time
            box.kill(port)
            loop.wait("corrected", "server/notes", turn)
            before = processor(loop)
            time.sleep(2)
            assert processor(loop) - before < 1, "it looks again and again"
        assert len(box.says("history")) == runs + 9, "nothing was pruned"
        calm = {"started", "applied", "corrected", "waiting", "resolved"}  # under load nobody may say who is busy
        assert {one["what"] for one in loop.said} <= calm, loop.said
        assert loop.stop() == 0


def test_a_war_is_ended_though_the_clock_is_set_meanwhile_and_what_ended_it_lasts_no_longer(box: Clocked) -> None:
    with looping(box, program=box.clock.program) as loop:
        for turn, off in enumerate((0, DAY, DAY, DAY), 1):
            box.clock.set(off)
            box.edit("a0", off)
            loop.wait("corrected", "agent/a0", turn)
        loop.wait("suspended", "agent/a0")
        box.clock.set(-DAY)
        box.edit("a1", -DAY)
        loop.wait("corrected", "agent/a1")
        box.edit("a0", -DAY)
        [pause] = box.says("status")["suspended"]
        left = datetime.fromisoformat(pause["until"]) - datetime.now(UTC) + timedelta(days=1)
        assert left <= timedelta(hours=1), "it was made when the clock was two days ahead"
        box.clock.set(0)
        box.edit("a1", 0)
        loop.wait("corrected", "agent/a0", 5)
        loop.wait("resolved", "agent/a0")
        assert len(loop.told("suspended")) == 1


def test_what_a_person_suspended_ends_when_the_clock_says_so(box: Clocked) -> None:
    with looping(box, program=box.clock.program) as loop:
        box.done("suspend", "agent/a0", "--for", "2h")
        box.edit("a0", 0)
        for turn, off in enumerate((-DAY, 3600), 1):
            box.clock.set(off)
            box.edit("a1", off)
            loop.wait("corrected", "agent/a1", turn)
            assert "mine" in box.live("a0").read_text()
        box.clock.set(DAY)
        box.edit("a1", DAY)
        loop.wait("corrected", "agent/a0")
