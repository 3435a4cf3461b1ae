"""Which file systems keep no permission bits, and what becomes of a file that shall have some there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.model.world import Bitless, Edit
from reconciler.world import editing, file_systems, files, staging
from tests.support.worlds import A, B

MOUNTS = """\
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 7:0 / {top}/a\\040stick rw,relatime shared:5 - vfat /dev/loop0 rw,fmask=0022
31 30 0:40 / {top}/a\\040stick/inner rw - tmpfs tmpfs rw
"""


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(top=tmp_path))
    monkeypatch.setattr(file_systems, "MOUNTS", str(mounts))
    (tmp_path / "a stick/inner").mkdir(parents=True, mode=0o755)
    return tmp_path / "a stick"


@pytest.mark.parametrize("path", ["x.json", "not/yet/there.json", "."])
def test_the_mount_that_holds_a_path_counts(stick: Path, path: str) -> None:
    assert file_systems.bitless(str(stick / path)) == Bitless("vfat", False)
    assert file_systems.bitless(str(stick / "inner" / path)) is None
    assert file_systems.bitless(str(stick.parent / path)) is None


def test_behind_a_link_it_counts_too(stick: Path) -> None:
    (stick / "real.json").write_text("{}")
    (stick.parent / "link.json").symlink_to(stick / "real.json")
    assert file_systems.bitless(str(stick.parent / "link.json")) == Bitless("vfat", False)


def test_a_mount_may_keep_others_out(stick: Path) -> None:
    stick.chmod(0o700)
    assert file_systems.bitless(str(stick / "x.json")) == Bitless("vfat", True)


def test_without_a_list_of_mounts_nothing_is_known(stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_systems, "MOUNTS", "/nowhere/mountinfo")
    assert file_systems.bitless(str(stick / "x.json")) is None


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("before", [None, A], ids=["new", "there"])
def test_bits_that_do_not_stick_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: bool, before: object
) -> None:
    """On a file system that nobody knows of."""
    if before:
        (tmp_path / "a").write_bytes(A.content)
    made = os.open

    def fchmod(fd: int, mode: int) -> None:
        if refuses:
            raise PermissionError(1, "Operation not permitted")

    def opened(path: str, flags: int, mode: int = 0o777) -> int:
        fd = made(path, flags, mode)
        if flags & os.O_CREAT:
            os.chmod(path, 0o755)
        return fd

    monkeypatch.setattr(staging.os, "fchmod", fchmod)
    monkeypatch.setattr(staging.os, "open", opened)
    [edited] = files.edit([Edit("z", "a", A if before else None, B, 0o600)], {"z": str(tmp_path)})
    assert edited.problem and edited.problem.text == editing.BARE and not edited.stale
    assert (tmp_path / "a").read_bytes() == B.content and len(list(tmp_path.iterdir())) == 1
