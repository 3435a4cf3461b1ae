"""A repository that manages the HOME of a real `opencode`, and what its plans and applies come to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from tests.support import opencode, sandbox

STALE = re.compile(r"^! stale (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Planned:
    """A plan in short: a key as `opencode.json#/model` → what is done to it and why (`update drift`)."""

    due: dict[str, str]
    held: dict[str, str]
    records: dict[str, str]

    @property
    def nothing(self) -> bool:
        return not (self.due or self.held or self.records)


class Managed(sandbox.Sandbox):
    """`reconcile` with the HOME of that program."""

    def __init__(self, program: opencode.Sandbox, folder: Path) -> None:
        super().__init__(folder)
        self.home = program.home
        self.config = program.config
        self.variables["HOME"] = str(program.home)

    def say(self, settings: str, path: str = "opencode/settings.yaml") -> None:
        """What git says from now on."""
        at = self.repo / "desired-state" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(settings)

    def done(self, *args: str, code: int = 0) -> str:
        """`reconcile ARGS`, which must end so; what it printed."""
        ran = self.run(*args)
        assert ran.returncode == code, f"ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def plan(self, *args: str) -> Planned:
        said = json.loads(self.done("plan", "--json", *args))
        sorts: dict[str, dict[str, str]] = {"due": {}, "held": {}, "records": {}}
        for change in said["changes"]:
            noted = change["action"] in ("record", "forget")
            sort = "held" if not change["allowed"] else "records" if noted else "due"
            sorts[sort][_key(change)] = f"{change['action']} {change['cause']}"
        return Planned(**sorts)

    def save(self) -> str:
        """The path of a plan saved now."""
        self.done("plan", "-o", str(self.home / "plan.json"))
        return str(self.home / "plan.json")

    def stale(self, plan: str) -> list[str]:
        """Applies a saved plan; the references that were refused as stale."""
        ran = self.run("apply", plan, "--yes")
        refused = STALE.findall(ran.stdout)
        assert ran.returncode == (1 if refused else 0), f"ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return refused

    def read(self, name: str) -> str:
        """A file of the global config folder, line ends as they are."""
        return (self.config / name).read_bytes().decode()


def _key(change: dict[str, Any]) -> str:
    _, path, steps = change["claim"]
    return f"{path}#/{'/'.join(steps)}"


def changed(before: str, after: str) -> list[str]:
    """What an edit did to a text: `-` and `+` before each line that went or came, line ends included."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    said: list[str] = []
    for sort, i, j, k, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if sort != "equal":
            said += [f"-{line}" for line in old[i:j]] + [f"+{line}" for line in new[k:end]]
    return said
