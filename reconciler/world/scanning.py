"""An absolute folder, and globs to leave out → the files and folders below it as a Place; looks, reads no file."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.problem import Problem, Severity
from reconciler.model.resource import Entry, Place
from reconciler.world.disk import Identity, identity
from reconciler.world.problems import (
    ODD,
    dangling,
    failed,
    nearest,
    not_a_file,
    not_a_folder,
    odd_name,
    printable,
    problem,
)
from reconciler.world.staging import TEMPORARY

MOST_ENTRIES = 250_000
LEFT_BEHIND = "left by an interrupted run"
OURS = "this repository's own files"
OURS_NAMES = frozenset({"desired-state", "templates", ".git"})
Chain = tuple[Identity, "Chain | None"]


class Skips:
    """Globs and their reasons. Without `/` a glob is of a name at any depth; with one at its end, of folders only."""

    def __init__(self, skip: Mapping[str, str]) -> None:
        self._rules = [_rule(glob, reason) for glob, reason in {TEMPORARY: LEFT_BEHIND, **skip}.items()]
        self._name = _any(rule[0] for rule in self._rules if not rule[1])
        self._path = _any(rule[0] for rule in self._rules if rule[1])

    def hit(self, path: str, name: str) -> bool:
        """Whether `reason` may have one: the quick question, asked of every file."""
        return bool(self._name(name) or self._path(path))

    def reason(self, path: str, folder: bool) -> str:
        name = path.rpartition("/")[2]
        for pattern, whole, folders, reason in self._rules:
            if (folder or not folders) and re.match(pattern, path if whole else name):
                return reason
        return ""


def _rule(glob: str, reason: str) -> tuple[str, bool, bool, str]:
    bare = glob.removesuffix("/")
    return fnmatch.translate(bare.removeprefix("./")), "/" in bare, bare != glob, reason


def _any(patterns: Iterable[str]) -> Callable[[str], object]:
    return re.compile("|".join(patterns) or r"(?!)").match


def scan(folder: str, skip: Mapping[str, str], root: str = "") -> Place:
    """Every regular file below a folder, by its relative path; never an exception. What hinders a whole root is an
    error; what hinders one entry a warning, because whoever claims that entry is refused when it is read."""
    walk = _Walk(folder, Skips(skip))
    walk.run()
    return Place(
        root,
        folder,
        dict(sorted(walk.files.items())),
        frozenset(walk.folders),
        dict(sorted(walk.skipped.items())),
        tuple(sorted(walk.problems)),
        walk.folds,
    )


def leftovers(folder: str) -> list[str]:
    """Temporary files of a killed run. One may hold a hand edit that the run displaced: compare before removing it."""
    return [path for path, why in scan(folder, {}).skipped.items() if why == LEFT_BEHIND and not path.endswith("/")]


def folds_case(folder: str, names: Sequence[str], platform: str = sys.platform) -> bool:
    """Whether names that differ in case alone are one here: asked of an entry, else as is usual on the platform."""
    for name in names:
        other = name.swapcase()
        if name.isascii() and other != name:
            return other not in names and _same(f"{folder}/{name}", f"{folder}/{other}")
    return platform == "darwin"


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except OSError:
        return False


class _Walk:
    """One scan. A folder on the way: its prefix, its path, its real path where a link led here, its ancestors."""

    def __init__(self, folder: str, skips: Skips) -> None:
        self.folder = folder
        self.skips = skips
        self.files: dict[str, Entry] = {}
        self.folders: list[str] = []
        self.skipped: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.folds = sys.platform == "darwin"
        self.todo: list[tuple[str, str, str, Chain]] = []

    def run(self) -> None:
        try:
            found = os.stat(self.folder)
        except OSError as error:
            self._no_root(error)
            return
        if not stat.S_ISDIR(found.st_mode):
            self.problems.append(not_a_folder(self.folder, self.folder))
            return
        real = os.path.realpath(self.folder) if os.path.islink(self.folder) else ""
        self.todo.append(("", self.folder, real, (identity(found), None)))
        while self.todo and len(self.files) + len(self.folders) < MOST_ENTRIES:
            self._enter(*self.todo.pop())
        if self.todo:
            text = f"more than {MOST_ENTRIES} files and folders stand below it, and not all were looked at"
            self.problems.append(problem(self.folder, text, "see whether a link leads to a large folder; remove it"))

    def _no_root(self, error: OSError) -> None:
        if error.errno == errno.ENOENT and os.path.islink(self.folder):
            self.problems.append(dangling(self.folder, self.folder))
        elif error.errno == errno.ENOTDIR:
            self.problems.append(not_a_folder(self.folder, nearest(self.folder)))
        elif error.errno != errno.ENOENT:
            self.problems.append(failed(self.folder, "looked at", error))

    def _enter(self, prefix: str, full: str, real: str, chain: Chain) -> None:
        try:
            with os.scandir(full) as listing:
                entries = list(listing)
        except OSError as error:
            severity = Severity.WARNING if prefix else Severity.ERROR
            self.problems.append(replace(failed(full, "looked at", error), severity=severity))
            return
        if not prefix:
            self.folds = folds_case(full, [entry.name for entry in entries])
        ours = OURS_NAMES if self._holds_repository(full, entries) else frozenset()
        hit, files = self.skips.hit, self.files
        for entry in entries:
            name = entry.name
            path = prefix + name
            if (name in ours or hit(path, name)) and self._skip(entry, path, name in ours):
                continue
            if name.isprintable() and entry.is_file(follow_symlinks=False):
                try:
                    found = entry.stat(follow_symlinks=False)
                except OSError as error:
                    self._warn(failed(entry.path, "looked at", error))
                    continue
                files[path] = Entry(found.st_mode & 0o100 != 0, found.st_size, real and f"{real}/{name}")
            else:
                self._take(entry, path, real, chain)

    def _holds_repository(self, full: str, entries: Sequence[os.DirEntry[str]]) -> bool:
        named = any(entry.name == "desired-state" for entry in entries)
        return named and os.path.isfile(f"{full}/desired-state/reconcile.yaml")

    def _skip(self, entry: os.DirEntry[str], path: str, ours: bool) -> bool:
        folder = os.path.isdir(entry.path)
        reason = OURS if ours else self.skips.reason(path, folder)
        if reason:
            self.skipped[printable(path) + "/" * folder] = reason
        return bool(reason)

    def _take(self, entry: os.DirEntry[str], path: str, real: str, chain: Chain) -> None:
        """Whatever is not a plain file with a plain name."""
        if ODD.search(entry.name):
            self._warn(odd_name(entry.path, entry.name))
            return
        link = entry.is_symlink()
        try:
            found = entry.stat()
        except OSError as error:
            gone = link and error.errno == errno.ENOENT
            self._warn(dangling(entry.path, entry.path) if gone else failed(entry.path, "looked at", error))
            return
        behind = real and f"{real}/{entry.name}"
        if link:
            behind = os.path.realpath(behind or entry.path)
        if stat.S_ISDIR(found.st_mode):
            self._take_folder(entry.path, path, behind, (identity(found), chain))
        elif stat.S_ISREG(found.st_mode):
            self.files[path] = Entry(found.st_mode & 0o100 != 0, found.st_size, behind)
        else:
            self._warn(not_a_file(entry.path, found.st_mode))

    def _take_folder(self, full: str, path: str, real: str, chain: Chain) -> None:
        if real and _repeats(chain):
            self._warn(problem(full, f"leads back to `{printable(real)}`, in which it lies", "remove the link"))
            return
        self.folders.append(path)
        self.todo.append((path + "/", full, real, chain))

    def _warn(self, found: Problem) -> None:
        self.problems.append(replace(found, severity=Severity.WARNING))


def _repeats(chain: Chain) -> bool:
    last, above = chain
    while above is not None:
        if above[0] == last:
            return True
        above = above[1]
    return False
