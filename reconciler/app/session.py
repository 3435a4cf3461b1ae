"""One user's home and one repository, and what every verb over them needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reconciler import registry
from reconciler.app import opencode_schema
from reconciler.model.event import Logbook
from reconciler.model.fingerprint import Codec
from reconciler.model.kind import AnyKind, Root
from reconciler.model.outcome import Journal, Run
from reconciler.model.problem import Invalid, invalid
from reconciler.model.programs import Programs
from reconciler.model.resource import Layout, Place, Source
from reconciler.model.secret import Secrets
from reconciler.model.world import Cipher, Env, Repository, Unreadable, World
from reconciler.pipeline import cycle
from reconciler.pipeline.filling import NOWHERE
from reconciler.pipeline.references import Around, Names
from reconciler.pipeline.settings import PATH, settings
from reconciler.pipeline.survey import survey

if TYPE_CHECKING:
    from reconciler.world.witness import Moment

Waiting = Callable[[str], None]


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

    def place(self, root: Root) -> Place:
        """What stands below a root: as the last look of this process found it, where there was one."""
        return self.scanned(root.name) or self.world.scan(root.name, root.skip)

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
        config = opencode_schema.current(self.env)
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

    @contextmanager
    def locked(self, verb: str, wait: bool, on_wait: Waiting) -> Iterator[None]:
        """The one lock of this HOME, which a dead process cannot hold."""
        from reconciler.world.lock import held

        with held(self._lock, f"reconcile {verb}", wait, on_wait):
            yield

    @property
    def codecs(self) -> dict[str, Codec[Any]]:
        return {kind.name: kind.codec for kind in self.kinds}

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
