"""What `doctor` finds on a machine, and that each finding names its remedy."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.app import check_up, environment, open_home
from reconciler.app.checks import machine
from reconciler.world import machine as looking
from tests.support.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path)
    made.run("init")
    made.commit()
    return made


def findings(sandbox: Sandbox, **variables: str) -> list[dict[str, Any]]:
    sandbox.variables |= variables
    return list(json.loads(sandbox.run("doctor", "--json").stdout))


def told(sandbox: Sandbox, part: str, **variables: str) -> dict[str, Any]:
    """The one finding that says this; whatever is not well has a remedy."""
    found = findings(sandbox, **variables)
    assert all(f["remedy"] for f in found if not f["ok"]), found
    [one] = [f for f in found if part in f["text"]]
    return one


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def program(sandbox: Sandbox, says: str, name: str = "opencode") -> str:
    at = sandbox.home.parent / "bin" / name
    write(at, f"#!/bin/sh\necho {says}\n")
    at.chmod(0o755)
    return str(at)


def test_a_usual_home_is_well(sandbox: Sandbox) -> None:
    assert not [f for f in findings(sandbox) if not f["ok"] and "inotify" not in f["text"] and "4096" not in f["text"]]


def test_what_a_killed_run_left_is_named_and_stays(sandbox: Sandbox) -> None:
    left = sandbox.home / ".config/opencode/agents/.reconcile-00112233aabbccdd.tmp"
    write(left, "somebody's words")
    found = told(sandbox, "of a run that was stopped")
    assert "`~/.config/opencode/agents/.reconcile-00112233aabbccdd.tmp`" in found["text"] and not found["ok"]
    assert "compare it" in found["remedy"]
    assert "1 temporary file of a run that was stopped" in sandbox.run("status").stdout
    assert json.loads(sandbox.run("status", "--json").stdout)["left"] == [
        "~/.config/opencode/agents/.reconcile-00112233aabbccdd.tmp"
    ]
    assert sandbox.run("apply", "--yes").returncode == 0
    assert left.read_text() == "somebody's words"


def test_a_key_in_two_files_side_by_side(sandbox: Sandbox) -> None:
    folder = sandbox.home / ".config/opencode"
    write(folder / "config.json", '{"share": "manual", "$schema": "x"}')
    write(folder / "opencode.jsonc", '{"share": "manual", "$schema": "x"} // mine')
    found = told(sandbox, "wins wherever")
    assert found["text"].startswith("~/.config/opencode/config.json: `share` is in opencode.jsonc too")


def test_other_places_that_opencode_reads(sandbox: Sandbox) -> None:
    write(sandbox.home / ".opencode/opencode.json", "{}")
    write(sandbox.repo / ".opencode/opencode.json", "{}")
    found = findings(
        sandbox, OPENCODE_CONFIG="/none.json", OPENCODE_CONFIG_DIR="/other", OPENCODE_CONFIG_CONTENT='{"model": "a/b"}'
    )
    texts = [f["text"] for f in found if f["note"] and "OpenCode reads" in f["text"]]
    names = ["/none.json", f"{sandbox.repo}/.opencode", "~/.opencode", "/other", "OPENCODE_CONFIG_CONTENT"]
    assert [next(n for n in names if n in text) for text in texts] == names
    assert "it is not there" in texts[0]


def test_variables_that_do_not_count(sandbox: Sandbox) -> None:
    assert not told(sandbox, "XDG_CACHE_HOME is `cache`", XDG_CACHE_HOME="cache")["ok"]


def test_versions(sandbox: Sandbox) -> None:
    known = told(sandbox, "opencode 1.18.33", RECONCILE_OPENCODE=program(sandbox, "1.18.33"))
    assert known["ok"] and not known["note"]
    near = told(sandbox, "opencode 1.99.0", RECONCILE_OPENCODE=program(sandbox, "1.99.0"))
    assert near["note"] and "schema --refresh" in near["remedy"]
    other = told(sandbox, "this program knows version 1", RECONCILE_OPENCODE=program(sandbox, "2.0.1"))
    assert not other["ok"] and "not confirmed" in other["remedy"]


def test_an_old_git(sandbox: Sandbox) -> None:
    folder = Path(program(sandbox, "git version 2.25.1", "git")).parent
    app = open_home(environment({**sandbox.variables, "PATH": str(folder)}), None)
    [found] = [f for f in check_up(app) if f.text.startswith("git ")]
    assert found.text == "git 2.25.1" and not found.ok and "2.32" in found.remedy


def test_limits_of_watching_files(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(tmp_path / "max_user_watches", "8192\n")
    assert looking.inotify_limit("max_user_watches", str(tmp_path)) == 8192
    assert looking.inotify_limit("no_such_limit", str(tmp_path)) is None
    monkeypatch.setattr(looking, "inotify_limit", {"max_user_watches": 8192, "max_user_instances": 128}.get)
    app = open_home(environment(sandbox.variables), str(sandbox.repo))
    [found] = [f for f in machine.check(app) if "inotify" in f.text]
    assert "max_user_watches is 8192" in found.text and "sysctl fs.inotify.max_user_watches=524288" in found.remedy


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell who listens")
def test_who_listens_on_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = looking.listener(port)
        assert found is not None and found.pid == os.getpid() and "python" in found.command
    assert looking.listener(port) is None


def test_a_port_that_opencode_acp_has_taken(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_home(environment(sandbox.variables), str(sandbox.repo))
    for command, well in (("opencode acp --cwd /x", False), ("opencode serve", True), ("", True)):
        monkeypatch.setattr(looking, "listener", lambda port, c=command: looking.Listener(7 if c else 0, c))
        [found] = [f for f in machine.check(app) if "port 4096" in f.text]
        assert found.ok is well and "--port" in found.remedy


@pytest.mark.parametrize("name", ["key", "identity"])
def test_keys_that_are_gone_or_damaged(sandbox: Sandbox, name: str) -> None:
    write(sandbox.repo / "desired-state/agents/a.md", "---\ndescription: d\n---\nx\n")
    assert sandbox.run("apply", "--yes").returncode == 0
    key = sandbox.home / ".local/share/reconciler" / name
    key.write_text("x")
    assert not told(sandbox, "damaged")["ok"]
    key.unlink()
    found = told(sandbox, "is gone")
    assert not found["ok"] and "from a backup" in found["remedy"]


def test_what_git_is_in_the_middle_of(sandbox: Sandbox) -> None:
    write(sandbox.repo / "x", "1")
    first = sandbox.commit()
    sandbox.git("switch", "-q", "-c", "other")
    write(sandbox.repo / "x", "2")
    sandbox.commit()
    sandbox.git("switch", "-q", "main")
    write(sandbox.repo / "x", "3")
    sandbox.commit()
    with pytest.raises(AssertionError):
        sandbox.git("merge", "other")
    assert "git merge --abort" in told(sandbox, "in the middle of a merge")["remedy"]
    sandbox.git("merge", "--abort")
    with pytest.raises(AssertionError):
        sandbox.git("rebase", "-q", "other")
    assert "--abort" in told(sandbox, "in the middle of a rebase")["remedy"]
    sandbox.git("rebase", "--abort")
    sandbox.git("checkout", "-q", first)
    assert "git switch" in told(sandbox, f"HEAD is at {first[:7]}")["remedy"]


def test_a_partial_clone_and_ignored_desired_state(sandbox: Sandbox) -> None:
    sandbox.git("config", "remote.origin.promisor", "true")
    assert told(sandbox, "partial clone")["note"]
    write(sandbox.repo / ".gitignore", "desired-state/agents/\n")
    write(sandbox.repo / "desired-state/agents/a.md", "x")
    assert "check-ignore" in told(sandbox, "git ignores this file")["remedy"]


def test_the_overlay_of_another_machine_counts(sandbox: Sandbox) -> None:
    write(sandbox.repo / "desired-state/hosts/other/agents/a.md", "---\nmode: subagnet\n---\nx\n")
    assert not told(sandbox, "can't be `subagnet`")["ok"]
