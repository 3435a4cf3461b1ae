"""After `apply`, a real `opencode serve` shows what desired state says; after `rollback`, what stood there before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.support import sandbox as support
from tests.support.opencode import Sandbox, Server

REVIEWER = """\
---
description: Reviews changes
mode: subagent
temperature: 0.2
permission:
  bash:
    "*": ask
    "git *": allow
  edit: deny
---
Review what changed.
"""
YAML = """\
description: Writes release notes
mode: primary
permission: {webfetch: deny}
prompt: |
  Write the notes.

  Be short.
"""
SHIP = "---\ndescription: Ships it\nagent: team/notes\n---\nShip $ARGUMENTS\n"
SKILL = "---\nname: release\ndescription: How to release\n---\n# Release\n"


def under(sandbox: Sandbox, tmp_path: Path) -> support.Sandbox:
    """A repository whose HOME is that of the real program."""
    made = support.Sandbox(tmp_path / "git")
    made.variables["HOME"] = str(sandbox.home)
    for path, text in {
        "agents/reviewer.md": REVIEWER,
        "agents/team/notes.yaml": YAML,
        "commands/ship.md": SHIP,
        "skills/release/SKILL.md": SKILL,
    }.items():
        at = made.repo / "desired-state" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
    return made


def by_name(server: Server, path: str) -> dict[str, Any]:
    return {entry["name"]: entry for entry in server.get(path)}


def test_a_real_server_shows_what_desired_state_says(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.write("agent/mine.md", "---\ndescription: mine\n---\nMine.\n")
    repository = under(sandbox, tmp_path)
    done = repository.run("apply", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    with_ours = sandbox.serve()
    agents, commands = by_name(with_ours, "/agent"), by_name(with_ours, "/command")
    with_ours.stop()
    assert agents["mine"]["description"] == "mine"
    reviewer = agents["reviewer"]
    assert (reviewer["description"], reviewer["mode"], reviewer["temperature"]) == ("Reviews changes", "subagent", 0.2)
    assert reviewer["prompt"].strip() == "Review what changed."
    rules = [(r["permission"], r["pattern"], r["action"]) for r in reviewer["permission"]]
    assert rules.index(("bash", "*", "ask")) < rules.index(("bash", "git *", "allow"))
    assert ("edit", "*", "deny") in rules
    assert agents["team/notes"]["prompt"].strip() == "Write the notes.\n\nBe short."
    assert ("webfetch", "*", "deny") in [
        (r["permission"], r["pattern"], r["action"]) for r in agents["team/notes"]["permission"]
    ]
    assert (commands["ship"]["description"], commands["ship"]["agent"]) == ("Ships it", "team/notes")
    assert commands["release"]["source"] == "skill"

    assert repository.run("rollback", "1", "--yes").returncode == 0
    without = sandbox.serve()
    names, left = set(by_name(without, "/agent")), set(by_name(without, "/command"))
    without.stop()
    assert "mine" in names and not names & {"reviewer", "team/notes"} and not left & {"ship", "release"}


def test_the_shipped_example_loads(sandbox: Sandbox, tmp_path: Path) -> None:
    repository = support.Sandbox(tmp_path / "git")
    repository.variables["HOME"] = str(sandbox.home)
    for folder in ("desired-state", "templates"):
        shutil.copytree(Path(__file__).parents[2] / folder, repository.repo / folder)
    done = repository.run("apply", "--yes", "agent", "command")
    assert done.returncode == 0, done.stdout + done.stderr
    server = sandbox.serve()
    agents, commands = by_name(server, "/agent"), by_name(server, "/command")
    server.stop()
    helpers = {f"cross-project/{name}" for name in ("documentation", "servers", "integration")}
    assert {"cross-project", *helpers} <= set(agents)
    assert all(agents[name]["mode"] == "subagent" for name in helpers)
    assert commands["orchestrate-cross-project"]["agent"] == "cross-project"
