"""Edits, and the folder of each root → how each of them ended; writes them, durably, in chunks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from reconciler.model.world import Edit, Edited, Unreadable
from reconciler.world import exchanging, staging
from reconciler.world.disk import sync_folders
from reconciler.world.problems import failed, printable, problem, stale
from reconciler.world.reading import below, look
from reconciler.world.staging import Job

CHUNK = 128  # edits whose temporary files are open at once: far below the usual limit of 256 to 1024


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
        batch.tidy()
    batch.sync(jobs)
    return [job.result or Edited() for job in jobs]


def _chunks(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Runs of jobs that may be written together: none sees another's result, deletions apart."""
    chunk: dict[str, Job] = {}
    deletes = False
    for job in jobs:
        if len(chunk) == CHUNK or job.where in chunk or (job.edit.after is None) != deletes:
            yield list(chunk.values())
            chunk = {}
        deletes = job.edit.after is None
        chunk[job.where] = job
    yield list(chunk.values())


class _Batch:
    """What the edits of one call share: folders made, folders to be flushed."""

    def __init__(self) -> None:
        self.made: dict[str, None] = {}
        self.touched: set[str] = set()

    def act(self, jobs: Sequence[Job]) -> None:
        try:
            for step in (self._stage, staging.flush, self._put):
                if step is staging.flush:
                    staging.flush_together(jobs)
                for job in jobs:
                    if job.result is None:
                        _attempt(step, job)
        finally:
            for job in jobs:
                _attempt(_drop, job)

    def _stage(self, job: Job) -> None:
        """Look again; where it stands as expected, write the temporary file."""
        before, after = job.edit.before, job.edit.after
        found = look(below(job.root, job.edit.path))
        if (found and found[0]) != before:
            job.result = stale(job.where, before, found is not None)
        elif before == after and not (found and staging.dressed_anew(job.edit, found[1])):
            job.result = Edited()
        elif after is not None:
            self._make(os.path.dirname(job.where))
            staging.aim(job)
            staging.write(job, after, found and found[1])
        elif os.path.islink(job.where):
            text = f"is a link to `{printable(os.readlink(job.where))}`, and only you know which of the two should go"
            job.result = Edited(problem=problem(job.where, text, "remove the link yourself, then run it again"))
        elif found is not None:
            staging.aim(job, f"-{staging.GONE}-{staging.stamp(found[1])}")

    def _put(self, job: Job) -> None:
        self.touched.add(os.path.dirname(job.final))
        if job.edit.after is None:
            exchanging.take_away(job)
        elif job.edit.before is None:
            exchanging.create(job)
        else:
            exchanging.exchange(job)
        exchanging.settle(job)
        job.result = job.result or Edited()

    def _make(self, folder: str) -> None:
        missing = []
        while not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for one in reversed(missing):
            try:
                os.mkdir(one)
            except FileExistsError:
                if not os.path.isdir(one):
                    raise
            else:
                self.made[one] = None
                self.touched.add(os.path.dirname(one))

    def claim(self, job: Job) -> None:
        """Give a job that went well the folders it needed and nobody has claimed yet."""
        if job.result is None or job.result.problem:
            return
        made = []
        folder = os.path.dirname(job.where)
        while folder in self.made:
            del self.made[folder]
            made.append(folder)
            folder = os.path.dirname(folder)
        names = [one[len(job.root) + 1 :] for one in reversed(made) if f"{one}/".startswith(f"{job.root}/")]
        job.result = job.result._replace(made=tuple(names))

    def tidy(self) -> None:
        """Folders that were made for failed edits alone go again."""
        for folder in reversed(self.made):
            with suppress(OSError):
                os.rmdir(folder)

    def sync(self, jobs: Sequence[Job]) -> None:
        lost = sync_folders(self.touched)
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
