"""What we remember of servers that we started: a note and the files they loaded, per port. Reads and writes them.

They are no part of the state: what they say is true only while the process they name lives (boot, number and start).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b

from reconciler.formats import serving_json
from reconciler.model.serving import Difference, Note
from reconciler.shapes.server_loading import relevant

Loaded = dict[str, list[int | str]]
LARGEST = 4 << 20
PROJECT = ".opencode"
HERE = "./"
OWN = ("opencode.json", "opencode.jsonc")
SCHEMA = re.compile(rb'\{\s*"\$schema"\s*:\s*"[^"]*"\s*,?')


class Notes:
    """In one folder, which only this user may enter."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def get(self, port: int) -> Note | None:
        try:
            with open(self.path(port, "json"), "rb") as file:  # noqa: PTH123
                return serving_json.read_note(file.read())
        except (OSError, ValueError):
            return None

    def all(self) -> Sequence[Note]:
        names: list[str] = []
        with suppress(OSError):
            names = sorted(os.listdir(self.folder))
        ports = [int(stem) for name in names if (stem := name.removesuffix(".json")).isdigit()]
        return [note for port in ports if (note := self.get(port)) is not None]

    def keep(self, note: Note) -> None:
        self._write(self.path(note.launch.port, "json"), serving_json.note(note))

    def loaded(self, port: int) -> Loaded | None:
        try:
            with open(self.path(port, "files"), "rb") as file:  # noqa: PTH123
                found = json.load(file)
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def keep_loaded(self, port: int, loaded: Loaded) -> None:
        self._write(self.path(port, "files"), json.dumps(loaded).encode())

    def path(self, port: int, suffix: str) -> str:
        """Of the note ("json"), or of what was loaded ("files")."""
        return f"{self.folder}/{port}.{suffix}"

    def _write(self, path: str, content: bytes) -> None:
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)


def on_disk(config: str, project: str, known: Loaded, shared: dict[str, Loaded] | None = None) -> Loaded:
    """Every file that a server in `project` would load, with its size, time and digest; what has the size and time of
    a `known` one is not read. `shared`: what one look found below each `config`."""
    seen = {} if shared is None else shared
    if config not in seen:
        seen[config] = _looked_at(_global(config), known)
    return seen[config] | _looked_at(_own(project), known)


def _looked_at(files: Iterable[tuple[str, str]], known: Loaded) -> Loaded:
    found: Loaded = {}
    for path, full in files:
        with suppress(OSError):
            stat = os.stat(full)
            before = known.get(path)
            same = before is not None and before[:2] == [stat.st_size, stat.st_mtime_ns]
            digest = before[2] if before is not None and same else _digest(full)
            if digest:
                found[path] = [stat.st_size, stat.st_mtime_ns, digest]
    return found


def differences(before: Loaded, after: Loaded) -> tuple[Difference, ...]:
    """What is otherwise than it was loaded."""
    new = [Difference(path, "new") for path in after.keys() - before.keys()]
    gone = [Difference(path, "gone") for path in before.keys() - after.keys()]
    both = after.keys() & before.keys()
    return tuple(sorted([*new, *gone, *(Difference(p, "edited") for p in both if after[p][2] != before[p][2])]))


def later(loaded: Loaded, than: float) -> tuple[Difference, ...]:
    """What was written after a server read its configuration, of which nothing else is known."""
    return tuple(Difference(path, "edited") for path, said in sorted(loaded.items()) if int(said[1]) / 1e9 > than)


def _global(config: str) -> Iterable[tuple[str, str]]:
    for path in _below(config):
        if relevant(path):
            yield path, f"{config}/{path}"


def _own(project: str) -> Iterable[tuple[str, str]]:
    for name in OWN:
        if os.path.isfile(f"{project}/{name}"):
            yield f"{HERE}{name}", f"{project}/{name}"
    for path in _below(f"{project}/{PROJECT}"):
        if relevant(path):
            yield f"{HERE}{PROJECT}/{path}", f"{project}/{PROJECT}/{path}"


def ground(config: str, project: str) -> Iterator[str]:
    """Every path on which `on_disk` rests, links followed, whether or not something stands there."""
    yield from (f"{project}/{name}" for name in OWN)
    for folder in (config, f"{project}/{PROJECT}"):
        for inside, entries in _walked(folder):
            yield f"{folder}/{inside}".rstrip("/")
            for entry in entries:
                if entry.is_symlink() or relevant(f"{inside}{entry.name}"):
                    yield f"{folder}/{inside}{entry.name}"


def _below(folder: str) -> Iterable[str]:
    for inside, entries in _walked(folder):
        yield from (f"{inside}{entry.name}" for entry in entries)


def _walked(folder: str) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
    """Every folder, links followed, with all in it that is none, but for the trees of packages."""
    todo, seen = [""], set()
    while todo:
        inside = todo.pop()
        files: list[os.DirEntry[str]] = []
        for entry in _entries(f"{folder}/{inside}"):
            if not _is_folder(entry):
                files.append(entry)
            elif entry.name not in ("node_modules", ".git") and (real := os.path.realpath(entry.path)) not in seen:
                seen.add(real)
                todo.append(f"{inside}{entry.name}/")
        yield inside, files


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with suppress(OSError):
        return list(os.scandir(folder))
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads nowhere, or in a circle, is none."""
    with suppress(OSError):
        return entry.is_dir()
    return False


def _digest(path: str) -> str:
    """Nothing for a configuration that says nothing: OpenCode writes `$schema` into those it loads, and makes one where
    there is none, which is no other configuration."""
    with open(path, "rb") as file:  # noqa: PTH123
        content = file.read(LARGEST)
    if path.endswith((".json", ".jsonc")):
        content = SCHEMA.sub(b"{", content, count=1)
        if content.strip() in (b"", b"{}"):
            return ""
    return blake2b(content, digest_size=16).hexdigest()
