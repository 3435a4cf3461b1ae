"""Signals that end the loop → its `stop`, called in a thread of its own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stops(stop: Callable[[], None]) -> None:
    """From now on, but for those that are ignored, as nohup says, and a shell of what it puts behind. A handler would
    be called in the midst of the main thread, which may hold the very lock that `stop` takes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    threading.Thread(target=_wait, args=(reading, stop), daemon=True).start()


def _wait(reading: int, stop: Callable[[], None]) -> None:
    while os.read(reading, 1):
        stop()
