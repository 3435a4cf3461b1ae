"""One user's home and one repository, and the verbs over them: pipeline, kinds and a world joined."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reconciler import registry
from reconciler.app import schemas
from reconciler.app.cautious import cautious
from reconciler.app.narrowing import ALONE, narrow
from reconciler.app.rendered import remembered
from reconciler.app.sighted import sights
from reconciler.app.template_mistakes import judging
from reconciler.model.change import Cause, Change, Plan
from reconciler.model.event import Logbook
from reconciler.model.fingerprint import Codec
from reconciler.model.kind import AnyKind, Root
from reconciler.model.outcome import Journal, Run
from reconciler.model.problem import Invalid, Problem, invalid
from reconciler.model.programs import Programs
from reconciler.model.resource import Claim, Layout, Loaded, Place, Ref, Revision, Source
from reconciler.model.secret import Secrets
from reconciler.model.world import Cipher, Env, Repository, Unreadable, World
from reconciler.pipeline import cycle, naming
from reconciler.pipeline.apply import Result, apply
from reconciler.pipeline.entire import halved
from reconciler.pipeline.filling import NOWHERE
from reconciler.pipeline.hands import Hands
from reconciler.pipeline.load import Memo, load, load_all
from reconciler.pipeline.references import Around, Names, nobody
from reconciler.pipeline.resume import resume
from reconciler.pipeline.settings import PATH, settings
from reconciler.pipeline.settle import clear, settle
from reconciler.pipeline.shielding import shield
from reconciler.pipeline.survey import survey

if TYPE_CHECKING:
    from reconciler.world.witness import Moment

Waiting = Callable[[str], None]
Progress = Callable[[int, int], None]


def nowhere(root: str) -> Place | None:
    """No scan is remembered."""
    return None


@dataclass(frozen=True)
class App:
    """Everything a verb needs. `repository` is None where a verb can do without; `posing`: the machine we act as if
    this were, "" for this very one; `opened`: when the look at this machine began; `named`: the repository's id, where
    it is known already; `scanned`: what the last scan of a root found, where that is remembered."""

    env: Env
    repository: Repository | None
    world: World
    journal: Journal
    cipher: Cipher
    programs: Programs
    book: Logbook
    opened: Moment
    kinds: tuple[AnyKind, ...] = registry.KINDS
    roots: tuple[Root, ...] = registry.ROOTS
    posing: str = ""
    named: str = ""
    secrets: Secrets = NOWHERE
    scanned: Callable[[str], Place | None] = nowhere

    @property
    def listed(self) -> tuple[Root, ...]:
        """The roots of which every file is looked at."""
        return tuple(root for root in self.roots if root.listed)

    @property
    def host(self) -> str:
        """The machine whose overlay counts."""
        return self.posing or self.env.host

    def as_host(self, name: str | None) -> App:
        """The same as if this machine were called `name`."""
        return replace(self, posing=name) if name and name != self.env.host else self

    def asking(self, wished: bool = True) -> App:
        """The same, with a glance at secrets that asks keyrings, age and programs too."""
        return replace(self, secrets=self.secrets.asking()) if wished else self

    @property
    def here(self) -> Repository:
        """The repository, for the verbs that need one. Raises Invalid."""
        if self.repository is None:
            raise invalid("repository", "no desired-state repository found", "`cd` into it, or name it with `-C DIR`")
        return self.repository

    def load(self, which: str = "work", memo: Memo | None = None) -> Loaded:
        """What "work", "index" or a commit says; `memo` keeps what was read, for the next load. Raises Invalid with
        every problem."""
        schemas.judge(self.env)
        tree = self.here.tree(which)
        return load(tree, self.kinds, registry.PENDING, self.host, memo, self.standing, self.survey)

    def load_all(self, which: str = "work", *, portable: bool = False) -> Loaded:
        """The same, with the problems that any machine would have with its overlay, and what only this machine can tell
        of references; `portable`: without that. Raises Invalid."""
        schemas.judge(self.env)
        tree = self.here.tree(which)
        standing, survey = (nobody, None) if portable else (self.standing, self.survey)
        loaded = load_all(tree, self.kinds, registry.PENDING, self.host, standing, survey, judging(self, portable))
        if portable or self.posing:
            return loaded
        root = next(root for root in self.roots if root.name == "opencode")
        unmet = cycle.unmet(loaded, root.path(self.env), self.around)
        return replace(loaded, problems=tuple(sorted({*loaded.problems, *unmet})))

    def survey(self) -> Layout:
        """What stands below the roots."""
        return survey(self.roots, self.world)

    def standing(self) -> Names:
        """What desired state may refer to though git does not name it."""
        from reconciler.app.standing import standing

        root = next(root for root in self.roots if root.name == "opencode")
        try:
            recorded = self.journal.recorded()
        except Invalid:  # whoever needs the state says so
            recorded = ()
        return standing(root, self.world, recorded)

    @property
    def judged_by(self) -> str:
        """The schema of the installed OpenCode, where desired state is judged by that; "" for the packaged one."""
        config = schemas.current(self.env)
        return config.told if config.installed else ""

    @cached_property
    def repo(self) -> str:
        """The repository's id: the one in reconcile.yaml, or its real path."""
        if self.named:
            return self.named
        try:
            file = self.here.read(PATH)
            return settings(file and Source(PATH, file)).id or self.here.folder
        except (Invalid, Unreadable):
            return self.here.folder

    def eyes(self, repo: str) -> cycle.Eyes:
        here = self.env.host if self.posing else ""
        return cycle.Eyes(
            self.kinds, self.roots, self.world, self.journal, repo, self.host, self.env.home, here, self.around,
            self.secrets.glance,
        )  # fmt: skip

    @property
    def around(self) -> Around:
        """What only this machine can tell of the references in desired state."""
        return Around(self.env.home, self.env.variables, os.path.exists)

    def plan(
        self,
        which: str = "work",
        targets: Sequence[str] = (),
        force: Sequence[str] = (),
        loaded: Loaded | None = None,
        allow_delete: int = 0,
    ) -> Plan:
        """What would change and why; more objects than are plausible go only as far as `allow_delete` says. Raises
        Invalid."""
        loaded = loaded or self.load(which)
        repo = loaded.settings.id or self.here.folder
        eyes = replace(self.eyes(repo), sights=sights(self, loaded))
        with remembered(self.env, loaded):
            plan = cycle.propose(loaded, eyes, only=targets, force=force, allow_delete=allow_delete)
        return replace(plan, problems=(*plan.problems, *self._limits(loaded)))

    def proposal(
        self,
        which: str = "work",
        targets: Sequence[str] = (),
        force: Sequence[str] = (),
        allow_delete: int = 0,
        *,
        every_host: bool = False,
        whole: bool = False,
    ) -> tuple[Loaded, Plan]:
        """What desired state says, and the plan for it. Where all was in step a while ago, only of what moved since;
        `whole`: of everything. `every_host`: with the problems that any machine would have. Raises Invalid."""
        if which == "work" and not (targets or force or whole or allow_delete != 0):
            found = narrow(self, every_host)
            if found is not None:
                return found
        loaded = self.load_all(which) if every_host else self.load(which)
        return loaded, self.plan(which, targets, force, loaded, allow_delete)

    def _limits(self, loaded: Loaded) -> Sequence[Problem]:
        """Warnings about limits that servers pass together."""
        if self.posing or all(resource.ref.kind != "orchestration" for resource in loaded.resources):
            return ()
        from reconciler.app.limits import passed

        return tuple(passed(self, loaded))

    def documented(self, loaded: Loaded) -> bool:
        """Whether documents are declared: what is committed of them counts too."""
        return any(resource.ref.kind == "document" for resource in loaded.resources)

    def stale(self, loaded: Loaded, which: str) -> Sequence[Problem]:
        """Documents in this repository that are not as they would be rendered. Raises Invalid."""
        from reconciler.app import documents

        return documents.stale(self, loaded, which) if self.documented(loaded) else ()

    def remember(self, verb: str, directory: str | None, loaded: Loaded, plan: Plan, text: str) -> None:
        """Has the same answer given at once until something moves, where there is nothing to do."""
        if plan.changes:
            return
        from reconciler.app.remembering import remember

        remember(self, verb, directory, loaded, plan, text)

    def confirmed(self, plan: Plan, *, ask: bool = True) -> Plan:
        """The plan with what the real programs say of its outcome; `ask` False: that nobody asked them."""
        from reconciler.pipeline.confirm import Asking, confirm

        key, watch = self.journal.key(), shield(self.journal.veiled(), self.codecs, self.journal.content)
        watch.veiled.update((change.claim, change.after) for change in plan.changes if change.veiled)
        asking = Asking(self.kinds, self.roots, self.world, key, self.env, self.programs, watch)
        return cautious(replace(plan, confirmed=confirm(plan, asking, ask=ask)))

    def apply(
        self,
        plan: Plan,
        *,
        verb: str = "apply",
        wait: bool = True,
        on_wait: Waiting = lambda holder: None,
        progress: Progress = lambda done, total: None,
        again: Callable[[], Plan] | None = None,
        since: int = 0,
    ) -> Result:
        """Does what the plan allows; what `again` makes of it, where another run came first: after `since`, the newest
        run when it was planned. Raises Invalid where another run holds the lock and we may not wait."""
        _refuse(plan)
        if not plan.due and not plan.bookkeeping:
            self._pin(plan, verb)
            return Result(None)
        waited: list[str] = []

        def told(holder: str) -> None:
            waited.append(holder)
            on_wait(holder)

        with self.locked(verb, wait, told):
            folder = self.repository.folder if self.repository else plan.repo
            hands = self._hands()
            if again is not None and (waited or self.newest_run != since):
                self.cipher.forget()
                plan = again()
                _refuse(plan)
            if self._unsettled:
                self._closed(hands)
                plan = self._less_known(plan)
            renew = self._narrowly(plan)
            refused = halved(plan, self.roots, self.kinds, self.world, self.journal.key())
            result = apply(plan, hands, verb=verb, folder=folder, progress=progress, refused=refused)
            self._pin(plan, verb)
            self._regain(plan.repo)
            renew()
            if plan.history is not None:
                self.journal.thin(plan.history)
        return result

    def _narrowly(self, plan: Plan) -> Callable[[], None]:
        """What is called after a run, so that the next look can be a narrow one too. Under the lock."""
        from reconciler.world import baseline

        since = baseline.read()
        ours = since is not None and self.repository is not None and self.repository.folder == since.ground.top
        if since is None or not ours or not since.holds or self.journal.digest() != since.ground.rows:
            return lambda: None
        rows = (row for change in plan.changes for row in (change, change.recorded) if row is not None)
        applied = {str(row.ref) for row in rows if row.ref.kind in ALONE}

        def renew() -> None:
            with suppress(OSError):
                baseline.renew(since, self.journal.digest(), applied)

        return renew

    def _regain(self, repo: str) -> None:
        """The loss of a state is over once nothing that git names is unknown any more."""
        if not self.journal.lost(repo) or self.repository is None:
            return
        with suppress(Invalid):
            if all(c.cause is not Cause.UNKNOWN for c in cycle.propose(self.load(), self.eyes(repo)).changes):
                self.journal.regain(repo)

    def _hands(self) -> Hands:
        return Hands(self.kinds, self.world, self.journal, self.secrets)

    def settle(
        self, *, wait: bool = True, on_wait: Waiting = lambda holder: None
    ) -> tuple[Sequence[Run], Sequence[Problem]]:
        """Closes runs that something stopped, and clears up what others left, before anything is planned on what they
        did: those that were, and what had to stay beside the files they were about."""
        if not self._unsettled:
            return (), ()
        with self.locked("settle", wait, on_wait):
            runs = self.open_runs()
            return runs, self._closed(self._hands())

    def _closed(self, hands: Hands) -> Sequence[Problem]:
        problems: list[Problem] = []
        for run in self.open_runs():
            problems += settle(run.id, hands)
            self.journal.finish(run.id)
        return tuple(dict.fromkeys([*problems, *clear(self.world, self.journal)]))

    def clear(self, *, wait: bool = True, on_wait: Waiting = lambda holder: None) -> Sequence[Problem]:
        """Clears up what edits that did not go well left beside files: what had to stay."""
        if not self.journal.doubtful():
            return ()
        with self.locked("settle", wait, on_wait):
            return clear(self.world, self.journal)

    @property
    def _unsettled(self) -> bool:
        return bool(self.open_runs() or self.journal.doubtful())

    def resume(
        self,
        *,
        wait: bool = True,
        on_wait: Waiting = lambda holder: None,
        progress: Progress = lambda done, total: None,
    ) -> Sequence[tuple[Result, Sequence[Problem]]]:
        """Finishes the runs that something stopped, as they were planned; the oldest first. Raises Invalid."""
        done = []
        self.clear(wait=wait, on_wait=on_wait)
        with self.locked("resume", wait, on_wait):
            for run in sorted(self.open_runs(), key=lambda run: run.id):
                done.append(resume(run.id, self._hands(), self.journal, self.roots, progress))
                self._pin_as(run.verb, run.repo, run.revision.commit, run.title)
        return done

    def _less_known(self, plan: Plan) -> Plan:
        """The plan less the records that were made meanwhile."""
        known = {(row.claim, row.ref, row.part, row.value) for row in self.journal.recorded()}
        kept = tuple(c for c in plan.changes if not (c.action.bookkeeping and _row(c) in known))
        return replace(plan, changes=kept)

    def _pin(self, plan: Plan, verb: str) -> None:
        self._pin_as(verb, plan.repo, plan.revision.commit, plan.title)

    def _pin_as(self, verb: str, repo: str, commit: str, title: str) -> None:
        if verb == "rollback":
            self.journal.pin(repo, commit, title)
        elif verb == "apply" and self.journal.pinned(repo) is not None:
            self.journal.pin(repo, "", "")

    @contextmanager
    def locked(self, verb: str, wait: bool, on_wait: Waiting) -> Iterator[None]:
        """The one lock of this HOME, which a dead process cannot hold."""
        from reconciler.world.lock import held

        with held(self._lock, f"reconcile {verb}", wait, on_wait):
            yield

    def undo(self, run: int, force: Sequence[str] = ()) -> Plan:
        """The plan that takes a run back. Raises Invalid."""
        found = next((r for r in self.journal.runs() if r.id == run), None)
        if found is None:
            raise invalid("history", f"there is no run {run}", "see `reconcile history`")
        return cycle.take_back(run, self._revision(), self.eyes(found.repo), force)

    def release(self, refs: Sequence[str]) -> Plan:
        """The plan that hands back what stood there before it was ours. Raises Invalid."""
        owned = [row for row in self.journal.recorded() if row.repo == self.repo]
        naming.check(refs, [row.ref for row in owned], [(row.ref, row.part) for row in owned])
        return cycle.hand_back(refs, self._revision(), self.eyes(self.repo))

    def _revision(self) -> Revision:
        return self.repository.tree("work").revision if self.repository else Revision("none", "")

    @property
    def codecs(self) -> dict[str, Codec[Any]]:
        return {kind.name: kind.codec for kind in self.kinds}

    def save(self, plan: Plan) -> Iterator[str]:
        """The plan as a JSON document that holds no secret in clear, piece by piece."""
        from reconciler.formats import plan_json

        self.cipher.keep()
        return plan_json.lines(plan, self.codecs, self.cipher.seal)

    def reopen(self, text: str) -> Plan:
        """A saved plan. Raises Invalid where it is of another machine, HOME or repository, or was tampered with."""
        from reconciler.app.reopening import reopened

        return reopened(text, self)

    @property
    def leftovers(self) -> tuple[str, ...]:
        """Temporary files of runs that were stopped. One may hold an edit that was displaced: nobody removes them."""
        found = ((root.name, path) for root in self.listed for path in self.world.leftovers(root.name))
        return tuple(self.world.show(root, path) for root, path in found)

    def open_runs(self) -> Sequence[Run]:
        """Runs that have not ended: one may be at work this moment, all others were stopped."""
        return self.journal.runs(unended=True)

    @property
    def newest_run(self) -> int:
        """Its number; 0 where there was none yet."""
        return max((run.id for run in self.journal.runs()), default=0)

    @property
    def at_work(self) -> str:
        """Who holds the lock, in its own words; "" where nobody does."""
        from reconciler.world.lock import holder

        return holder(self._lock)

    @property
    def _lock(self) -> str:
        return f"{self.env.state}/reconciler/lock"


def _row(change: Change[Any]) -> tuple[Claim, Ref, str, str] | None:
    row = change.becomes
    return (row.claim, row.ref, row.part, row.value) if row else None


def _refuse(plan: Plan) -> None:
    """Raises Invalid for a plan that a program would not take."""
    if plan.refused:
        raise Invalid(problem for said in plan.confirmed if said.ok is False for problem in said.problems)
