"""Settings that name a part of an entry: an error alone, a warning where the file here has what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox

PART = "mcp: {docs: {timeout: 5000}}\nlsp: {ruff: {extensions: [.py]}}\n"
REST = '{ "mcp": { "docs": { "type": "local", "command": ["npx"] } }, "lsp": { "ruff": { "command": ["ruff"] } } }'
LACKS = ("`mcp/docs` has no `type`", "`lsp/ruff` has no `")


@pytest.fixture
def made(tmp_path: Path) -> Sandbox:
    sandbox = Sandbox(tmp_path)
    at = sandbox.repo / "desired-state/opencode/settings.yaml"
    at.parent.mkdir(parents=True)
    at.write_text(PART)
    return sandbox


def stands(sandbox: Sandbox, path: str, text: str) -> None:
    at = sandbox.home / ".config" / path
    at.parent.mkdir(parents=True)
    at.write_text(text)


def test_it_is_all_there_is(made: Sandbox) -> None:
    for verb in ("validate", "plan", "apply"):
        ran = made.run(verb)
        assert ran.returncode == 1 and all(text in ran.stderr for text in LACKS), ran.stdout + ran.stderr
    assert not (made.home / ".config").exists()


@pytest.mark.parametrize("name", ["opencode.json", "opencode.jsonc"])
def test_the_file_here_has_the_rest(made: Sandbox, name: str) -> None:
    stands(made, f"opencode/{name}", REST)
    ran = made.run("validate")
    assert ran.returncode == 0 and all(f"warning: opencode_settings: {text}" in ran.stdout for text in LACKS)
    assert made.run("validate", "--portable").returncode == 1
    assert made.run("apply", "--yes").returncode == 0
    assert '"timeout": 5000' in (made.home / ".config/opencode" / name).read_text()


def test_the_file_here_has_another_part(made: Sandbox) -> None:
    stands(made, "opencode/opencode.json", '{ "mcp": { "docs": { "enabled": false } } }')
    assert made.run("validate").returncode == 1
    assert made.run("apply", "--yes").returncode == 1


def test_it_stands_in_another_file_than_the_entry(made: Sandbox) -> None:
    """OpenCode judges each file alone: what only looks whole once merged is refused by the plan."""
    (made.repo / "desired-state/opencode/settings.yaml").write_text("mcp: {docs: {timeout: 5000}}\n")
    stands(made, "opencode/opencode.json", REST)
    (made.home / ".config/opencode/opencode.jsonc").write_text('{ "mcp": { "docs": { "timeout": 1 } } }')
    assert made.run("apply", "--yes").returncode == 1


def test_zeds_agents_too(made: Sandbox) -> None:
    (made.repo / "desired-state/opencode/settings.yaml").unlink()
    said = made.repo / "desired-state/zed/settings.yaml"
    said.parent.mkdir()
    said.write_text("agent_servers: {opencode: {env: {A: b}}}\n")
    assert made.run("validate").returncode == 1
    stands(
        made, "zed/settings.json", '{ "agent_servers": { "opencode": { "type": "custom", "command": "opencode" } } }'
    )
    assert made.run("validate").returncode == 0
    assert made.run("apply", "--yes").returncode == 0
