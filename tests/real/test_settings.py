"""After `apply`, a real `opencode` shows the settings of git; after `rollback`, those that stood there before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.managed import Managed
from tests.support.opencode import Sandbox, Server
from tests.support.stub_llm import MODEL, StubModel

BY_HAND = """\
{
  "$schema": "https://opencode.ai/config.json",
  // picked by hand
  "model": "mine/old",
  "share": "manual", // never auto
  "permission": {
    "edit": "ask",
    "bash": { "git push*": "deny", "*": "ask" }, // in the wrong order
  },
  "username": "me",
}
"""
TAKEN_OVER = f"""\
{{
  "$schema": "https://opencode.ai/config.json",
  // picked by hand
  "model": "stub/{MODEL}",
  "share": "disabled", // never auto
  "permission": {{
    "bash": {{ "*": "ask", "git *": "allow", "git push*": "deny" }}, // in the wrong order
    "webfetch": "allow",
    "edit": "deny",
  }},
  "username": "me",
"""
GIT = """\
model: stub/{model}
small_model: stub/{model}
enabled_providers: [stub]
provider:
  stub:
    npm: "@ai-sdk/openai-compatible"
    name: Stub
    options: {{baseURL: "http://127.0.0.1:{port}/v1", apiKey: "{{env:STUB_KEY}}"}}
    models:
      {model}: {{name: Stub One, limit: {{context: 100000, output: 4096}}}}
permission:
  bash: {{"*": ask, "git *": allow, "git push*": deny}}
  webfetch: allow
  edit: deny
share: disabled
instructions: ["{rules}"]
mcp:
  toy: {{type: local, command: ["{python}", "{toy}"], timeout: 20000}}
  off: {{type: local, command: ["true"], enabled: false}}
"""
TOY = """\
import json, sys

TOOL = {"name": "ping", "description": "pings", "inputSchema": {"type": "object"}}
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        version = asked.get("params", {}).get("protocolVersion")
        about = {"name": "toy", "version": "1"}
        answers = {
            "initialize": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about},
            "tools/list": {"tools": [TOOL]},
        }
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answers.get(asked["method"], {})}), flush=True)
"""


@pytest.fixture
def managed(sandbox: Sandbox, tmp_path: Path) -> Managed:
    return Managed(sandbox, tmp_path / "git")


def loads(text: str) -> Any:
    return json.loads(text)


def rules(config: dict[str, Any]) -> list[Any]:
    """A `permission` in its order."""
    return json.loads(json.dumps(config["permission"]), object_pairs_hook=lambda pairs: [list(pair) for pair in pairs])  # type: ignore[no-any-return]


def agent_rules(server: Server) -> str:
    """What the agent `build` may do, in the order in which it is judged: the last match wins."""
    [build] = [agent for agent in server.get("/agent") if agent["name"] == "build"]
    return " · ".join(f"{rule['permission']} {rule['pattern']} {rule['action']}" for rule in build["permission"])


def shown(server: Server) -> tuple[dict[str, Any], dict[str, Any]]:
    """The config, and the status of each MCP server."""
    servers = server.get("/mcp")
    return server.get("/config"), {name: told["status"] for name, told in servers.items()}


def test_a_real_server_shows_the_settings_of_git(
    managed: Managed, sandbox: Sandbox, stub: StubModel, tmp_path: Path
) -> None:
    (tmp_path / "rules.md").write_text("Be short and kind.")
    (tmp_path / "toy.py").write_text(TOY)
    sandbox.write("opencode.jsonc", BY_HAND)
    git = GIT.format(
        model=MODEL, port=stub.port, rules=tmp_path / "rules.md", python=sys.executable, toy=tmp_path / "toy.py"
    )
    managed.say(git)
    managed.done("apply", "--yes")
    assert managed.plan().nothing
    assert managed.read("opencode.jsonc").startswith(TAKEN_OVER)

    with sandbox.serve(env={"STUB_KEY": "of-the-environment"}) as server:
        config, servers = shown(server)
        assert server.ask("hello", directory=sandbox.project("default")) == f"STUB[{MODEL}] user=hello"
        judged = agent_rules(server)
    assert (config["model"], config["small_model"], config["share"]) == (f"stub/{MODEL}", f"stub/{MODEL}", "disabled")
    assert config["enabled_providers"] == ["stub"] and config["instructions"] == [str(tmp_path / "rules.md")]
    assert config["provider"]["stub"]["options"]["apiKey"] == "of-the-environment"
    assert config["username"] == "me", "a key that git does not name"
    # GET /config sorts the tools it knows as its schema does; the rules inside one, and GET /agent, stay as written.
    assert rules(config) == [
        ["edit", "deny"],
        ["bash", [["*", "ask"], ["git *", "allow"], ["git push*", "deny"]]],
        ["webfetch", "allow"],
    ]
    assert "bash * ask · bash git * allow · bash git push* deny · webfetch * allow · edit * deny" in judged
    assert config["mcp"]["toy"]["command"] == [sys.executable, str(tmp_path / "toy.py")]
    assert servers == {"toy": "connected", "off": "disabled"}
    assert "Be short and kind." in json.dumps(stub.requests[0]["messages"][0])
    assert managed.plan().nothing, "the server has written no key of ours"

    managed.say(git.replace('"*": ask, "git *": allow', '"git *": allow, "*": ask'))
    assert managed.plan().due == {"opencode.jsonc#/permission": "update commit"}
    managed.done("apply", "--yes")
    reordered = sandbox.debug_config()
    assert rules(reordered) == [
        ["bash", [["git *", "allow"], ["*", "ask"], ["git push*", "deny"]]],
        ["webfetch", "allow"],
        ["edit", "deny"],
    ]
    assert reordered["mcp"] == config["mcp"]

    managed.done("rollback", "2", "--yes")
    managed.done("rollback", "1", "--yes")
    assert managed.read("opencode.jsonc") == BY_HAND
    with sandbox.serve() as server:
        before, servers = shown(server)
        judged = agent_rules(server)
    assert (before["model"], before["share"], before["username"]) == ("mine/old", "manual", "me")
    assert "edit * ask · bash git push* deny · bash * ask" in judged
    assert servers == {} and not before.keys() & {"small_model", "provider", "instructions", "enabled_providers"}


def test_of_three_files_that_are_merged_git_has_the_last_word(managed: Managed, sandbox: Sandbox) -> None:
    old = '{ "$schema": "x", "model": "config/old", "username": "config", "share": "auto", "instructions": ["c.md"] }'
    json_ = '{ "$schema": "x", "model": "json/old", "share": "manual", "compaction": { "auto": true } }'
    jsonc = '{\n  "$schema": "x",\n  "model": "jsonc/old", // wins\n  "compaction": { "prune": true }\n}\n'
    sandbox.write("config.json", old)
    sandbox.write("opencode.json", json_)
    sandbox.write("opencode.jsonc", jsonc)
    managed.say(
        "model: git/new\nshare: disabled\nusername: git\ninstructions: [git.md]\nautoupdate: false\n"
        "compaction: {auto: false, prune: false, tail_turns: 3}\n"
    )
    managed.done("apply", "--yes")
    assert managed.plan().nothing
    merged = sandbox.debug_config()
    assert (merged["model"], merged["share"], merged["username"]) == ("git/new", "disabled", "git")
    assert (merged["instructions"], merged["autoupdate"]) == (["git.md"], False)
    assert merged["compaction"] == {"auto": False, "prune": False, "tail_turns": 3}
    assert managed.plan().nothing
    managed.done("release", "--all", "--yes")
    assert [managed.read(n) for n in ("config.json", "opencode.json", "opencode.jsonc")] == [old, json_, jsonc]


def test_a_permission_map_in_two_files_is_what_git_says(managed: Managed, sandbox: Sandbox) -> None:
    """OpenCode merges the maps of its files key by key, the first file's order first: `rm *` would end up allowed."""
    first = '{"$schema": "x", "permission": {"bash": {"rm *": "ask", "dd *": "allow"}}, "share": "manual"}'
    second = '{"$schema": "x", "permission": {"bash": {"*": "ask"}}}'
    sandbox.write("opencode.json", first)
    sandbox.write("opencode.jsonc", second)
    managed.say('permission: {bash: {"*": allow, "rm *": deny}}\n')
    before = rules(sandbox.debug_config())
    said = json.loads(managed.done("why", "opencode_settings#/permission", "--json"))
    merged = said[0]["parts"][0]["layers"][-1]
    assert merged["where"] == "merged, in this order"
    assert rules({"permission": json.loads(merged["value"])}) == before
    assert managed.plan().due == {
        "opencode.json#/permission": "delete adopt",
        "opencode.jsonc#/permission": "update adopt",
    }
    managed.done("apply", "--yes")
    assert rules(sandbox.debug_config()) == [["bash", [["*", "allow"], ["rm *", "deny"]]]]
    assert managed.plan().nothing

    sandbox.write("opencode.json", '{"$schema": "x", "permission": {"bash": "deny"}, "share": "manual"}')
    assert managed.plan().due == {"opencode.json#/permission": "delete drift"}
    managed.done("apply", "--yes")
    assert loads(managed.read("opencode.json")).keys() == {"$schema", "share"}
    managed.say("share: manual\n")
    managed.done("apply", "--yes")
    assert loads(managed.read("opencode.json")) == loads(first) and loads(managed.read("opencode.jsonc")) == loads(
        second
    )
    assert rules(sandbox.debug_config()) == before

    managed.done("rollback", "3", "--yes")
    managed.done("rollback", "2", "--yes")
    managed.done("rollback", "1", "--yes", "--force", "opencode_settings")
