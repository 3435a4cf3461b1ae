"""Paths and open files → renames that swap or never overwrite, and flushes that last: what `os` lacks. Writes."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from functools import cache

Identity = tuple[int, int]

MANY = 8
SWAP = 2
EXCLUSIVE = 4 if sys.platform == "darwin" else 1
# EPERM is among them: sandboxes refuse system calls they do not know with it, and a true one comes again from rename
LACKING = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


def identity(found: os.stat_result) -> Identity:
    """Who a file is, under whatever name."""
    return found.st_dev, found.st_ino


def swap(one: str, other: str) -> None:
    """Two files change places in one step; an error of LACKING where the system cannot."""
    _rename(one, other, SWAP)


def place(source: str, target: str) -> None:
    """Rename without ever overwriting: FileExistsError where something stands."""
    try:
        _rename(source, target, EXCLUSIVE)
        return
    except OSError as error:
        if error.errno not in LACKING:
            raise
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in LACKING:
            raise
    else:
        os.unlink(source)
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(source, target)


def _rename(source: str, target: str, flag: int) -> None:
    call = _renamer()
    code = call(os.fsencode(source), os.fsencode(target), flag) if call else errno.ENOSYS
    if code:
        raise OSError(code, os.strerror(code), target)


@cache
def _renamer() -> Callable[[bytes, bytes, int], int] | None:
    """renameat2 or renamex_np, giving the error's number; None where the C library has neither."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    name, here = ("renamex_np", ()) if sys.platform == "darwin" else ("renameat2", (ctypes.c_int(-100),))
    call = getattr(library, name, None)
    if call is None:
        return None

    def rename(source: bytes, target: bytes, flag: int) -> int:
        paths = (ctypes.c_char_p(source), *here, ctypes.c_char_p(target))
        return ctypes.get_errno() if call(*here, *paths, ctypes.c_uint(flag)) else 0

    return rename


def sync(fd: int) -> None:
    """Flush it to the disk itself, which on macOS takes more than fsync."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        with suppress(OSError):
            fcntl.fcntl(fd, full)
            return
    os.fsync(fd)


def syncs_systems() -> bool:
    """Whether whole file systems can be flushed, which is cheaper than to flush MANY files one by one."""
    return _syncer() is not None


def sync_systems(fds: Sequence[int]) -> bool:
    """Flush the file systems of some open files; False where that cannot be done, or fails."""
    call = _syncer()
    systems = {os.fstat(fd).st_dev: fd for fd in fds}
    return call is not None and all(call(fd) == 0 for fd in systems.values())


@cache
def _syncer() -> Callable[[int], int] | None:
    """syncfs(2), where it tells of errors: since Linux 5.8."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if sys.platform != "linux" or release is None or (int(release[1]), int(release[2])) < (5, 8):
        return None
    import ctypes

    call: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "syncfs", None)
    return call


def sync_folders(folders: Collection[str]) -> dict[str, OSError]:
    """Flush the names in some folders; the error of each for which the disk reports one."""
    systems: dict[int, str] = {}
    with suppress(OSError), ExitStack() as opened:
        for folder in folders:
            systems.setdefault(os.stat(folder).st_dev, folder)
        fds = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for folder in systems.values()]
        for fd in fds:
            opened.callback(os.close, fd)
        if len(folders) >= MANY and sync_systems(fds):
            return {}
    return {folder: error for folder in folders if (error := sync_folder(folder))}


def sync_folder(folder: str) -> OSError | None:
    """Flush the names in a folder; the error, where the disk reports one."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None  # gone again, or ours to write in but not to list: nothing more can be done
    try:
        sync(fd)
    except OSError as error:
        return None if error.errno in LACKING else error
    finally:
        os.close(fd)
    return None
