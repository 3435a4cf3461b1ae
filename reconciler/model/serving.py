"""A running server: how it is started, how it is cared for, and what is so now. Frozen data and two protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Launch:
    """What a process is started with: another launch is another process. `path` is absolute; a value of `env` and
    `password` may be a reference to a secret, never a secret."""

    name: str
    port: int
    hostname: str
    path: str
    data: str = "shared"
    version: int = 1
    env: tuple[tuple[str, str], ...] = ()
    password: str = ""


@dataclass(frozen=True, slots=True)
class Care:
    """What is done about a server; times in seconds, `cpu` in percent of one core, `memory` in bytes (0: no limit).
    `when`: idle, now or never; `then`: leave or force, once `deadline` has passed; `exceeded`: report or restart, where
    memory stays over its limit."""

    lifecycle: str = "owned"
    priority: int = 1
    when: str = "idle"
    deadline: float = 600.0
    then: str = "leave"
    restart: str = "on-failure"
    backoff: float = 1.0
    starts: int = 5
    within: float = 600.0
    interval: float = 10.0
    timeout: float = 5.0
    failures: int = 3
    cpu: float = 0.0
    memory: int = 0
    exceeded: str = "report"
    orphans: str = "keep"


class Process(NamedTuple):
    """One process, and no other that ever had or will have its number. `started`: clock ticks since that boot."""

    boot: str
    pid: int
    started: float


class Deed(StrEnum):
    """What can be done to a server, the mildest first."""

    NOTHING = ""
    DISPOSE = "dispose"
    RESTART = "restart"
    START = "start"
    STOP = "stop"


class Health(StrEnum):
    """What a server answers, worst first where several are asked."""

    REFUSED = "refused"
    SLOW = "slow"
    LOCKED = "locked"
    STRANGE = "strange"
    POISONED = "poisoned"
    WELL = "well"


class Probe(NamedTuple):
    """One round of questions. `text`: what a poisoned folder's refusal says; `seconds`: what /global/health took."""

    health: Health
    text: str = ""
    version: str = ""
    seconds: float = 0.0


ANSWERS = Probe(Health.WELL)


class Difference(NamedTuple):
    """A file that is not as the server loaded it: `sort` is new, gone or edited."""

    path: str
    sort: str


class Suspension(NamedTuple):
    """A start or stop by hand: until it is lifted, that is how it shall be. `since`: seconds since the epoch."""

    state: str
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Note:
    """What we remember of a process that we started. `loaded_at` and `starts`: seconds since the epoch; `log_from`: how
    many bytes its log had when it last disposed of all instances, 0 for never."""

    launch: Launch
    process: Process | None
    tag: str
    loaded_at: float = 0.0
    starts: tuple[float, ...] = ()
    restarts: int = 0
    suspended: Suspension | None = None
    log: str = ""
    care: Care = Care()
    log_from: int = 0


@dataclass(frozen=True, slots=True)
class Now:
    """What listens on a port. `ours`: we started it; `serves`: it is an `opencode serve` of this user's. `loaded_at`:
    when it read its configuration, in seconds since the epoch; `differs`: what is otherwise on disk since; `heavy`: how
    it uses more than it may, as who watches it said, or ""."""

    launch: Launch
    process: Process | None
    command: str
    ours: bool = False
    serves: bool = True
    probe: Probe = ANSWERS
    loaded_at: float = 0.0
    differs: tuple[Difference, ...] = ()
    tag: str = ""
    heavy: str = ""


@dataclass(frozen=True, slots=True)
class Serving:
    """The state of a server, as it is wanted or as it is: `now` is what was seen of it, and is no part of the state.
    `deed` and `why`: what brings it about where the launch is the same."""

    launch: Launch
    care: Care = Care()
    deed: Deed = Deed.NOTHING
    why: str = ""
    now: Now | None = field(default=None, compare=False)


class Sitting(NamedTuple):
    """Who is at work on a server. `unknown`: why that cannot be said, which counts as busy. `sessions`: all it has."""

    busy: tuple[str, ...] = ()
    permissions: int = 0
    questions: int = 0
    sessions: int = 0
    unknown: str = ""

    @property
    def idle(self) -> bool:
        return not (self.busy or self.permissions or self.questions or self.unknown)


class Orphan(NamedTuple):
    """A process that outlived the server it was started under."""

    process: Process
    server: str
    command: str


class Figures(NamedTuple):
    """What a server and its children use: `cpu` in percent of a core, `up` in seconds, the rest in bytes."""

    cpu: float
    memory: int
    read: int
    written: int
    processes: int
    up: float


class ServerLook(Protocol):
    """What can be seen of servers; nothing here changes any of them, but that asking a folder boots its instance."""

    def note(self, port: int) -> Note | None:
        """What we remember of a port, whether or not its process lives."""

    def notes(self) -> Sequence[Note]:
        """All that we remember."""

    def now(self, ports: Sequence[int]) -> Mapping[int, Now]:
        """Who listens on each port; ports on which nobody does are left out."""

    def sitting(self, now: Now) -> Sitting:
        """Who is at work there. Asks only folders that this server has loaded."""

    def sessions(self, now: Now) -> int:
        """How many sessions it shows, 0 where it does not say."""

    def integrations(self, now: Now) -> Mapping[str, str] | str:
        """How each MCP server that it knows stands there, by name; or why that cannot be said."""

    def orphans(self) -> Sequence[Orphan]:
        """What dead servers left."""

    def figures(self, processes: Sequence[Process]) -> Mapping[Process, Figures]:
        """What each tree of processes uses, measured over a moment."""

    def hindrance(self, launch: Launch) -> str:
        """Why it could not be started; "" where nothing is known."""

    def first_start(self, launches: Sequence[Launch]) -> bool:
        """Whether several of these would make one database."""

    def attach(self, now: Now) -> tuple[list[str], dict[str, str]] | str:
        """The command that attaches to it, and the variables that needs; or why there is none."""

    def room(self) -> int:
        """How many bytes of memory the host can still give."""

    def inside(self, now: Now) -> bool:
        """Whether this very process runs below that server."""

    def clock(self) -> float:
        """Seconds since the epoch."""


class ServerWorld(ServerLook, Protocol):
    """What can be done to servers. Only a process whose identity is the very one that was seen is ever signalled."""

    def weigh(self, heavy: Mapping[Process, str]) -> None:
        """From now on these, and no others, are seen to use more than they may, and how; nothing of it is kept."""

    def prepare(self, launch: Launch) -> str:
        """Looks up all that a start takes, secrets too, before anything is stopped for it; "" or what is in the way."""

    def start(self, serving: Serving) -> Now:
        """A new process that outlives this one. Raises Invalid."""

    def wait(self, servings: Sequence[Serving]) -> Mapping[int, str]:
        """Waits until each is ready: by port, "" or why it is not."""

    def dispose(self, now: Now) -> str:
        """Has it load its configuration anew; "" or why that did not work."""

    def stop(self, now: Now) -> str:
        """Ends it and every child; "" or why something still runs."""

    def remove(self, orphans: Sequence[Orphan]) -> Sequence[Orphan]:
        """Ends what dead servers left; those that are still there."""

    def suspend(self, launch: Launch, suspension: Suspension | None) -> None:
        """Remembers how somebody wants a server for now; None lifts it."""
