"""Processes by an identity that no other ever has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.serving import Launch, Note
from reconciler.world import processes, server_family
from reconciler.world.server_family import TAG
from tests.support.serving import runs, until

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
FAMILY = "sleep 600 & setsid sleep 600 & env RECONCILE_SERVER_TAG=scope-2 setsid sleep 600 & wait"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["sleep", "600"])
    yield child
    child.kill()
    child.wait()


def test_an_identity_is_of_one_process(sleeper: subprocess.Popen[bytes]) -> None:
    found = processes.identity(sleeper.pid)
    assert found is not None and processes.alive(found) and processes.identity(sleeper.pid) == found
    assert abs(processes.began(found) - time.time()) < 60
    assert not processes.alive(found._replace(boot="another"))
    assert not processes.alive(found._replace(started=found.started + 1))
    assert not processes.alive(None)


def test_only_the_very_process_is_signalled(sleeper: subprocess.Popen[bytes]) -> None:
    found = processes.identity(sleeper.pid)
    assert found is not None
    for other in (found._replace(boot="another"), found._replace(started=found.started - 1), found._replace(pid=1)):
        assert not processes.send(other, signal.SIGKILL)
    assert sleeper.poll() is None
    assert processes.send(found, signal.SIGKILL)
    assert sleeper.wait(10) == -signal.SIGKILL
    assert not processes.send(found, signal.SIGKILL)


def test_a_process_that_nobody_waited_for_is_dead() -> None:
    child = subprocess.Popen(["true"])
    until(lambda: not runs(child.pid))
    assert processes.identity(child.pid) is None
    child.wait()


def test_what_does_not_end_is_killed(sleeper: subprocess.Popen[bytes]) -> None:
    stubborn = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    assert stubborn.stdout is not None and stubborn.stdout.readline() == b"up\n"
    both = [found for child in (sleeper, stubborn) if (found := processes.identity(child.pid))]
    assert processes.end(both, patience=0.2) == []
    assert not runs(stubborn.pid) and not runs(sleeper.pid)
    stubborn.stdout.close()
    stubborn.wait()


def test_a_family_is_found_by_descent_session_and_tag(tmp_path: Path) -> None:
    env = {**os.environ, TAG: "scope-1"}
    parent = subprocess.Popen(["sh", "-c", FAMILY], env=env, start_new_session=True)
    try:
        until(lambda: len(server_family.tagged("scope-1")) == 3 and len(server_family.tagged("scope-2")) == 1)
        server = processes.identity(parent.pid)
        assert server is not None
        family = server_family.members(server, "scope-1")
        assert family == server_family.tagged("scope-1")  # not the one of another server
        assert os.getpid() not in {one.pid for one in server_family.identities({*family, os.getpid(), os.getppid()})}

        note = Note(Launch("a", 1, "", ""), server, "scope-1")
        assert {o.process.pid for o in server_family.orphans("scope", [note])} == server_family.tagged("scope-2")
        parent.kill()
        parent.wait()
        left = server_family.tagged("scope-1") | server_family.tagged("scope-2")
        assert {o.process.pid for o in server_family.orphans("scope", [note])} == left and len(left) == 3
        assert server_family.orphans("other", [note]) == []
    finally:
        for tag in ("scope-1", "scope-2"):
            processes.end(server_family.identities(server_family.tagged(tag)))
        parent.wait()
