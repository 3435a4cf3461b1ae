"""Listings and blobs of a repository → the files of a commit or the index, and what is wrong with them. Reads only."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from shlex import quote
from typing import NamedTuple

from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import File, Source
from reconciler.world.git_command import Command

FOLDERS = ("desired-state", "templates")
LIMIT = 64 * 2**20

# What systems, editors and git itself leave in a folder. Other dotfiles are somebody's desired state.
LEFT_OUT = re.compile(
    r"(?:^|/)(?:\.DS_Store|\._[^/]*|\.directory|Thumbs\.db|desktop\.ini"
    r"|\.git(?:ignore|attributes|modules|keep)|\.keep|[^/]*~|\.#[^/]*|#[^/]*#|\.[^/]*\.sw[a-p])\Z"
)
_UNSAFE = re.compile(r"(?:^|/)(?:\.{0,2}|\.git)(?=/|$)|[\x00-\x1f\x7f-\x9f\udc80-\udcff]", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
RULES = re.compile(r"(?:^|/)\.gitattributes\Z")
_TREE = re.compile(rb"([0-7]{6}) \w+ ([0-9a-f]+)\t([^\0]*)\0")
_INDEX = re.compile(rb"([0-7]{6}) ([0-9a-f]+) ([0-3])\t([^\0]*)\0")
_STAT = re.compile(
    rb"([^\0]*)\0  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n"
    rb"  uid: (\d+)\tgid: (\d+)\n  size: (\d+)\tflags: ([0-9a-f]+)\n"
)
LINK = "120000"
EXECUTABLE = "100755"
_INTENT_TO_ADD = 1 << 29
_EMPTY = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}
_COPY_IN = "put the files themselves here"
MODES = {
    LINK: ("a symbolic link is not followed: it may lead anywhere", "put the file itself here"),
    "160000": ("a submodule stands here: its files are in another repository", _COPY_IN),
    "nested": ("another repository stands here: its files are not in this one", _COPY_IN),
}
_SCRAMBLED = (
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS stands here, not the file"),
    (b"\0GITCRYPT\0", "the file is encrypted by git-crypt"),
)
_PLAIN = "no filter is run here: commit the file as it is, and let it name its secrets (`!secret env:NAME`)"


class Entry(NamedTuple):
    """A file as git names it: a mode of git's and the id of a blob, both "" where it is not tracked.

    `sparse`: a sparse checkout keeps it out of the work tree."""

    path: str
    mode: str
    oid: str
    sparse: bool = False


class Stat(NamedTuple):
    """What the index remembers of a file in the work tree."""

    ctime: tuple[int, int]
    mtime: tuple[int, int]
    owner: tuple[int, int, int]
    size: int
    intent_to_add: bool


class Reading(NamedTuple):
    """The files of one tree, what is wrong with them, and how many of them no commit holds."""

    sources: tuple[Source, ...]
    problems: tuple[Problem, ...]
    uncommitted: int = 0


def of_commit(git: Command, commit: str) -> Reading:
    """The tree of a commit."""
    from tempfile import TemporaryDirectory

    listed = listing(git, commit, ".gitattributes", *FOLDERS)
    entries, problems = sift(e for e in listed if e.path.startswith(FOLDERS))
    with TemporaryDirectory(prefix="reconcile-") as scratch:
        # Not every git can ask a commit for attributes: the attributes of this one get an index of their own.
        index = os.path.join(scratch, "index")
        lines = "".join(f"{e.mode} {e.oid}\t{e.path}\0" for e in listed if RULES.search(e.path))
        git.run("update-index", "-z", "--index-info", stdin=encoded(lines), index=index)
        entries, scrambled = unfiltered(git, entries, "--cached", index=index)
    return blobs_of(git, entries, [*problems, *scrambled])


def of_index(git: Command, index: str) -> Reading:
    """What a commit of this index ("" for the repository's own) would hold."""
    found = _INDEX.findall(git.run("ls-files", "-z", "-s", "--", *FOLDERS, index=index))
    unmerged = {raw for _, _, stage, raw in found if stage != b"0"}
    entries, problems = sift(_entry(mode, oid, raw) for mode, oid, stage, raw in found if stage == b"0")
    problems += [in_conflict(decoded(raw)) for raw in unmerged]
    if any(e.oid in _EMPTY for e in entries):
        stats = remembered(git, index)
        entries = [e for e in entries if not (e.path in stats and stats[e.path].intent_to_add)]
    entries, scrambled = unfiltered(git, entries, "--cached", index=index)
    return blobs_of(git, entries, [*problems, *scrambled])


def some_of_commit(git: Command, commit: str, paths: Sequence[str]) -> Mapping[str, File]:
    """Some files of a commit, wherever they are."""
    found = _TREE.findall(git.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths)) if paths else []
    return _files(git, [_entry(*fields) for fields in found], paths)


def some_of_index(git: Command, index: str, paths: Sequence[str]) -> Mapping[str, File]:
    """The same of an index; what is in conflict counts as not there."""
    found = _INDEX.findall(git.run("ls-files", "-z", "-s", "--", *paths, index=index)) if paths else []
    return _files(git, [_entry(mode, oid, raw) for mode, oid, stage, raw in found if stage == b"0"], paths)


def _files(git: Command, entries: Sequence[Entry], paths: Sequence[str]) -> Mapping[str, File]:
    asked = set(paths)
    plain = [entry for entry in entries if entry.path in asked and entry.mode not in MODES]
    blobs = git.blobs((entry.oid for entry in plain), LIMIT)
    contents = ((entry, blobs[entry.oid]) for entry in plain)
    return {e.path: File(content, e.mode == EXECUTABLE) for e, content in contents if content is not None}


def listing(git: Command, commit: str, *paths: str) -> list[Entry]:
    """Every file of a commit below some paths, unjudged."""
    found = _TREE.findall(git.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths))
    return [_entry(*fields) for fields in found]


def remembered(git: Command, index: str = "", paths: Sequence[str] = FOLDERS) -> dict[str, Stat]:
    """The index's memory of the work tree. Empty if a later git prints it in another way: files are then compared."""
    stats = {}
    for raw, *numbers, flags in _STAT.findall(git.run("ls-files", "-z", "--debug", "--", *paths, index=index)):
        cs, cn, ms, mn, inode, user, group, size = map(int, numbers)
        owner = (inode, user, group)
        stats[decoded(raw)] = Stat((cs, cn), (ms, mn), owner, size, bool(int(flags, 16) & _INTENT_TO_ADD))
    return stats


def sift(listed: Iterable[Entry]) -> tuple[list[Entry], list[Problem]]:
    """The entries that can be desired state, and what is wrong with the others."""
    entries: dict[str, Entry] = {}
    problems = []
    for entry in listed:
        path = entry.path
        if LEFT_OUT.search(path):
            continue
        wrong = _unfit(path) if _UNSAFE.search(path) else MODES.get(entry.mode)
        if path in FOLDERS:
            wrong = wrong or ("this must be a folder, and no link to one", "put the folder itself here")
        if path in entries:
            wrong = ("two files have this one name", "the tree was not made by git: `git fsck` names it")
        if wrong:
            problems.append(Problem(Origin(shown(path)), *wrong))
        else:
            entries[path] = entry
    return list(entries.values()), problems


def _unfit(path: str) -> tuple[str, str]:
    if any("\udc80" <= c <= "\udcff" for c in path):
        return "its name is not UTF-8", "rename it"
    if _CONTROL.search(path):
        return "its name holds a control character", "rename it"
    part = next(p for p in path.split("/") if p.lower() in ("", ".", "..", ".git"))
    return f"no file can have `{part}` in its path", "the tree was not made by git: remove the entry"


def unfiltered(
    git: Command, entries: Sequence[Entry], *where: str, index: str = ""
) -> tuple[list[Entry], list[Problem]]:
    """The entries that stand in git as people wrote them, and a problem for each that a filter rewrites."""
    named = attributes(git, [e.path for e in entries], ("filter",), *where, index=index)
    filters = {path: name for (path, _), name in named.items() if name not in ("unspecified", "unset", "set")}
    text = "git's attributes send this file through the filter `{}`"
    problems = [Problem(Origin(path), text.format(name), _PLAIN) for path, name in filters.items()]
    return [e for e in entries if e.path not in filters], problems


def attributes(
    git: Command, paths: Sequence[str], names: Sequence[str], *where: str, index: str = ""
) -> Mapping[tuple[str, str], str]:
    """(path, attribute) → value."""
    if not paths:
        return {}
    asked = encoded("".join(f"{path}\0" for path in paths))
    words = decoded(git.run("check-attr", *where, "-z", "--stdin", *names, stdin=asked, index=index)).split("\0")
    return dict(zip(zip(words[::3], words[1::3], strict=False), words[2::3], strict=False))


def blobs_of(git: Command, entries: Sequence[Entry], problems: Sequence[Problem]) -> Reading:
    """The entries with the blobs they name."""
    blobs = git.recalled((e.oid for e in entries), LIMIT)
    return gathered(((e.path, blobs[e.oid], e.mode == EXECUTABLE) for e in entries), problems)


def gathered(files: Iterable[tuple[str, bytes | None, bool]], problems: Sequence[Problem]) -> Reading:
    """Paths, contents (None: too big to read) and executable bits → sources, in the order of their paths."""
    sources, found, paths = [], list(problems), []
    for path, content, executable in files:
        paths.append(path)
        if content is None:
            text = f"the file is larger than {LIMIT // 2**20} MiB"
            found.append(Problem(Origin(path), text, "keep it outside, and let desired state name it"))
        elif wrong := next((text for sign, text in _SCRAMBLED if content.startswith(sign)), ""):
            found.append(Problem(Origin(path), wrong, _PLAIN))
        else:
            sources.append(Source(path, File(content, executable)))
    return Reading(tuple(sorted(sources)), tuple(sorted(found + _clashes(paths))))


def _clashes(paths: Collection[str]) -> list[Problem]:
    """Names that are one; on a file system that ignores case, as most on macOS do, or anywhere. Folders too."""
    spelled: dict[str, str] = {}
    parents = {path.rpartition("/")[0] for path in paths}
    folders = parents.union(*map(_above, parents))
    text, hint = "a file and a folder have this one name", "the tree was not made by git: `git fsck` names it"
    problems = [Problem(Origin(path), text, hint) for path in paths if path in folders]
    for path in sorted({*paths, *folders}):
        other = spelled.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if other != path:
            text = f"on macOS this is the same name as `{other}`"
            problems.append(Problem(Origin(path), text, "rename one of them", Severity.WARNING))
    return problems


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def in_conflict(path: str) -> Problem:
    name = shown(path)
    return Problem(Origin(name), "a merge left this file in conflict", f"resolve it, then `git add {quote(name)}`")


def shown(path: str) -> str:
    """A path as it can be printed."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _entry(mode: bytes, oid: bytes, raw: bytes) -> Entry:
    return Entry(decoded(raw), mode.decode(), oid.decode())
