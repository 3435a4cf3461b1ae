"""A file → what it has beside its bytes, and a new file dressed with that; writes owner and attributes."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reconciler.model.dress import Dress
from reconciler.world.disk import LACKING

ACL = "system.posix_acl_access"
PLAIN = (0o644, 0o755)


def worn(full: str) -> Dress | None:
    """None for what any new file of ours has, and where nothing can be seen; links are followed."""
    with suppress(OSError):
        found = os.stat(full)
        dress = Dress(stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid), tuple(attributes(full).items()))
        usual = dress.mode in PLAIN and dress.owner == (os.geteuid(), os.getegid()) and not dress.attributes
        return None if usual else dress
    return None


def attributes(of: str) -> dict[str, bytes]:
    """Those that people set, and the list of rights; nothing where the platform has none that we know of."""
    found: dict[str, bytes] = {}
    if sys.platform == "linux":
        with _as_far_as_may_be():
            for name in os.listxattr(of):
                if name.startswith("user.") or name == ACL:
                    found[name] = os.getxattr(of, name)
    return found


def put_on(fd: int, owner: tuple[int, int], given: dict[str, bytes]) -> None:
    """As far as the system lets us; what only fails is raised."""
    fresh = os.fstat(fd)
    if (fresh.st_uid, fresh.st_gid) != owner:
        with _as_far_as_may_be():
            os.fchown(fd, owner[0] if os.geteuid() == 0 else -1, owner[1])
    if sys.platform != "linux":
        return
    with _as_far_as_may_be():
        if ACL in os.listxattr(fd) and ACL not in given:
            os.removexattr(fd, ACL)
    for name, value in given.items():
        with _as_far_as_may_be():
            os.setxattr(fd, name, value)


@contextmanager
def _as_far_as_may_be() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in LACKING | {errno.ENODATA}:
            raise
