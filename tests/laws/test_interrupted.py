"""A run that something stops half-way: what it had done is ours, with what stood there before."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.house import House
from tests.support.sandbox import Sandbox

MANY = 100


def test_what_was_written_before_a_crash_keeps_what_stood_there() -> None:
    house = House({f"opencode/agents/a{n}.md": f"mine {n}\n" for n in range(5)})
    git = {f"agents/a{n}.md": f"git's {n}\n" for n in range(5)}
    first = house.home

    class Stopped(BaseException):
        pass

    def stop(edit: object) -> None:
        if len([b for b in house.home.values() if b.startswith(b"git")]) == 3:
            raise Stopped

    house.world.hook = stop
    with pytest.raises(Stopped):
        house.apply(house.plan(git))
    house.world.hook = None
    [run] = house.journal.runs()
    assert not run.ended
    assert sorted(row.standing for row in house.journal.recorded()) == ["replaced"] * 3
    house.settle()
    [run] = house.journal.runs()
    assert run.ended and run.generation == 1
    house.take_back(run.id)
    assert house.home == first
    house.apply(house.plan(git))
    house.hand_back()
    assert house.home == first


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("again", [("apply", "--yes"), ("resume",)], ids=["apply", "resume"])
def test_a_killed_apply_loses_nothing(tmp_path: Path, how: signal.Signals, again: tuple[str, ...]) -> None:
    sandbox = Sandbox(tmp_path)
    live, asked = sandbox.home / ".config/opencode/agents", sandbox.repo / "desired-state/agents"
    live.mkdir(parents=True)
    asked.mkdir(parents=True)
    for n in range(MANY):
        (live / f"a{n}.md").write_text(f"mine {n}\n")
        (asked / f"a{n}.md").write_text(f"git's {n}\n")
    command = [sys.executable, "-m", "reconciler", "apply", "--yes"]
    process = subprocess.Popen(command, cwd=sandbox.repo, env=sandbox.variables, stdout=-3, stderr=-3)
    until = time.monotonic() + 60
    while time.monotonic() < until and (live / "a0.md").read_text() == "mine 0\n":
        time.sleep(0.002)
    process.send_signal(how)
    process.wait(60)
    assert "run 1 (apply) was interrupted: `reconcile resume` finishes it" in sandbox.run("status").stdout
    assert sandbox.run(*again).returncode == 0
    assert "interrupted" not in sandbox.run("status").stdout
    assert all((live / f"a{n}.md").read_text() == f"git's {n}\n" for n in range(MANY))
    assert sandbox.run("release", "--all", "--yes").returncode == 0
    assert {p.name: p.read_text() for p in live.iterdir() if not p.name.startswith(".")} == {
        f"a{n}.md": f"mine {n}\n" for n in range(MANY)
    }
    assert "interrupted" not in sandbox.run("doctor").stdout
