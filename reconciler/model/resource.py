"""What git asks for: references, resources, the claims they make on the world, and what was loaded. Frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from reconciler.model.loop import LoopSettings
from reconciler.model.problem import Origin, Problem
from reconciler.model.standard import Types
from reconciler.model.trace import Traces

PORT = "port"  # the root of claims on ports, below which no file lies
S = TypeVar("S")
L = TypeVar("L")


class Mode(StrEnum):
    """What may be done about somebody else's edit (design: Modes)."""

    ENFORCE = "enforce"
    REPORT = "report"
    IGNORE = "ignore"


class Ref(NamedTuple):
    """The name of a resource: `agent/team/b`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if self.name else self.kind

    @classmethod
    def parse(cls, text: str) -> Ref:
        kind, _, name = text.partition("/")
        return cls(kind, name)


class Claim(NamedTuple):
    """What one owner may hold: a file below a root, or an item in it. The unit of ownership, conflict and locking."""

    root: str
    path: str
    item: tuple[str, ...] = ()


class File(NamedTuple):
    """The state of a file that is wholly ours: its bytes, and whether it may be run."""

    content: bytes
    executable: bool = False


class Source(NamedTuple):
    """One file of desired state, its path from the repository's top."""

    path: str
    file: File


class Revision(NamedTuple):
    """Where desired state was read from. `commit` is "" in a repository without commits, `tree` names what was read:
    "commit", "index" or "work" (then `uncommitted` counts the files that differ from the commit)."""

    tree: str
    commit: str
    branch: str = ""
    uncommitted: int = 0

    @property
    def short(self) -> str:
        return self.commit[:7] or "no commit yet"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of `modes:`: a reference or a glob over references, and the mode it gives. Later rules win."""

    pattern: str
    mode: Mode
    origin: Origin


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """A problem that already stood in an object when it was imported: a warning while its digest stays."""

    ref: str
    digest: str


class History(NamedTuple):
    """How much of the past is kept: the newest `runs`, and all that are younger than `days`."""

    runs: int = 100
    days: int = 90


@dataclass(frozen=True, slots=True)
class Settings:
    """reconcile.yaml. `standards`: types of documents that are the repository's own."""

    id: str = ""
    modes: tuple[Rule, ...] = ()
    on_conflict: str = "hold"
    known_problems: tuple[KnownProblem, ...] = ()
    loop: LoopSettings = field(default_factory=LoopSettings)
    history: History = History()  # noqa: RUF009
    standards: Types = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource(Generic[S]):
    """One thing git names: what it should be (`spec`, the kind's own type), and the files that say so; `ground`: those
    files as all machines have them, where an overlay is merged into them."""

    ref: Ref
    spec: S
    origin: Origin
    sources: tuple[Source, ...] = ()
    ground: tuple[Source, ...] = ()


class Still(NamedTuple):
    """What is left out of a look, since nothing of it moved since all was in step: the resources of some kinds, but for
    those in `moved`. `left`: how many that are."""

    kinds: frozenset[str]
    moved: frozenset[Ref]
    left: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything one revision of desired state says. `problems` are warnings only: errors are raised. `traces`: where
    the lines of sources stand that were merged with an overlay, or are an entry of another file; `hosts`: the machines
    that have an overlay; `templates`: the files below templates/, by their paths there; `still`: what was left out."""

    revision: Revision
    settings: Settings
    resources: tuple[Resource[Any], ...]
    problems: tuple[Problem, ...] = ()
    traces: Traces = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    templates: Mapping[str, File] = field(default_factory=dict)
    still: Still | None = None

    def of(self, ref: Ref) -> Resource[Any]:
        """The resource of this name, which must be there."""
        return next(resource for resource in self.resources if resource.ref == ref)


@dataclass(frozen=True, slots=True)
class Target(Generic[L]):
    """One thing that must be so: a claim, and the state it must have. A resource has one target per part. `rank`: its
    place in git's order, where files were merged and `origin` does not say that."""

    ref: Ref
    part: str
    claim: Claim
    desired: L | None
    origin: Origin
    needs: frozenset[Ref] = frozenset()
    rank: int = 0


class Sight(NamedTuple):
    """What was seen of things that move by themselves, as plain data by reference. `at`: when, as `2026-01-31 14:05`
    in UTC, "" where nobody looked."""

    at: str = ""
    things: Mapping[str, Mapping[str, Any]] = {}


class Entry(NamedTuple):
    """What stands at a path below a root. `target` is the real path where a link on the way leads elsewhere."""

    executable: bool
    size: int
    target: str = ""


@dataclass(frozen=True)
class Place:
    """One root as it stands: its folder (and how people write that), every file below it, what could not be read."""

    root: str
    folder: str
    files: Mapping[str, Entry] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    skipped: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    folds_case: bool = False
    shown: str = ""

    @cached_property
    def folded(self) -> Mapping[str, str]:
        """Each path as a file system that ignores case would compare it, to the path as it stands."""
        return {path.casefold(): path for path in (*self.folders, *self.files)}

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Each folder → how many files stand anywhere below it."""
        found: dict[str, int] = {}
        for path in self.files:
            while path := path.rpartition("/")[0]:
                found[path] = found.get(path, 0) + 1
        return found

    def standing(self, path: str) -> str | None:
        """The path under which `path` stands here, or None."""
        if path in self.files or path in self.folders:
            return path
        return self.folded.get(path.casefold()) if self.folds_case else None


@dataclass(frozen=True)
class Layout:
    """What stands where, under which names; what each resource already holds, and the claims it keeps empty; the text
    of files that are shared, by root and path; and, in an import, the claims that other kinds took already, what is
    included although it looks like a secret, and whether settings are in the program's own format.
    `home`: the home folder; `sights`: what each document of observed facts is to show."""

    places: Mapping[str, Place]
    held: Mapping[Ref, Mapping[str, Claim]] = field(default_factory=dict)
    emptied: frozenset[Claim] = frozenset()
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    taken: frozenset[Claim] = frozenset()
    include: frozenset[str] = frozenset()
    native: bool = False
    home: str = ""
    sights: Mapping[str, Sight] = field(default_factory=dict)

    def show(self, claim: Claim) -> str:
        """A claim as people know it: `~/.config/opencode/agents/a.md`."""
        if claim.root == PORT:
            return f"port {claim.path}"
        place = self.places[claim.root]
        return f"{place.shown or place.folder}/{claim.path}"
