"""When to run again: after a change, a poke or a while; until told to stop. One loop for each repository."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from reconciler.app import App, looping, tending
from reconciler.loop.ending import Ends
from reconciler.loop.following import Place
from reconciler.loop.heart import Heart
from reconciler.loop.turn import Memory, Turned, turn
from reconciler.loop.waking import Waker, stamp
from reconciler.model.event import Condition, Event
from reconciler.model.loop import LoopSettings
from reconciler.model.problem import Invalid

JITTER = 0.1
GLANCE = 2.0
"""Seconds between two looks whether a server that is waited for is idle."""
VAIN, MOST_SELDOM = 3, 2.0
"""So many looks in a row may come to nothing before there are pauses between them, of so many seconds at most."""
FETCH, WATCH = "fetch", "watch"
"""What troubles the loop beside its turns: a remote that can't be asked, files that can't be watched."""
Tell = Callable[[Sequence[Event], LoopSettings], None]


@dataclass
class Controller:
    """`branch`: "" for what reconcile.yaml names, or the one checked out; `tell` is given every event as it happens."""

    app: App
    tell: Tell
    branch: str = ""
    signed: bool = False
    once: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)
    settings: LoopSettings = field(default_factory=LoopSettings)
    _fetched: float = 0.0
    _fetching: threading.Thread | None = None
    _vain: int = 0
    _met: str = ""

    def stop(self) -> None:
        """Ends the loop after the step in hand; for another thread, not for a signal handler."""
        self.stopping.set()
        self.waker.rung.set()

    def __post_init__(self) -> None:
        self.waker = Waker(self.settings.debounce)
        self.ends = Ends(self.waker.rung)
        book, folder = self.app.book, self.app.here.folder
        self.memory = Memory.of(book.recall(folder), self._branch())
        tending.weigh(self.app, self.memory.weighed.heavy)
        # Whether the remote answers is known once it was asked again.
        self.memory.troubles = {key: one for key, one in book.conditions(folder).items() if key == FETCH}

    def run(self) -> None:
        """Turns until it is told to stop."""
        heart = Heart(looping.alive(), looping.PULSE)
        self.app.here.keep()
        self.app.book.stay()
        self._say(Event("started", f"following `{self.memory.place.branch}` of {self.app.here.folder}"))
        try:
            self._watch()
            heart.start()
            while not self.stopping.is_set():
                self.waker.rung.clear()
                heart.stir()
                again = self._turns()
                if self.once:
                    break
                self._wait(again, heart)
        finally:
            heart.stop()
            self.waker.close()
            with suppress(Invalid):
                self._say(Event("stopped", "the loop ended"))

    def _turns(self) -> float | None:
        """Turns until one writes nothing: what was written is looked at once more, so that its echo is known."""
        while True:
            turned = turn(self.app, self.memory, signed=self.signed)
            self._learn(turned)
            if turned.wrote:
                self.waker.echo = {path: stamp(path) for path in turned.wrote}
            self._vain = 0 if turned.wrote or turned.events else self._vain + 1
            if not turned.wrote or self.stopping.is_set():
                return turned.again

    def _learn(self, turned: Turned) -> None:
        self.settings = turned.settings or self.settings
        self.waker.debounce = self.settings.debounce
        if turned.events:
            self.tell(turned.events, self.settings)
        if not self.branch:
            self._move(self.settings.branch)
        self._watch()

    def _move(self, branch: str) -> None:
        """Follows the branch that a commit names, unless that stood there when we came: two may name each other."""
        place = self.memory.place
        if branch not in ("", place.branch) and place.head != self._met:
            self.memory.place, self._met = Place(branch), self.app.here.commit_of(branch)
            self.waker.rung.set()

    def _watch(self) -> None:
        self.ends.watch(note.process.pid for note in tending.notes(self.app).values() if note.process)
        with suppress(Invalid):  # the turn that meets the same tells of it
            why = self.waker.watch(looping.watched(self.app, self.memory.place.branch))
            self._trouble(WATCH, why)

    def _wait(self, again: float | None, heart: Heart) -> None:
        """Until something rings, a while has passed, or a fault may be tried again."""
        self._fetch()
        spread = self.settings.every * JITTER
        usual = self.settings.every + random.uniform(-spread, spread)
        until = time.monotonic() + min(usual, usual if again is None else again)
        pulse = GLANCE if self.memory.waits else looping.PULSE
        began = time.monotonic()
        while (left := until - time.monotonic()) > 0:
            if self.waker.rung.wait(min(left, pulse)):
                self._pause(time.monotonic() - began)
                break
            heart.stir()
            if self.memory.waits and tending.idle(self.app, [wait.port for wait in self.memory.waits.values()]):
                break

    def _pause(self, quiet: float) -> None:
        """What rings again and again for nothing (a program that logs below a live folder) is looked at ever more
        seldom. `quiet`: seconds since the last look."""
        if quiet > MOST_SELDOM:
            self._vain = 0
        elif self._vain > VAIN:
            self.stopping.wait(min(MOST_SELDOM, 0.025 * 2 ** min(self._vain - VAIN, 10)))

    def _fetch(self) -> None:
        """Asks the remote in a thread of its own: a slow network must delay no repair."""
        remote, due = self.settings.fetch, time.monotonic() >= self._fetched + self.settings.fetch_every
        if not remote:
            self._trouble(FETCH, "")
        if not remote or (self._fetched and not due) or (self._fetching is not None and self._fetching.is_alive()):
            return
        self._fetched = time.monotonic()
        self._fetching = threading.Thread(target=self._fetch_now, args=(remote,), daemon=True)
        self._fetching.start()

    def _fetch_now(self, remote: str) -> None:
        branch = self.memory.place.branch.removeprefix(f"{remote}/")
        why = ""
        try:
            self.app.here.fetch(remote, branch, f"{self.app.env.cache}/reconciler")
        except Invalid as error:
            why = f"{remote} can't be asked: {error.problems[0].text}"
        self._trouble(FETCH, why)

    def _trouble(self, key: str, why: str) -> None:
        """What lasts from now on, or is over (""); the next turn tells it, at once where it is news."""
        before = self.memory.troubles.pop(key, None)
        if why:
            self.memory.troubles[key] = Condition(key, why)
        if (before is None) != (not why):
            self.waker.rung.set()

    def _branch(self) -> str:
        """The branch to follow first. Raises Invalid where none can be told."""
        return self.branch or looping.branch_named(self.app)

    def _say(self, event: Event) -> None:
        self.tell(self.app.book.tell(self.app.here.folder, [event]), replace(self.settings, notify=()))
