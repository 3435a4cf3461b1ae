"""What the real program does with each mistake of tests/cases/mistakes.yaml is what stands beside it there.

Each case is a project of its own, and one server answers for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.resource import File, Source
from reconciler.shapes import asked, permission_rules
from tests.support import mistakes
from tests.support.mistakes import Case
from tests.support.opencode import Sandbox, Server

CASES = [case for case in mistakes.cases() if case.opencode != "not asked"]
BUILT_IN = {"build", "plan", "general", "explore", "compaction", "title", "summary"}


@pytest.fixture(scope="module")
def server(shared_sandbox: Sandbox) -> Iterator[Server]:
    with shared_sandbox.serve() as running:
        yield running


def staged(case: Case, sandbox: Sandbox) -> Path:
    """A project with the files of a case where OpenCode looks for them."""
    folder = sandbox.project(case.name.replace(" ", "-").replace("/", "-"))
    for path, text in case.files.items():
        if path.startswith("opencode/settings"):
            said = asked.read([Source(path, File(text.encode()))]) if path.endswith("yaml") else None
            (folder / "opencode.json").write_text(text if said is None else json.dumps(said.value))
        else:
            at = folder / ".opencode" / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text(text)
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_program_does_what_the_table_says(case: Case, server: Server, shared_sandbox: Sandbox) -> None:
    folder = staged(case, shared_sandbox)
    statuses = {server.request("GET", route, directory=folder).status for route in ("/config", "/agent")}
    if case.opencode in ("400", "refuses"):
        assert 400 in statuses
        return
    assert statuses == {200}
    if case.opencode == "dropped":
        assert not [s for s in server.get("/skill", directory=folder) if str(folder) in json.dumps(s)]
    elif case.asks[0] == "there":
        assert agent(case, server.get("/agent", directory=folder))["name"] == case.asks[1]
    elif case.asks[0] == "agent of":
        assert not next(c for c in server.get("/command", directory=folder) if c["name"] == case.asks[1]).get("agent")
    elif case.opencode == "open":
        assert action(case, server, folder) == "allow"


def agent(case: Case, agents: list[Any]) -> Any:
    """The agent of the case, or the one that is used where there is none."""
    own = [a for a in agents if a["name"] not in BUILT_IN]
    return own[0] if own else next(a for a in agents if a["name"] == "build")


def action(case: Case, server: Server, folder: Path) -> str:
    """What is done when a tool asks: the last rule that matches."""
    rules = agent(case, server.get("/agent", directory=folder))["permission"]
    tool, pattern = case.asks
    matching = [
        rule
        for rule in rules
        if permission_rules.matches(rule["permission"], tool) and permission_rules.matches(rule["pattern"], pattern)
    ]
    return str(matching[-1]["action"])
