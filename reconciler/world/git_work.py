"""A work tree → its files, an unmodified one as its blob, and how many differ from the commit. Reads only.

Never asked: `git status`, `diff-files`, `ls-files -m`, `hash-object`. They compare through the repository's filters.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Sequence
from functools import cache
from hashlib import sha1, sha256
from shlex import quote
from typing import NamedTuple

from reconciler.model.problem import Origin, Problem, Severity
from reconciler.world import git_tree
from reconciler.world.git_command import Command
from reconciler.world.git_tree import EXECUTABLE, FOLDERS, LEFT_OUT, LINK, Entry, Reading, Stat

_LISTED = re.compile(rb"(?:\? |([A-Z]) ([0-7]{6}) ([0-9a-f]+) [0-3]\t)([^\0]*)\0")
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENXIO)
_IS_LINK = (errno.ELOOP, errno.EMLINK)
_OFF = ("false", "no", "off", "0", "")
_32_BITS = 0xFFFFFFFF
_SECOND = 10**9
_HASHES = {"sha1": sha1, "sha256": sha256}


class Found(NamedTuple):
    """A file of the work tree; `content` is None where it is too big to be read, or not there to be read (`status`)."""

    entry: Entry
    status: os.stat_result | None
    content: bytes | None
    oid: str
    executable: bool


def of_work(git: Command, commit: str, paths: Sequence[str] = FOLDERS) -> Reading:
    """The work tree as it stands, or some files of it, counted against `commit` ("" where there is none yet)."""
    listed, conflicts = _listed(git, paths)
    entries, unfit = git_tree.sift(listed)
    entries, scrambled = git_tree.unfiltered(git, entries)
    disk = _Disk(git)
    looked = [disk.read(entry) for entry in entries]
    unread = [one for one in looked if isinstance(one, Problem)]
    found = _as_committed(git, disk, [one for one in looked if isinstance(one, Found)], paths)
    files = ((f.entry.path, f.content, f.executable) for f in found)
    reading = git_tree.gathered(files, [*conflicts, *unfit, *scrambled, *unread])
    kept = git_tree.listing(git, commit, *paths) if commit else []
    committed = {e.path: (e.oid, e.mode == EXECUTABLE) for e in kept if not LEFT_OUT.search(e.path)}
    standing = {f.entry.path: (f.oid, f.executable) for f in found}
    differ = {path for path in standing.keys() | committed.keys() if standing.get(path) != committed.get(path)}
    faulty = {p.origin.path for p in reading.problems if p.severity is Severity.ERROR}
    return reading._replace(uncommitted=len(differ - faulty))


def _listed(git: Command, paths: Sequence[str]) -> tuple[list[Entry], list[Problem]]:
    """What is tracked, what is neither tracked nor ignored, and what is in conflict."""
    ignore = git.settings.get("core.excludesfile", "")
    own = ("-c", f"core.excludesFile={os.path.expanduser(ignore)}") if ignore else ()
    raw = git.run(*own, "ls-files", "-z", "-t", "-s", "-c", "-o", "--exclude-standard", "--", *paths)
    # Whether a link stands there the disk says, unless it cannot hold links.
    links = LINK if git.settings.get("core.symlinks", "").lower() == "false" else ""
    entries, conflicts = [], set()
    for tag, mode, oid, name in _LISTED.findall(raw):
        path = git_tree.decoded(name)
        if tag == b"M":
            conflicts.add(path)
        elif tag:
            entries.append(Entry(path, links if mode == LINK.encode() else mode.decode(), oid.decode(), tag == b"S"))
        else:
            entries.append(Entry(path.rstrip("/"), "nested" if path.endswith("/") else "", ""))
    return entries, [*(git_tree.in_conflict(path) for path in conflicts), *_ignored(git, own, paths)]


def edited(git: Command, since: str) -> frozenset[str] | None:
    """The files that HEAD or the index has otherwise than a commit; None where files came or went, or stand in the work
    tree that it did not have."""
    more = git.run("ls-files", "-z", "-o", "--", *FOLDERS).split(b"\0")
    names = [git_tree.decoded(name) for name in more if name]
    if not all(LEFT_OUT.search(name) and not git_tree.RULES.search(name) for name in names):
        return None
    paths: set[str] = set()
    for asked in (("diff-tree", "-r", since, "HEAD"), ("diff-index", "--cached", since)):
        said = git.run(*asked, "-z", "--no-renames", "--name-status", "--", *FOLDERS, ".gitattributes").split(b"\0")
        if not set(said[:-1:2]) <= {b"M"}:
            return None
        paths.update(map(git_tree.decoded, said[1::2]))
    return frozenset(paths)


def tracked(git: Command) -> frozenset[str]:
    """Every file that the index names."""
    names = git.run("ls-files", "-z", "--", *FOLDERS).split(b"\0")
    return frozenset(git_tree.decoded(name) for name in names if name)


def _ignored(git: Command, own: tuple[str, ...], paths: Sequence[str]) -> list[Problem]:
    """Files of desired state that git would not commit: to leave them out unsaid would read as their removal."""
    raw = git.run(*own, "ls-files", "-z", "-o", "-i", "--exclude-standard", "--", *paths)
    hint = "take it out of .gitignore (`git check-ignore -v` names the line), or out of desired-state/"
    found = [git_tree.decoded(name) for name in raw.split(b"\0") if name]
    return [
        Problem(Origin(path), "git ignores this file, so git does not say what is in it", hint)
        for path in found
        if not LEFT_OUT.search(path)
    ]


class _Disk:
    """Reads files below a work tree, and never through a link."""

    def __init__(self, git: Command) -> None:
        self._top = os.fsencode(git.folder) + b"/"
        self._hash = _HASHES[git.facts.object_format]
        self._keeps_mode = git.settings.get("core.filemode", "true").lower() not in _OFF
        self._leads_away = cache(self._is_below_link)

    def read(self, entry: Entry) -> Found | Problem | None:
        """None: not there."""
        try:
            found = None if self._leads_away(os.path.dirname(entry.path)) else self._open(entry)
        except OSError as error:
            if error.errno in _IS_LINK:
                return Problem(Origin(entry.path), *git_tree.MODES[LINK])
            if error.errno not in _ABSENT:
                text = f"the file cannot be read: {(error.strerror or str(error)).lower()}"
                return Problem(Origin(entry.path), text, f"`ls -l {quote(entry.path)}` shows who may")
            found = None
        if found is None and entry.sparse:
            return Found(entry, None, None, "", entry.mode == EXECUTABLE)
        return found

    def _open(self, entry: Entry) -> Found | None:
        file = os.open(self._top + entry.path.encode(), _OPEN)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                return None
            content = None if status.st_size > git_tree.LIMIT else _whole(file, status.st_size)
        finally:
            os.close(file)
        executable = bool(status.st_mode & 0o100) if self._keeps_mode else entry.mode == EXECUTABLE
        return Found(entry, status, content, "" if content is None else self.identify(content), executable)

    def identify(self, content: bytes) -> str:
        """The id git gives these bytes."""
        digest = self._hash(b"blob %d\0" % len(content), usedforsecurity=False)
        digest.update(content)
        return digest.hexdigest()

    def _is_below_link(self, folder: str) -> bool:
        if not folder:
            return False
        return os.path.islink(self._top + folder.encode()) or self._leads_away(os.path.dirname(folder))


def _whole(file: int, size: int) -> bytes:
    content = os.read(file, size + 1)
    if len(content) == size:
        return content
    # Somebody writes to it just now, or the file system does not know sizes.
    return content + b"".join(iter(lambda: os.read(file, size + 1), b""))


def _as_committed(git: Command, disk: _Disk, found: Sequence[Found], paths: Sequence[str]) -> list[Found]:
    """The same, with its blob for each file that git would call unmodified though its bytes differ."""
    differ = [f for f in found if f.entry.oid and f.oid != f.entry.oid]
    if not differ:
        return list(found)
    stats = git_tree.remembered(git, paths=paths)
    index = os.stat(os.path.join(git.facts.git_dir, "index")).st_mtime_ns
    kept = {f.entry for f in differ if f.status is None or _untouched(f.status, stats.get(f.entry.path), index)}
    kept |= _other_line_ends(git, disk, [f for f in differ if f.entry not in kept])
    blobs = git.blobs((e.oid for e in kept), git_tree.LIMIT)
    return [f._replace(content=blobs[f.entry.oid], oid=f.entry.oid) if f.entry in kept else f for f in found]


def _untouched(status: os.stat_result, then: Stat | None, index: int) -> bool:
    """Whether a file is as the index remembers it. An entry no older than the index itself proves nothing."""
    if then is None or then.mtime[0] * _SECOND + then.mtime[1] >= index:
        return False
    owner = (status.st_ino & _32_BITS, status.st_uid & _32_BITS, status.st_gid & _32_BITS)
    times = ((then.mtime, status.st_mtime_ns), (then.ctime, status.st_ctime_ns))
    return (
        then.size == status.st_size & _32_BITS
        and then.owner == owner
        and all(now // _SECOND == seconds and nanos in (0, now % _SECOND) for (seconds, nanos), now in times)
    )


def _other_line_ends(git: Command, disk: _Disk, found: Sequence[Found]) -> set[Entry]:
    """Those that git's own conversion of line ends, where it is switched on, would bring back to their blobs."""
    suspects = {}
    for file in found:
        content = file.content or b""
        text = b"\r\n" in content and b"\0" not in content
        if text and disk.identify(content.replace(b"\r\n", b"\n")) == file.entry.oid:
            suspects[file.entry.path] = file.entry
    by_default = git.settings.get("core.autocrlf", "").lower() not in _OFF
    rules = git_tree.attributes(git, list(suspects), ("text", "eol"))
    return {e for path, e in suspects.items() if _converted(rules[path, "text"], rules[path, "eol"], by_default)}


def _converted(text: str, eol: str, by_default: bool) -> bool:
    if text == "unspecified":
        return eol in ("lf", "crlf") or by_default
    return text != "unset"
