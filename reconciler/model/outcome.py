"""What became of a plan: outcomes, runs, and the journal that keeps them. Frozen data and one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from reconciler.model.change import Action, Cause, Change, Diff, Recorded
from reconciler.model.dress import Dress
from reconciler.model.event import Suspension
from reconciler.model.fingerprint import alike
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, History, Ref, Revision, Still

NOT_REMOVED = "not removed, since other changes did not work"


class Status(StrEnum):
    """How one change ended. PLANNED: its turn has not come; OPEN: intended, and nobody has looked since;
    WAITING: for somebody who is at work to be done."""

    PLANNED = "planned"
    OPEN = "open"
    DONE = "done"
    STALE = "stale"
    FAILED = "failed"
    HELD = "held"
    SKIPPED = "skipped"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change; `made` is what had to be made on the way (folders), to go again with it; `reverse`
    turns a shared file back into what it was before the run, as long as nobody else touches it. `heir`: an item was
    removed, or handed back beside one that was, and another one goes by its name since, or none. `diff`: what moved,
    where it is stale, and `found`: the state that stands there then."""

    claim: Claim
    status: Status
    problem: Problem | None = None
    made: tuple[Claim, ...] = ()
    unmade: tuple[Claim, ...] = ()
    reverse: bytes = b""
    heir: bool = False
    diff: Diff | None = None
    found: Any = None


class Intent(NamedTuple):
    """A change that is about to be made, the encoded states before and after, and the outcome it will have if nobody
    interferes: after a crash nobody else knows what was made on the way."""

    change: Change[Any]
    before: bytes | None
    after: bytes | None
    expected: Outcome | None = None


class Rest(NamedTuple):
    """What a change says besides what every step keeps: enough to make it in another process. `removes`: nothing is to
    stand there; `promised` and `going`: what will be made on the way to it, and what will go with it. `partial`: as
    in a change."""

    needs: tuple[Ref, ...] = ()
    origin: Origin = Origin("")
    rank: int = 0
    made: tuple[Claim, ...] = ()
    behind: Claim | None = None
    promised: tuple[Claim, ...] = ()
    going: tuple[Claim, ...] = ()
    removes: bool = False
    partial: bool = False


NO_REST = Rest()


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a run, as the journal keeps it: enough to show it, to take it back, to settle it after a crash and
    to finish it. `recorded` is the row of ownership before it, `becomes` the one after."""

    ref: Ref
    part: str
    claim: Claim
    action: Action
    cause: Cause
    before: str
    after: str
    recorded: Recorded | None
    status: Status
    message: str = ""
    becomes: Recorded | None = None
    wave: int = 0
    rest: Rest = NO_REST

    @property
    def veil_before(self) -> str:
        """The fingerprint under which is kept what stood there before, with references in place of secrets; "" where
        that had none, or was edited by hand."""
        row = self.recorded
        return row.veiled if row is not None and row.veiled and alike(self.before, row.value) else ""

    @property
    def veil_after(self) -> str:
        """The same of what is to stand there after it."""
        row = self.becomes
        return row.veiled if row is not None and row.veiled and alike(self.after, row.value) else ""


@dataclass(frozen=True, slots=True)
class Run:
    """One apply, rollback, import or release. `generation` grows by one with each run that changed something."""

    id: int
    verb: str
    repo: str
    revision: Revision
    host: str
    started: str
    ended: str = ""
    generation: int | None = None
    counts: Mapping[str, int] | None = None
    title: str = ""


class Journal(Protocol):
    """Ownership, contents and history. Every method that writes is durable when it returns."""

    def key(self) -> bytes:
        """The key of this user's fingerprints, 32 bytes."""

    def lost(self, repo: str) -> bool:
        """Whether there was a state once, and it is gone; so until `regain`, however much is recorded meanwhile."""

    def regain(self, repo: str) -> None:
        """Nothing of a repository is unknown any more."""

    def troubles(self) -> Sequence[Problem]:
        """Why a state that is there does not count, as warnings."""

    def recorded(self, still: Still | None = None) -> Sequence[Recorded]:
        """Every row of ownership below the roots of now, of all repositories; less those of what is left out."""

    def veiled(self) -> Sequence[Recorded]:
        """Those of the rows that hold secrets."""

    def digest(self) -> str:
        """What changes with any row of ownership."""

    def repository(self, repo: str) -> str:
        """The folder a repository was last seen in, or its id."""

    def made(self) -> frozenset[Claim]:
        """Folders and parents that we had to create."""

    def content(self, fingerprint: str) -> bytes:
        """A kept content; KeyError where retention let it go."""

    def reverse(self, run: int, kind: str, root: str, path: str) -> bytes:
        """What turns a shared file back into what it was before a run; b"" where there is nothing."""

    def dress(self, run: int, root: str, path: str) -> Dress | None:
        """What a file that a run removed had beside its bytes, where that was anything of its own."""

    def begin(
        self,
        verb: str,
        repo: str,
        folder: str,
        revision: Revision,
        host: str,
        *,
        title: str = "",
        opened: Sequence[Intent] = (),
        planned: Sequence[Intent] = (),
    ) -> int:
        """A new run's id, above 0; one durable commit of it with what is about to be done, and what is `planned` for
        after that."""

    def intend(self, run: int, changes: Sequence[Intent]) -> None:
        """One durable commit of what is about to be done, with the encoded states before and after."""

    def promised(self, run: int, kind: str, root: str, path: str) -> bytes:
        """What will turn a shared file back, if what was last intended there was done; b"" where there is nothing."""

    def exact(self, run: int, kind: str, root: str, path: str) -> bytes:
        """What an undo that is not finished gives the very bytes of a shared file back with; b"" likewise."""

    def settle(self, run: int, settled: Sequence[tuple[Change[Any], Outcome]]) -> None:
        """One durable commit of what became of it, rows of ownership included."""

    def finish(self, run: int) -> Run:
        """Close a run; gives it its generation if anything changed."""

    def doubtful(self) -> Sequence[tuple[str, str]]:
        """Roots and paths where an edit did not go well, until they are `cleared`: it may have left something."""

    def cleared(self, places: Sequence[tuple[str, str]], gone: Sequence[Claim]) -> None:
        """Nothing is left beside these any more, and these folders of ours are gone."""

    def thin(self, keep: History) -> None:
        """Let go of runs that are too old, and of contents that nothing needs; never of what ownership needs."""

    def runs(self, most: int = 0, *, unended: bool = False) -> Sequence[Run]:
        """Every kept run, newest first; `most` of them (0: all), or those alone that have not ended."""

    def steps(self, run: int) -> Sequence[Step]:
        """What one run did."""

    def suspensions(self, repo: str) -> Sequence[Suspension]:
        """What people or the loop leave alone for now."""

    def pin(self, repo: str, commit: str, reason: str) -> None:
        """Remember that a rollback holds this commit back; "" lets go."""

    def pinned(self, repo: str) -> tuple[str, str] | None:
        """The commit held back and why."""
