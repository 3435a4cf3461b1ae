"""What edits bring about, refuse and undo when they fail: the same in every World, then disks that fail."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from reconciler.model.resource import File
from reconciler.model.world import Edit, Edited, World
from reconciler.world import disk, staging
from reconciler.world.local import LocalWorld
from tests.support.worlds import RUN, A, B, Fault, Hands, change, names


def test_create_update_delete(both: tuple[World, Hands]) -> None:
    world, hands = both
    assert world.edit([change("x/y/a", None, A), change("x/y/b", None, RUN), change("x/z/c", None, A)]) == [
        Edited(("", "x", "x/y")),
        Edited(),
        Edited(("x/z",)),
    ]
    assert hands.everything() == {"x/y/a": A, "x/y/b": RUN, "x/z/c": A}
    assert world.edit([change("x/y/a", A, B), change("x/y/b", RUN, None)]) == [Edited(), Edited()]
    assert hands.everything() == {"x/y/a": B, "x/z/c": A}
    assert world.scan("zed", {}).folders == {"x", "x/y", "x/z"}


def test_the_executable_bit_is_content(both: tuple[World, Hands]) -> None:
    world, hands = both
    hands.write("a", A)
    assert world.edit([change("a", A, File(A.content, True))]) == [Edited()]
    assert world.read("zed", "a") == File(A.content, True)
    (edited,) = world.edit([change("a", A, B)])
    assert edited.stale
    assert world.edit([change("a", File(A.content, True), A)]) == [Edited()]
    assert world.read("zed", "a") == A


@pytest.mark.parametrize(
    ("stands", "before", "after", "text"),
    [
        (B, A, File(b"c"), "was changed since it was looked at"),
        (B, A, None, "was changed since it was looked at"),
        (B, A, B, "was changed since it was looked at"),
        (None, A, B, "was removed since it was looked at"),
        (None, A, None, "was removed since it was looked at"),
        (None, A, A, "was removed since it was looked at"),
        (B, None, A, "appeared since it was looked at"),
        (B, None, None, "appeared since it was looked at"),
    ],
)
def test_stale(
    both: tuple[World, Hands], stands: File | None, before: File | None, after: File | None, text: str
) -> None:
    world, hands = both
    hands.write("other")
    if stands:
        hands.write("d/a", stands)
    earlier = hands.everything()
    bad, good = world.edit([change("d/a", before, after), change("other", A, B)])
    assert bad.stale and bad.problem and bad.problem.text == text and not bad.made
    assert str(bad.problem.origin) == "~/zed/d/a" and bad.problem.hint
    assert good == Edited()
    assert hands.everything() == {**earlier, "other": B}
    assert world.scan("zed", {}).folders == ({"d"} if stands else frozenset())


def test_edits_of_one_file_follow_each_other(both: tuple[World, Hands]) -> None:
    world, hands = both
    done = world.edit([change("a", None, A), change("a", A, B), change("b", None, B), change("a", B, None)])
    assert done == [Edited(("",)), *[Edited()] * 3]
    assert hands.everything() == {"b": B}


def test_a_file_makes_way_for_a_folder(both: tuple[World, Hands]) -> None:
    world, hands = both
    hands.write("a")
    assert world.edit([change("a", A, None), change("a/b", None, B)]) == [Edited(), Edited(("a",))]
    assert hands.everything() == {"a/b": B}


def test_nothing_to_do_makes_nothing(both: tuple[World, Hands]) -> None:
    world, hands = both
    hands.write("a")
    assert world.edit([]) == []
    assert world.edit([change("a", A, A), change("x/y", None, None)]) == [Edited(), Edited()]
    assert world.scan("zed", {}).folders == frozenset()


def test_many_edits_of_several_roots(both: tuple[World, Hands]) -> None:
    world, hands = both
    edits = [Edit(("zed", "opencode")[n % 2], f"d{n % 7}/{n}", None, File(b"%d" % n)) for n in range(400)]
    done = world.edit(edits)
    assert not [one.problem for one in done if one.problem]
    assert sum(len(one.made) for one in done) == 16
    assert len(hands.everything()) == 200
    assert world.read("opencode", "d0/399") == File(b"399")
    done = world.edit([Edit(one.root, one.path, one.after, None) for one in edits])
    assert set(done) == {Edited()} and hands.everything() == {}


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("write", errno.ENOSPC, "cannot be written: the disk is full"),
        ("write", errno.EDQUOT, "cannot be written: your disk quota is used up"),
        ("fsync", errno.EIO, "cannot be written: the disk reports an error"),
        ("fchmod", errno.EPERM, "cannot be written: the system does not permit it"),
        ("swap", errno.EROFS, "cannot be written: the file system is read-only"),
        ("swap", errno.EACCES, "cannot be written: permission is denied"),
        ("swap", errno.EBUSY, "cannot be written: it is in use by the system"),
        ("swap", 132, "cannot be written: the system says: "),
    ],
)
def test_a_failed_edit_leaves_nothing_and_the_others_go_on(
    local: LocalWorld, zed: Path, fault: Fault, name: str, code: int, text: str
) -> None:
    for path in ("a", "b"):
        (zed / path).write_bytes(b"a\n")
    fault(name, code, target=disk if name == "swap" else os)
    bad, good = local.edit([change("a", A, B), change("b", A, B)])
    assert bad.problem and bad.problem.text.startswith(text) and not bad.stale
    assert str(bad.problem.origin) == "~/zed/a"
    assert good == Edited()
    assert names(zed) == ["a", "b"]
    assert ((zed / "a").read_bytes(), (zed / "b").read_bytes()) == (b"a\n", b"b\n")


def test_a_failed_creation_takes_its_folders_with_it(local: LocalWorld, zed: Path, fault: Fault) -> None:
    fault("write", errno.ENOSPC)
    bad, good = local.edit([change("x/y/z/a", None, A), change("x/y/b", None, A)])
    assert bad.problem and bad.made == ()
    assert good == Edited(("x", "x/y"))
    assert names(zed) == ["x", "x/y", "x/y/b"]


def test_a_failed_edit_gives_its_room_back_at_once(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def full(fd: int, content: memoryview) -> int:
        if bytes(content) == B.content:
            raise OSError(errno.ENOSPC, "")
        assert len(names(zed)) == 1, "the other's temporary file is gone"
        return real(fd, content)

    monkeypatch.setattr(os, "write", full)
    bad, good = local.edit([change("b", None, B), change("a", None, A)])
    assert bad.problem and good == Edited()


@pytest.mark.parametrize("name", ["mkdir", "open", "write", "fsync", "place"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_wherever_a_creation_fails(local: LocalWorld, zed: Path, fault: Fault, name: str, nth: int) -> None:
    fault(name, errno.EIO, nth, disk if name == "place" else os)
    (edited,) = local.edit([change("x/y/a", None, A)])
    if edited.problem is None:
        assert edited.made == ("x", "x/y") and names(zed) == ["x", "x/y", "x/y/a"]
    elif "though it was done" in edited.problem.text:
        assert edited.made == ("x", "x/y") and (zed / "x/y/a").read_bytes() == b"a\n"
    else:
        assert edited.made == () and names(zed) == []


def test_a_failed_deletion(local: LocalWorld, zed: Path, fault: Fault) -> None:
    (zed / "a").write_bytes(b"a\n")
    fault("rename", errno.EACCES)
    (edited,) = local.edit([change("a", A, None)])
    assert edited.problem and edited.problem.text == "cannot be removed: permission is denied"
    assert names(zed) == ["a"]


def test_where_the_system_itself_refuses(tmp_path: Path) -> None:
    world = LocalWorld({"proc": "/proc/self/task", "dev": str(tmp_path)})
    (edited,) = world.edit([Edit("proc", "x/y", None, A)])
    assert edited.problem and not edited.stale and edited.made == ()
    (edited,) = world.edit([Edit("dev", "n" * 300, None, A)])
    assert edited.problem and "the name is too long for this file system" in edited.problem.text
    (edited,) = world.edit([Edit("dev", "d/" * 3000 + "a", None, A)])
    assert edited.problem and "too long" in edited.problem.text
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_flushed(local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def failing(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EIO, "")
        real(fd)

    monkeypatch.setattr(os, "fsync", failing)
    (edited,) = local.edit([change("d/a", None, A)])
    assert edited.problem and "though it was done: the disk reports an error" in edited.problem.text
    assert edited.made == ("d",)


def test_every_file_and_folder_is_flushed_before_it_returns(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (zed / "u").write_bytes(b"a\n")
    (zed / "r").write_bytes(b"a\n")
    flushed = []
    real = os.fsync

    def noting(fd: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{fd}"))
        real(fd)

    if not sys.platform.startswith("linux"):
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "fsync", noting)
    local.edit([change("d/e/n", None, A), change("u", A, B), change("r", A, None)])
    assert [path.endswith(".tmp") for path in flushed] == [True, True, False, False, False]
    assert set(flushed[2:]) == {str(zed), f"{zed}/d", f"{zed}/d/e"}


def test_many_files_are_flushed_at_once_and_few_stay_open(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("needs syncfs and /proc")
    flushed: list[tuple[list[str], int]] = []

    def noting(fd: int) -> int:
        flushed.append((names(zed), len(os.listdir("/proc/self/fd"))))
        return 0

    monkeypatch.setattr(disk, "_syncer", lambda: noting)
    monkeypatch.setattr(staging, "sync", lambda fd: pytest.fail("flushed one by one"))
    before = len(os.listdir("/proc/self/fd"))
    done = local.edit([change(f"d/{n}", None, File(b"%d" % n)) for n in range(300)])
    assert [one.problem for one in done] == [None] * 300
    [(staged, opened)] = flushed
    assert len([name for name in staged if name.endswith(".tmp")]) == 300 and opened < before + 5
    assert names(zed) == sorted(["d", *(f"d/{n}" for n in range(300))])


def test_files_are_flushed_one_by_one_where_that_fails_for_all(
    local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    monkeypatch.setattr(disk, "_syncer", lambda: lambda fd: -1)
    real = os.fsync

    def noting(fd: int) -> None:
        flushed.append(os.fstat(fd).st_ino)
        if len(flushed) == 3:
            raise OSError(errno.EIO, "")
        real(fd)

    monkeypatch.setattr(os, "fsync", noting)
    done = local.edit([change(f"{n}", None, File(b"%d" % n)) for n in range(20)])
    (bad,) = [n for n, one in enumerate(done) if one.problem]
    assert {(zed / f"{n}").stat().st_ino for n in range(20) if n != bad} <= {*flushed}
    assert names(zed) == sorted(f"{n}" for n in range(20) if n != bad)


def test_links_among_new_files_of_one_folder(local: LocalWorld, zed: Path, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (zed / "d").symlink_to(tmp_path / "else")
    (tmp_path / "else/gone").symlink_to("nowhere")
    (tmp_path / "else/real").write_bytes(b"b\n")
    (tmp_path / "else/link").symlink_to("real")
    edits = [change(f"d/{name}", before, A) for name, before in {"a": None, "gone": None, "link": B, "z": None}.items()]
    first, gone, link, last = local.edit(edits)
    assert first.problem is None and link.problem is None and last.problem is None
    assert gone.problem and "which is not there" in gone.problem.text
    assert (tmp_path / "else/link").is_symlink() and (tmp_path / "else/real").read_bytes() == b"a\n"
    assert names(tmp_path / "else") == ["a", "gone", "link", "real", "z"]
