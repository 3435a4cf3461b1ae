"""An edit → a temporary file beside the one it is for: written, dressed as that one, flushed; nothing else changes.

Its name tells whoever finds it later whose it is and what it holds: `.reconcile-FILE-RANDOM.tmp` for a new file,
`.reconcile-FILE-RANDOM-OURS-THEIRS.tmp` for one that changes places with another (it is ours while the first stamp is
its own, and the one we looked at while the second is), and `.reconcile-FILE-RANDOM-gone-THEIRS.tmp` for one that was
taken away.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from reconciler.model.resource import File
from reconciler.model.world import Edit, Edited
from reconciler.world.disk import MANY, Identity, identity, sync, sync_systems, syncs_systems
from reconciler.world.dressing import attributes, put_on

TEMPORARY = ".reconcile-*.tmp"
GONE = "gone"
MOST = 1000
MOST_OPEN = 128  # far below the usual limit of 256 to 1024


@dataclass(slots=True, eq=False)
class Job:
    """One edit on its way. `temp` is a name beside `final`, the file behind all links, that must be gone in the end;
    `ours` is who stands under it until it changes places; `loose`: it was closed before it was flushed; `bare`:
    it did not take the bits that keep it from others."""

    edit: Edit
    root: str
    where: str
    final: str = ""
    temp: str = ""
    fd: int = -1
    ours: Identity = (0, 0)
    moving: bool = False
    loose: bool = False
    bare: bool = False
    result: Edited | None = None


def aim(job: Job, final: str, end: str = "") -> None:
    """Where the edit will land, behind all links, and a temporary name beside it."""
    job.final = final
    words = f"{mark(job.final)}-{os.urandom(4).hex()}{end}"
    job.temp = f"{os.path.dirname(job.final)}/{TEMPORARY.replace('*', words)}"


def mark(final: str) -> str:
    """What the temporary names of one file have in common."""
    return blake2b(os.fsencode(os.path.basename(final)), digest_size=4).hexdigest()


def stamp(found: os.stat_result) -> str:
    """What tells a file that we wrote, as we left it, from every other, under whatever name."""
    words = f"{found.st_ino} {found.st_size} {found.st_mtime_ns}"
    return blake2b(words.encode(), digest_size=8).hexdigest()


def write(job: Job, after: File, standing: os.stat_result | None) -> None:
    """Fill the temporary file, and give it what the one that stands has: mode, owner, attributes."""
    # a new file is made with the system's own default, which minds the umask and a folder's default rights alike; one
    # that takes another's place may have to be secret
    dress = job.edit.dress if standing is None else None
    mode = 0o600 if standing or dress or job.edit.mode is not None else 0o666
    job.fd = os.open(job.temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    fresh = os.fstat(job.fd)
    job.ours = identity(fresh)
    rest = memoryview(after.content)
    while rest:
        rest = rest[os.write(job.fd, rest) :]
    if standing:
        put_on(job.fd, (standing.st_uid, standing.st_gid), attributes(job.final))
    elif dress:
        put_on(job.fd, dress.owner, dict(dress.attributes))
    fresh = os.fstat(job.fd) if standing or dress else fresh
    usual = dress.mode if dress else stat.S_IMODE((standing or fresh).st_mode)
    mode = usual if job.edit.mode is None else job.edit.mode
    mode = runnable(mode, after.executable)
    if mode != stat.S_IMODE(fresh.st_mode):
        _restrict(job, mode)
    if standing:
        _sign(job, standing)


def _restrict(job: Job, mode: int) -> None:
    try:
        os.fchmod(job.fd, mode)
    except PermissionError:
        if job.edit.mode is None:
            raise
    job.bare = job.edit.mode is not None and bool(os.fstat(job.fd).st_mode & 0o077 & ~mode)


def _sign(job: Job, standing: os.stat_result) -> None:
    signed = f"{job.temp.removesuffix('.tmp')}-{stamp(os.fstat(job.fd))}-{stamp(standing)}.tmp"
    os.rename(job.temp, signed)
    job.temp = signed


def runnable(mode: int, executable: bool) -> int:
    """Permission bits, with those to run it as they should be."""
    if (mode & 0o100 != 0) == executable:
        return mode
    return mode | 0o100 | (mode & 0o444) >> 2 if executable else mode & ~0o111


def dressed_anew(edit: Edit, standing: os.stat_result) -> bool:
    """Whether the same bytes shall get other permission bits."""
    if edit.mode is None or edit.after is None:
        return False
    return runnable(edit.mode, edit.after.executable) != stat.S_IMODE(standing.st_mode)


class Flushing:
    """How the temporary files of `many` edits are made to last: at once where that can be done, else one by one. Then
    of each file system only the first stays open, which learns of all its errors."""

    def __init__(self, many: int) -> None:
        self._at_once = _at_once(many)
        self._open: dict[int, Job] = {}

    def loosen(self, job: Job) -> None:
        """What was written need not stay open."""
        if not self._at_once or job.fd < 0:
            return
        first = self._open.setdefault(job.ours[0], job)
        if first.fd < 0:  # that edit failed
            self._open[job.ours[0]] = job
        elif first is not job:
            close(job)
            job.loose = True

    def together(self, jobs: Sequence[Job]) -> None:
        """What is not flushed then is flushed one by one."""
        opened = [job for job in self._open.values() if job.fd >= 0]
        if opened and sync_systems([job.fd for job in opened]):
            for job in opened:
                close(job)
            for job in jobs:
                job.loose = False


def most_at_once(many: int) -> int:
    """How many of so many temporary files are written before they are flushed."""
    return MOST if _at_once(many) else MOST_OPEN


def _at_once(many: int) -> bool:
    return many >= MANY and syncs_systems()


def flush(job: Job) -> None:
    if job.loose:
        job.fd = os.open(job.temp, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        job.loose = False
    if job.fd >= 0:
        sync(job.fd)
        close(job)


def close(job: Job) -> None:
    fd, job.fd = job.fd, -1
    if fd >= 0:
        os.close(fd)
