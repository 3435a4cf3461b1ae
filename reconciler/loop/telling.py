"""Tells what the loop does: a line or a JSON record for each event, and messages to who wants them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reconciler.app import looping
from reconciler.loop import grouping
from reconciler.loop.grouping import Mailbag
from reconciler.model.event import Event
from reconciler.model.loop import LoopSettings
from reconciler.model.world import Env

ENDING = 15.0
"""Seconds that a message which is being sent when the loop ends is waited for."""


def line(event: Event) -> str:
    """One event as a line of a log; a list of problems is set below it."""
    run = f" (run {event.run})" if event.run else ""
    return f"{event.at[11:19]} {event.what:<9} {event.text}{run}".replace("\n", "\n" + " " * 9)


@dataclass
class Teller:
    """`show` writes one line out. Messages are sent in a thread of their own: a slow receiver delays no repair."""

    env: Env
    show: Callable[[str], None]
    as_json: bool = False
    _bag: Mailbag = field(default_factory=Mailbag)
    _settings: LoopSettings = field(default_factory=LoopSettings)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _timer: threading.Timer | None = None
    _closed: bool = False

    def tell(self, events: Sequence[Event], settings: LoopSettings) -> None:
        for event in events:
            self._show(event)
        if settings.notify:
            with self._lock:
                self._settings = settings
                self._bag = grouping.collected(self._bag, events)
                self._arrange()

    def close(self) -> None:
        """What still waits goes now."""
        with self._lock:
            timer, self._closed = self._timer, True
        if timer is not None:
            timer.cancel()
            timer.join(ENDING)
        self._send()

    def _arrange(self) -> None:
        """The next message, unless one waits or is being sent: that arranges for what came meanwhile."""
        wait = grouping.due(self._bag, time.monotonic(), self._settings.notify_every)
        if wait is None or self._timer is not None or self._closed:
            return
        self._timer = threading.Timer(wait, self._due)
        self._timer.daemon = True
        self._timer.start()

    def _due(self) -> None:
        self._send()
        with self._lock:
            self._timer = None
            self._arrange()

    def _send(self) -> None:
        with self._lock:
            events, settings = self._bag.waiting, self._settings
            self._bag = grouping.emptied(time.monotonic())
        if not events:
            return
        title, text = grouping.message(events)
        for channel in settings.notify:
            if why := looping.send(channel, title, text, [event.record for event in events], self.env):
                self._show(Event("untold", f"a {channel.sort} could not be told: {why}", at=looping.clock()))

    def _show(self, event: Event) -> None:
        self.show(json.dumps(event.record) if self.as_json else line(event))
