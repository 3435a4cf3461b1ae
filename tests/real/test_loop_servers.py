"""The loop over real servers: one that dies comes back, one that dies again and again is left, a busy one is let be."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.looping import looping, until
from tests.support.opencode import Sandbox
from tests.support.serving import Servers, runs
from tests.support.stub_llm import StubModel, stub_config


@pytest.fixture
def servers(sandbox: Sandbox, tmp_path: Path) -> Iterator[Servers]:
    made = Servers(sandbox, tmp_path / "box")
    yield made
    for note in (made.home / ".local/state/reconciler/servers").glob("*.json"):
        process = json.loads(note.read_text())["process"]
        if process and runs(int(process[1])):
            os.killpg(int(process[1]), signal.SIGKILL)


def test_one_that_dies_comes_back_and_one_that_keeps_dying_is_left(servers: Servers) -> None:
    port = servers.declare("notes", "restart: {backoff: 200ms, limit: 3, within: 10m}\n")
    servers.commit()
    with looping(servers) as loop:
        loop.wait("applied", "server/notes")
        for many in (1, 2):
            servers.kill(port)
            loop.wait("corrected", "server/notes", many)
        servers.kill(port)
        said = loop.wait("held", "server/notes")
        assert "started 3 times within 10m" in said["text"]
        assert loop.stop() == 0
    assert len(loop.told("corrected", "server/notes")) == 2 and len(loop.told("held", "server/notes")) == 1


def test_ending_the_loop_however_ends_no_server(servers: Servers, stub: StubModel) -> None:
    servers.sandbox.configure(stub_config(stub.port))
    port = servers.declare("notes")
    servers.commit()
    with looping(servers) as loop:
        loop.wait("applied", "server/notes")
        pid = servers.pid(port)
        answer: list[str] = []
        asking = threading.Thread(
            target=lambda: answer.append(servers.server(port).ask("SLEEP 6", directory=servers.home / "projects/notes"))
        )
        asking.start()
        until(lambda: stub.requests)
        loop.stop(signal.SIGKILL)
    asking.join()
    assert answer and "STUB" in answer[0]
    assert runs(pid) and servers.pid(port) == pid
    with looping(servers) as loop:
        loop.stop()
    assert runs(pid)


def test_one_that_uses_too_much_is_restarted_once_it_is_idle(servers: Servers, stub: StubModel) -> None:
    servers.sandbox.configure(stub_config(stub.port))
    servers.say("id: kept\nloop: {sample: 500ms}\n", "reconcile.yaml")
    port = servers.declare("notes", "limits: {memory: 20MB, exceeded: restart}\n")
    servers.commit()
    assert servers.run("apply", "--yes").returncode == 0
    pid = servers.pid(port)
    asking, answer = at_work(servers, port, 300)
    until(lambda: stub.requests)
    with looping(servers) as loop:
        assert "over 20 MB of memory" in loop.wait("memory", "server/notes")["text"]
        said = loop.wait("waiting", "server/notes")
        assert "for 1 busy session (over 20 MB of memory" in said["text"] and said["level"] == "note"
        assert runs(pid)
        stub.wake()
        asking.join()
        assert "over 20 MB of memory" in loop.wait("corrected", "server/notes")["text"]
    assert answer and "STUB" in answer[0] and len(loop.told("memory")) == 1
    until(lambda: servers.pid(port) not in (0, pid))
    assert not runs(pid)


def test_one_that_uses_too_much_is_restarted_at_its_deadline_where_its_policy_says_so(
    servers: Servers, stub: StubModel
) -> None:
    servers.sandbox.configure(stub_config(stub.port))
    servers.say("id: kept\nloop: {sample: 500ms}\n", "reconcile.yaml")
    more = "limits: {memory: 20MB, exceeded: restart}\non_config_change: {when: when-idle, deadline: 3s, then: force}\n"
    port = servers.declare("notes", more)
    servers.commit()
    assert servers.run("apply", "--yes").returncode == 0
    pid = servers.pid(port)
    asking, _ = at_work(servers, port, 300)
    until(lambda: stub.requests)
    with looping(servers) as loop:
        said = loop.wait("waiting", "server/notes")
        assert "is done all the same" in said["text"]
        assert "then: force" in loop.wait("forced", "server/notes")["text"]
        until(lambda: servers.pid(port) not in (0, pid))
        assert not runs(pid)
        loop.stop()
    stub.wake()
    asking.join()


def test_one_that_is_suspended_is_let_be_however_much_it_uses(servers: Servers) -> None:
    servers.say("id: kept\nloop: {sample: 300ms}\n", "reconcile.yaml")
    port = servers.declare("notes", "limits: {memory: 20MB, exceeded: restart}\n")
    servers.commit()
    assert servers.run("apply", "--yes").returncode == 0
    assert servers.run("suspend", "server/notes").returncode == 0
    pid = servers.pid(port)
    with looping(servers) as loop:
        loop.wait("memory", "server/notes")
        (servers.config / "agents").mkdir(exist_ok=True)
        servers.say("---\ndescription: x\nmode: subagent\n---\nNew.\n", "agents/new.md")
        servers.commit()
        loop.wait("applied", "agent/new")
        assert servers.pid(port) == pid and runs(pid)


def at_work(servers: Servers, port: int, seconds: int) -> tuple[threading.Thread, list[str]]:
    """Somebody asks something that takes so long."""
    answer: list[str] = []

    def ask() -> None:
        with contextlib.suppress(OSError):
            folder = servers.home / "projects/notes"
            answer.append(servers.server(port).ask(f"SLEEP {seconds}", directory=folder, timeout=2 * seconds))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    return asking, answer


def test_a_busy_one_is_waited_for_and_the_journal_is_not_filled(servers: Servers, stub: StubModel) -> None:
    servers.sandbox.configure(stub_config(stub.port))
    servers.say("id: kept\nloop: {every: 1s}\n", "reconcile.yaml")
    port = servers.declare("notes", "on_config_change: {when: when-idle, deadline: 3s, then: leave}\n")
    servers.commit()
    assert servers.run("apply", "--yes").returncode == 0
    pid = servers.pid(port)
    asking, answer = at_work(servers, port, 300)
    until(lambda: stub.requests)
    with looping(servers) as loop:
        servers.say("---\ndescription: x\nmode: subagent\n---\nNew.\n", "agents/new.md")
        servers.commit()
        first = loop.wait("waiting", "server/notes")
        assert first["level"] == "note" and "for 1 busy session" in first["text"]
        assert "waits since" in servers.done("status")
        late = loop.wait("waiting", "server/notes", 2)
        assert late["level"] == "warning" and "longer than 3s" in late["text"]
        runs_then = servers.done("history", "--json")
        servers.say("---\ndescription: x\nmode: subagent\n---\nNewer.\n", "agents/other.md")
        (servers.config / "agents/new.md").unlink()
        loop.wait("corrected", "agent/new")
        assert len(json.loads(servers.done("history", "--json"))) == len(json.loads(runs_then)) + 1
        assert runs(pid) and not answer
        stub.wake()
        asking.join()
        loop.wait("resolved", "server/notes")
    assert "STUB" in answer[0] and servers.pid(port) == pid, "disposed of, which ends no process"


def test_one_whose_policy_says_so_is_disturbed_at_its_deadline_and_no_sooner(servers: Servers, stub: StubModel) -> None:
    servers.sandbox.configure(stub_config(stub.port))
    policy = "on_config_change: {when: when-idle, deadline: 12s, then: force}\n"
    port = servers.declare("notes", policy)
    servers.commit()
    assert servers.run("apply", "--yes").returncode == 0
    pid = servers.pid(port)
    asking, answer = at_work(servers, port, 300)
    until(lambda: stub.requests)
    with looping(servers) as loop:
        servers.say(f"port: {port}\npath: ~/projects/notes\nenv: {{MOOD: calm}}\n{policy}", "servers/notes.yaml")
        servers.commit()
        said = loop.wait("waiting", "server/notes")
        assert "is done all the same" in said["text"] and runs(pid)
        loop.stop(signal.SIGKILL)
    assert runs(pid)
    with looping(servers) as loop:
        forced = loop.wait("forced", "server/notes")
        assert "then: force" in forced["text"]
    ended = datetime.fromisoformat(forced["at"])
    [since] = re.findall(r"waits since (\S+) UTC", said["text"])
    began = datetime.fromisoformat(f"{said['at'][:11]}{since}+00:00")
    assert (ended - began).total_seconds() % 86400 >= 11, "the second life waited no less"
    until(lambda: servers.pid(port) not in (0, pid))
    assert not runs(pid)
    stub.wake()
    asking.join()
    assert "STUB" not in "".join(answer)
