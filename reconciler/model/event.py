"""What the loop did, saw and waits for, and the book it is written in. Frozen data and one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from reconciler.model.resource import Claim
from reconciler.model.sampling import Sample

LOOP = "the loop"


class Level(StrEnum):
    """How much an event matters: NOTE is told to those who ask, the rest to those who want to be told."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `what` is its sort in one word, `about` a reference or ""; `run` the run that did it, or
    0. `at` is UTC, ISO 8601; `id` grows."""

    what: str
    text: str
    level: Level = Level.NOTE
    about: str = ""
    run: int = 0
    at: str = ""
    id: int = 0

    @property
    def record(self) -> dict[str, Any]:
        """The same as data."""
        return {**asdict(self), "level": self.level.value}


@dataclass(frozen=True, slots=True)
class Suspension:
    """A scope (a reference, a kind, a glob, a key) that is left alone, why, and until when: UTC, ISO 8601, "" for
    until told. `by`: the loop itself, or a person."""

    scope: str
    reason: str
    until: str = ""
    by: str = "a person"

    @property
    def by_loop(self) -> bool:
        return self.by == LOOP


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that lasts until somebody or something ends it: told once, and once more when it is over."""

    key: str
    text: str
    level: Level = Level.WARNING
    about: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """`live`: folders in which every name counts; `single`: paths that count in folders where others do not; `git`:
    folders of the repository's own."""

    live: frozenset[str]
    single: frozenset[str]
    git: frozenset[str]

    @property
    def folders(self) -> frozenset[str]:
        return self.live | self.git | {path.rpartition("/")[0] for path in self.single}


class SampleBook(Protocol):
    """What servers used, by name. Durable when it returns."""

    def keep(self, taken: Mapping[str, Sample], now: float) -> None:
        """Writes new samples, and rolls up or drops what has aged; `now` in seconds since the epoch."""

    def since(self, server: str, start: float) -> Sequence[Sample]:
        """Everything kept of a server from `start` on, oldest first."""


class Logbook(Protocol):
    """What a repository's loop remembers. Every method that writes is durable when it returns."""

    @property
    def samples(self) -> SampleBook:
        """What servers used."""

    def tell(self, repo: str, events: Sequence[Event]) -> Sequence[Event]:
        """Write them down; the same with their ids and times."""

    def masked(self, text: str) -> str:
        """A text as it is written down: nothing in it looks like a secret."""

    def stay(self) -> None:
        """This process will be here for days: from now on little of the book, and of the state, is kept in memory."""

    def events(self, repo: str, after: int = 0, most: int = 100) -> Sequence[Event]:
        """The last `most` events with an id above `after`, oldest first."""

    def suspensions(self, repo: str) -> Sequence[Suspension]:
        """Those in force now."""

    def suspend(self, repo: str, suspension: Suspension) -> None:
        """Leave a scope alone; a suspension of the same scope is replaced."""

    def unsuspend(self, repo: str, scope: str) -> bool:
        """Whether there was such a suspension."""

    def touched(self, repo: str, head: str, since: int, roots: Mapping[str, str]) -> frozenset[Claim]:
        """What somebody set by hand, otherwise than the commit `head` says; `roots`: name → folder."""

    def conditions(self, repo: str) -> Mapping[str, Condition]:
        """What lasts, by key."""

    def last(self, repo: str, conditions: Sequence[Condition]) -> None:
        """What lasts from now on; the others are over."""

    def recall(self, repo: str) -> Mapping[str, Any]:
        """What the loop kept for its next turn or its next life."""

    def remember(self, repo: str, facts: Mapping[str, Any]) -> None:
        """Keep it: plain values only."""
