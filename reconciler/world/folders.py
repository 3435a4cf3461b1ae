"""The folders of some edits → made where missing, flushed, and gone again where no edit needed them after all. Writes.

What stands of a folder, and where its links lead, is asked once for many files in it: `forget` when that grows old.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from reconciler.world.disk import sync_folders


class Folders:
    """`touched`: where names came or went."""

    def __init__(self) -> None:
        self.touched: set[str] = set()
        self._made: dict[str, None] = {}
        self._real: dict[str, str] = {}

    def forget(self) -> None:
        self._real.clear()

    def make(self, folder: str) -> None:
        """With its parents. Raises OSError."""
        missing = []
        while folder not in self._real and not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for one in reversed(missing):
            try:
                os.mkdir(one)
            except FileExistsError:
                if not os.path.isdir(one):
                    raise
            else:
                self._made[one] = None
                self.touched.add(os.path.dirname(one))

    def free(self, path: str) -> bool:
        """Whether nothing stands there, not even a link. False also where that takes a closer look."""
        return path.rpartition("/")[0] in self._real and not os.path.lexists(path)

    def behind(self, path: str, *, link: bool) -> str:
        """The file behind all links; `link`: it may be one itself."""
        if link and os.path.islink(path):
            return os.path.realpath(path)
        folder, _, name = path.rpartition("/")
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return f"{self._real[folder]}/{name}"

    def claim(self, path: str, root: str) -> tuple[str, ...]:
        """The folders below a root that a file needed and nobody has claimed yet, outermost first."""
        made = []
        folder = os.path.dirname(path)
        while folder in self._made:
            del self._made[folder]
            made.append(folder)
            folder = os.path.dirname(folder)
        return tuple(one[len(root) + 1 :] for one in reversed(made) if f"{one}/".startswith(f"{root}/"))

    def tidy(self) -> None:
        """Folders that nobody claimed go again."""
        for folder in reversed(self._made):
            with suppress(OSError):
                os.rmdir(folder)

    def sync(self) -> Mapping[str, OSError]:
        """The error of each folder whose names the disk may not have kept."""
        return sync_folders(self.touched)
