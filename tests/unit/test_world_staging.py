"""What a file keeps when its content is replaced: mode, owner, attributes, and itself where nothing changes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.model.resource import File
from reconciler.model.world import Edited
from reconciler.world.local import LocalWorld
from tests.support.worlds import RUN, A, B, change


def test_modes_are_kept(local: LocalWorld, zed: Path) -> None:
    path = zed / "a"
    path.write_bytes(b"a\n")
    for mode in (0o600, 0o640, 0o666, 0o400, 0o4644):
        path.chmod(mode)
        assert local.edit([change("a", A, B), change("a", B, A)]) == [Edited()] * 2
        assert stat.S_IMODE(path.stat().st_mode) == mode
    path.chmod(0o640)
    local.edit([change("a", A, File(b"a\n", True))])
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    path.chmod(0o751)
    local.edit([change("a", File(b"a\n", True), File(b"b\n", True))])
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    local.edit([change("a", File(b"b\n", True), B)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    earlier = os.umask(0o022)
    yield os.umask
    os.umask(earlier)


@pytest.mark.parametrize(
    ("mask", "plain", "run", "folder"), [(0o022, 0o644, 0o755, 0o755), (0o077, 0o600, 0o700, 0o700)]
)
def test_new_files_mind_the_umask(
    local: LocalWorld, zed: Path, umask: Callable[[int], int], mask: int, plain: int, run: int, folder: int
) -> None:
    umask(mask)
    local.edit([change("d/plain", None, A), change("d/run", None, RUN)])
    assert [stat.S_IMODE((zed / one).stat().st_mode) for one in ("d/plain", "d/run", "d")] == [plain, run, folder]


def test_the_owner_is_kept(local: LocalWorld, zed: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    (zed / "a").write_bytes(b"a\n")
    os.chown(zed / "a", 1234, 4321)
    (zed / "a").chmod(0o2664)
    assert local.edit([change("a", A, B)]) == [Edited()]
    found = (zed / "a").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 4321, 0o2664)


def test_attributes_are_kept(local: LocalWorld, zed: Path) -> None:
    (zed / "a").write_bytes(b"a\n")
    acl = bytes.fromhex("02000000 01000600ffffffff 02000400d2040000 04000400ffffffff 10000600ffffffff 20000000ffffffff")
    try:
        os.setxattr(zed / "a", "user.colour", b"green")
        os.setxattr(zed / "a", "system.posix_acl_access", acl)
    except (OSError, AttributeError) as error:
        pytest.skip(f"no extended attributes here: {error}")
    mode = (zed / "a").stat().st_mode
    assert local.edit([change("a", A, B)]) == [Edited()]
    assert os.getxattr(zed / "a", "user.colour") == b"green"
    assert os.getxattr(zed / "a", "system.posix_acl_access") == acl
    assert (zed / "a").stat().st_mode == mode


def test_a_folders_default_rights(local: LocalWorld, zed: Path) -> None:
    (zed / "old").write_bytes(b"a\n")
    (zed / "old").chmod(0o600)
    acl = bytes.fromhex("02000000 01000600ffffffff 02000600d2040000 04000400ffffffff 10000600ffffffff 20000000ffffffff")
    try:
        os.setxattr(zed, "system.posix_acl_default", acl)
    except (OSError, AttributeError) as error:
        pytest.skip(f"no access control lists here: {error}")
    assert local.edit([change("new", None, A), change("old", A, B)]) == [Edited()] * 2
    assert os.getxattr(zed / "new", "system.posix_acl_access") == acl
    assert "system.posix_acl_access" not in os.listxattr(zed / "old")
    assert stat.S_IMODE((zed / "old").stat().st_mode) == 0o600


def test_nothing_is_written_where_nothing_changes(local: LocalWorld, zed: Path) -> None:
    (zed / "a").write_bytes(b"a\n")
    earlier = (zed / "a").stat()
    local.edit([change("a", A, A)])
    later = (zed / "a").stat()
    assert (earlier.st_ino, earlier.st_mtime_ns) == (later.st_ino, later.st_mtime_ns)
