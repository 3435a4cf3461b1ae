"""Real `opencode serve` processes under plan and apply."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.opencode import Sandbox, free_port
from tests.support.serving import Servers, runs, until
from tests.support.stub_llm import StubModel, stub_config

AGENT = "---\ndescription: Reviews\n---\nReview.\n"


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path, stub: StubModel) -> Iterator[Servers]:
    """A repository over a HOME whose turns go to the stub."""
    sandbox.configure(stub_config(stub.port))
    yield Servers(sandbox, tmp_path / "git")


def test_from_nothing_to_four_ready_servers_and_back(sandbox: Sandbox, tmp_path: Path) -> None:
    house = Servers(sandbox, tmp_path / "git")  # not even a configuration is there, and OpenCode makes one
    levels = ("high", "medium", "high", "low")
    ports = [house.declare(f"s{n}", f"priority: {level}\n") for n, level in enumerate(levels)]
    assert house.plan().due == {f"{port}#/": "create commit" for port in ports}
    house.say(AGENT, "agents/reviewer.md")
    house.done("apply", "--yes")
    for n, port in enumerate(ports):
        server = house.server(port)
        assert server.get("/global/health")["healthy"] is True
        project = house.home / "projects" / f"s{n}"
        assert "reviewer" in [agent["name"] for agent in server.get("/agent", directory=project)]
        assert Path(f"/proc/{house.pid(port)}/cwd").resolve() == project.resolve()
        assert os.getsid(house.pid(port)) == house.pid(port)
    first = {port: house.note(port)["loaded_at"] for port in ports}
    assert max(first[ports[0]], first[ports[2]]) < first[ports[1]] < first[ports[3]]  # high, medium, low
    assert house.plan().nothing
    assert "4 objects" not in house.done("plan")
    assert house.done("apply", "--yes").startswith("in step")

    pids = {port: house.pid(port) for port in ports}
    house.kill(ports[1])
    assert house.plan().due == {f"{ports[1]}#/": "create drift"}
    assert house.run("check").returncode == 3
    house.done("apply", "--yes")
    assert house.plan().nothing
    healed = {port: house.pid(port) for port in ports}
    assert {port for port in ports if healed[port] != pids[port]} == {ports[1]}

    house.declare("s0", "state: stopped\n", ports[0])
    house.drop("servers/s1.yaml")
    assert house.plan().due == {f"{ports[0]}#/": "delete commit", f"{ports[1]}#/": "delete orphan"}
    house.done("apply", "--yes")
    assert house.plan().nothing
    assert [runs(healed[port]) for port in ports] == [False, False, True, True]


def test_an_agent_is_disposed_for_and_opencode_json_restarted_for_once_idle(house: Servers, stub: StubModel) -> None:
    port = house.declare("a")
    house.done("apply", "--yes")
    server, project, pid = house.server(port), house.home / "projects" / "a", house.pid(port)
    session = server.post("/session", {"title": "busy"}, directory=project)["id"]
    turn = {"parts": [{"type": "text", "text": "SLEEP 120"}]}
    server.post(f"/session/{session}/prompt_async", turn, directory=project)
    server.until(lambda: stub.requests)

    house.say(AGENT, "agents/reviewer.md")
    shown = house.done("plan")
    assert "server/a  dispose, when idle  agents changed · 1 busy session" in shown
    applying = house.start("apply", "--yes")
    assert applying.stderr is not None
    talk = ""
    while "waiting for server/a" not in talk:
        more = applying.stderr.readline()
        assert more, talk
        talk += more
    assert (house.home / ".config/opencode/agents/reviewer.md").exists()
    assert house.run("apply", "--yes", "agent", "--no-wait").returncode == 0  # the lock is free while it waits
    assert applying.poll() is None
    stub.wake()
    said, rest = applying.communicate(timeout=60)
    assert applying.returncode == 0, said + talk + rest
    assert "waiting for server/a to be idle: 1 busy session" in talk
    answers = server.get(f"/session/{session}/message", directory=project)
    assert [part["text"] for part in answers[-1]["parts"] if part["type"] == "text"] == ["STUB[stub-1] user=SLEEP 120"]
    assert answers[-1]["info"]["time"]["completed"] and "error" not in answers[-1]["info"]
    assert "reviewer" in [agent["name"] for agent in server.get("/agent", directory=project)]
    assert house.pid(port) == pid
    assert house.plan().nothing

    house.say("username: somebody\n")
    assert "server/a  restart, when idle  opencode.json: only read at start · idle" in house.done("plan")
    house.done("apply", "--yes")
    assert house.pid(port) != pid and not runs(pid)
    assert server.get("/config", directory=project)["username"] == "somebody"
    assert house.plan().nothing


def test_what_was_edited_by_hand_is_held_by_a_server_until_it_is_disposed(house: Servers) -> None:
    port = house.declare("a")
    house.done("apply", "--yes")
    house.sandbox.write("agents/by-hand.md", AGENT)
    assert house.plan().due == {f"{port}#/": "update drift"}
    assert "holds" in house.done("plan")
    house.done("apply", "--yes")
    project = house.home / "projects" / "a"
    assert "by-hand" in [agent["name"] for agent in house.server(port).get("/agent", directory=project)]
    assert house.plan().nothing

    house.sandbox.write("agents/by-hand.md", "---\nmode: bogus\n---\nx\n")  # what would poison it is never loaded
    assert "opencode refuses what stands on disk" in house.done("plan")
    assert house.run("apply", "--yes").returncode == 1
    assert house.server(port).request("GET", "/config", directory=project).status == 200


def test_a_busy_server_is_left_at_the_deadline(house: Servers, stub: StubModel) -> None:
    port = house.declare("a", "on_config_change: {when: when-idle, deadline: 1s}\n")
    house.done("apply", "--yes")
    server, project = house.server(port), house.home / "projects" / "a"
    session = server.post("/session", {"title": "busy"}, directory=project)["id"]
    turn = {"parts": [{"type": "text", "text": "SLEEP 120"}]}
    server.post(f"/session/{session}/prompt_async", turn, directory=project)
    server.until(lambda: stub.requests)
    house.say(AGENT, "agents/reviewer.md")
    ran = house.run("apply", "--yes")
    assert ran.returncode == 1 and "server/a is still at work: left for later" in ran.stderr
    assert server.get("/session/status", directory=project) == {session: {"type": "busy"}}
    house.declare("a", "state: stopped\n", port)  # nor is it stopped
    assert house.run("apply", "--yes", "--no-wait").returncode == 1
    assert runs(house.pid(port))
    house.done("apply", "--yes", "--force", "server/a")
    assert house.sandbox.processes() == []


def test_a_poisoned_server_is_healed_once_the_disk_is_sound(house: Servers) -> None:
    port = house.declare("a")
    broken = house.sandbox.write("agents/bad.md", "---\nmode: bogus\n---\nx\n")
    ran = house.run("apply", "--yes", "--no-preflight")
    assert ran.returncode == 1 and "poisoned" in ran.stdout and "bogus" in ran.stdout
    pid = house.pid(port)
    held = house.plan()
    assert held.held == {f"{port}#/": "update drift"}  # a restart would load the same again
    broken.write_text(AGENT)
    assert house.plan().due == {f"{port}#/": "update drift"}
    assert "only a restart heals that" in house.done("plan")
    house.done("apply", "--yes")
    assert house.pid(port) != pid
    assert house.plan().nothing


def test_a_port_that_somebody_else_has_is_told_and_left(house: Servers) -> None:
    port = free_port()
    code = f"import http.server as h; h.HTTPServer(('127.0.0.1', {port}), h.BaseHTTPRequestHandler).serve_forever()"
    other = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        house.declare("a", port=port)
        until(lambda: house.plan().held)
        assert f"port {port} is taken by process {other.pid} (`{sys.executable} -c import http" in house.done("plan")
        assert house.run("apply", "--yes").returncode == 1
        assert house.run("apply", "--yes", "--force", "server/a").returncode == 1
        house.drop("servers/a.yaml")
        house.done("apply", "--yes")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_what_cannot_be_started_is_told_and_the_rest_is_done(house: Servers, tmp_path: Path) -> None:
    house.declare("a")
    house.say(f"port: {free_port()}\npath: ~/nowhere\n", "servers/b.yaml")
    house.declare("c", "version: 2\n")
    shown = house.done("plan")
    assert f"there is no folder `{house.home}/nowhere`" in shown
    assert "opencode 1.18.33 is installed, and `version: 2` may be started" in shown
    house.say(AGENT, "agents/reviewer.md")
    house.variables["RECONCILE_OPENCODE"] = str(tmp_path / "missing")
    assert "names no program" in house.done("plan")
    assert house.run("apply", "--yes").returncode == 1
    assert (house.home / ".config/opencode/agents/reviewer.md").exists()
    assert house.sandbox.processes() == []


def test_a_server_started_by_hand_is_adopted_and_never_stopped(house: Servers) -> None:
    project = house.sandbox.project("a")
    house.sandbox.write("agents/old.md", AGENT)
    with house.sandbox.serve(project) as server:
        house.declare("a", port=server.port)
        assert house.plan().records == {f"{server.port}#/": "record adopt"}
        house.done("apply", "--yes")
        assert house.plan().nothing
        house.sandbox.write("agents/new.md", AGENT)
        assert house.plan().held == {f"{server.port}#/": "update drift"}
        assert house.done("apply", "--yes").endswith("1 held\n")  # reported, and fails nothing
        assert "new" not in [agent["name"] for agent in server.get("/agent", directory=project)]
        house.done("apply", "--yes", "server/a")  # named
        assert "new" in [agent["name"] for agent in server.get("/agent", directory=project)]
        assert server.process.poll() is None
        house.declare("a", "state: stopped\n", server.port)
        house.done("apply", "--yes", "--force", "server/a")
        house.drop("servers/a.yaml")
        house.done("apply", "--yes")
        assert house.plan().nothing
        assert server.process.poll() is None and server.get("/global/health")["healthy"] is True


def test_after_the_machine_was_started_again_nobody_elses_process_is_touched(house: Servers) -> None:
    port = house.declare("a")
    house.done("apply", "--yes")
    house.kill(port)
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        boot, _, started = house.note(port)["process"]
        house.renote(port, process=["another-boot", bystander.pid, started])
        assert house.plan().due == {f"{port}#/": "create drift"}
        house.renote(port, process=[boot, bystander.pid, started])  # the number was given to somebody else
        assert house.plan().due == {f"{port}#/": "create drift"}
        house.done("apply", "--yes")
        assert house.plan().nothing
        house.declare("a", "state: stopped\n", port)
        house.done("apply", "--yes")
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()
