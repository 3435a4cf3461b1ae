"""A path → the right to act, one process at a time; writes who holds it into that file."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from reconciler.model.problem import Invalid, invalid
from reconciler.world.problems import failed

UNNAMED = "a process that has not said who it is"


@contextmanager
def held(path: str, who: str, wait: bool, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock. Where another does: tell `on_wait` once who and wait, or raise Invalid. Dies with its process."""
    fd = _taken(path, wait, on_wait)
    try:
        _sign(fd, who)
        yield
    finally:
        _sign(fd, "")
        os.close(fd)


def holder(path: str) -> str:
    """Who holds the lock now, in its own words; "" where nobody does. Makes nothing."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _holder(fd)
    finally:
        os.close(fd)
    return ""


def _taken(path: str, wait: bool, on_wait: Callable[[str], None]) -> int:
    told = False
    while True:
        fd = _opened(path)
        try:
            if not _locked(fd, path):
                if not told:
                    _refuse_or_tell(path, _holder(fd), wait, on_wait)
                told = True
                fcntl.flock(fd, fcntl.LOCK_EX)
            if _still_there(fd, path):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # somebody removed the file while we waited: a lock on it keeps nobody out


def _opened(path: str) -> int:
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Invalid([failed(path, "opened as the lock", error)]) from None


def _locked(fd: int, path: str) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        hint = "set XDG_STATE_HOME to a folder on a local disk"
        raise invalid(path, f"cannot be locked: {os.strerror(error.errno or 0).lower()}", hint) from None
    return True


def _refuse_or_tell(path: str, holder: str, wait: bool, on_wait: Callable[[str], None]) -> None:
    if not wait:
        raise invalid(path, f"held by {holder}", "let it finish, or leave `--no-wait` out and wait for it")
    on_wait(holder)


def _still_there(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _holder(fd: int) -> str:
    """Who holds it, in its own words; it may be about to write them."""
    for _ in range(10):
        if words := os.pread(fd, 4096, 0).decode(errors="replace").strip():
            return words
        time.sleep(0.01)
    return UNNAMED


def _sign(fd: int, who: str) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    words = f"`{who}` (process {os.getpid()}, since {since})\n" if who else ""
    with suppress(OSError):  # a full disk must not keep anybody from holding it: the words are a courtesy
        os.ftruncate(fd, 0)
        os.pwrite(fd, words.encode(), 0)
