"""Edits, and the folder of each root → how each of them ended; writes them, durably, in chunks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from reconciler.model.world import Edit, Edited, Unreadable
from reconciler.world import exchanging, staging
from reconciler.world.folders import Folders
from reconciler.world.problems import failed, printable, problem, stale
from reconciler.world.reading import below, look
from reconciler.world.staging import Job

BARE = "is written, and others may read it: its file system did not keep the permission bits"
UMASK = "mount that with `umask=077`, or have this folder on another one"


def edit(edits: Sequence[Edit], roots: Mapping[str, str]) -> list[Edited]:
    """Each edit stands or fails on its own and is durable; a failed one leaves nothing behind. `made` names the folders
    that an edit needed first, outermost first; "" is the root's own."""
    batch = _Batch()
    jobs = [Job(one, roots[one.root], f"{roots[one.root]}/{one.path}") for one in edits]
    try:
        for chunk in _chunks(jobs):
            batch.act(chunk)
    finally:
        for job in jobs:
            batch.claim(job)
        batch.folders.tidy()
    batch.sync(jobs)
    return [job.result or Edited() for job in jobs]


def _chunks(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Runs of jobs that may be written together: none sees another's result, deletions apart."""
    chunk: dict[str, Job] = {}
    deletes, most = False, staging.most_at_once(len(jobs))
    for job in jobs:
        if len(chunk) == most or job.where in chunk or (job.edit.after is None) != deletes:
            yield list(chunk.values())
            chunk = {}
        deletes = job.edit.after is None
        chunk[job.where] = job
    yield list(chunk.values())


class _Batch:
    """What the edits of one call share."""

    def __init__(self) -> None:
        self.folders = Folders()

    def act(self, jobs: Sequence[Job]) -> None:
        self.folders.forget()
        flushing = staging.Flushing(len(jobs))
        try:
            self._each(lambda job: flushing.loosen(self._stage(job)), jobs)
            flushing.together(jobs)
            self._each(staging.flush, jobs)
            self._each(self._put, jobs)
        finally:
            for job in jobs:
                _attempt(_drop, job)

    def _each(self, step: Callable[[Job], None], jobs: Sequence[Job]) -> None:
        for job in jobs:
            if job.result is None:
                _attempt(step, job)

    def _stage(self, job: Job) -> Job:
        """Look again; where it stands as expected, write the temporary file."""
        before, after = job.edit.before, job.edit.after
        full = below(job.root, job.edit.path)
        found = None if before is None and self.folders.free(full) else look(full)
        if (found and found[0]) != before:
            job.result = stale(job.where, before, found is not None)
        elif before == after and not (found and staging.dressed_anew(job.edit, found[1])):
            job.result = Edited()
        elif after is not None:
            self.folders.make(os.path.dirname(job.where))
            staging.aim(job, self.folders.behind(job.where, link=found is not None))
            staging.write(job, after, found and found[1])
        elif os.path.islink(job.where):
            text = f"is a link to `{printable(os.readlink(job.where))}`, and only you know which of the two should go"
            job.result = Edited(problem=problem(job.where, text, "remove the link yourself, then run it again"))
        elif found is not None:
            final = self.folders.behind(job.where, link=False)
            staging.aim(job, final, f"-{staging.GONE}-{staging.stamp(found[1])}")
        return job

    def _put(self, job: Job) -> None:
        self.folders.touched.add(os.path.dirname(job.final))
        if job.edit.after is None:
            exchanging.take_away(job)
        elif job.edit.before is None:
            exchanging.create(job)
        else:
            exchanging.exchange(job)
        exchanging.settle(job)
        job.result = job.result or Edited(problem=problem(job.where, BARE, UMASK) if job.bare else None)

    def claim(self, job: Job) -> None:
        """Give a job that went well the folders it needed and nobody has claimed yet."""
        if job.result is not None and not job.result.problem:
            job.result = job.result._replace(made=self.folders.claim(job.where, job.root))

    def sync(self, jobs: Sequence[Job]) -> None:
        lost = self.folders.sync()
        for job in jobs if lost else ():
            error = lost.get(os.path.dirname(job.final))
            if error and job.result and not job.result.problem:
                doubt = failed(job.where, "made durable, though it was done", error)
                job.result = job.result._replace(problem=doubt)


def _attempt(step: Callable[[Job], None], job: Job) -> None:
    try:
        step(job)
    except Unreadable as unreadable:
        job.result = Edited(problem=unreadable.problem)
    except OSError as error:
        what = "removed" if job.edit.after is None else "written"
        job.result = Edited(problem=failed(job.where, what, error))
        with suppress(OSError):
            _drop(job)  # at once: on a full disk the next edit needs the room


def _drop(job: Job) -> None:
    staging.close(job)
    exchanging.settle(job)
