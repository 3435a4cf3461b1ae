"""Which commit is in force: the branch's own, or the last good one while that is broken, unsigned or in the making."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.app import App, looping, planning
from reconciler.loop.conditions import of_problems
from reconciler.model.event import Condition, Level
from reconciler.model.problem import Invalid
from reconciler.model.resource import Loaded
from reconciler.pipeline.load import Memo

MEMO = 6
"""So many things are read of one resource at most, over a few commits, before all is read anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is remembered of a branch. `head`: where it was last seen, first at run `since`; `good`: the last commit
    that could be applied; `failed`: one that could not, and `why`; `open`: that is not the commit's own fault, so that
    it is judged again, where another is not tried again."""

    branch: str = ""
    head: str = ""
    since: int = 0
    good: str = ""
    failed: str = ""
    why: str = ""
    open: bool = False

    @classmethod
    def of(cls, facts: Any) -> Place:
        return cls(**facts) if isinstance(facts, dict) else cls()

    @property
    def in_force(self) -> bool:
        """Whether its head is what is applied."""
        return self.head != self.failed


@dataclass(frozen=True, slots=True)
class Followed:
    """`loaded` None: nothing may be done now."""

    place: Place
    loaded: Loaded | None
    conditions: tuple[Condition, ...] = ()


@dataclass
class Library:
    """What the last two commits say, and what was read of their files: so that of a new one only what is new is read.
    `judge`: whose schema they were read by."""

    commits: dict[str, Loaded] = field(default_factory=dict)
    memo: Memo = field(default_factory=dict)
    judge: str = ""

    def read(self, app: App, commit: str) -> Loaded:
        """A commit never says anything else later. Raises Invalid."""
        if commit not in self.commits:
            if self.judge != app.judged_by or len(self.memo) > MEMO * max(map(_size, self.commits.values()), default=0):
                self.memo.clear()
            self.judge = app.judged_by
            loaded = planning.read(app, commit, self.memo)
            for old in list(self.commits)[:-1]:
                del self.commits[old]
            self.commits[commit] = loaded
        return self.commits[commit]


def _size(loaded: Loaded) -> int:
    return len(loaded.resources) + 1


def follow(app: App, place: Place, cache: Library, runs: int, *, signed: bool = False) -> Followed:
    """Looks where the branch stands. `runs`: the number of the last run; `signed`: only good signatures count. Raises
    Invalid where the repository cannot be looked at."""
    busy = app.here.in_progress()
    head = place.head if busy else app.here.commit_of(place.branch)
    if not head:
        text = f"there is no branch `{place.branch}`: nothing is changed until there is"
        return Followed(place, None, (Condition("branch", text, Level.ERROR),))
    if head != place.head:
        place = replace(place, head=head, since=runs, good=place.good or looping.last_applied(app))
    waits = (Condition("busy", f"a {busy} is in progress: its commits wait", Level.NOTE),) if busy else ()
    return _in_force(app, place, cache, waits, signed)


def _in_force(app: App, place: Place, cache: Library, waits: tuple[Condition, ...], signed: bool) -> Followed:
    if place.in_force or place.open:
        try:
            loaded = cache.read(app, place.head)
        except Invalid as error:
            place = refused(place, of_problems("commit", _broken(place), error.problems).text)
        else:
            if why := _unsigned(app, place, loaded, cache, signed) or _renamed(app, place, loaded, cache):
                place = replace(refused(place, f"{place.head[:7]} is not applied: {why}"), open=True)
            else:
                return Followed(replace(place, failed="", why="", open=False), loaded, waits)
    last = _last_good(app, place, cache)
    return Followed(place, last, (*waits, Condition("commit", place.why, Level.ERROR)))


def refused(place: Place, why: str) -> Place:
    """The same, with its head given up until the branch moves."""
    return replace(place, failed=place.head, why=why, open=False)


def _broken(place: Place) -> str:
    stays = f"{place.good[:7]} stays in force" if place.good else "nothing is applied"
    return f"{place.head[:7]} has mistakes, {stays}:"


def _unsigned(app: App, place: Place, loaded: Loaded, cache: Library, signed: bool) -> str:
    """Why a commit may not be trusted. Whether that matters the commit before it says too: else it could say no."""
    before = _last_good(app, place, cache)
    if not (signed or loaded.settings.loop.require_signed or (before and before.settings.loop.require_signed)):
        return ""
    return app.here.distrusted(place.head)


def _renamed(app: App, place: Place, loaded: Loaded, cache: Library) -> str:
    """Why a commit would make what is ours nobody's: the repository's id is the owner's name."""
    before, folder = _last_good(app, place, cache), app.here.folder
    was, now = (said.settings.id or folder if said else "" for said in (before, loaded))
    if not was or was == now or all(row.repo != was for row in app.journal.recorded()):
        return ""
    name = loaded.settings.id
    told = f"calls itself `{name}`" if name else "has no `id` in desired-state/reconcile.yaml"
    stays = f"{place.good[:7]} stays in force (`reconcile release` hands it back)"
    return f"it {told}, and `{was}` owns what stands here; {stays}"


def _last_good(app: App, place: Place, cache: Library) -> Loaded | None:
    if not place.good:
        return None
    try:
        return cache.read(app, place.good)
    except Invalid:
        return None
