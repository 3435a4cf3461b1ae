"""What a read returns and refuses: the same in every World, and what is no plain file on this machine."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from reconciler.model.resource import File
from reconciler.model.world import Unreadable, World
from reconciler.world import reading
from reconciler.world.local import LocalWorld
from tests.support.worlds import RUN, A, B, Hands, change, why


def test_read(both: tuple[World, Hands]) -> None:
    world, hands = both
    assert world.read("zed", "a/b.md") is None
    hands.write("a/b.md", RUN)
    hands.write("empty", File(b""))
    hands.write("large", File(os.urandom(200_000)))
    assert world.read("zed", "a/b.md") == RUN
    assert world.read("zed", "empty") == File(b"")
    assert world.read("zed", "large") == hands.everything()["large"]
    assert world.read("zed", "a/c.md") is None
    assert world.read("zed", "none/c.md") is None


def test_a_file_on_the_way_and_a_folder_at_the_end_are_unreadable(both: tuple[World, Hands]) -> None:
    world, hands = both
    hands.write("a/b.md")
    assert why(world, "a") == "a folder stands where a file is expected"
    assert why(world, "a/b.md/c/d") == "`~/zed/a/b.md` is a file where a folder is needed"
    for path in ("a", "a/b.md/c/d"):
        (edited,) = world.edit([change(path, None, B)])
        assert edited.problem and edited.problem.text == why(world, path)
        assert not edited.stale
    assert hands.everything() == {"a/b.md": A}


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a/.", "a\0b", "\ud800"])
def test_a_path_cannot_lead_out(both: tuple[World, Hands], path: str) -> None:
    world, _ = both
    assert "is not a path below this folder" in why(world, path)
    (edited,) = world.edit([change(path, None, A)])
    assert edited.problem and "is not a path" in edited.problem.text
    assert not path or not world.prune("zed", path)


def test_special_files_neither_block_nor_count(local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(zed / "pipe")
    monkeypatch.chdir(zed)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("sock")
    (zed / "null").symlink_to("/dev/null")
    place = local.scan("zed", {})
    assert not place.files
    assert [one.text.partition(" stands")[0] for one in place.problems] == ["a device", "a named pipe", "a socket"]
    assert why(local, "pipe") == "a named pipe stands where a file is expected"
    assert why(local, "sock") == "a socket stands where a file is expected"
    assert why(local, "null") == "a device stands where a file is expected"
    (edited,) = local.edit([change("pipe", None, A)])
    assert edited.problem and stat.S_ISFIFO((zed / "pipe").stat().st_mode)


def test_large_files(local: LocalWorld, zed: Path) -> None:
    with (zed / "large").open("wb") as large:
        large.truncate(reading.LARGEST + 1)
    assert why(local, "large").startswith(f"is larger than 64 MiB ({reading.LARGEST + 1} bytes")


def test_a_file_that_grows_while_it_is_read_has_an_end() -> None:
    world = LocalWorld({"dev": "/proc/self"})
    assert world.read("dev", "status")  # its size is 0, its content is not
    with pytest.raises(Unreadable):
        world.read("dev", "mem")
