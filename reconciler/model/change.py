"""What must happen and why: a plan is a document of changes. Frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from reconciler.model.dress import Dress
from reconciler.model.problem import Problem
from reconciler.model.resource import Claim, History, Ref, Revision, Target

L = TypeVar("L")

ABSENT = "absent"
FORCED = "told to disturb who is at work"
LATER = "later"
"""The fingerprint of what is only known when it is done, since a secret in it is not looked at before."""
FORMAT = 1


class Action(StrEnum):
    """What is done to the world. RECORD and FORGET are bookkeeping: they touch nothing but our own state."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    RECORD = "record"
    FORGET = "forget"

    @property
    def bookkeeping(self) -> bool:
        return self in (Action.RECORD, Action.FORGET)


class Cause(StrEnum):
    """Why: the table of three states (recorded, observed, desired) names one cause for each row."""

    COMMIT = "commit"
    DRIFT = "drift"
    ADOPT = "adopt"
    CONFLICT = "conflict"
    ORPHAN = "orphan"
    UNKNOWN = "unknown"
    UNDO = "undo"


class Null:
    """A value that is there, and is null: None says that nothing is there."""

    def __repr__(self) -> str:
        return "null"


NULL = Null()
Veils = tuple[tuple[Claim, Any], ...]


class FieldChange(NamedTuple):
    """One value: a pointer into the state, and the value before and after (None: not there)."""

    pointer: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Diff:
    """How two states differ, for people: single values, and a unified text diff of the rest."""

    fields: tuple[FieldChange, ...] = ()
    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Disruption:
    """Whom a change disturbs, how, and who is busy there now."""

    ref: Ref
    how: str
    reason: str
    busy: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a change may be made; where not, by which rule. `chosen`: people chose a mode that holds it, so that it
    is listed and fails nothing."""

    allowed: bool = True
    rule: str = ""
    hint: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Seen(Generic[L]):
    """What is so now. `fingerprint` is of the claim alone, keyed, ABSENT where nothing stands. `behind`: the claim of a
    value in the way, which `state` then holds."""

    claim: Claim
    state: L | None
    fingerprint: str
    problem: Problem | None = None
    behind: Claim | None = None


class Standing(StrEnum):
    """How a thing became ours: made by us, taken over equal, or taken over with another value."""

    CREATED = "created"
    ADOPTED = "adopted"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of ownership: what we last wrote or took over, and what stood there first.

    `value` and `before` are fingerprints, under which the journal keeps the contents. Where secrets were put into it,
    `veiled` is the fingerprint of the state with references in their place, and only that is kept; `mode`: the
    permission bits its file had before it held secrets (None: there was no file).
    """

    claim: Claim
    ref: Ref
    part: str
    repo: str
    value: str
    standing: Standing
    before: str | None = None
    needs: tuple[Ref, ...] = ()
    revision: str = ""
    run: int = 0
    veiled: str = ""
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Change(Generic[L]):
    """One claim brought from `before` to `after`; `becomes` is the row of ownership once that is done. `exact`: for an
    undo in a shared file, what gives back its very bytes if nobody has touched it since. `kin`: for a removal from a
    shared file, what else in it is ours; known while it is applied. `partial`: other keys of its resource are there
    before or after it in the same root, so that no resource comes or goes with it. `dress`: what a file that goes has
    beside its bytes, or one that comes back gets.

    `veiled`: the fingerprint of `after` with references in place of secrets, "" where it has none; an apply puts the
    secrets in, and says as `veils` what is secret in the same file, before and after: claims and their states with
    references in place of secrets."""

    target: Target[L]
    action: Action
    cause: Cause
    before: Seen[L]
    after: L | None
    fingerprint: str
    becomes: Recorded | None
    recorded: Recorded | None = None
    diff: Diff = Diff()
    made: tuple[Claim, ...] = ()
    disturbs: tuple[Disruption, ...] = ()
    verdict: Verdict = Verdict()
    wave: int = 0
    reversible: bool = True
    why_not: str = ""
    exact: bytes = b""
    kin: frozenset[Claim] = frozenset()
    partial: bool = False
    dress: Dress | None = None
    veiled: str = ""
    veils: tuple[Veils, Veils] = ((), ())

    @property
    def secret(self) -> bool:
        """Whether secrets of ours stand there now, or will."""
        return bool(self.veiled or (self.recorded and self.recorded.veiled) or (self.becomes and self.becomes.veiled))

    @property
    def ref(self) -> Ref:
        return self.target.ref

    @property
    def claim(self) -> Claim:
        return self.target.claim


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the real program said of a root's state after the plan. `ok` None: it said nothing, and `text` is why.
    `problems`: what it would refuse, and as warnings what it refuses already."""

    root: str
    by: str
    ok: bool | None
    text: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change and why, computed against one look at the world. `unchanged` counts the resources in step;
    `history`: how much of the past is kept once it is applied; `here`: the machine this really is, where it was planned
    as if it were `host`."""

    repo: str
    host: str
    home: str
    revision: Revision
    changes: tuple[Change[Any], ...]
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()
    confirmed: tuple[Confirmation, ...] = ()
    title: str = ""
    here: str = ""
    history: History | None = None
    format: int = FORMAT

    @property
    def due(self) -> tuple[Change[Any], ...]:
        """The changes that would touch something and may."""
        return tuple(c for c in self.changes if c.verdict.allowed and not c.action.bookkeeping)

    @property
    def held(self) -> tuple[Change[Any], ...]:
        return tuple(c for c in self.changes if not c.verdict.allowed)

    @property
    def refused(self) -> bool:
        """Whether a real program would refuse what this would make."""
        return any(said.ok is False for said in self.confirmed)

    @property
    def bookkeeping(self) -> tuple[Change[Any], ...]:
        return tuple(c for c in self.changes if c.verdict.allowed and c.action.bookkeeping)
