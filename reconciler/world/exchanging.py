"""A staged edit → its file in place and its temporary name cleared; nothing we have not looked at is ever lost."""

from __future__ import annotations

import errno
import os

from reconciler.model.resource import File
from reconciler.model.world import Edited, Unreadable
from reconciler.world import disk
from reconciler.world.problems import printable, problem, stale
from reconciler.world.reading import look
from reconciler.world.staging import Job


def create(job: Job) -> None:
    """The new file, unless another appeared there."""
    try:
        disk.place(job.temp, job.final)
    except FileExistsError:
        job.result = stale(job.where, None, True)
    else:
        job.temp = ""


def take_away(job: Job) -> None:
    """The file goes under the temporary name, where `settle` looks whether it was the expected one."""
    job.moving = True
    try:
        os.rename(job.final, job.temp)
    except FileNotFoundError:
        job.result = stale(job.where, job.edit.before, False)


def exchange(job: Job) -> None:
    """The new file for the one that stands, which goes under the temporary name until `settle` has looked at it."""
    job.moving = True
    try:
        disk.swap(job.temp, job.final)
    except OSError as error:
        job.moving = False
        if error.errno == errno.ENOENT:
            job.result = stale(job.where, job.edit.before, False)
        elif error.errno not in disk.LACKING:
            raise
        elif _stands(job.final, job.edit.before):
            os.replace(job.temp, job.final)
        else:
            job.result = stale(job.where, job.edit.before, os.path.lexists(job.final))


def settle(job: Job) -> None:
    """Clear the temporary name: what we wrote and what was expected go, a hand edit goes back. May be called again."""
    if not job.temp:
        return
    try:
        under = disk.identity(os.lstat(job.temp))
    except FileNotFoundError:
        job.temp = ""
        return
    if job.moving and under != job.ours and not _stands(job.temp, job.edit.before):
        _put_back(job)
    else:
        os.unlink(job.temp)
    job.temp = ""


def _put_back(job: Job) -> None:
    job.result = stale(job.where, job.edit.before, True)
    try:
        if job.edit.after is None:
            disk.place(job.temp, job.final)
            return
        disk.swap(job.temp, job.final)
        if disk.identity(os.lstat(job.temp)) == job.ours:
            os.unlink(job.temp)
            return
        disk.swap(job.temp, job.final)  # a second hand edit landed on ours: the later one stays
    except OSError:
        pass
    hint = f"the earlier version is kept as `{printable(job.temp)}`: compare the two, then remove it"
    job.result = Edited(problem=problem(job.where, "was edited twice while it was being written", hint), stale=True)


def _stands(full: str, expected: File | None) -> bool:
    try:
        found = look(full, follow=False)
    except Unreadable:
        return False
    return (found and found[0]) == expected
