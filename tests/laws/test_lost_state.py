"""A state that is gone, damaged or from elsewhere leads to a plan that says `unknown`, and to no deletion."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox


def gone(state: Path) -> None:
    for path in state.parent.glob("state.db*"):
        path.unlink()


def damaged(state: Path) -> None:
    content = state.read_bytes()
    state.write_bytes(content[:4096] + bytes(len(content) - 4096))


def from_elsewhere(state: Path) -> None:
    db = sqlite3.connect(state)
    db.execute("UPDATE meta SET value = '/home/somebody' WHERE name = 'home'")
    db.commit()
    db.close()


@pytest.mark.parametrize("lose", [gone, damaged, from_elsewhere])
def test_nothing_is_deleted_or_overwritten_until_it_is_confirmed(tmp_path: Path, lose: Callable[[Path], None]) -> None:
    sandbox = Sandbox(tmp_path)
    agents, asked = sandbox.home / ".config/opencode/agents", sandbox.repo / "desired-state/agents"
    asked.mkdir(parents=True)
    for name in ("same", "edited", "again", "dropped"):
        (asked / f"{name}.md").write_text(f"{name}\n")
    assert sandbox.run("apply", "--yes").returncode == 0
    lose(sandbox.home / ".local/state/reconciler/state.db")
    (agents / "edited.md").write_text("by hand\n")
    (agents / "again.md").write_text("by hand too\n")
    (asked / "dropped.md").unlink()

    def unknown() -> list[str]:
        done = sandbox.run("plan", "--json")
        assert done.returncode == 0, done.stderr
        changes = json.loads(done.stdout)["changes"]
        assert all(change["action"] != "delete" for change in changes)
        return sorted(c["ref"] for c in changes if c["cause"] == "unknown" and not c["allowed"])

    assert unknown() == ["agent/again", "agent/edited"]
    assert sandbox.run("apply", "--yes").returncode == 1, "what is unknown is held"
    assert unknown() == ["agent/again", "agent/edited"], "the first write does not end it"
    assert (agents / "edited.md").read_text() == "by hand\n"
    assert (agents / "dropped.md").read_text() == "dropped\n"
    assert sandbox.run("apply", "--yes", "--force", "agent/edited").returncode == 1
    assert (agents / "edited.md").read_text() == "edited\n"
    assert unknown() == ["agent/again"]
    assert sandbox.run("adopt", "agent/again").returncode == 0
    assert unknown() == []
    (asked / "new.md").write_text("git's\n")
    (agents / "new.md").write_text("mine\n")
    assert unknown() == [], "it is over: this is an ordinary take-over"
    assert sandbox.run("apply", "--yes").returncode == 0
    assert sandbox.run("release", "agent/edited", "--yes").returncode == 0
    assert (agents / "edited.md").read_text() == "by hand\n"
