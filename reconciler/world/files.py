"""Absolute folders and edits → what stands there, and files brought about; writes, durably, what `edit` is told.

Links are followed everywhere: an edited link stays a link and the file behind it is replaced in its own folder. Only a
deletion refuses a link, wherever it leads: to remove the link would let an undo put a plain file in its place, and to
remove what it leads to is not ours to decide.

This is the face: scanning.py lists, reading.py reads, editing.py writes (by way of staging.py, exchanging.py and
disk.py), problems.py has the words for what goes wrong.
"""

from __future__ import annotations

import os

from reconciler.model.world import Unreadable
from reconciler.world.disk import sync_folder
from reconciler.world.editing import edit
from reconciler.world.reading import below, read
from reconciler.world.scanning import leftovers, scan

__all__ = ["edit", "leftovers", "prune", "read", "scan"]


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
