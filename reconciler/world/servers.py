"""Servers of this machine: what runs, what it loaded; starting and stopping. Reads and writes notes, asks over HTTP,
starts and signals processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

from reconciler.model.problem import Invalid
from reconciler.model.secret import START as START_OF_SECRET
from reconciler.model.serving import (
    Care,
    Difference,
    Figures,
    Health,
    Launch,
    Note,
    Now,
    Orphan,
    Probe,
    Process,
    Serving,
    Sitting,
    Suspension,
)
from reconciler.model.world import Env
from reconciler.shapes import server_loading
from reconciler.world import processes, server_family, server_sessions, server_start
from reconciler.world.probing import Line, taken
from reconciler.world.server_notes import Loaded, Notes, differences, later, on_disk
from reconciler.world.server_secrets import ServerSecrets

TAG = server_family.TAG
START = 90.0
FREEING = 5.0
EARLIEST = 0.2  # seconds after its start before which no `opencode serve` reads a file
PAUSE = 0.05
# What it is asked in the moment after its port opens is never answered (docs/opencode-facts.md): soon asked again.
EARLY, LATE = 0.25, 5.0
# Several that start on one database at a time may shut each other out of it: such a one is started again.
CROWDED, AGAIN = "database is locked", 2
GOING = 2.0
LONG = 30.0  # `/mcp` waits for every server that it connects to
T = TypeVar("T")
R = TypeVar("R")


class LocalServers:
    """The ServerWorld of one user and HOME. `program`: the path and version of `opencode`, or why there is none."""

    def __init__(
        self, env: Env, repo: str, program: Callable[[], tuple[str, str] | str], secrets: ServerSecrets
    ) -> None:
        self.env = env
        self.repo = repo
        self.kept = Notes(f"{env.state}/reconciler/servers")
        self._program = cache(program)
        self._secrets = secrets
        self._children: dict[int, server_start.Child] = {}
        self._heavy: Mapping[Process, str] = {}

    # ---- what can be seen

    def note(self, port: int) -> Note | None:
        return self.kept.get(port)

    def notes(self) -> Sequence[Note]:
        return self.kept.all()

    def now(self, ports: Sequence[int]) -> Mapping[int, Now]:
        standing = [now for port in ports if (now := self._standing(port)) is not None]
        probes = together(self._probe, standing)
        disk: dict[str, Loaded] = {}
        found = (replace(n, probe=p, heavy=self._weight(n)) for n, p in zip(standing, probes, strict=True))
        return {n.launch.port: self._loaded(n, disk) for n in found}

    def _weight(self, now: Now) -> str:
        return self._heavy.get(now.process, "") if now.process else ""

    def _standing(self, port: int) -> Now | None:
        """By the note where its process lives; else whoever listens."""
        note = self.kept.get(port)
        if note is not None and processes.alive(note.process):
            return Now(note.launch, note.process, "", bool(note.tag), True, loaded_at=note.loaded_at, tag=note.tag)
        hostname = note.launch.hostname if note else "127.0.0.1"
        if note is not None and note.process is not None:
            _let_go(hostname, port)
        return self._listening(port, note) if taken(hostname, port) else None

    def _listening(self, port: int, note: Note | None) -> Now:
        pid = processes.listener(port)
        process = processes.identity(pid) if pid else None
        words = processes.command(pid) if pid else []
        hostname = _option(words, "--hostname") or "127.0.0.1"
        launch = Launch("", port, hostname, processes.folder(pid) if pid else "", _data(pid, self.env) if pid else "")
        if process is None or not _serves(words) or not processes.ours(pid):
            return Now(launch, process, " ".join(words), False, False)
        tag = processes.variable(pid, TAG)
        if note is not None and tag and tag == note.tag:
            self.kept.keep(replace(note, process=process))
            return Now(note.launch, process, "", True, True, loaded_at=note.loaded_at, tag=tag)
        return Now(launch, process, " ".join(words), False, True, loaded_at=processes.began(process) + EARLIEST)

    def _probe(self, now: Now) -> Probe:
        """As often as it takes to tell a slow answer from none."""
        if not now.serves:
            return Probe(Health.STRANGE)
        care = self._care(now)
        found = Probe(Health.SLOW)
        for _ in range(care.failures):
            found = self.line(now, care.timeout).probe()
            if found.health not in (Health.SLOW, Health.REFUSED):
                break
            time.sleep(PAUSE)
        return found

    def _care(self, now: Now) -> Care:
        note = self.kept.get(now.launch.port)
        return note.care if note else Care()

    def line(self, now: Now, timeout: float = 5.0) -> Line:
        """How it is spoken to: with the password that it was started with, as far as that can be seen."""
        password = processes.variable(now.process.pid, server_start.PASSWORD) if now.process else ""
        if not password and now.launch.password:
            password = self._secrets.known(now.launch.password, now.launch.name)
        return Line(now.launch, password, timeout)

    def _loaded(self, now: Now, disk: dict[str, Loaded]) -> Now:
        if not now.serves:
            return now
        before = self.kept.loaded(now.launch.port) if now.tag else None
        after = on_disk(server_start.configured(now.launch, self.env), now.launch.path, before or {}, disk)
        found = later(after, now.loaded_at) if before is None else differences(before, after)
        return replace(now, differs=(*found, *self._rotated(now)))

    def _rotated(self, now: Now) -> Iterator[Difference]:
        """Secrets that are others now than when it was started."""
        texts = {server_start.PASSWORD: now.launch.password, **dict(now.launch.env)}
        for name, text in texts.items() if now.ours and now.process else ():
            was = processes.variable(now.process.pid, name) if START_OF_SECRET in text and now.process else ""
            if was and self._secrets.changed(text, was):
                yield Difference(server_loading.SECRET, "edited")

    def sitting(self, now: Now) -> Sitting:
        note = self.kept.get(now.launch.port)
        if note is not None and now.tag and now.tag == note.tag and note.log:
            return server_sessions.sitting(self.line(now), server_sessions.logged(note.log, note.log_from))
        return server_sessions.sitting(self.line(now), server_sessions.Since(_began(now)))

    def sessions(self, now: Now) -> int:
        return server_sessions.number(self.line(now))

    def integrations(self, now: Now) -> Mapping[str, str] | str:
        answer = self.line(now, LONG).ask("/mcp", now.launch.path)
        if answer.status != 200 or not isinstance(answer.json, dict):
            return f"`/mcp` answers {answer.status}" if answer.status else str(answer.failure)
        return {name: _stands(one) for name, one in answer.json.items() if isinstance(one, dict)}

    def orphans(self) -> Sequence[Orphan]:
        return server_family.orphans(self._scope, self.kept.all())

    def figures(self, found: Sequence[Process]) -> Mapping[Process, Figures]:
        tags = {note.process: note.tag for note in self.kept.all() if note.process}
        return processes.figures({p: server_family.members(p, tags.get(p, "")) for p in found})

    def hindrance(self, launch: Launch) -> str:
        return server_start.hindrance(launch, self._program())

    def first_start(self, launches: Sequence[Launch]) -> bool:
        shared = [launch for launch in launches if launch.data == "shared"]
        return len(shared) > 1 and not os.path.exists(f"{self.env.data}/opencode/opencode.db")

    def attach(self, now: Now) -> tuple[list[str], dict[str, str]] | str:
        program, line = self._program(), self.line(now)
        if isinstance(program, str):
            return program
        command = [program[0], "attach", line.url, "--dir", now.launch.path]
        return command, {server_start.PASSWORD: line.password} if line.password else {}

    def room(self) -> int:
        return processes.room()

    def inside(self, now: Now) -> bool:
        variables = self.env.variables
        if now.tag and variables.get(TAG) == now.tag:
            return True
        return now.process is not None and now.process.pid in processes.ancestors(os.getpid())

    def clock(self) -> float:
        return time.time()

    # ---- what can be done

    def weigh(self, heavy: Mapping[Process, str]) -> None:
        self._heavy = heavy

    @property
    def _scope(self) -> str:
        """What tags of this HOME begin with."""
        return server_family.scope(self.kept.folder)

    def prepare(self, launch: Launch) -> str:
        try:
            self._own(launch)
        except Invalid as error:
            return error.problems[0].text
        return self.hindrance(launch)

    def _own(self, launch: Launch) -> dict[str, str]:
        """Its variables, with each secret in its place. Raises Invalid."""
        own = {name: self._secrets.value(text, launch.name) for name, text in launch.env}
        if launch.password:
            own[server_start.PASSWORD] = self._secrets.value(launch.password, launch.name)
        return own

    def start(self, serving: Serving) -> Now:
        launch = serving.launch
        own = self._own(launch)
        note = self._beginning(serving)
        # First what we are about to start, then the process: one that is found with this tag is known to be ours.
        self.kept.keep(note)
        self.kept.keep_loaded(launch.port, on_disk(server_start.configured(launch, self.env), launch.path, {}))
        tags = {TAG: note.tag, "RECONCILE_REPO": self.repo}
        child = server_start.spawn(serving, self._program(), self.env, tags, own, note.log)
        self._children[launch.port] = child
        process = processes.identity(child.pid)
        self.kept.keep(replace(note, process=process))
        return Now(launch, process, "", True, True, loaded_at=note.loaded_at, tag=note.tag)

    def _beginning(self, serving: Serving) -> Note:
        launch, before, at = serving.launch, self.kept.get(serving.launch.port), time.time()
        recent = [start for start in (before.starts if before else ()) if start > at - serving.care.within]
        return Note(
            launch, None, f"{self._scope}-{os.urandom(6).hex()}", at,
            starts=(*recent, at), restarts=before.restarts + 1 if before and before.tag else 0,
            log=f"{self.kept.folder}/{launch.name}.log", care=serving.care,
        )  # fmt: skip

    def wait(self, servings: Sequence[Serving]) -> Mapping[int, str]:
        """All at once, each until it is ready, dead or out of time."""
        until = time.monotonic() + START
        said = together(lambda serving: self._ready(serving, until), list(servings))
        return {serving.launch.port: words for serving, words in zip(servings, said, strict=True)}

    def _ready(self, serving: Serving, until: float) -> str:
        """Nothing is asked until somebody listens: asking costs what the servers need to start."""
        port, patience, again = serving.launch.port, EARLY, AGAIN
        while True:
            now = self._standing(port)
            if now is None or now.process is None:
                child = self._children.get(port)
                if child is None or child.status() is not None:
                    words = self._ended(port)
                    again -= 1
                    if child is None or CROWDED not in words or again < 0 or self.prepare(serving.launch):
                        return words
                    self.start(serving)
            elif taken(now.launch.hostname, port):
                probe = self.line(now, patience).probe(loading=LONG)
                if probe.health is Health.WELL:
                    return ""
                if probe.health in (Health.POISONED, Health.LOCKED):
                    return f"{probe.health}: {probe.text}" if probe.text else str(probe.health)
                patience = min(patience * 1.5, LATE)
            if time.monotonic() > until:
                return f"not ready within {START:g} s"
            time.sleep(PAUSE)

    def _ended(self, port: int) -> str:
        note, child = self.kept.get(port), self._children.pop(port, None)
        if note is not None:
            self.kept.keep(replace(note, process=None))
        words = server_start.last_words(note.log) if note else ""
        status = f"ended with status {child.status()}" if child else "ended"
        return f"{status}: {words}" if words else status

    def dispose(self, now: Now) -> str:
        """Taken down before it is asked: what changes while it loads is a difference again."""
        loaded = self.kept.loaded(now.launch.port) if now.tag else None
        fresh = on_disk(server_start.configured(now.launch, self.env), now.launch.path, loaded or {})
        note, at = self.kept.get(now.launch.port), time.time()
        log_from = server_sessions.length(note.log) if note is not None else 0
        answer = self.line(now, 30.0).ask("/global/dispose", method="POST")
        if answer.status != 200:
            return f"`POST /global/dispose` answers {answer.status or answer.failure}"
        if now.tag and note is not None:
            self.kept.keep_loaded(now.launch.port, server_start.reloaded(loaded or {}, fresh))
            self.kept.keep(replace(note, loaded_at=at, log_from=log_from))
        elif now.process is not None:
            self.kept.keep(Note(now.launch, now.process, "", at))
        return ""

    def stop(self, now: Now) -> str:
        if now.process is None:
            return "nobody can say which process it is"
        family = server_family.identities(server_family.members(now.process, now.tag))
        self.line(now, 10.0).ask("/global/dispose", method="POST")
        if left := processes.end([now.process]):
            return f"process {left[0].pid} does not end"
        self._freed(now.launch)
        family |= server_family.identities(server_family.tagged(now.tag) if now.tag else set())
        left = processes.end(one for one in family if one != now.process)
        note = self.kept.get(now.launch.port)
        if note is not None:  # what is ended on purpose is no failure
            self.kept.keep(replace(note, process=None, starts=()))
        return f"its children still run: {', '.join(str(one.pid) for one in left)}" if left else ""

    def _freed(self, launch: Launch) -> None:
        """A process that is dead by name may have threads that still close its port."""
        until = time.monotonic() + FREEING
        while taken(launch.hostname, launch.port) and time.monotonic() < until:
            time.sleep(PAUSE)

    def remove(self, orphans: Sequence[Orphan]) -> Sequence[Orphan]:
        left = set(processes.end(one.process for one in orphans))
        return [one for one in orphans if one.process in left]

    def suspend(self, launch: Launch, suspension: Suspension | None) -> None:
        note = self.kept.get(launch.port) or Note(launch, None, "")
        self.kept.keep(replace(note, suspended=suspension))


def together(asked: Callable[[T], R], of: Sequence[T]) -> list[R]:
    """The answers in order, asked for at once."""
    if len(of) < 2:
        return [asked(one) for one in of]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(of), 16)) as pool:
        return list(pool.map(asked, of))


def _option(words: Sequence[str], name: str) -> str:
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _serves(words: Sequence[str]) -> bool:
    """Whether a command line is that of `opencode serve`, by itself or below node or bun."""
    names = [os.path.basename(word) for word in words[:3]]
    return "serve" in words and any(name.startswith("opencode") or name == ".opencode" for name in names)


def _data(pid: int, env: Env) -> str:
    """Whose sessions a server shows that was started by hand."""
    if processes.variable(pid, "OPENCODE_DB"):
        return "own-db"
    folder = processes.variable(pid, "XDG_DATA_HOME") or f"{processes.variable(pid, 'HOME')}/.local/share"
    return "shared" if os.path.realpath(folder) == os.path.realpath(env.data) else "isolated"


def _began(now: Now) -> float:
    return processes.began(now.process) if now.process else 0.0


def _let_go(hostname: str, port: int) -> None:
    """Waits while a process that has ended still holds its port: that goes with its last thread, a moment later."""
    until = time.monotonic() + GOING
    while taken(hostname, port) and not processes.listener(port) and time.monotonic() < until:
        time.sleep(PAUSE)


def _stands(said: Mapping[str, object]) -> str:
    error = str(said.get("error", "")).partition("\n")[0]
    return f"{said.get('status', 'unknown')}: {error}" if error else str(said.get("status", "unknown"))
