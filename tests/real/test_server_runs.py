"""A saved plan, an apply that was killed, and a table that is watched, with a real `opencode serve`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.opencode import Sandbox
from tests.support.serving import Servers, runs, status, until
from tests.support.stub_llm import StubModel, stub_config


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path, stub: StubModel) -> Iterator[Servers]:
    sandbox.configure(stub_config(stub.port))
    yield Servers(sandbox, tmp_path / "git")


def test_a_saved_plan_does_what_it_says(house: Servers) -> None:
    port = house.declare("a")
    plan = house.save()
    house.done("apply", plan)
    assert house.plan().nothing and runs(house.pid(port))
    house.say("---\ndescription: x\n---\nx\n", "agents/x.md")
    plan = house.save()
    assert "server/a  dispose, when idle  agents changed" in house.done("apply", plan)
    assert house.plan().nothing

    watching = house.start("server", "status", "--watch")
    assert watching.stdout is not None
    tables = 0
    for line in watching.stdout:
        tables += line.startswith("server")
        if tables == 2:
            break
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=60)
    assert watching.returncode == 130


def test_an_apply_that_was_killed_leaves_no_server_that_nobody_knows(house: Servers) -> None:
    port = house.declare("a")
    applying = house.start("apply", "--yes")
    note = house.home / ".local/state/reconciler/servers" / f"{port}.json"
    until(lambda: note.exists() and house.pid(port))
    applying.kill()
    applying.communicate()
    pid = house.pid(port)
    house.renote(port, process=None)  # as if it was killed before it noted which process it is
    until(lambda: not runs(pid) or status(port) == 200)
    house.run("apply", "--yes")
    house.done("apply", "--yes")
    assert house.plan().nothing and house.pid(port) == pid and runs(pid)
    house.drop("servers/a.yaml")
    house.done("apply", "--yes")
    assert house.sandbox.processes() == []
