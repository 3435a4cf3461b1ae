"""A plan's changes → the entries people read: one a resource and cause, in sections by cause. Pure.

The keys of a resource that has a name of its own (`mcp_server/github`) are one entry; settings are one for each key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from reconciler.model.change import Action, Cause, Change
from reconciler.model.resource import Ref

SECTIONS = {
    "drift": "Drift: changed here since the last apply; what git says comes back",
    "conflict": "Conflicts: held until you say whose change wins",
    "forced": "Conflicts: what was edited here gives way, as you told",
    "adopt": "Taken over: something else stands here; it is kept, and `reconcile release` brings it back",
    "commit": "Changes: git asks for them",
    "orphan": "Removed from git",
    "undo": "What goes back",
    "left": "Edited here since: stays as it is, and is no longer ours",
    "unknown": "Unknown: the recorded state is lost, so nobody knows whose edits these are",
    "held": "Held: listed, not done",
}
SIGNS = {Action.CREATE: "+", Action.DELETE: "-", Action.RECORD: "=", Action.FORGET: "="}


class Name(NamedTuple):
    """What an entry is about: a resource with all its files, or one key of it (`zed_settings#/theme`)."""

    ref: Ref
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.ref}#{self.pointer}" if self.pointer else str(self.ref)


class Item(NamedTuple):
    """One entry: a resource or a key, and those of its changes that have one cause."""

    name: Name
    changes: tuple[Change[Any], ...]

    @property
    def first(self) -> Change[Any]:
        return self.changes[0]

    @property
    def held(self) -> bool:
        return not self.first.verdict.allowed

    @property
    def keyed(self) -> bool:
        """Whether it is keys in shared files that a resource of its own name consists of."""
        return not self.name.pointer and self.first.target.part.startswith("/")

    @property
    def roots(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(change.claim.root for change in self.changes))

    @property
    def title(self) -> str:
        return f"{self.name}  ({', '.join(self.roots)})" if self.keyed else str(self.name)

    @property
    def partial(self) -> bool:
        """Whether it is about some keys of a resource, which is there before and after."""
        return self.keyed and any(change.partial for change in self.changes)

    @property
    def sign(self) -> str:
        signs = {sign(change) for change in self.changes}
        return signs.pop() if len(signs) == 1 and not (self.partial and signs <= {"+", "-"}) else "~"


class Grouped(NamedTuple):
    """An entry and the key of its section."""

    section: str
    item: Item


def name(ref: Ref, part: str) -> Name:
    """A part that is a pointer has a name of its own; the files of a resource share one."""
    return Name(ref, part if part.startswith("/") else "")


def entry(change: Change[Any]) -> Name:
    """What a change is listed under. Who has to decide about a key needs its name."""
    alone = not change.ref.name or change.cause in (Cause.CONFLICT, Cause.UNKNOWN)
    # A hint that names the key is about that key alone.
    apart = alone or (change.target.part and change.target.part in change.verdict.hint)
    return name(change.ref, change.target.part) if apart else Name(change.ref)


def sign(change: Change[Any]) -> str:
    return SIGNS.get(change.action, "~") if change.verdict.allowed else "!"


def grouped(changes: Sequence[Change[Any]]) -> Iterator[Grouped]:
    """Changes that touch something or are held, by name; what is only recorded is no entry."""
    found: dict[tuple[Name, str, str], list[Change[Any]]] = {}
    for change in changes:
        if section := _section(change):
            found.setdefault((entry(change), section, change.verdict.rule), []).append(change)
    for (named, section, _), members in sorted(found.items(), key=lambda one: one[0]):
        yield Grouped(section, Item(named, tuple(members)))


def _section(change: Change[Any]) -> str:
    deciding = change.cause in (Cause.CONFLICT, Cause.UNKNOWN) and not change.action.bookkeeping
    if not change.verdict.allowed and not deciding:
        return "held"
    if change.action.bookkeeping:
        # Handing back what was edited by hand writes nothing, but it is the one line the reader must not miss.
        return "left" if change.cause is Cause.CONFLICT else ""
    if change.disturbs and change.cause is Cause.COMMIT and not change.diff.fields and change.after is not None:
        return ""  # it only follows from others: the section on whom that disturbs says it
    return "forced" if change.cause is Cause.CONFLICT and change.verdict.allowed else change.cause.value
