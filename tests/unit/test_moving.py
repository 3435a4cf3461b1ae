"""docs/moving.md, word for word, on homes laid out as chezmoi and home-manager lay them out.

The programs themselves are stood in for by scripts that do to the home what theirs do by their documentation.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox

PAGE = Path(__file__).parents[2] / "docs" / "moving.md"
AGENT = "---\ndescription: d\n---\nReview.\n"
FILES = {
    "opencode/agents/a.md": AGENT, "opencode/opencode.json": '{\n  // mine\n  "share": "manual",\n}\n',
    "zed/settings.json": '{ "theme": "One Dark" }\n',
}  # fmt: skip
CHEZMOI = """\
[ "$1" = forget ] && rm -r "$HOME/.local/share/chezmoi/dot_config"
exit 0
"""
HOME_MANAGER = """\
find "$HOME/.config" -type l -not -path '*.copy/*' -delete
find "$HOME/.config" -type d -empty -delete
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    source = Path(__file__).parents[2]
    reconcile = f'PYTHONPATH="{source}" exec "{sys.executable}" -m reconciler "$@"\n'
    for name, script in {"chezmoi": CHEZMOI, "home-manager": HOME_MANAGER, "reconcile": reconcile}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}")
        (programs / name).chmod(0o755)
    made.variables["PATH"] = f"{programs}:{made.variables['PATH']}"
    return made


def follow(sandbox: Sandbox, section: str) -> str:
    """What the section's commands print."""
    [block] = re.findall(rf"^## {section}$.*?^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)[:1]
    done = subprocess.run(
        ["bash", "-e", "-c", block], cwd=sandbox.home, env=sandbox.variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def standing(sandbox: Sandbox) -> dict[str, tuple[str, int]]:
    """Text and rights of each file; a link is a failure."""
    found = {}
    for path in FILES:
        at = sandbox.home / ".config" / path
        assert not at.is_symlink() and at.is_file(), path
        found[path] = at.read_text(), at.stat().st_mode & 0o777
    return found


def test_from_chezmoi(sandbox: Sandbox) -> None:
    """One target is a file, one was rendered and is private, one is a link into the source."""
    source = sandbox.home / ".local/share/chezmoi/dot_config"
    for path, text in FILES.items():
        for folder in (source, sandbox.home / ".config"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text("{{ .rendered }}" if path.endswith("opencode.json") else text)
        at = sandbox.home / ".config" / path
        at.symlink_to(source / path) if path.endswith(".md") else at.write_text(text)
    (sandbox.home / ".config/opencode/opencode.json").chmod(0o600)
    said = follow(sandbox, "From chezmoi")
    assert "imported 3 objects" in said and said.rstrip().splitlines()[-1].startswith("in step")
    assert {path: text for path, (text, _) in standing(sandbox).items()} == FILES
    assert standing(sandbox)["opencode/opencode.json"][1] == 0o600


def test_from_home_manager(sandbox: Sandbox) -> None:
    """Links to links: the generation's files lead on to a file each in the store."""
    store = sandbox.home.parent / "nix/store"
    for index, (path, text) in enumerate(FILES.items()):
        one, generation = store / f"{index}{'a' * 31}-hm_file", store / f"{'b' * 32}-home-manager-files/.config" / path
        at = sandbox.home / ".config" / path
        for made in (one, generation, at):
            made.parent.mkdir(parents=True, exist_ok=True)
        one.write_text(text)
        one.chmod(0o444)
        generation.symlink_to(one)
        at.symlink_to(generation)
    said = follow(sandbox, "From home-manager")
    assert "imported 3 objects" in said and said.rstrip().splitlines()[-1].startswith("in step")
    assert {path: text for path, (text, _) in standing(sandbox).items()} == FILES
    assert all(mode & 0o200 for _, mode in standing(sandbox).values())
