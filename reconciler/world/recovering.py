"""The temporary files that an edit left beside a file → cleared, or put back; a hand edit is never removed.

An edit leaves them when it is killed, and when the disk lets it remove nothing. To be called while nobody else edits
for us. What we wrote and never got into place goes, and so does what was displaced, where it is the very file that we
had looked at: then the edit was made, and what stood there is in the journal. Another one that was displaced goes back
to where it stood, as long as what stands there now is what we wrote. Anything else stays under its temporary name, and
is told.
"""

from __future__ import annotations

import fnmatch
import os

from reconciler.model.problem import Problem
from reconciler.world import disk
from reconciler.world.problems import failed, printable, problem
from reconciler.world.staging import GONE, TEMPORARY, mark, stamp


def recover(full: str) -> list[Problem]:
    """Whatever an edit of the file at `full` left; what had to stay is a problem."""
    final = os.path.realpath(full)
    problems = []
    for temp in _left(final):
        try:
            kept = _settled(temp, final)
        except OSError as error:
            problems.append(failed(temp, "cleared away", error))
            continue
        if kept:
            hint = f"an earlier version is kept as `{printable(temp)}`: compare the two, then remove it"
            problems.append(problem(full, "was edited while an apply was interrupted", hint))
    return problems


def _left(final: str) -> list[str]:
    folder = os.path.dirname(final)
    pattern = TEMPORARY.replace("*", f"{mark(final)}-*")
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(f"{folder}/{name}" for name in fnmatch.filter(names, pattern))


def _settled(temp: str, final: str) -> bool:
    """Whether the temporary file had to stay."""
    end, looked_at = [*os.path.basename(temp).removesuffix(".tmp").split("-")[3:], "", ""][:2]
    if not end or stamp(os.lstat(temp)) in (end, looked_at):
        os.unlink(temp)
        kept = False
    elif end == GONE:
        kept = not _returned(temp, final)
    else:
        kept = not _exchanged_back(temp, final, end)
    disk.sync_folder(os.path.dirname(final))
    return kept


def _returned(temp: str, final: str) -> bool:
    try:
        disk.place(temp, final)
    except FileExistsError:
        return False
    return True


def _exchanged_back(temp: str, final: str, ours: str) -> bool:
    if not os.path.lexists(final) or stamp(os.lstat(final)) != ours:
        return False
    disk.swap(temp, final)
    if stamp(os.lstat(temp)) == ours:
        os.unlink(temp)
        return True
    disk.swap(temp, final)  # edited this very moment: the later one stays
    return False
