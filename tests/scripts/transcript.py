"""Transcripts of the command line: parsed, run in a sandbox, written again.

Prose stands at the margin. What is indented by two is a command (`$ …`), what it printed (`2| …` is stderr), its exit
status where that is not 0 (`[exit 1]`), or a file to write (`-- path --`, then its lines).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
COMMAND, FILE = re.compile(r"  \$ (.*)"), re.compile(r"  -- (.*) --")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass
class Block:
    """Prose (no command, no path), a file to write, or a command; `lines` as they stand in the transcript."""

    head: str
    lines: list[str] = field(default_factory=list)
    command: str = ""
    path: str = ""

    def text(self) -> str:
        return "\n".join([self.head, *self.lines])


def parse(text: str) -> Iterator[Block]:
    """The blocks of a transcript; joined by line ends they are the transcript."""
    block: Block | None = None
    for line in text.splitlines():
        command, path = COMMAND.fullmatch(line), FILE.fullmatch(line)
        prose = line.strip() and not line.startswith("  ")
        if block is None or command or path or (prose and (block.command or block.path)):
            if block is not None:
                yield block
            block = Block(line, command=command[1] if command else "", path=path[1] if path else "")
        else:
            block.lines.append(line)
    if block is not None:
        yield block


class Sandbox:
    """A home of its own, a host of its own, git without anybody's settings."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        binaries = folder / "bin"
        for made in (self.home, binaries):
            made.mkdir()
        program = binaries / "reconcile"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
        program.chmod(0o755)
        self.cwd = self.home
        self.where = folder / "cwd"
        self.variables = {
            "HOME": str(self.home), "PATH": f"{binaries}:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY),
            "RECONCILE_HOST": "laptop", "RECONCILE_OPENCODE": "", "TZ": "UTC", "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
        }  # fmt: skip

    def write(self, path: str, text: str) -> None:
        target = self.home / path.removeprefix("~/") if path.startswith("~/") else self.cwd / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def run(self, command: str) -> list[str]:
        """What a command printed, as the transcript has it."""
        script = f'{command}\nstatus=$?; pwd > "{self.where}"; exit $status'
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.cwd, env=self.variables, capture_output=True, stdin=subprocess.DEVNULL
        )
        self.cwd = Path(self.where.read_text().strip()) if self.where.exists() else self.cwd
        out, err = (
            self.hidden(text.decode(errors="backslashreplace")).splitlines() for text in (done.stdout, done.stderr)
        )
        lines = [*out, *(f"2| {line}" for line in err), *([f"[exit {done.returncode}]"] if done.returncode else [])]
        return [f"  {line}".rstrip() for line in lines]

    def hidden(self, text: str) -> str:
        """What differs from run to run, by name."""
        text = TIME.sub("<time>", text.replace(str(self.home), "<home>"))
        for name, value in self.names():
            text = text.replace(value, name)
        return text

    def names(self) -> Iterator[tuple[str, str]]:
        """Commits in the order they were made, and the repository's id."""
        for settings in self.home.glob("*/desired-state/reconcile.yaml"):
            if found := re.search(r"^id: \"?([0-9a-z]{12,})", settings.read_text(), re.M):
                yield "<id>", found[1]
        for repository in self.home.glob("*/.git"):
            git = ["git", "-C", str(repository.parent), "log", "--all", "--format=%H"]
            for commit in subprocess.run(git, env=self.variables, capture_output=True, text=True).stdout.split():
                yield "<commit>", commit
                yield "<commit>", commit[:7]


def play(text: str, sandbox: Sandbox) -> str:
    """The transcript with what its commands print now."""
    said = []
    for block in parse(text):
        if block.path:
            lines = [line[2:] for line in block.lines]
            sandbox.write(block.path, "\n".join(lines).rstrip("\n") + "\n")
        elif block.command:
            printed = "\n".join(sandbox.run(block.command)).rstrip("\n").splitlines()
            block.lines = [*printed, *takewhile(lambda line: not line, reversed(block.lines))]
        said.append(block.text())
    return "\n".join(said) + "\n"
