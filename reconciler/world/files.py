"""Absolute folders and edits → what stands there, and files brought about; writes, durably, what `edit` is told.

Links are followed everywhere: an edited link stays a link and the file behind it is replaced in its own folder. Only a
deletion refuses a link, wherever it leads: to remove the link would let an undo put a plain file in its place, and to
remove what it leads to is not ours to decide.

This is the face: scanning.py lists, reading.py reads, editing.py writes (by way of folders.py, staging.py,
exchanging.py and disk.py), recovering.py clears up after what was killed, problems.py has the words for what goes
wrong.
"""

from __future__ import annotations

import os

from reconciler.model.world import Unreadable
from reconciler.world.disk import sync_folder
from reconciler.world.dressing import worn
from reconciler.world.editing import edit
from reconciler.world.reading import below, read
from reconciler.world.recovering import recover
from reconciler.world.scanning import leftovers, scan

__all__ = ["edit", "empty", "lacking", "leftovers", "prune", "read", "recover", "scan", "worn"]


def lacking(folder: str, path: str) -> tuple[str, ...]:
    """The folders that an edit of `path` would make, outermost first; "" is the root's own."""
    found: list[str] = []
    above = os.path.dirname(path)
    while not os.path.lexists(f"{folder}/{above}" if above else folder):
        found.append(above)
        if not above:
            break
        above = os.path.dirname(above)
    return tuple(reversed(found))


def empty(full: str) -> bool:
    """Whether a folder is there and nothing is in it."""
    try:
        with os.scandir(full) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def prune(folder: str, path: str) -> bool:
    """Remove a folder if it is empty; whether it is gone (also where none stood). Never a link."""
    try:
        full = below(folder, path) if path else folder
        os.rmdir(full)
    except FileNotFoundError:
        return True
    except (OSError, Unreadable):
        return False
    sync_folder(os.path.dirname(full))
    return True
