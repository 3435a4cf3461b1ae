"""Files of a home that another dotfiles manager keeps: links that lead out of it. Looks only.

A root whose own folder is a link counts with all its files, and shared files count as well: they are never listed
among a root's own files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.model.kind import Root
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Place
from reconciler.model.world import Env, Look

READ_ONLY = "it is read-only there: copy the files before you take them out of your configuration (docs/moving.md)"
BOTH = "edits go through the links into it, and show there as changes"
KEPT = {
    "/nix/store/": ("home-manager's store", READ_ONLY),
    "/share/chezmoi/": ("chezmoi", f"{BOTH}; copy the files, then `chezmoi forget` them (docs/moving.md)"),
    "/share/yadm/": ("yadm", f"{BOTH}; keep them in one of the two (docs/moving.md)"),
}
REPOSITORY = f"{BOTH}; to keep them here alone, copy them before you unlink, as with `stow -D` (docs/moving.md)"
ELSEWHERE = f"{BOTH}; put the files themselves here if only reconcile shall keep them"


class Linked(NamedTuple):
    """Files that lead to one other place: how many, one of them as people write it, who keeps them, what to do."""

    number: int
    example: str
    who: str
    remedy: str

    @property
    def text(self) -> str:
        files = "1 file is a link" if self.number == 1 else f"{self.number} files are links"
        return f"{files} into {self.who}"


def linked(roots: Sequence[Root], look: Look, env: Env) -> tuple[Linked, ...]:
    """One entry for each other place, in the order of their names."""
    found: dict[tuple[str, str], list[str]] = {}
    for root in roots:
        for path, real in _out_of(root, look.scan(root.name, root.skip), env):
            found.setdefault(keeper(real, env.home), []).append(look.show(root.name, path))
    return tuple(Linked(len(paths), paths[0], *kept) for kept, paths in sorted(found.items()))


def warnings(found: Iterable[Linked]) -> list[Problem]:
    """The same for people who import."""
    return [Problem(Origin(one.example), one.text, one.remedy, Severity.WARNING) for one in found]


def _out_of(root: Root, place: Place, env: Env) -> Iterator[tuple[str, str]]:
    """Each file below a root that really stands outside it, and where."""
    real, own = os.path.realpath(place.folder), _unlinked(place.folder, env.home)
    shared = (path for path in root.shared if os.path.lexists(f"{place.folder}/{path}"))
    targets = {path: os.path.realpath(f"{place.folder}/{path}") for path in shared}
    targets |= {path: entry.target or f"{real}/{path}" for path, entry in place.files.items()}
    return ((path, at) for path, at in targets.items() if not at.startswith(f"{own}/"))


def _unlinked(folder: str, home: str) -> str:
    """Where a folder below a home would stand if nothing on the way were a link; the home's own place is taken as it
    is, and so is a folder outside it."""
    inside = folder.startswith(f"{home}/")
    return os.path.realpath(home) + folder[len(home) :] if inside else os.path.realpath(folder)


def keeper(real: str, home: str) -> tuple[str, str]:
    """Who keeps the file at a real path, and what to do about it."""
    for mark, kept in KEPT.items():
        if mark in real:
            return kept
    folder = real
    while folder := folder.rpartition("/")[0]:
        if os.path.exists(f"{folder}/.git"):
            shown = f"~{folder[len(home) :]}" if folder.startswith(f"{home}/") else folder
            return f"the repository {shown}", REPOSITORY
    return "another folder", ELSEWHERE
