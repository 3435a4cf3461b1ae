"""A path → its file system, where that keeps no permission bits. Looks."""

from __future__ import annotations

import os
import re
from contextlib import suppress

from reconciler.model.world import Bitless
from reconciler.world.problems import nearest

MOUNTS = "/proc/self/mountinfo"
BITLESS = frozenset(("vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "hfs", "drvfs"))
"""Where all files of a mount have the bits that the mount gives them."""
ESCAPED = re.compile(r"\\([0-7]{3})")


def bitless(full: str) -> Bitless | None:
    """Where a file at `full` is, or will be; None where each file has bits of its own, or nobody can tell (outside of
    Linux)."""
    with suppress(OSError):
        standing = os.path.realpath(nearest(full))
        sort = _sort(standing)
        if sort in BITLESS:
            folder = standing if os.path.isdir(standing) else os.path.dirname(standing)
            return Bitless(sort, any(not os.stat(at).st_mode & 0o077 for at in (standing, folder)))
    return None


def _sort(path: str) -> str:
    """proc_pid_mountinfo(5): the last mount that holds a path counts. Raises OSError."""
    found, longest = "", 0
    with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        for line in file:
            first, _, rest = line.partition(" - ")
            point = ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), first.split(" ")[4])
            if len(point) >= longest and f"{path}/".startswith(f"{point.rstrip('/')}/"):
                found, longest = rest.split(" ")[0], len(point)
    return found
