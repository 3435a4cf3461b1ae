"""The harness itself: what starts, answers, and is gone afterwards."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.opencode import VERSION, NotStarted, Refused, Sandbox, Server, Unavailable, _once_per_run
from tests.support.stub_llm import StubModel, stub_config

REVIEWER = """\
---
description: reads, never runs
mode: primary
permission:
  bash: deny
---
You review.
"""


def test_a_server_serves_the_sandbox_and_nothing_else(sandbox: Sandbox, stub: StubModel) -> None:
    sandbox.configure(stub_config(stub.port))
    sandbox.write("agents/reviewer.md", REVIEWER)
    project = sandbox.project("one")

    with sandbox.serve() as server:
        assert server.get("/global/health") == {"healthy": True, "version": VERSION}
        assert server.get("/config", directory=project)["model"] == "stub/stub-1"
        reviewer = _agent(server, project, "reviewer")
        assert (reviewer["mode"], reviewer["prompt"]) == ("primary", "You review.")
        assert {"permission": "bash", "pattern": "*", "action": "deny"} in reviewer["permission"]

        assert server.ask("hello", directory=project, agent="reviewer") == "STUB[stub-1] user=hello"
        assert stub.requests[0]["messages"][0]["content"].startswith("You review.")

        assert sandbox.processes() == [server.pid]
        assert server.pid == os.getsid(server.pid)

    assert sandbox.processes() == []
    _nothing_was_installed(sandbox, project)


def test_a_tool_call_reaches_the_disk(sandbox: Sandbox, stub: StubModel) -> None:
    sandbox.configure(stub_config(stub.port))
    project = sandbox.project("one")
    with sandbox.serve() as server:
        server.ask('TOOL:bash {"command": "touch made", "description": "makes a file"}', directory=project)
    assert (project / "made").exists()
    assert any(message["role"] == "tool" for message in stub.requests[-1]["messages"])


def test_a_busy_session_shows_until_the_stub_is_woken(sandbox: Sandbox, stub: StubModel) -> None:
    sandbox.configure(stub_config(stub.port))
    project = sandbox.project("one")
    with sandbox.serve() as server:
        session = server.post("/session", {"title": "busy"}, directory=project)["id"]
        server.post(
            f"/session/{session}/prompt_async", {"parts": [{"type": "text", "text": "SLEEP 60"}]}, directory=project
        )
        server.until(lambda: stub.requests)
        assert server.get("/session/status", directory=project) == {session: {"type": "busy"}}
        stub.wake()
        server.until(lambda: server.get("/session/status", directory=project) == {})


def test_teardown_ends_servers_and_the_tools_they_left(opencode: Path, tmp_path: Path) -> None:
    with Sandbox(tmp_path / "home", opencode) as sandbox:
        server = sandbox.serve()
        orphan = subprocess.Popen(["sleep", "600"], env=sandbox.env, start_new_session=True)
        server.until(lambda: sorted(sandbox.processes()) == sorted([server.pid, orphan.pid]))
    assert server.process.poll() is not None
    assert orphan.wait(timeout=5) == -signal.SIGKILL


def test_a_server_that_cannot_start_says_why(sandbox: Sandbox) -> None:
    sandbox.configure({"share": "nope"})
    with pytest.raises(NotStarted, match=r'Expected "manual" \| "auto" \| "disabled", got "nope" share'):
        sandbox.serve()
    assert sandbox.processes() == []


def test_debug_config_merges_or_says_why_not(sandbox: Sandbox) -> None:
    sandbox.write("agents/reviewer.md", REVIEWER)
    assert sandbox.debug_config()["agent"]["reviewer"]["permission"] == {"bash": "deny"}
    sandbox.write("agents/reviewer.md", REVIEWER.replace("primary", "bogus"))
    with pytest.raises(Refused, match=r'Expected "subagent" \| "primary" \| "all", got "bogus" mode'):
        sandbox.debug_config()


def test_one_failed_installation_is_enough_for_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    def no_network() -> None:
        attempts.append(1)
        raise Unavailable("no network")

    for run, expected in (("one", 1), ("one", 1), ("two", 2)):
        monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", run)
        with pytest.raises(Unavailable, match="no network"):
            _once_per_run(tmp_path / "failed", no_network)
        assert len(attempts) == expected


def _agent(server: Server, directory: Path, name: str) -> dict[str, Any]:
    (found,) = [agent for agent in server.get("/agent", directory=directory) if agent["name"] == name]
    agent: dict[str, Any] = found
    return agent


def _nothing_was_installed(sandbox: Sandbox, project: Path) -> None:
    assert not (sandbox.home / ".npm").exists()
    assert list((sandbox.config / "node_modules").iterdir()) == []
    assert list((project / ".opencode" / "node_modules").iterdir()) == []
