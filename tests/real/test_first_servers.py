"""Real `opencode serve` processes, of which it is answered at once that they go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.opencode import Sandbox
from tests.support.serving import Servers

CODE = "import sys; from reconciler import first; sys.stdout.write(first.answer(['plan']) or 'handed over')"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looked at at once on Linux alone")


def at_once(house: Servers) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=house.repo, env=house.variables, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_real_servers_are_asked_without_the_program(sandbox: Sandbox, tmp_path: Path) -> None:
    house = Servers(sandbox, tmp_path / "git")
    ports = [house.declare("plain"), house.declare("locked", "password: generate\n")]
    house.say("max_sessions_total: 1\n", "orchestration/resource_limits.yaml")
    house.commit()
    house.done("apply", "--yes")
    time.sleep(1.1)
    told = house.done("plan")
    assert at_once(house) == told
    assert told.startswith("in step")

    project = house.home / "projects" / "plain"
    for _ in range(2):  # one more than there may be
        house.server(ports[0]).post("/session", {}, directory=project)
    assert at_once(house) == "handed over"
    assert "2 sessions on all servers, of at most 1" in house.run("plan").stderr + house.run("plan").stdout

    house.say("max_sessions_total: 2\n", "orchestration/resource_limits.yaml")
    time.sleep(1.1)
    told = house.done("plan")
    assert at_once(house) == told
    os.kill(house.pid(ports[1]), signal.SIGSTOP)
    assert at_once(house) == "handed over"
    os.kill(house.pid(ports[1]), signal.SIGCONT)
    assert at_once(house) == told
    house.kill(ports[1])
    assert at_once(house) == "handed over"
    assert house.plan().due == {f"{ports[1]}#/": "create drift"}
