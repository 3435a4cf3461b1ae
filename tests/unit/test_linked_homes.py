"""Homes that another dotfiles manager keeps: what `import` and `doctor` say of links out of the home."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox

AGENT = "---\ndescription: d\n---\nx\n"


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Sandbox, Path]:
    """A home, and the folder of another repository in it that holds its files."""
    sandbox = Sandbox(tmp_path)
    folder = sandbox.home / "dotfiles"
    for path, text in {"opencode/agents/a.md": AGENT, "zed/settings.json": '{ "tab_size": 2 }\n'}.items():
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(text)
    (folder / ".git").mkdir()
    (sandbox.home / ".config").mkdir()
    return sandbox, folder


def told(sandbox: Sandbox) -> tuple[list[str], list[str]]:
    """What import warns of and what doctor finds of links."""
    done = sandbox.run("import", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    problems = [f"{p['at']}: {p['text']}" if "at" in p else str(p) for p in json.loads(done.stdout)["problems"]]
    found = json.loads(sandbox.run("doctor", "--json").stdout)
    return [p for p in problems if " link" in p], [f["text"] for f in found if " link" in f["text"]]


@pytest.mark.parametrize("whole", [False, True], ids=["each file", "whole folders"])
def test_links_into_another_repository_are_said(kept: tuple[Sandbox, Path], whole: bool) -> None:
    sandbox, folder = kept
    for path in ("opencode", "zed") if whole else ("opencode/agents/a.md", "zed/settings.json"):
        at = sandbox.home / ".config" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.symlink_to(os.path.relpath(folder / path, at.parent))
    imported, found = told(sandbox)
    assert found == ["2 files are links into the repository ~/dotfiles (`~/.config/opencode/agents/a.md`)"]
    assert len(imported) == 1 and "2 files are links into the repository ~/dotfiles" in imported[0]


def test_one_linked_settings_file_is_found(kept: tuple[Sandbox, Path]) -> None:
    sandbox, folder = kept
    at = sandbox.home / ".config/zed/settings.json"
    at.parent.mkdir()
    at.symlink_to(folder / "zed/settings.json")
    _, found = told(sandbox)
    assert found == ["1 file is a link into the repository ~/dotfiles (`~/.config/zed/settings.json`)"]


def test_a_store_is_named(kept: tuple[Sandbox, Path], tmp_path: Path) -> None:
    sandbox, _ = kept
    store = tmp_path / "nix/store/abc-home-manager-files/settings.json"
    store.parent.mkdir(parents=True)
    store.write_text("{}")
    at = sandbox.home / ".config/zed/settings.json"
    at.parent.mkdir()
    at.symlink_to(store)
    _, found = told(sandbox)
    assert found == ["1 file is a link into home-manager's store (`~/.config/zed/settings.json`)"]


def test_plain_files_are_nobody_elses(kept: tuple[Sandbox, Path], tmp_path: Path) -> None:
    """Even where the home itself is reached through a link."""
    sandbox, folder = kept
    (folder / "zed").rename(sandbox.home / ".config/zed")
    (tmp_path / "way").symlink_to(sandbox.home)
    sandbox.variables["HOME"] = str(tmp_path / "way")
    assert told(sandbox) == ([], [])
