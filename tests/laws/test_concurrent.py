"""Eight applies and one person at work at once: what is left is what some order of them leaves, and no edit is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from pathlib import Path

import pytest

from reconciler.formats import jsonc
from tests.support import faults
from tests.support.sandbox import Sandbox

APPLIES = 8


class Crowd:
    """Clones of one repository that say different things, over one home."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = Sandbox(folder)
        self.home = self.sandbox.home / ".config"
        (self.home / "zed").mkdir(parents=True)
        self.clones = [folder / f"clone-{n}" for n in range(APPLIES)]
        for n, clone in enumerate(self.clones):
            shutil.copytree(self.sandbox.repo, clone)
            asked = clone / "desired-state"
            (asked / "agents").mkdir(parents=True)
            (asked / "zed").mkdir()
            (asked / "reconcile.yaml").write_text("id: shared\n")
            (asked / "agents/all.md").write_text(f"clone {n}\n")
            (asked / f"agents/own-{n}.md").write_text(f"clone {n}\n")
            (asked / "zed/settings.yaml").write_text(f"tab_size: {n + 1}\nkey_{n}: true\n")
        faults.warm(self.sandbox.variables, self.clones[0])

    def round(self, seed: int) -> None:
        draw = random.Random(seed)
        (self.home / "zed/settings.json").write_text('{\n  // mine\n  "mine": 1\n}\n')
        at_work = [
            faults.begun(self.sandbox.variables, clone, "apply", "--yes", "--allow-delete", "99")
            for clone in draw.sample(self.clones, APPLIES)
        ]
        edits, texts = self.by_hand(draw)
        for ended in [one.wait() for one in at_work]:
            assert ended.status in (0, 1) and "Traceback" not in ended.said, ended.said
        self.explained()
        settings = jsonc.loads((self.home / "zed/settings.json").read_text())
        assert all(settings[key] == value for key, value in edits.items()), (edits, settings)
        self.kept(texts)
        assert not list(self.home.rglob(".reconcile-*.tmp"))

    def by_hand(self, draw: random.Random) -> tuple[dict[str, int], list[str]]:
        """Keys of their own and a file of ours, as an editor saves them; what was written last of each."""
        edits: dict[str, int] = {"mine": 1}
        texts: list[str] = []
        for n in range(12):
            time.sleep(draw.random() / 40)
            path = self.home / "zed/settings.json"
            before = path.read_bytes()
            found = jsonc.loads(before.decode())
            save(path, json.dumps({**found, f"hand_{n}": n}, indent=2).encode(), before)
            if f"hand_{n}" in jsonc.loads(path.read_text()):
                edits[f"hand_{n}"] = n
            file = self.home / "opencode/agents/all.md"
            if file.exists() and draw.random() < 0.5:
                texts.append(f"by hand {n}\n")
                save(file, texts[-1].encode(), None)
        return edits, texts

    def explained(self) -> None:
        """The files of exactly one clone stand there: the one that came last."""
        own = sorted(path.name for path in (self.home / "opencode/agents").glob("own-*.md"))
        assert len(own) == 1, own

    def kept(self, texts: list[str]) -> None:
        """The last one stands there, or the history shows the run that a plan told to overwrite it, and what it was."""
        stands = (self.home / "opencode/agents/all.md").read_text()
        for text in texts[-1:]:
            runs = [run["id"] for run in json.loads(self.run("history", "--json", "-n", str(APPLIES)))]
            shown = "" if text == stands else "".join(self.run("show", str(run)) for run in runs)
            assert text == stands or f"-{text}" in shown, (text, stands, shown)

    def run(self, *argv: str) -> str:
        return faults.forked(self.sandbox.variables, self.clones[0], *argv).said

    def settles(self) -> None:
        """Afterwards one apply brings about what one clone says."""
        ended = faults.forked(
            self.sandbox.variables, self.clones[3], "apply", "--yes", "--force", "*", "--allow-delete", "99"
        )
        assert ended.status == 0, ended.said
        assert (self.home / "opencode/agents/all.md").read_text() == "clone 3\n"
        assert "in step" in faults.forked(self.sandbox.variables, self.clones[3], "plan").said


def save(path: Path, content: bytes, before: bytes | None) -> None:
    """As an editor that looks before it saves; another one may still be faster."""
    new = path.with_name("editor's own")
    new.write_bytes(content)
    if before is None or path.read_bytes() == before:
        os.rename(new, path)
    else:
        new.unlink()


def rounds(folder: Path, many: int) -> None:
    crowd = Crowd(folder)
    for seed in range(many):
        crowd.round(seed)
    crowd.settles()


def test_five_rounds(tmp_path: Path) -> None:
    rounds(tmp_path, 5)


@pytest.mark.soak
def test_two_hundred_rounds(tmp_path: Path) -> None:
    rounds(tmp_path, 200)
