"""What makes the loop look again sooner: files that moved, a poke, a signal. Carries no data but that it happened."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from reconciler.model.event import Watched

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

Stamp = tuple[int, int, int, int]
# git writes these while it works and when nothing has moved.
GIT_NOISE = frozenset({"index", "ORIG_HEAD", "FETCH_HEAD", "COMMIT_EDITMSG", "gc.pid", "config"})
OURS = ".reconcile-"
# Milliseconds: how long nothing may follow a change, between two looks where files can't be watched, until we look
# whether to stop.
STEP, POLL, PATIENCE = 25, 1000, 1000


def stamp(path: str) -> Stamp | None:
    """What tells that a file is as it was; None where there is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _place(folder: str) -> tuple[int, int] | None:
    """Which folder it is; None where there is none."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _stamps(folders: Iterable[str]) -> dict[str, Stamp | None]:
    """Of everything that stands in some folders."""
    found: dict[str, Stamp | None] = {}
    for folder in folders:
        with suppress(OSError):
            found |= {path: stamp(path) for path in (f"{folder}/{name}" for name in os.listdir(folder))}
    return found


def counts(path: str, watched: Watched, echo: Mapping[str, Stamp | None]) -> bool:
    """Whether a change at a path is news: not the echo of our own write, nor git's noise."""
    folder, name = os.path.split(path)
    if path in watched.single:
        return True
    if folder in watched.git:
        return not name.endswith(".lock") and name not in GIT_NOISE
    if folder not in watched.live and path not in watched.live:
        return False
    return not name.startswith(OURS) and (path not in echo or echo[path] != stamp(path))


@dataclass
class Waker:
    """Watches in a thread of its own; `rung` is set when there is a reason to look. `echo`: our own last writes;
    `polling`: why files are looked at every second instead, or ""."""

    debounce: float
    rung: threading.Event = field(default_factory=threading.Event)
    echo: dict[str, Stamp | None] = field(default_factory=dict)
    polling: str = ""
    _watched: Watched | None = None
    _folders: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def watch(self, watched: Watched) -> str:
        """From now on these; why they can't be watched, or "". Rings where they lie in other folders than before: it
        could not see those until now."""
        self._watched = watched
        # What took a folder's place is another one, of which nothing would be seen.
        folders = {folder: place for folder in watched.folders if (place := _place(folder)) is not None}
        if folders == self._folders and self._thread is not None and self._thread.is_alive():
            return self.polling
        self.close()
        self._folders, self._stop = folders, threading.Event()
        watcher = self._watcher(sorted(folders))
        look = partial(self._listen, watcher) if watcher else partial(self._poll, _stamps(folders))
        self._thread = threading.Thread(target=look, args=(self._stop,), daemon=True)
        self._thread.start()
        self.rung.set()
        return self.polling

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _watcher(self, folders: list[str]) -> RustNotify | None:
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

        try:
            watcher = RustNotify(folders, False, False, POLL, False, True)
        except (OSError, WatchfilesRustInternalError) as error:
            # inotify's limits are told as "no space left" or "too many open files".
            why = str(error).lower()
            self.polling = (
                f"files can't be watched ({why}): looking every second instead; `reconcile doctor` tells the limits"
            )
            return None
        self.polling = ""
        return watcher

    def _poll(self, before: Mapping[str, Stamp | None], stop: threading.Event) -> None:
        """The library's own polling knows whole seconds only: what was edited within one of our write stayed unseen."""
        while not stop.wait(POLL / 1000):
            now = _stamps(self._folders)
            moved = [path for path in {**before, **now} if before.get(path) != now.get(path)]
            before = now
            self._met(moved)

    def _listen(self, watcher: RustNotify, stop: threading.Event) -> None:
        with watcher:
            while not stop.is_set():
                debounce = max(STEP, round(self.debounce * 1000))
                batch = watcher.watch(debounce, STEP, PATIENCE, stop)
                self._met([path for _, path in batch] if isinstance(batch, set) else [])

    def _met(self, paths: Iterable[str]) -> None:
        if any(self._watched and counts(path, self._watched, self.echo) for path in paths):
            self.rung.set()
