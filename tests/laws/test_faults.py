"""Stopped, refused or interfered with at any effect of an apply that spans all shapes: nothing is lost, and both ways
lead out of it.

Each run here is the real command line over real files, in a process of its own. A sample of the effects is taken, the
soak takes them all.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import faults, mounts
from tests.support.faults import Stage
from tests.support.spanning import Things, differences, everything, spanning

SAMPLE = 6
APPLY = ("apply", "--yes")


class Laid:
    """The stage, what stands before and after an apply that nothing disturbs, and how many effects that has."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(spanning(folder), folder / "kept")
        self.stage.reset()
        self.before = everything(self.stage.home)
        names, ended = faults.effects_of(self.stage.variables, self.stage.repo, *APPLY)
        assert ended.status == 0, ended.said
        self.names = names
        self.after = everything(self.stage.home)
        assert len(names) > 100 and self.before != self.after

    def chosen(self, request: pytest.FixtureRequest, shift: int = 0) -> list[int]:
        """Every effect in a soak, else some that are spread over the whole."""
        total = len(self.names)
        if "soak" in (request.config.getoption("-m") or "").replace("not soak", ""):
            return list(range(total))
        return [(total * part // SAMPLE + shift) % total for part in range(SAMPLE)]

    def stands(self, expected: Things, where: str) -> None:
        found = everything(self.stage.home)
        assert found == expected, f"{where}\n{differences(found, expected)}"

    def rolled_back(self, where: str) -> None:
        """Back to what stood there before, by way of the history."""
        runs = json.loads(self.stage.run("history", "--json").said)
        if runs[0]["id"] == 1:
            return
        done = self.stage.run("rollback", str(runs[0]["id"]), "--yes")
        assert done.status == 0, f"{where}\n{done.said}"


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laid]:
    yield Laid(tmp_path_factory.mktemp("faults"))


@pytest.mark.soak
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_effect(laid: Laid, request: pytest.FixtureRequest, after: bool) -> None:
    for at in range(len(laid.names)):
        killed(laid, at, after)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_some_effects(laid: Laid, request: pytest.FixtureRequest, after: bool) -> None:
    for at in laid.chosen(request, 3 * after):
        killed(laid, at, after)


def killed(laid: Laid, at: int, after: bool) -> None:
    where = f"killed {'after' if after else 'before'} effect {at} ({laid.names[at]})"
    for way in ("resume", "rollback"):
        laid.stage.reset()
        ended = laid.stage.run(*APPLY, effects=faults.killing(at, after=after))
        assert ended.status == -signal.SIGKILL, where
        status = laid.stage.run("status")
        assert status.status == 0, f"{where}: the state is readable\n{status.said}"
        open_ = "was interrupted" in status.said
        if way == "resume":
            resumed = laid.stage.run("resume")
            assert resumed.status == 0, f"{where}\n{resumed.said}"
            ended_there = everything(laid.stage.home)
            assert open_ or ended_there in (laid.before, laid.after), where
            laid.stands(laid.after if open_ else ended_there, f"{where}, then resumed")
            assert "interrupted" not in laid.stage.run("status").said, where
            assert laid.stage.run(*APPLY).status == 0, where
            laid.stands(laid.after, f"{where}, then resumed and applied")
        laid.rolled_back(where)
        laid.stands(laid.before, f"{where}, then {way} and rolled back")


FAULTS = (
    (errno.ENOSPC, "alike"), (errno.ENOSPC, "all"), (errno.EIO, "once"), (errno.EIO, "all"), (errno.EACCES, "once"),
    (errno.EROFS, "all"),
)  # fmt: skip
NAMES = [f"{errno.errorcode[code]}-{breadth}" for code, breadth in FAULTS]


@pytest.mark.soak
@pytest.mark.parametrize(("code", "breadth"), FAULTS, ids=NAMES)
def test_refused_at_every_effect(laid: Laid, code: int, breadth: str) -> None:
    for at in range(len(laid.names)):
        refused(laid, at, code, breadth)


@pytest.mark.parametrize(("code", "breadth"), FAULTS, ids=NAMES)
def test_refused_at_some_effects(laid: Laid, request: pytest.FixtureRequest, code: int, breadth: str) -> None:
    for at in laid.chosen(request, code)[::3]:
        refused(laid, at, code, breadth)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=lambda code: errno.errorcode[code])
def test_what_could_not_be_cleared_away_goes_once_it_can(laid: Laid, code: int) -> None:
    """From where the old file has just been displaced nothing works any more, not even to remove it."""
    displaced = [at for at, name in enumerate(laid.names) if name == "unlink"]
    for at in displaced[:: len(displaced) // 2]:
        refused(laid, at, code, "all")
        refused(laid, at, code, "alike")


def test_a_folder_of_ours_that_could_not_be_removed_goes_once_it_can(laid: Laid) -> None:
    removed = [at for at, name in enumerate(laid.names) if name == "rmdir"]
    for at in removed[::2]:
        refused(laid, at, errno.EIO, "once")


def refused(laid: Laid, at: int, code: int, breadth: str) -> None:
    """Once the process has ended, all works again: nothing of ours is left then, and nothing is lost."""
    where = f"{errno.errorcode[code]} ({breadth}) at effect {at} ({laid.names[at]})"
    for way in ("again", "rollback"):
        laid.stage.reset()
        ended = laid.stage.run(*APPLY, effects=faults.failing(at, code, breadth))
        assert ended.status in (0, 1), f"{where}\n{ended.said}"
        assert "Traceback" not in ended.said, f"{where}\n{ended.said}"
        assert laid.stage.run("status").status == 0, where
        if way == "again":
            assert laid.stage.run("resume").status in (0, 1), where
            again = laid.stage.run(*APPLY)
            assert again.status == 0, f"{where}\n{again.said}"
            laid.stands(laid.after, f"{where}, then applied again")
        else:
            laid.rolled_back(where)
            laid.stands(laid.before, f"{where}, then rolled back")


def by_hand(path: Path, content: bytes) -> None:
    """As an editor saves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name("editor's own")
    new.write_bytes(content)
    os.chmod(new, path.stat().st_mode if path.exists() else 0o644)
    os.rename(new, path)


EDITS: dict[str, Callable[[Path], None]] = {
    "opencode/agents/update.md": lambda path: by_hand(path, b"By hand.\n"),
    "opencode/agents/delete.md": lambda path: by_hand(path, b"By hand.\n"),
    "opencode/agents/new/ly/made.md": lambda path: by_hand(path, b"By hand.\n"),
    "opencode/opencode.jsonc": lambda path: by_hand(path, path.read_bytes().replace(b"// mine", b"// By hand.")),
    "zed/keymap.json": lambda path: by_hand(path, path.read_bytes().replace(b"// mine", b"// By hand.")),
    "zed/settings.json": lambda path: path.write_bytes(path.read_bytes().replace(b"// mine", b"// By hand.")),
}


@pytest.mark.soak
@pytest.mark.parametrize("path", EDITS)
def test_edited_by_hand_at_every_effect(laid: Laid, path: str) -> None:
    for at in range(len(laid.names)):
        edited(laid, at, path)


@pytest.mark.parametrize("path", EDITS)
def test_edited_by_hand_at_some_effects(laid: Laid, request: pytest.FixtureRequest, path: str) -> None:
    for at in laid.chosen(request, len(path))[::3]:
        edited(laid, at, path)


def edited(laid: Laid, at: int, path: str) -> None:
    where = f"{path} edited by hand before effect {at} ({laid.names[at]})"
    laid.stage.reset()
    file = laid.stage.home / ".config" / path
    ended = laid.stage.run(*APPLY, effects=faults.meddling(at, lambda: EDITS[path](file)))
    assert ended.status in (0, 1) and "Traceback" not in ended.said, f"{where}\n{ended.said}"
    assert b"By hand." in file.read_bytes(), f"{where}: the edit is lost\n{ended.said}"
    assert not list(laid.stage.home.rglob(".reconcile-*.tmp")), where


def test_a_folder_that_nobody_can_write_holds_back_what_is_in_it_and_nothing_else(laid: Laid) -> None:
    laid.stage.reset()
    with mounts.read_only(laid.stage.home / ".config/opencode/agents") as done:
        if not done:
            pytest.skip("no mounts here")
        ended = laid.stage.run(*APPLY)
        assert ended.status == 1 and "Traceback" not in ended.said
        assert "agents/update.md: cannot be written" in ended.said
        assert (laid.stage.home / ".config/opencode/skills/other/SKILL.md").exists()
    again = laid.stage.run(*APPLY)
    assert again.status == 0, again.said
    laid.stands(laid.after, "once it can be written again")


@pytest.mark.soak
def test_on_a_disk_of_any_size(laid: Laid) -> None:
    """From one that is full to one that is large enough, by 4 KiB: it fills up at every point of an apply."""
    used = sum(-(-at.stat().st_size // 4096) * 4096 for at in laid.stage.kept.rglob("*") if at.is_file())
    for extra in range(0, 600 << 10, 4096):
        shutil.rmtree(laid.stage.home)
        laid.stage.home.mkdir()
        with mounts.small(laid.stage.home, used + extra) as done:
            if not done:
                pytest.skip("no mounts here")
            try:
                faults.copy(laid.stage.kept, laid.stage.home)
            except (OSError, shutil.Error):
                continue
            full(laid, f"a disk with {extra} bytes to spare")
    laid.stage.home.mkdir(exist_ok=True)


def full(laid: Laid, where: str) -> None:
    ended = laid.stage.run(*APPLY)
    assert ended.status in (0, 1) and "Traceback" not in ended.said, f"{where}\n{ended.said}"
    mounts.grow(laid.stage.home, 16 << 20)
    assert laid.stage.run("resume").status in (0, 1), where
    again = laid.stage.run(*APPLY)
    assert again.status == 0, f"{where}\n{again.said}"
    laid.stands(laid.after, where)
