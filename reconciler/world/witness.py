"""An answer, and what it rests on → a file from which first.py gives it again while nothing of that has moved.

What was looked at counts only if nothing of it has been written since the second before the look began: what is
written later than that, while we looked or after, has another time of change, whatever the grain of the file system.
"""

from __future__ import annotations

import marshal
import os
import stat
import struct
import time
from _imp import source_hash
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, NamedTuple

from reconciler import first
from reconciler.world.seal import private_folder

SECOND = 10**9
WORD = 0xFFFFFFFF
# Any id will do: an entry whose numbers differ is never compared by content, nor is one that looks racy to git.
NO_BLOB = bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
CONFIG = "[core]\n\trepositoryformatversion = 0\n\tpreloadIndex = true\n"
ENTRY = struct.Struct(">10L20sH")


class Moment(NamedTuple):
    """When a look began, by the clock and by one that is never set, and where some folders were then."""

    wall: float
    steady: float
    places: tuple[tuple[str, str, int], ...]

    @classmethod
    def now(cls, folders: Iterable[str]) -> Moment:
        return cls(time.time(), time.monotonic(), tuple(map(_place, folders)))

    @property
    def passed_plainly(self) -> bool:
        """Whether nobody has set the clock since."""
        return abs((time.time() - self.wall) - (time.monotonic() - self.steady)) < 0.1


def _place(folder: str) -> tuple[str, str, int]:
    found = first.state(folder)
    return folder, os.path.realpath(folder), found[1] if found else 0


@dataclass(frozen=True, slots=True)
class Rests:
    """What an answer rests on. `watched`: files and absent things; `folders`: those of desired state and below the
    roots; `varying`: files of the state and of the repository that change with whatever is applied or committed;
    `swept`: plain files, by paths without links; `named`: variables that are only set; `expected`: files that are only
    there; `listed`: a folder, and how the names in it begin that count; `top`, `git_dir`, `index`: the repository;
    `committed`: its index says of desired state, and of `staged` files, what its commit says; `servers`: whom to ask,
    and what (server_footing.py; None: that cannot be asked, and no answer may be kept), and `loaded`: the files and
    folders that those rest on."""

    watched: Sequence[str]
    folders: Sequence[str]
    varying: Sequence[str]
    swept: Sequence[str]
    named: Sequence[str]
    expected: Sequence[str]
    listed: tuple[str, str]
    top: str
    git_dir: str
    index: str
    committed: bool
    staged: Sequence[str]
    servers: Mapping[str, Any] | None
    loaded: Sequence[str]


Contents = list[tuple[str, tuple[int, bytes] | None]]


class Moved(Exception):
    """Something was written too lately, or is of a sort that is not watched."""


def keep(
    verb: str, directory: str, text: str, rests: Rests, since: Moment, index: bytes, contents: Contents | None = None
) -> bool:
    """Whether the answer is kept. `index`: over what is swept; `contents`: what stands in each of these files, where
    that is compared. Raises OSError."""
    return put(verb, lambda: _said(directory, text, rests, since) | {"contents": contents}, since, index)


def contents(swept: Iterable[str]) -> Contents:
    """To be read before `indexed` looks whether they moved."""
    return [(path, first.content(path)) for path in dict.fromkeys(swept)]


def put(name: str, said: Callable[[], dict[str, object]], since: Moment, index: bytes) -> bool:
    """Whether something that rests on `index` is kept under a name, in an earlier one's place. Raises OSError."""
    folder = first.folder()
    private_folder(os.path.dirname(folder))
    private_folder(folder)
    if not since.passed_plainly or any(_place(place[0]) != place for place in since.places):
        return False
    try:
        kept = said()
    except Moved:
        return False
    earlier = [old for old in os.listdir(folder) if old.startswith(f"{name}.")]
    _repository(folder)
    at = f"{folder}/{name}.{os.urandom(6).hex()}"
    _write(at, index)
    write(name, kept | {"sweep": "/", "index": at, "written": first.state(at)})
    for old in earlier:
        with suppress(FileNotFoundError):
            os.unlink(f"{folder}/{old}")
    return True


def write(name: str, said: dict[str, object]) -> None:
    """Raises OSError."""
    body = marshal.dumps(said)
    _write(f"{first.folder()}/{name}", first.FORMAT + source_hash(first.KEY, body) + body)


def read(name: str) -> dict[str, Any]:
    """What is kept under a name. Raises OSError, ValueError."""
    return first.read(name)


def _said(directory: str, text: str, rests: Rests, since: Moment) -> dict[str, object]:
    before = int(since.wall)
    return {
        "asked": first.asked(directory),
        "when": since.wall,
        "text": text,
        "watched": states((*rests.watched, *rests.folders, *rests.varying, *rests.loaded), since),
        "servers": rests.servers,
        "set": list(rests.named),
        "exists": list(rests.expected),
        "real": [place[:2] for place in since.places],
        "listed": [*rests.listed, listing(rests.listed)],
        "staged": [rests.index, _written(rests, before)],
        "committed": rests.committed,
        "outputs": list(rests.staged),
        "top": rests.top,
        "git": rests.git_dir,
    }  # fmt: skip


def listing(listed: Sequence[str]) -> list[str]:
    """The names in a folder that begin so."""
    return sorted(name for name in os.listdir(listed[0]) if name.startswith(listed[1]))


def states(paths: Iterable[str], since: Moment) -> list[tuple[str, tuple[int, ...] | None]]:
    """Each path once, with what changes whenever it does. Raises Moved."""
    return [(path, _settled(path, int(since.wall))) for path in dict.fromkeys(paths)]


def _settled(path: str, before: int) -> tuple[int, ...] | None:
    found: tuple[int, ...] | None = first.state(path)
    if found is not None and max(found[-2:]) >= before * SECOND:
        raise Moved(path)
    return found


def _written(rests: Rests, before: int) -> tuple[int, ...] | None:
    """The state of the repository's index; one that no index has, where only git can tell whether it is the same."""
    try:
        return _settled(rests.index, before)
    except Moved:
        if not rests.committed:
            raise
        return ()


def indexed(swept: Iterable[str], since: Moment) -> bytes:
    """An index of git's over the whole machine, with plain files as they stand: what git compares in one sweep. Raises
    Moved."""
    before = int(since.wall)
    entries = [_entry(path, before) for path in sorted({os.fsencode(path)[1:] for path in swept})]
    body = struct.pack(">4sLL", b"DIRC", 2, len(entries)) + b"".join(entries)
    return body + sha1(body, usedforsecurity=False).digest()


def _repository(folder: str) -> None:
    """The least that git takes for one."""
    if not os.path.isdir(f"{folder}/git/refs"):
        for made in ("git", "git/objects", "git/refs"):
            with suppress(FileExistsError):
                os.mkdir(f"{folder}/{made}", 0o700)
    _write(f"{folder}/git/HEAD", b"ref: refs/heads/none\n")
    _write(f"{folder}/git/config", CONFIG.encode())


def _entry(path: bytes, before: int) -> bytes:
    found = os.lstat(b"/" + path)
    if not stat.S_ISREG(found.st_mode) or max(found.st_mtime_ns, found.st_ctime_ns) >= before * SECOND:
        raise Moved(path)
    mode = 0o100755 if found.st_mode & 0o100 else 0o100644
    changed, written = divmod(found.st_ctime_ns, SECOND), divmod(found.st_mtime_ns, SECOND)
    numbers = (*changed, *written, found.st_dev, found.st_ino, mode, found.st_uid, found.st_gid, found.st_size)
    entry = ENTRY.pack(*(number & WORD for number in numbers), NO_BLOB, min(len(path), 0xFFF)) + path
    return entry + b"\0" * (8 - len(entry) % 8)


def _write(path: str, content: bytes) -> None:
    temporary = f"{path}.{os.urandom(4).hex()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
