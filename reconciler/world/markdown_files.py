"""A folder → the Markdown in the repository around it, and whether a link leads anywhere. Looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property

from reconciler.model.problem import Invalid
from reconciler.world.git_command import Command

SUFFIXES = (".md", ".markdown")
SKIPPED = frozenset((".git", "node_modules", ".venv", "__pycache__"))
LARGEST = 2 * 2**20
MOST = 20_000


class MarkdownFiles:
    """The Markdown of one repository, or of one folder that is in none: what git lists, tracked or not, less what it
    ignores. `listed` False: nothing is listed, and only what is asked for looked at."""

    def __init__(self, top: str, *, tracked: bool, listed: bool = True) -> None:
        self.top, self.tracked, self.listed = os.path.realpath(top), tracked, listed

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """From the top, sorted."""
        if not self.listed:
            return ()
        found = self._listed() if self.tracked else self._walked()
        return tuple(sorted(path for path in found if path.lower().endswith(SUFFIXES))[:MOST])

    def _listed(self) -> Iterator[str]:
        try:
            said = Command(self.top).run("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        except Invalid:
            return self._walked()
        return (path for path in said.decode("utf-8", "surrogateescape").split("\0") if path)

    def _walked(self) -> Iterator[str]:
        for folder, inside, names in os.walk(self.top):
            inside[:] = sorted(set(inside) - SKIPPED)
            yield from (os.path.relpath(f"{folder}/{name}", self.top) for name in names)

    def text(self, path: str) -> str | None:
        """What a file holds; None where there is none, or it is no regular file, or larger than Markdown is."""
        full = f"{self.top}/{path}"
        try:
            if not os.path.isfile(full) or os.path.getsize(full) > LARGEST:
                return None
            with open(full, "rb") as file:  # noqa: PTH123
                return file.read().decode("utf-8", "replace")
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Whether anything stands at a path from the top; one that leads out of it counts as it is."""
        try:
            return os.path.exists(f"{self.top}/{path}")
        except ValueError:
            return False
