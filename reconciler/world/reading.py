"""An absolute folder and a path below it → that file's bytes and executable bit; reads only, and never blocks."""

from __future__ import annotations

import errno
import os
import stat

from reconciler.model.problem import Problem
from reconciler.model.resource import File
from reconciler.model.world import Unreadable
from reconciler.world.problems import dangling, failed, nearest, not_a_file, not_a_folder, printable, problem

LARGEST = 64 << 20
BUFFER = 64 << 10


def below(folder: str, path: str) -> str:
    """The absolute path of `path` below a root; Unreadable where it is none."""
    plain = path.isprintable() or _encodes(path)
    if plain and not any(part in ("", ".", "..") for part in path.split("/")):
        return f"{folder}/{path}"
    text = f"`{printable(path)}` is not a path below this folder"
    raise Unreadable(problem(folder, text, "write it without a `/` in front, without `..` and without empty parts"))


def _encodes(path: str) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def read(folder: str, path: str) -> File | None:
    """A file's bytes and executable bit, links followed; None where nothing stands. Raises Unreadable, never blocks."""
    found = look(below(folder, path))
    return found[0] if found else None


def look(full: str, follow: bool = True) -> tuple[File, os.stat_result] | None:
    """A file, and what the system says of the very one that was read; None where nothing stands, else Unreadable."""
    # O_NONBLOCK, or opening a named pipe would wait for its writer
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        fd = os.open(full, flags)
    except FileNotFoundError:
        link = nearest(full)
        if os.path.islink(link) and not os.path.exists(link):
            raise Unreadable(dangling(full, link)) from None
        return None
    except OSError as error:
        raise Unreadable(_not_opened(full, error)) from None
    try:
        found = os.fstat(fd)
        return File(_content(fd, full, found), found.st_mode & 0o100 != 0), found
    except OSError as error:
        raise Unreadable(failed(full, "read", error)) from None
    finally:
        os.close(fd)


def _content(fd: int, full: str, found: os.stat_result) -> bytes:
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(not_a_file(full, found.st_mode))
    parts, size = [], found.st_size
    if size <= LARGEST:
        size = 0
        while size <= LARGEST and (part := os.read(fd, BUFFER)):
            parts.append(part)
            size += len(part)
    if size > LARGEST:
        text = f"is larger than {LARGEST >> 20} MiB ({size} bytes at least), too large for configuration"
        raise Unreadable(problem(full, text, "move it out of this folder"))
    return b"".join(parts)


def _not_opened(full: str, error: OSError) -> Problem:
    if error.errno == errno.ENOTDIR:
        return not_a_folder(full, nearest(full))
    if error.errno == errno.ENXIO:
        return not_a_file(full, stat.S_IFSOCK)
    return failed(full, "read", error)
