"""`reconcile server`, orphans and the three data modes, with a real `opencode serve`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.opencode import Sandbox, free_port
from tests.support.serving import Servers, runs, until
from tests.support.stub_llm import StubModel, stub_config

SLEEPER = 'TOOL:bash {"command": "sleep 613", "description": "sleeps"}'


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path, stub: StubModel) -> Iterator[Servers]:
    sandbox.configure(stub_config(stub.port))
    yield Servers(sandbox, tmp_path / "git")


def sleepers(house: Servers) -> list[int]:
    found = [
        pid for pid in house.sandbox.processes() if Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x00613\x00"
    ]
    return [pid for pid in found if runs(pid)]


def row(house: Servers, name: str) -> dict[str, object]:
    [found] = json.loads(house.done("server", "status", "--json", name))["servers"]
    assert isinstance(found, dict)
    return found


def test_by_hand_it_stays_as_it_was_put(house: Servers) -> None:
    port = house.declare("a", "limits: {memory: 1MB}\n")
    house.declare("b", "state: stopped\n")
    house.done("apply", "--yes")
    seen = row(house, "a")
    assert (seen["state"], seen["port"], seen["pid"], seen["version"]) == ("ready", port, house.pid(port), "1.18.33")
    assert any(str(remark).endswith("of at most 1 MB") for remark in seen["remarks"])  # type: ignore[attr-defined]
    table = house.done("server", "status")
    assert table.splitlines()[0].split()[:4] == ["server", "state", "port", "pid"]
    assert "a       ready" in table and "b       stopped" in table
    assert "listening on" in house.done("server", "logs", "a")

    assert house.done("server", "stop", "a", "--reason", "for the night") == "server/a is stopped\n"
    assert house.sandbox.processes() == []
    assert house.plan().held == {f"{port}#/": "create drift"}
    assert house.run("check").returncode == 0 and "stopped by hand: for the night" in house.done("plan")
    assert "stopped by hand: for the night" in house.done("server", "status")
    house.done("apply", "--yes")
    assert house.sandbox.processes() == []
    assert house.done("server", "start", "a") == "server/a is ready\n"
    assert house.plan().nothing

    pid = house.pid(port)
    assert house.done("server", "restart", "a") == "server/a is ready\n"
    assert house.pid(port) != pid and house.plan().nothing
    assert house.done("server", "start", "b") == "server/b is ready\n"
    assert house.plan().nothing  # git wants it stopped, and somebody wants it now
    ran = house.run("server", "stop", "c")
    assert ran.returncode == 1 and "there is no such server" in ran.stderr
    said = house.done("status")
    assert "server" in said
    assert "port" in house.done("why", "server/a")


def test_restarting_what_was_started_by_hand_makes_it_ours(house: Servers) -> None:
    with house.sandbox.serve(house.sandbox.project("a")) as server:
        house.declare("a", port=server.port)
        house.done("apply", "--yes")
        assert house.run("server", "stop", "a").returncode == 1
        assert house.done("server", "restart", "a") == "server/a is ready\n"
        assert server.process.wait(timeout=60) is not None
        assert house.plan().nothing
        house.drop("servers/a.yaml")
        house.done("apply", "--yes")
        assert house.sandbox.processes() == []


def test_what_a_dead_server_left_is_shown_and_ended_when_asked(house: Servers, stub: StubModel) -> None:
    port = house.declare("a")
    house.done("apply", "--yes")
    server, project = house.server(port), house.home / "projects" / "a"
    session = server.post("/session", {"title": "tool"}, directory=project)["id"]
    server.post(f"/session/{session}/prompt_async", {"parts": [{"type": "text", "text": SLEEPER}]}, directory=project)
    until(lambda: sleepers(house))
    [left] = sleepers(house)
    house.kill(port)
    assert runs(left)
    shown = house.done("plan")
    assert f"of its processes still run: {left} (`sleep 613`)" in shown or f"{left} (" in shown
    house.done("apply", "--yes")
    assert runs(left)
    assert f"{left}  a  sleep 613" in house.done("server", "status")
    assert f"orphan {left} of server/a ended: sleep 613" in house.done("apply", "--yes", "--orphans")
    assert not runs(left) and house.plan().nothing

    session = server.post("/session", {"title": "tool"}, directory=project)["id"]
    server.post(f"/session/{session}/prompt_async", {"parts": [{"type": "text", "text": SLEEPER}]}, directory=project)
    until(lambda: sleepers(house))
    assert house.run("server", "stop", "a", "--now").returncode == 0
    assert house.sandbox.processes() == []  # no child survives


def test_a_reconcile_inside_a_session_leaves_its_own_server_for_later(house: Servers, stub: StubModel) -> None:
    port = house.declare("a")
    house.done("apply", "--yes")
    server, project, pid = house.server(port), house.home / "projects" / "a", house.pid(port)
    house.say("---\ndescription: x\n---\nx\n", "agents/x.md")
    said = project / "said"  # it finds the repository by RECONCILE_REPO
    command = f"{sys.executable} -m reconciler apply --yes > said 2>&1; echo $? >> said"
    text = "TOOL:bash " + json.dumps({"command": command, "description": "applies"})
    server.ask(text, directory=project)
    assert "this very session runs on it: left for later" in said.read_text() and said.read_text().endswith("\n1\n")
    assert (house.home / ".config/opencode/agents/x.md").exists()
    assert house.pid(port) == pid
    house.done("apply", "--yes")
    assert house.plan().nothing


def test_whose_sessions_a_server_has(house: Servers) -> None:
    house.say('{"left": {"type": "api", "key": "sk-not-a-secret"}}', "../auth")
    ports = {data: house.declare(data, f"data: {data}\n") for data in ("shared", "own-db", "isolated")}
    (house.home / ".local/share/opencode").mkdir(parents=True, exist_ok=True)
    login = {"stub": {"type": "api", "key": "sk-stub"}}
    (house.home / ".local/share/opencode/auth.json").write_text(json.dumps(login))
    house.done("apply", "--yes")
    for data, port in ports.items():
        server = house.server(port)
        server.post("/session", {"title": data}, directory=house.home / "projects" / data)
    titles = {
        data: [session["title"] for session in house.server(port).get("/experimental/session", limit="100")]
        for data, port in ports.items()
    }
    assert titles == {data: [data] for data in ports}
    assert (house.home / ".local/share/opencode/own-db.db").exists()
    isolated = house.home / ".local/share/reconciler/servers/isolated/opencode"
    assert (isolated / "opencode.db").exists() and not (isolated / "auth.json").exists()

    house.declare("shared", "data: own-db\n", ports["shared"])
    shown = house.done("plan")
    assert "data: shared → own-db" in shown and "1 sessions go out of sight" in shown
    house.done("apply", "--yes")
    assert house.server(ports["shared"]).get("/experimental/session", limit="100") == []
    assert house.plan().nothing


def test_the_environment_of_a_server(house: Servers) -> None:
    port = house.declare("a", "env: {GREETING: hello}\n")
    house.variables |= {"OPENCODE_PID": "1", "OPENCODE": "1", "OPENCODE_SERVER_PASSWORD": "of-another"}
    house.done("apply", "--yes")
    entries = Path(f"/proc/{house.pid(port)}/environ").read_bytes().decode().split("\0")
    variables = dict(entry.split("=", 1) for entry in entries if entry)
    assert variables["GREETING"] == "hello" and variables["RECONCILE_SERVER"] == "a"
    assert variables["RECONCILE_REPO"] == str(house.repo)
    assert not {"OPENCODE", "OPENCODE_PID", "OPENCODE_SERVER_PASSWORD"} & variables.keys()
    house.declare("a", "env: {GREETING: hullo}\n", port)
    assert house.plan().due == {f"{port}#/": "update commit"}
    assert "env.GREETING: hello → hullo" in house.done("plan")


def test_a_log_is_followed(house: Servers) -> None:
    house.declare("a")
    house.done("apply", "--yes")
    following = house.start("server", "logs", "-f", "a")
    assert following.stdout is not None
    try:
        first = following.stdout.readline()
        assert first
        (house.home / ".local/state/reconciler/servers/a.log").open("a").write("said later\n")
        assert any(line == "said later\n" for line in following.stdout)
    finally:
        following.send_signal(signal.SIGKILL)
        following.wait()
    assert isinstance(following, subprocess.Popen)


def test_a_server_moves_to_another_port_only_if_it_can(house: Servers) -> None:
    port = house.declare("a")
    house.done("apply", "--yes")
    house.declare("a", "version: 2\n", other := free_port())
    assert "it cannot move: opencode 1.18.33 is installed" in house.done("plan")
    assert house.run("apply", "--yes").returncode == 1 and runs(house.pid(port))
    house.declare("a", port=other)
    assert house.plan().due == {f"{port}#/": "delete commit", f"{other}#/": "create commit"}
    assert "git has it on another port" in house.done("plan")
    house.done("apply", "--yes")
    assert house.plan().nothing
    assert [entry["port"] for entry in json.loads(house.done("server", "status", "--json"))["servers"]] == [other]
    house.done("release", "server/a", "--yes")
    assert house.sandbox.processes() == []


def test_what_was_adopted_is_handed_back_running(house: Servers) -> None:
    with house.sandbox.serve(house.sandbox.project("a")) as server:
        house.declare("a", port=server.port)
        house.done("apply", "--yes")
        house.done("release", "server/a", "--yes")
        assert server.process.poll() is None and server.get("/global/health")["healthy"] is True
