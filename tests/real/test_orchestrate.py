"""`reconcile orchestrate` over real servers, and the shipped command inside a real OpenCode."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.opencode import Sandbox
from tests.support.serving import Servers, runs
from tests.support.stub_llm import StubModel, stub_config

TOP = Path(__file__).parents[2]
HOSTILE = [
    "$(touch {})", "; touch {}", "a' ; touch {}; '", '" ; touch {}; "', "x\ntouch {}", "| touch {}", "&& touch {}",
    "$1 $(touch {}) $ARGUMENTS", "\\`touch {}\\`", "`touch {}`",
]  # fmt: skip


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path, stub: StubModel) -> Iterator[Servers]:
    sandbox.configure(stub_config(stub.port))
    yield Servers(sandbox, tmp_path / "git")


def shipped(house: Servers) -> None:
    for path in ("agents/cross-project.md", "commands/orchestrate-cross-project.md"):
        at = house.repo / "desired-state" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / "desired-state" / path, at)


def serves(house: Servers, port: int) -> bool:
    return house.noted(port) and runs(house.pid(port))


def test_the_shipped_command_shows_the_agent_how_servers_are(house: Servers, stub: StubModel, tmp_path: Path) -> None:
    shipped(house)
    port = house.declare("notes")
    other = house.declare("other", "state: stopped\n")
    house.commit()
    house.done("apply", "--yes")
    server, project = house.server(port), house.home / "projects/notes"

    def asked(arguments: str) -> str:
        session = server.post("/session", {}, directory=project)["id"]
        before = len(stub.requests)
        body = {"command": "orchestrate-cross-project", "arguments": arguments}
        server.post(f"/session/{session}/command", body, directory=project)
        return "\n".join(str(message["content"]) for r in stub.requests[before:] for message in r["messages"])

    said = asked("--monitor --health-check --all-servers")
    lines = [line.split() for line in said.replace("\\n", "\n").splitlines()]
    notes = next(line for line in lines if line[:1] == ["notes"])
    assert notes[1:3] == ["ready", str(port)] and notes[3] == str(house.pid(port))
    stopped = next(line for line in lines if line[:1] == ["other"])
    assert stopped[1:3] == ["stopped", str(other)]
    assert "in step" in said
    for number, hostile in enumerate(HOSTILE):
        canary = tmp_path / f"ran{number}"
        asked(hostile.format(canary))
        assert not canary.exists(), hostile


def test_every_option_does_the_real_thing(house: Servers) -> None:
    port = house.declare("notes")
    house.say("command: [sh, -c, exit 1]\n", "mcp/broken.yaml")
    house.say("agent_servers:\n  opencode:\n    command: opencode\n    args: [acp]\n", "zed/settings.yaml")
    house.commit()
    assert "update" not in house.run("orchestrate", "--configure", "--yes").stdout
    assert (house.home / ".config/zed/settings.json").exists()
    assert house.run("orchestrate", "--test", "--connectivity").returncode == 1
    house.done("orchestrate", "--init", "--yes")
    assert (
        json.loads(house.done("orchestrate", "--servers", "--health-check", "--json"))["servers"][0]["state"] == "ready"
    )
    house.done("orchestrate", "--servers", "--health-check", f"--port={port}")
    assert house.run("orchestrate", "--servers", "--health-check", "--port=1").returncode == 1
    [reached] = json.loads(house.done("orchestrate", "--test", "--connectivity", "--all-servers", "--json"))
    assert reached["well"] is True and reached["data"]["health"] == "well"
    wired = house.run("orchestrate", "--integrate", "--mcp", "--json")
    assert wired.returncode == 1, "a server that ends at once is no integration"
    assert {one["data"]["mcp"]: one["well"] for one in json.loads(wired.stdout)[1:]} == {"broken": False}
    spoken = json.loads(house.done("orchestrate", "--integrate", "--acp", "--json"))
    assert "speaks protocol 1" in spoken[0]["text"] and "opencode" in spoken[1]["text"]
    assert "notes: CPU" in house.done("orchestrate", "--monitor", "--performance", "--analyze")
    assert "objects valid" in house.done("orchestrate", "--config", "--validate")
    pid = house.pid(port)
    assert house.run("orchestrate", "--servers", "--restart").returncode == 1, "nobody to ask"
    assert house.pid(port) == pid
    house.done("orchestrate", f"--servers={port}", "--restart", "--yes")
    assert house.pid(port) not in (0, pid)
    house.done("orchestrate", "--servers", "--stop", "--all", "--yes")
    assert house.pid(port) == 0 or not Path(f"/proc/{house.pid(port)}").exists()


@pytest.mark.parametrize("name", ["optimize", "scale", "backup", "recovery", "security", "workflow"])
def test_what_is_not_built_says_so(tmp_path: Path, sandbox: Sandbox, name: str) -> None:
    ran = Servers(sandbox, tmp_path / "git").run("orchestrate", f"--{name}")
    assert ran.returncode == 1 and "is not built yet" in ran.stderr and "nothing was done" in ran.stderr


def test_the_other_options_do_it_too(house: Servers) -> None:
    port, second = house.declare("notes"), house.declare("other")
    house.say("agent_servers:\n  opencode:\n    command: opencode\n    args: [acp]\n", "zed/settings.yaml")
    house.commit()
    zed = house.home / ".config/zed/settings.json"
    assert house.run("orchestrate", "--setup").returncode == 1 and not zed.exists(), "nobody to ask"
    house.done("orchestrate", "--integrate", "--acp", "--sync-zed", "--yes")
    assert zed.exists() and not serves(house, port)
    house.done("orchestrate", "--setup", "--yes")
    health = json.loads(house.done("orchestrate", "--monitor", "--health-check", "--all-servers", "--json"))
    assert {one["name"]: (one["state"], one["pid"]) for one in health["servers"]} == {
        "notes": ("ready", house.pid(port)),
        "other": ("ready", house.pid(second)),
    }
    valid = json.loads(house.done("orchestrate", "--config", "--validate", "--all-servers", "--json"))
    assert [one["well"] for one in valid] == [True, True, True]
    house.kill(second)
    assert house.run("orchestrate", "--monitor", "--health-check").returncode == 1, "git wants it to run"
    house.done("orchestrate", "--servers", "--start", "--servers=other", "--yes")
    zed.write_text(zed.read_text().replace('"acp"', '"serve"'))
    house.done("orchestrate", "--integrate", "--mcp", "--update-all", "--yes")
    assert '"acp"' in zed.read_text()
    house.done("orchestrate", "--servers", "--stop", f"--port={second}", "--yes")
    assert serves(house, port) and not serves(house, second)
    house.done("orchestrate", "--servers", "--start", "--daemon", f"--servers={port},{second}", "--yes")
    assert serves(house, second)
    own, other = house.pid(port), house.pid(second)
    house.variables["RECONCILE_SERVER_TAG"] = house.note(port)["tag"]
    ran = house.run("orchestrate", "--servers", "--restart", "--all", "--yes")
    assert ran.returncode == 1 and "this very session runs on it" in ran.stderr
    assert house.pid(port) == own and serves(house, port), "its own server is left for later"
    assert house.pid(second) not in (0, other), "the others are not"


def test_documents_show_servers_as_they_were_seen(house: Servers) -> None:
    port = house.declare("notes")
    house.say("template: now.md.j2\nobserved: true\noutputs: [docs/now.md]\n", "documents/now.yaml")
    (house.repo / "templates").mkdir()
    (house.repo / "templates" / "now.md.j2").write_text(
        "{% set it = seen('server/notes') %}{{ it.state }} {{ it.port }} {{ it.process }} {{ it.version }}"
        " {{ it.sessions }} {{ 'since' if it.since else 'never' }}\n"
    )
    house.commit()

    def shown() -> list[str]:
        return (house.repo / "docs" / "now.md").read_text().splitlines()[0].split()

    house.done("apply", "--yes", "document")
    assert shown() == ["stopped", str(port), "0", "0", "never"], "as it was when the plan was made"
    said = house.done("apply", "--yes")
    assert "looked at again" in said and house.plan().nothing
    state, at, pid, version, sessions, since = shown()
    assert (state, at, pid, sessions, since) == ("ready", str(port), str(house.pid(port)), "0", "since")
    assert version[0].isdigit() and house.plan().nothing
    house.server(port).post("/session", {}, directory=house.home / "projects/notes")
    assert house.plan().nothing, "a session more is no change"
    house.kill(port)
    assert list(house.plan().due) == [f"{port}#/"], "only the server is to be started"
    house.done("docs", "render", "--yes")
    assert shown()[0] == "ended"
