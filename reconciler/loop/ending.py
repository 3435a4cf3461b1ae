"""Processes that end → the loop looks again at once; where the system can't tell, the next regular look sees it."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterable
from contextlib import suppress


class Ends:
    """Rings when one of the watched processes ends. Each is waited for in a thread of its own."""

    def __init__(self, rung: threading.Event) -> None:
        self._rung = rung
        self._watched: set[int] = set()

    def watch(self, pids: Iterable[int]) -> None:
        """These too, from now on."""
        if not hasattr(os, "pidfd_open"):
            return
        for pid in set(pids) - self._watched:
            with suppress(OSError):
                ended = os.pidfd_open(pid)
                self._watched.add(pid)
                threading.Thread(target=self._wait, args=(pid, ended), daemon=True).start()

    def _wait(self, pid: int, ended: int) -> None:
        try:
            select.select([ended], [], [])
        finally:
            os.close(ended)
            self._watched.discard(pid)
            self._rung.set()
