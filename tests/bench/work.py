"""How many agents → a repository and a home that have them, the same for every program that is measured. Writes."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

WORDS = re.findall(
    r"\S+",
    (
        "review change branch small test name error path commit read careful never always before after file line "
        "function reason because measure simple plan apply report note ask answer keep"
    ),
)
KEYS = 200
SIZE = 2000
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Bench"), ("EMAIL", "bench@example.invalid"))
}


@dataclass(frozen=True)
class Work:
    """One repository with `size` agents and two settings files, and a home."""

    folder: Path
    size: int
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def sources(self) -> Path:
        return self.repo / "desired-state" / "agents"

    @property
    def targets(self) -> Path:
        return self.home / ".config" / "opencode" / "agents"

    @property
    def caches(self) -> Path:
        return self.home / ".cache" / "reconciler"

    def reconcile(self, *args: str) -> list[str]:
        """The command that runs this program."""
        return [sys.executable, "-m", "reconciler", "-C", str(self.repo), *args]

    def run(self, command: Sequence[str]) -> None:
        subprocess.run(command, check=True, capture_output=True, env=self.variables, cwd=self.folder)

    def git(self, *args: str) -> None:
        self.run(["git", "-C", str(self.repo), *args])


def make(folder: Path, size: int) -> Work:
    """Agents in folders of a hundred, and two hundred keys each of OpenCode's and of Zed's settings; all committed."""
    work = Work(folder, size, _variables(folder))
    work.home.mkdir(parents=True)
    work.repo.mkdir()
    work.git("init", "-q", "-b", "main")
    chance = random.Random(size)
    for number in range(size):
        at = agent(work.sources, number)
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(markdown(number, chance))
    state = work.repo / "desired-state"
    for program, text in (("opencode", _opencode()), ("zed", _zed())):
        (state / program).mkdir()
        (state / program / "settings.yaml").write_text(text)
    (state / "reconcile.yaml").write_text("id: bench\n")
    work.git("add", "-A")
    work.git("commit", "-q", "-m", "work")
    return work


def agent(folder: Path, number: int) -> Path:
    """Where one agent stands below a source or a target folder."""
    return folder / f"team{number // 100:03}" / f"agent{number:05}.md"


def markdown(number: int, chance: random.Random) -> str:
    """About 2 KB: front matter, and a prompt of lines."""
    lines = [
        "---", f"description: Agent number {number} of many", "mode: subagent", "temperature: 0.2",
        "permission:", "  edit: deny", "  bash:", "    '*': ask", "    'git *': allow", "---",
        f"You are agent {number}.",
    ]  # fmt: skip
    length = sum(map(len, lines))
    while length < SIZE:
        line = "- " + " ".join(chance.choices(WORDS, k=12))
        lines.append(line)
        length += len(line)
    return "\n".join(lines) + "\n"


def _opencode() -> str:
    models = "".join(f"      model-{n}:\n        name: Model {n}\n" for n in range(KEYS))
    return f"provider:\n  bench:\n    npm: '@ai-sdk/openai-compatible'\n    models:\n{models}"


def _zed() -> str:
    return "languages:\n" + "".join(f"  Language {n}:\n    tab_size: {n % 8 + 1}\n" for n in range(KEYS))


def _variables(folder: Path) -> dict[str, str]:
    """Nobody's settings, and no `opencode`: what that costs is its own."""
    return {
        "HOME": str(folder / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "RECONCILE_HOST": "bench",
        "RECONCILE_OPENCODE": "", "PYTHONPATH": str(Path(__file__).parents[2]), "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1", **IDENTITY,
    }  # fmt: skip
