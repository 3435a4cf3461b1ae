"""Plan → a staged copy of each root as the plan would leave it, asked of the real program. Acts on a copy only.

It blocks what the plan would break: refused after it, and not before, or for another reason. What the program refuses
already, in a file that the plan leaves alone, is left out of both copies: it neither blocks a good change nor hides a
bad one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.change import ABSENT, Change, Confirmation, Plan
from reconciler.model.kind import AnyKind, Root
from reconciler.model.programs import Beside, Confirm, Copy, Files, Program, Programs, Refusal, Said
from reconciler.model.resource import File
from reconciler.model.world import Env, Look, Unreadable
from reconciler.pipeline.blame import Blame, already
from reconciler.pipeline.rehearsal import Rehearsal
from reconciler.pipeline.rehearse import rehearse
from reconciler.pipeline.shielding import Shield

NOT_ASKED = "--no-preflight"
MOST_BROKEN = 4


@dataclass(frozen=True, slots=True)
class Asking:
    """What a confirmation is made with; `watch`: what is secret in which file."""

    kinds: Sequence[AnyKind]
    roots: Sequence[Root]
    look: Look
    key: bytes
    env: Env
    programs: Programs
    watch: Shield = field(default_factory=lambda: Shield({}))


def confirm(plan: Plan, asking: Asking, *, ask: bool = True) -> tuple[Confirmation, ...]:
    """One for each root in which the plan changes something that a program would judge, or has it load what stands
    there."""
    found = (_of_root(plan, root, root.confirm, asking, ask) for root in asking.roots if root.confirm is not None)
    return tuple(said for said in found if said is not None)


def _of_root(plan: Plan, root: Root, how: Confirm, asking: Asking, ask: bool) -> Confirmation | None:
    changes = tuple(change for change in plan.due if change.claim.root == root.name)
    view = View(root, how, asking)
    loading = ask and any(change.disturbs for change in plan.due)
    if not view.concerned(changes) and not loading:
        return None
    program = view.program() if ask else NOT_ASKED
    if isinstance(program, str) and (loading or view.plainly_touched(changes)):
        return Confirmation(root.name, "", None, program)
    outcome = rehearse(plan, changes, asking.kinds, asking.look, asking.key)
    beside, unseen = view.beside()
    before = {**view.files(asking.look, {change.claim.path for change in changes}), **beside}
    after = view.after(before, outcome)
    touched = view.touched(before, after, outcome)
    if not touched and not loading:
        return None
    if isinstance(program, str):
        return Confirmation(root.name, "", None, program)
    rest = view.rest(before, outcome)
    return Question(view, program, changes, rest | before, rest | after, touched, outcome, unseen).answer()


@dataclass(frozen=True, slots=True)
class View:
    """One root as its program sees it."""

    root: Root
    how: Confirm
    asking: Asking

    def program(self) -> Program | str:
        """The program to ask, or why nobody can be asked."""
        how = self.how
        found = self.asking.programs.find(how.program, how.variable, how.stage({}, lambda named: None))
        if isinstance(found, Program) and found.version.partition(".")[0] != how.major:
            return f"{how.program} {found.version} is not of version {how.major}"
        return found

    def concerned(self, changes: Sequence[Change[Any]]) -> bool:
        """Whether any change touches what the program reads, or a file named there."""
        if not changes or any(self.how.reads(change.claim.path) for change in changes):
            return bool(changes)
        named = {self._place(ref)[1] for ref in self.how.refers(self.files(self.asking.look, ()))}
        return any(change.claim.path in named for change in changes)

    def plainly_touched(self, changes: Sequence[Change[Any]]) -> bool:
        """Whether a new file tells, without a rehearsal, that the program would see something else."""
        return any(
            isinstance(change.after, File)
            and change.before.fingerprint == ABSENT
            and not (change.claim.item or change.veiled)
            and self.how.reads(change.claim.path)
            and self._nothing_at(change.claim.path)
            for change in changes
        )

    def _nothing_at(self, path: str) -> bool:
        with suppress(Unreadable):
            return self.asking.look.read(self.root.name, path) is None
        return False

    def files(self, look: Look, paths: Iterable[str]) -> dict[str, bytes]:
        """What the program reads of some files and the shared ones; what cannot be read is not there for it either."""
        found = {}
        for path in sorted({*paths, *self.root.shared}):
            if self.how.reads(path):
                with suppress(Unreadable):
                    file = look.read(self.root.name, path)
                    if file is not None and (safe := self.asking.watch.staged((self.root.name, path), file)):
                        found[path] = safe.content
        return found

    def beside(self) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """What the program reads in other places, and what of it we may not read."""
        how = self.how.beside
        if how is None:
            return {}, ()
        found, unseen = dict(how.inline(self.asking.env)), []
        for key, path in self._elsewhere(how):
            try:
                content = self.asking.programs.peek(path)
            except Unreadable:
                unseen.append(path)
            else:
                found |= {} if content is None else {key: how.rebased(content, posixpath.dirname(path))}
        return found, tuple(unseen)

    def _elsewhere(self, how: Beside) -> Iterator[tuple[str, str]]:
        """The key of each file in another place, and its absolute path."""
        for place in how.places(self.asking.env):
            if place.name:
                yield place.at + place.name, place.real
                continue
            for path in self.asking.programs.below(place.real):
                if how.judged(path, place):
                    yield place.at + path, f"{place.real}/{path}"

    def show(self, root: str, path: str) -> str:
        """A file as people type it, those in other places too."""
        beside, home = self.how.beside, self.asking.env.home
        for place in beside.places(self.asking.env) if beside and path.startswith("~/") else ():
            if path.startswith(place.at):
                full = place.real if place.name else f"{place.real}/{path.removeprefix(place.at)}"
                return f"~{full.removeprefix(home)}" if full.startswith(f"{home}/") else full
        return self.asking.look.show(root, path)

    def rest(self, before: Files, outcome: Rehearsal) -> dict[str, bytes]:
        """What the program reads besides, and the plan leaves as it is."""
        known = {*before, *self.root.shared, *(path for root, path in outcome.edited if root == self.root.name)}
        found = self.files(self.asking.look, set(self.asking.look.scan(self.root.name, self.root.skip).files) - known)
        return {path: content for path, content in found.items() if path not in known}

    def after(self, before: Files, outcome: Rehearsal) -> dict[str, bytes]:
        """The same once the changes are made."""
        edited = {path for root, path in outcome.edited if root == self.root.name}
        kept = {path: content for path, content in before.items() if path not in edited}
        return {**kept, **self.files(outcome, edited)}

    def touched(self, before: Files, after: Files, outcome: Rehearsal) -> frozenset[str]:
        """The files that the program would see another way."""
        paths = {path for path in {*before, *after} if before.get(path) != after.get(path)} | {*self.root.shared}
        return frozenset(path for path in paths if self._one(path, before) != self._one(path, after, outcome))

    def _one(self, path: str, files: Files, outcome: Rehearsal | None = None) -> Files | None:
        return self.staged({path: files[path]}, outcome).files if path in files else None

    def staged(self, files: Files, outcome: Rehearsal | None = None) -> Copy:
        """The copy to ask about; files that it names are looked up as they will be."""
        look = outcome or self.asking.look

        def reference(named: str) -> bytes | None:
            full, path = self._place(named)
            if path is None:
                return self.asking.programs.peek(full)
            file = look.read(self.root.name, path)
            return file.content if file is not None else None

        return self.how.stage(files, reference)

    def _place(self, named: str) -> tuple[str, str | None]:
        """A file named in a configuration: its absolute path, and its path below the root, if it lies there."""
        env = self.asking.env
        folder = self.root.path(env)
        full = f"{env.home}/{named[2:]}" if named.startswith("~/") else posixpath.join(folder, named)
        full = posixpath.normpath(full)
        return full, full[len(folder) + 1 :] if full.startswith(f"{folder}/") else None


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the program takes a root as a plan would leave it."""

    view: View
    program: Program
    changes: Sequence[Change[Any]]
    before: Files
    after: Files
    touched: frozenset[str]
    outcome: Rehearsal
    unseen: tuple[str, ...] = ()

    def answer(self) -> Confirmation:
        broken: dict[str, Refusal] = {}
        while True:
            after = self._said(self.after, broken, self.outcome)
            if after.ok is not False:
                return self._confirmation(after.ok, after.text, broken)
            before = self._said(self.before, broken)
            if before.ok is None:
                return self._confirmation(None, before.text, broken)
            refused = self.view.how.refusal(after.text)
            standing = Refusal("", ()) if before.ok else self.view.how.refusal(before.text)
            others = {r.path: r for r in (refused, standing) if r.path and r.path not in self.touched}
            if before.ok or not others or len(broken) + len(others) > MOST_BROKEN:
                return self._judged(refused, standing, bool(before.ok), {**broken, **others})
            broken.update(others)

    def _judged(self, refused: Refusal, standing: Refusal, good: bool, broken: Mapping[str, Refusal]) -> Confirmation:
        """`good`: it is not refused as it stands."""
        name, blame = self.view.root.name, Blame(self.view.root.name, self._by, self.view.show)
        same = refused.path == standing.path and {*refused.issues} <= {*standing.issues}
        if not good and (same or (refused.path in broken and refused.path)):
            problems = [already(r, blame) for r in {**broken, refused.path: refused}.values()]
            return Confirmation(name, self._by, None, f"{self._by} refuses what stands there already", tuple(problems))
        return Confirmation(name, self._by, False, "", blame.problems(refused, self.changes))

    def _said(self, files: Files, broken: Mapping[str, Refusal], outcome: Rehearsal | None = None) -> Said:
        asked = {path: content for path, content in files.items() if path not in broken}
        how, programs = self.view.how, self.view.asking.programs
        copy = self.view.staged(asked, outcome)
        return programs.ask(
            self.program, how.arguments, copy, lambda said: bool(said.ok or how.refusal(said.text).path)
        )

    def _confirmation(self, ok: bool | None, why: str, broken: Mapping[str, Refusal]) -> Confirmation:
        blame = Blame(self.view.root.name, self._by, self.view.show)
        unread = f"without {', '.join(f'`{path}`' for path in self.unseen)}, which can't be read" if self.unseen else ""
        apart = "apart from what it refuses already" if broken else ""
        text = f"{self._by}: {why}" if ok is None else "; ".join(part for part in (apart, unread) if part)
        return Confirmation(self.view.root.name, self._by, ok, text, tuple(already(r, blame) for r in broken.values()))

    @property
    def _by(self) -> str:
        return f"{self.view.how.program} {self.program.version}"
