"""Input that means harm, in a repository or in a home: one clear error, nothing written, nothing run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import faults
from tests.support.sandbox import Sandbox
from tests.unit.test_git import Repo, hostile

DEEP = 100_000
LISTS, MAPS = b"[" * DEEP + b"]" * DEEP, b"{a: " * DEEP + b"}" * DEEP
BOMB = b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 121))
HUGE = b"\0" * (200 << 20)
# name → a file of desired state, its content, and words of the one problem
ASKED: dict[str, tuple[str, bytes, str]] = {
    "YAML lists": (
        "opencode/settings.yaml",
        b"x: " + LISTS,
        "settings.yaml:1:201: this YAML has levels deeper than 200",
    ),
    "YAML maps": ("opencode/settings.yaml", b"x: " + MAPS, "this YAML has levels deeper than 200"),
    "YAML dashes": ("zed/keymap.yaml", b"- " * DEEP + b"x", "this YAML has levels deeper than 200"),
    "front matter": ("agents/x.md", b"---\ndescription: " + MAPS + b"\n---\n", "this YAML has levels deeper than 200"),
    "settings of ours": ("reconcile.yaml", b"modes: " + MAPS, "this YAML has levels deeper than 200"),
    "aliases": ("opencode/settings.yaml", BOMB, "aliases"),
    "JSONC": ("zed/settings.jsonc", b'{"x": ' + LISTS + b"}", "settings.jsonc:1:506: not valid JSON: nested deeper"),
    "JSONC without an end": ("zed/settings.jsonc", b'{"x": ' + b"[" * DEEP, "nested deeper than 500 levels"),
    "NUL in YAML": ("opencode/settings.yaml", b"share: \0\n", "a NUL character stands here"),
    "NUL in JSONC": ("zed/settings.jsonc", b'{"a": "\0"}', "a NUL character stands here"),
    "NUL in front matter": ("agents/x.md", b"---\ndescription: a\0b\n---\n", "a NUL character stands here"),
    "no UTF-8 in YAML": ("opencode/settings.yaml", b"share: \xff\n", "settings.yaml:1:8: not valid UTF-8"),
    "no UTF-8 in JSONC": ("zed/settings.jsonc", b'{"a": "\xff"}', "settings.jsonc:1:8: not valid UTF-8"),
    "no UTF-8 in front matter": ("agents/x.md", b"---\ndescription: \xff\n---\n", "x.md:2:14: not valid UTF-8"),
    "a huge file": ("files/opencode/huge.bin", HUGE, "the file is larger than 64 MiB"),
    "huge YAML": ("opencode/settings.yaml", HUGE, "the file is larger than 64 MiB"),
    "a huge agent": ("agents/x.md", HUGE, "the file is larger than 64 MiB"),
    "a file that climbs": ("x.yaml", b"files:\n  opencode/../../../evil: x\n", "a name can't leave its folder"),
    "an agent that climbs": ("x.yaml", b"agents:\n  ../../evil: {prompt: x}\n", "a name can't leave its folder"),
    "an absolute file": ("x.yaml", b"files:\n  opencode//etc/evil: x\n", "a name can't leave its folder"),
    "a skill that climbs": ("x.yaml", b"skills:\n  ../evil: {}\n", "x.yaml"),
}
STANDING: dict[str, tuple[str, bytes, str]] = {
    "JSON": ("zed/settings.json", b'{"x": ' + LISTS + b"}", "settings.json:1:506: not valid JSON: nested deeper"),
    "a list": ("zed/keymap.json", LISTS, "nested deeper than 500 levels"),
    "NUL": ("zed/settings.json", b'{"x": "\0"}', "settings.json:1:8: not valid JSON"),
    "no UTF-8": ("zed/settings.json", b'{"x": "\xff"}', "this is not UTF-8 text"),
    "huge settings": ("zed/settings.json", HUGE, "is larger than 64 MiB"),
    "a huge agent": ("opencode/agents/a.md", HUGE, "is larger than 64 MiB"),
}


@pytest.fixture(scope="module")
def warmed(tmp_path_factory: pytest.TempPathFactory) -> None:
    sandbox = Sandbox(tmp_path_factory.mktemp("warm"))
    (sandbox.repo / "desired-state").mkdir()
    faults.warm(sandbox.variables, sandbox.repo)


@pytest.fixture
def sandbox(tmp_path: Path, warmed: None) -> Iterator[Sandbox]:
    found = Sandbox(tmp_path / "s")
    put(found.repo / "desired-state/agents/a.md", b"fine\n")
    yield found
    shutil.rmtree(tmp_path / "s")  # 200 MB each


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is HUGE:
        with open(path, "wb") as file:
            file.truncate(len(content))
    else:
        path.write_bytes(content)


def files(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


def refused(sandbox: Sandbox, words: str) -> None:
    before = files(sandbox.home / ".config")
    ended = faults.forked(sandbox.variables, sandbox.repo, "apply", "--yes")
    assert ended.status == 1 and "Traceback" not in ended.said, ended.said[-2000:]
    assert words in ended.said and "1 problem; nothing was changed" in ended.said, ended.said[:2000]
    assert len(ended.said) < 1000
    assert files(sandbox.home / ".config") == before


@pytest.mark.parametrize("name", ASKED)
def test_what_git_says(sandbox: Sandbox, name: str) -> None:
    path, content, words = ASKED[name]
    put(sandbox.repo / "desired-state" / path, content)
    refused(sandbox, words)


@pytest.mark.parametrize("name", STANDING)
def test_what_stands_here(sandbox: Sandbox, name: str) -> None:
    path, content, words = STANDING[name]
    put(sandbox.repo / "desired-state/zed/settings.yaml", b"tab_size: 2\n")
    put(sandbox.repo / "desired-state/zed/keymap.yaml", b'- bindings: {a: "x::Y"}\n')
    put(sandbox.home / ".config" / path, content)
    refused(sandbox, words)


def test_links_in_a_repository_lead_nowhere(sandbox: Sandbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("private\n")
    (sandbox.repo / "desired-state/agents/link.md").symlink_to(outside)
    refused(sandbox, "desired-state/agents/link.md")
    (sandbox.repo / "desired-state/agents/link.md").unlink()
    (sandbox.repo / "desired-state/commands").symlink_to(tmp_path)
    refused(sandbox, "desired-state/commands")


def test_what_saved_plans_name_stays_below_the_roots(sandbox: Sandbox, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    faults.forked(sandbox.variables, sandbox.repo, "plan", "-o", str(plan))
    said = json.loads(plan.read_text())
    for path in ("../../evil.md", "/etc/evil.md", "agents/../../../evil.md", "agents/\0.md"):
        said["changes"][0]["claim"][1] = path
        plan.write_text(json.dumps(said))
        ended = faults.forked(sandbox.variables, sandbox.repo, "apply", str(plan), "--yes")
        assert ended.status == 1 and "Traceback" not in ended.said, ended.said
        assert not list(tmp_path.rglob("evil.md"))


def test_no_verb_runs_anything_of_a_repository(tmp_path: Path, warmed: None) -> None:
    sandbox = Sandbox(tmp_path / "s")
    repo = Repo(sandbox.repo)
    put(sandbox.repo / "desired-state/agents/a.md", b"fine\n")
    put(sandbox.repo / "desired-state/reconcile.yaml", b"id: x\n")
    sandbox.commit()
    canary = tmp_path / "canary"
    hostile(repo, canary)
    included = sandbox.repo / ".git/more"
    included.write_text(f"[core]\n\tfsmonitor = {sandbox.repo}/.git/evil.sh\n")
    repo.git("config", f"includeIf.gitdir:{sandbox.repo}/.path", str(included))
    put(sandbox.repo / "desired-state/agents/b.md", b"---\ndescription: b\n---\n")
    verbs = [
        ("validate",), ("plan",), ("plan", "--rev", "HEAD"), ("check",), ("check", "--staged"), ("apply", "--yes"),
        ("status",), ("why", "agent/a"), ("history",), ("show", "1"), ("doctor",), ("import",),
        ("adopt", "agent/a"), ("ignore", "agent/b"), ("rollback", "1", "--yes"), ("apply", "--yes"), ("resume",),
        ("release", "--all", "--yes"),
    ]  # fmt: skip
    for verb in verbs:
        ended = faults.forked(sandbox.variables, sandbox.repo, *verb)
        assert "Traceback" not in ended.said, ended.said
        assert not canary.exists(), verb
