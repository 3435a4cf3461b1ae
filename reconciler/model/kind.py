"""The contract of a kind: a value that says what a resource means, where it goes, how it is seen and brought about."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from reconciler.model.change import Change, Diff, Seen
from reconciler.model.diff import compare
from reconciler.model.fingerprint import Codec
from reconciler.model.outcome import Outcome, Run
from reconciler.model.problem import Problem, invalid
from reconciler.model.programs import Confirm
from reconciler.model.resource import Claim, File, Layout, Loaded, Mode, Ref, Resource, Source, Target
from reconciler.model.world import Env, Look, World

S = TypeVar("S")
L = TypeVar("L")


class Found(NamedTuple):
    """What stands there, as desired state would say it: the files to write, and the claims they cover."""

    ref: Ref
    sources: tuple[Source, ...]
    claims: tuple[Claim, ...]


class Left(NamedTuple):
    """What stands there and is not imported, and why. A `problem` makes the import end with 1."""

    claim: Claim
    reason: str
    problem: Problem | None = None


class Writer(NamedTuple):
    """Somebody else who writes: what, which keys of a shared file (globs), and the mode that is wise there."""

    who: str
    what: str
    mode: Mode = Mode.ENFORCE
    pointers: tuple[str, ...] = ()


class Flaw(NamedTuple):
    """What a program would not take in a shared file, at which place, and what mends it. `fatal`: it refuses the whole
    file for it."""

    item: tuple[str, ...]
    text: str
    hint: str
    fatal: bool


class Layer(NamedTuple):
    """One place a program merges a value from; the last one present wins."""

    where: str
    value: str
    present: bool


class Identity(NamedTuple):
    """What an item of a list is known by (None: by nothing). `spread`: items that are known alike are one thing in
    several places; otherwise the second of them is another one."""

    of: Callable[[Any], Hashable | None]
    spread: bool = False


class Overlay(NamedTuple):
    """How files of hosts/ go over those of the same name: `merges`: the paths that are merged (all others replace);
    `items`: how items of a list are told apart (None: the list replaces)."""

    merges: Callable[[str], bool] = lambda path: True
    items: Identity | None = None


MERGED = Overlay()


class Diagnosis(NamedTuple):
    """What a state that is seen (`name`, one word) looks like, what it means, and what to do about it."""

    name: str
    symptom: str
    means: str
    remedy: str


class Situation(NamedTuple):
    """What a kind reacts to, once all else is decided. `due`: the changes of other kinds that will be made; `named`:
    whether a person named a resource; `told`: whether he said that git wins; `runs`: what was done before."""

    due: Sequence[Change[Any]]
    look: Look
    key: bytes
    named: Callable[[Ref], bool]
    told: Callable[[Ref], bool]
    runs: Callable[[], Sequence[Run]]


def cannot_adopt(resource: Resource[Any], observed: Mapping[str, Any]) -> Mapping[str, File | None]:
    """The default: what stands there can't be written back into desired state."""
    raise invalid(resource.origin.path, f"{resource.ref}: can't be adopted key by key", "edit it by hand")


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[S, L]):
    """One kind. Adding one: a file in kinds/, a line in registry.py, a folder of cases. `schema`: OpenCode's schema →
    the JSON Schema of what people write in YAML; `reload`: when the program that reads it sees a change, in words;
    `together`: its judged changes → the same, where one of them makes another come to something else; `beside`: a
    resource → the same with what stands in entries of which it says a part; `react`: in place of the table of three
    states, one proposal for each claim → the changes, knowing all others; `wave`: it comes after all lower ones;
    `diagnose`: what is wrong with what is seen, where that is known; `alone`: what a resource says
    rests on its own files alone, and other resources at most on its name."""

    name: str
    folder: str
    files: Callable[[Sequence[str]], Mapping[str, str]]
    read: Callable[[str, Sequence[Source]], S]
    targets: Callable[[Resource[S], Loaded, Layout], Sequence[Target[L]]]
    observe: Callable[[Sequence[Claim], Look, bytes], Iterable[Seen[L]]]
    act: Callable[[Sequence[Change[L]], World], Iterable[Outcome]]
    describe: Callable[[Layout, Look], Iterable[Found | Left]]
    codec: Codec[L]
    diff: Callable[[L | None, L | None], Diff] = compare
    adopt: Callable[[Resource[S], Mapping[str, L | None]], Mapping[str, File | None]] = cannot_adopt
    lint: Callable[[Resource[S]], Iterable[Problem]] = lambda resource: ()
    beside: Callable[[Resource[S], Layout], Resource[S]] = lambda resource, layout: resource
    check: Callable[[Resource[S], Layout], Iterable[Problem]] = lambda resource, layout: ()
    layers: Callable[[Claim, Layout], Sequence[Layer]] = lambda claim, layout: ()
    together: Callable[[Sequence[Change[L]]], Sequence[Change[L]]] = lambda changes: changes
    writers: tuple[Writer, ...] = ()
    schema: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    reload: str = ""
    overlay: Overlay = MERGED
    react: Callable[[Sequence[Change[L]], Situation], Iterable[Change[L]]] | None = None
    wave: Callable[[Change[L]], int] = lambda change: 0
    last: bool = False
    diagnose: Callable[[Seen[L]], Diagnosis | None] = lambda seen: None
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Root:
    """A folder we look below. `skip`: what is never entered or taken, glob → the reason people are told.
    `shared`: files that several programs write, of which we own keys; `flaws`: the path and the text of one → what is
    incomplete in it. `confirm`: how the program that reads them is asked whether it would."""

    name: str
    path: Callable[[Env], str]
    skip: Mapping[str, str]
    shared: tuple[str, ...] = ()
    listed: bool = True
    flaws: Callable[[str, str], Iterable[Flaw]] = lambda path, text: ()
    confirm: Confirm | None = None


AnyKind = Kind[Any, Any]
