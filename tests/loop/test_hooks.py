"""`check --staged` as git and pre-commit call it: exactly what the commit would record is judged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.looping import Kept, agent, replace

BROKEN = "---\ndescription: [\n---\nBroken.\n"


def commits(box: Kept, *args: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "commit", "-q", "-m", "x", *args],
        cwd=where or box.repo,
        env=box.variables,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def box(tmp_path: Path) -> Kept:
    made = Kept(tmp_path)
    assert "pre-commit written" in made.done("hook", "install")
    return made


def test_what_is_staged_is_judged_and_not_what_lies_beside(box: Kept) -> None:
    box.say("agents/a0.md", BROKEN)
    box.say("agents/a1.md", agent("Well."))
    box.git("add", "desired-state/agents/a1.md")
    assert commits(box).returncode == 0
    box.git("add", "-A")
    box.say("agents/a0.md", agent("Mended, not staged."))
    refused = commits(box)
    assert refused.returncode == 1 and "desired-state/agents/a0.md:" in refused.stderr
    assert commits(box, "-a").returncode == 0, "git hands the hook an index of its own"


def test_drift_is_no_state_to_commit_on(box: Kept) -> None:
    replace(box.live("a0"), "mine\n")
    box.say("agents/a1.md", agent("Well."))
    refused = commits(box, "-a")
    assert refused.returncode == 1 and "agent/a0" in refused.stdout + refused.stderr
    replace(box.live("a0"), agent("Agent 0."))
    assert commits(box, "-a").returncode == 0


def test_a_work_tree_of_its_own_has_its_own_index(box: Kept, tmp_path: Path) -> None:
    box.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side/desired-state/agents/a0.md").write_text(BROKEN)
    assert commits(box, "-a", where=tmp_path / "side").returncode == 1
    (tmp_path / "side/desired-state/agents/a0.md").write_text(agent("Side."))
    assert commits(box, "-a", where=tmp_path / "side").returncode == 0


def test_the_first_commit_of_all(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    shutil.rmtree(box.repo / ".git")
    box.git("init", "-q", "-b", "main")
    box.done("hook", "install")
    box.git("add", "-A")
    assert commits(box).returncode == 0
    shutil.rmtree(box.repo / ".git")
    box.git("init", "-q", "-b", "main")
    box.done("hook", "install")
    box.say("agents/a0.md", BROKEN)
    box.git("add", "-A")
    assert commits(box).returncode == 1


def test_a_hook_of_somebody_else_stays(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    theirs = box.repo / ".git/hooks/pre-commit"
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("#!/bin/sh\ntrue\n")
    ran = box.run("hook", "install")
    assert ran.returncode == 1 and "another hook stands here" in ran.stderr
    assert theirs.read_text() == "#!/bin/sh\ntrue\n"
    box.done("hook", "uninstall")
    assert theirs.exists()


def test_it_is_removed_again(box: Kept) -> None:
    assert "removed" in box.done("hook", "uninstall")
    box.say("agents/a0.md", BROKEN)
    assert commits(box, "-a").returncode == 0


def test_a_check_that_cannot_run_fails(box: Kept) -> None:
    shutil.rmtree(box.repo / "desired-state")
    box.git("rm", "-rqf", "--cached", "desired-state")
    assert commits(box, "--allow-empty").returncode == 1


def test_the_folder_of_hooks_may_lie_elsewhere(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    box.git("config", "core.hooksPath", "tools/hooks")
    box.done("hook", "install", "--push")
    assert (box.repo / "tools/hooks/pre-commit").exists() and (box.repo / "tools/hooks/pre-push").exists()


def test_a_repository_or_a_branch_that_manages_nothing_is_not_held_up(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    box.git("config", "--global", "core.hooksPath", str(box.home / "hooks"))
    box.done("hook", "install", "--push")
    replace(box.live("a0"), "drifted\n")
    assert commits(box, "--allow-empty").returncode == 1
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], env=box.variables, check=True)
    assert commits(box, "--allow-empty", where=other).returncode == 0
    box.git("switch", "-q", "--orphan", "pages")
    assert commits(box, "--allow-empty").returncode == 0
    box.git("switch", "-q", "main")
    box.git("rm", "-rq", "desired-state")
    assert commits(box).returncode == 1, "who takes it away is told"


def pre_commit(box: Kept, folder: Path) -> None:
    """Has pre-commit drive the hooks that this repository offers."""
    top = Path(__file__).parents[2]
    entry = f"{sys.executable} -m reconciler check"
    offered = (top / ".pre-commit-hooks.yaml").read_text()
    local = offered.replace("reconcile check", entry).replace("language: python", "language: system")
    hooks = "\n".join(f"      {line}" for line in local.splitlines())
    (box.repo / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{hooks}\n")
    box.git("add", "-A")
    box.variables["PRE_COMMIT_HOME"] = str(folder / "pre-commit")
    installed = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install", "-t", "pre-commit", "-t", "pre-push"],
        cwd=box.repo, env=box.variables, capture_output=True, text=True,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stdout


def test_pre_commit_drives_the_first_commit_and_a_work_tree_of_its_own(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    shutil.rmtree(box.repo / ".git")
    box.git("init", "-q", "-b", "main")
    pre_commit(box, tmp_path)
    box.say("agents/a0.md", BROKEN)
    box.git("add", "-A")
    assert commits(box).returncode == 1
    box.say("agents/a0.md", agent("Agent 0."))
    box.git("add", "-A")
    assert commits(box).returncode == 0
    side = tmp_path / "side"
    box.git("worktree", "add", "-q", "-b", "side", str(side))
    (side / "desired-state/agents/a0.md").write_text(BROKEN)
    assert commits(box, "-a", where=side).returncode == 1
    (side / "desired-state/agents/a0.md").write_text(agent("Side."))
    assert commits(box, "-a", where=side).returncode == 0


def test_pre_commit_drives_both(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    pre_commit(box, tmp_path)
    assert commits(box).returncode == 0
    box.say("agents/a0.md", BROKEN)
    refused = commits(box, "-a")
    assert refused.returncode == 1 and "desired-state/agents/a0.md:" in refused.stdout + refused.stderr
    # Staged well, broken beside it: pre-commit stashes what is not staged, and the check passes.
    box.say("agents/a0.md", agent("Well."))
    box.git("add", "-A")
    box.say("agents/a0.md", BROKEN)
    assert commits(box).returncode == 0
    assert (box.repo / "desired-state/agents/a0.md").read_text() == BROKEN
    box.git("checkout", "-q", "--", ".")
    upstream = tmp_path / "up.git"
    subprocess.run(["git", "init", "-q", "--bare", str(upstream)], check=True)
    box.git("remote", "add", "origin", str(upstream))
    replace(box.live("a1"), "drifted\n")
    pushed = subprocess.run(
        ["git", "push", "-q", "origin", "main"], cwd=box.repo, env=box.variables, capture_output=True
    )
    assert pushed.returncode
    box.done("apply", "--yes")
    box.git("push", "-q", "origin", "main")
