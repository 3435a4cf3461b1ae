"""Hand edits in the last moment, interruptions and kills: whole files stand afterwards, and none is lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.resource import File
from reconciler.model.world import Edited
from reconciler.world import disk, files, scanning
from reconciler.world.local import LocalWorld
from tests.support.worlds import HERE, A, B, LocalHands, change, names


@pytest.mark.parametrize("after", [B, None])
@pytest.mark.parametrize("late", [File(b"by hand"), File(b"a\n", True), None])
def test_a_hand_edit_in_the_last_moment_is_kept(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch, late: File | None, after: File | None
) -> None:
    hands = LocalHands(zed)
    for path in ("a", "b"):
        hands.write(path)
    name, target = ("rename", os) if after is None else ("swap", disk)
    real = getattr(target, name)

    def too_late(one: str, other: str) -> None:
        monkeypatch.setattr(target, name, real)
        (zed / "a").unlink()
        if late:
            hands.write("a", late)
        real(one, other)

    monkeypatch.setattr(target, name, too_late)
    bad, good = local.edit([change("a", A, after), change("b", A, after)])
    assert bad.stale and bad.problem
    assert bad.problem.text == f"was {'changed' if late else 'removed'} since it was looked at"
    assert good == Edited()
    assert hands.everything() == {**({"a": late} if late else {}), **({"b": after} if after else {})}


@pytest.mark.parametrize("after", [B, None])
@pytest.mark.parametrize("sort", ["link", "folder"])
def test_a_link_or_folder_in_the_last_moment_is_kept(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch, after: File | None, sort: str
) -> None:
    (zed / "a").write_bytes(b"a\n")
    (zed / "same").write_bytes(b"a\n")
    name, target = ("rename", os) if after is None else ("swap", disk)
    real = getattr(target, name)

    def too_late(one: str, other: str) -> None:
        monkeypatch.setattr(target, name, real)
        (zed / "a").unlink()
        if sort == "link":
            (zed / "a").symlink_to("same")
        else:
            (zed / "a").mkdir()
            (zed / "a/inside").write_bytes(b"")
        real(one, other)

    monkeypatch.setattr(target, name, too_late)
    (edited,) = local.edit([change("a", A, after)])
    assert edited.stale
    assert names(zed) == (["a", "same"] if sort == "link" else ["a", "a/inside", "same"])
    assert (zed / "a").is_symlink() == (sort == "link")


def test_of_two_late_hand_edits_neither_is_lost(local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (zed / "a").write_bytes(b"a\n")
    real = disk.swap
    texts = iter([b"first", b"second"])

    def too_late(one: str, other: str) -> None:
        if text := next(texts, None):
            (zed / "editor").write_bytes(text)
            (zed / "editor").rename(zed / "a")
        real(one, other)

    monkeypatch.setattr(disk, "swap", too_late)
    (edited,) = local.edit([change("a", A, B)])
    assert edited.stale and edited.problem and "edited twice" in edited.problem.text
    assert (zed / "a").read_bytes() == b"second"
    (kept,) = files.leftovers(str(zed))
    assert (zed / kept).read_bytes() == b"first" and kept in edited.problem.hint


def test_a_deleted_file_that_comes_back_twice(local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (zed / "a").write_bytes(b"a\n")
    real = os.rename

    def too_late(one: str, other: str) -> None:
        (zed / "a").write_bytes(b"first")
        real(one, other)
        (zed / "a").write_bytes(b"second")

    monkeypatch.setattr(os, "rename", too_late)
    (edited,) = local.edit([change("a", A, None)])
    assert edited.stale and (zed / "a").read_bytes() == b"second"
    (kept,) = files.leftovers(str(zed))
    assert (zed / kept).read_bytes() == b"first"


@pytest.mark.parametrize("lacking", [(), (errno.EINVAL,), (errno.EINVAL, errno.EPERM)])
def test_a_file_that_appeared_meanwhile_is_not_overwritten(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch, lacking: tuple[int, ...]
) -> None:
    if lacking:
        refuse(monkeypatch, *lacking)
    real = disk.place

    def too_late(one: str, other: str) -> None:
        if other.endswith("/a"):
            (zed / "d/a").write_bytes(b"by hand")
        real(one, other)

    monkeypatch.setattr(disk, "place", too_late)
    bad, good = local.edit([change("d/a", None, A), change("d/b", None, A)])
    assert bad.stale and bad.problem and bad.problem.text == "appeared since it was looked at" and bad.made == ()
    assert good == Edited(("d",))
    assert LocalHands(zed).everything() == {"d/a": File(b"by hand"), "d/b": A}


def refuse(monkeypatch: pytest.MonkeyPatch, renaming: int, linking: int | None = None) -> None:
    """A system without renames that swap, and perhaps without hard links."""
    monkeypatch.setattr(disk, "_renamer", lambda: lambda source, target, flag: renaming)
    if linking:

        def link(*given: Any, **more: Any) -> None:
            raise OSError(linking, "")

        monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.EPERM])
def test_without_a_swapping_rename(local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    refuse(monkeypatch, code, errno.EPERM)
    (zed / "c").write_bytes(b"a\n")
    done = local.edit([change("a", None, A), change("a", A, B), change("b", None, A), change("b", A, None)])
    assert done == [Edited()] * 4
    real = disk.swap

    def too_late(one: str, other: str) -> None:
        (zed / "c").write_bytes(b"by hand")
        real(one, other)

    monkeypatch.setattr(disk, "swap", too_late)
    (edited,) = local.edit([change("c", A, B)])
    assert edited.stale
    assert LocalHands(zed).everything() == {"a": B, "c": File(b"by hand")}


def test_without_the_system_call(local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_renamer", lambda: None)
    assert local.edit([change("a", None, A), change("a", A, B)]) == [Edited()] * 2
    assert LocalHands(zed).everything() == {"a": B}


@pytest.mark.parametrize(
    ("moment", "after"),
    [("write", B), ("fsync", B), ("before", B), ("after", B), ("before", None), ("after", None)],
)
@pytest.mark.parametrize("late", [False, True])
def test_an_interruption_leaves_whole_files(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch, moment: str, late: bool, after: File | None
) -> None:
    hands = LocalHands(zed)
    for path in ("a", "b"):
        hands.write(path)
    move, target = ("rename", os) if after is None else ("swap", disk)
    real = getattr(target, move)

    def interrupted(*given: Any) -> None:
        if late:
            hands.write("a", File(b"by hand"))
        if moment == "after":
            monkeypatch.setattr(target, move, real)
            real(*given)
        raise KeyboardInterrupt

    name = moment if moment in ("write", "fsync") else move
    monkeypatch.setattr(os if moment in ("write", "fsync") else target, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        local.edit([change("a", A, after), change("b", A, after), change("x/y", None, A)])
    expected = File(b"by hand") if late else after if moment == "after" else A
    assert hands.everything() == {**({"a": expected} if expected else {}), "b": A}
    assert names(zed) == (["a", "b"] if expected else ["b"])


def test_a_killed_run_leaves_whole_files_and_its_leftovers_are_known(zed: Path) -> None:
    (zed / "d").mkdir(parents=True)
    (zed / "d/a").write_bytes(b"a\n")
    code = f"""
        import os
        from reconciler.model.resource import File
        from reconciler.model.world import Edit
        from reconciler.world import disk, files
        disk.swap = lambda one, other: os.kill(os.getpid(), 9)
        files.edit([Edit("z", "d/a", File(b"a\\n"), File(b"b\\n"))], {{"z": {str(zed)!r}}})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=HERE, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (zed / "d/a").read_bytes() == b"a\n"
    (left,) = files.leftovers(str(zed))
    place = files.scan(str(zed), {})
    assert list(place.files) == ["d/a"] and place.skipped == {left: scanning.LEFT_BEHIND}
