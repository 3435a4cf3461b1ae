"""A HOME of its own and a real git repository, with the verbs as the command line calls them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.invalid",
}  # fmt: skip


class Sandbox:
    """`home` and `repo` below one temporary folder; nothing outside is read or written."""

    def __init__(self, folder: Path) -> None:
        self.home, self.repo = folder / "home", folder / "repo"
        self.home.mkdir(parents=True, exist_ok=True)
        self.repo.mkdir(parents=True, exist_ok=True)
        self.variables = {
            "HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC",
            "RECONCILE_HOST": "laptop", "RECONCILE_OPENCODE": "", **IDENTITY,
        }  # fmt: skip
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.repo, env=self.variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def run(self, *args: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """`reconcile ARGS` in the repository, as a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "reconciler", *args], cwd=self.repo, env=self.variables, input=text,
            stdin=subprocess.DEVNULL if text is None else None, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
