"""A run that something stops half-way: what it had done is ours, with what stood there before."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.model.outcome import Status
from reconciler.model.problem import Origin, Problem
from reconciler.model.world import Edit, Edited
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


def test_an_error_after_all_is_in_place_is_told_and_what_stood_there_is_kept() -> None:
    house = House({"opencode/agents/a.md": "mine\n", "zed/settings.json": '{ "tab_size": 1 }\n'})
    first, edit = house.home, house.world.edit

    def doubtful(edits: Sequence[Edit]) -> Sequence[Edited]:
        problem = Problem(Origin("x"), "cannot be made durable, though it was done")
        return [edited._replace(problem=problem) for edited in edit(edits)]

    house.world.edit = doubtful  # type: ignore[method-assign]
    result = house.apply(house.plan({"agents/a.md": "git's\n", "zed/settings.yaml": "tab_size: 2\n"}))
    house.world.edit = edit  # type: ignore[method-assign]
    assert [outcome.status for _, outcome in result.outcomes] == [Status.DONE] * 2
    assert all(outcome.problem for _, outcome in result.outcomes)
    assert {row.standing for row in house.journal.recorded()} == {"replaced"}
    after = house.home
    assert result.run is not None
    back = house.take_back(result.run.id)
    assert house.home == first and back.run is not None
    house.take_back(back.run.id)
    assert house.home == after
    house.hand_back()
    assert house.home == first
