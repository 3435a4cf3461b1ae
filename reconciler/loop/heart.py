"""Tells the service manager again and again that the loop lives, while a turn is no older than a turn can be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONGEST = 1800.0
"""Seconds that one turn may take: several servers that are slow to start, one after the other."""


class Heart:
    """Beats in a thread of its own, since a turn may well wait longer than a manager's patience. `clock`: seconds."""

    def __init__(self, alive: Callable[[str], None], pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._alive, self._pause, self._clock = alive, pause, clock
        self._stirred = clock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        self._alive("READY=1")
        self._thread.start()

    def stir(self) -> None:
        """A turn begins, or waits for the next one."""
        self._stirred = self._clock()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._alive("STOPPING=1")

    def _beat(self) -> None:
        while not self._stop.wait(self._pause):
            if self._clock() - self._stirred < LONGEST:
                self._alive("WATCHDOG=1")
