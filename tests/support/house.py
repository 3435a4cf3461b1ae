"""A house in memory: files, a journal and desired state, with the verbs over them. For the laws' speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler import registry
from reconciler.model.change import Plan
from reconciler.model.kind import AnyKind
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import File, Loaded, Revision, Source
from reconciler.model.world import Tree, Unreadable
from reconciler.pipeline import cycle
from reconciler.pipeline.apply import Result, apply
from reconciler.pipeline.entire import halved
from reconciler.pipeline.hands import Hands
from reconciler.pipeline.load import load
from reconciler.pipeline.resume import resume
from reconciler.pipeline.settle import settle
from reconciler.world.memory import MemoryWorld
from reconciler.world.store import Store

TOP = "/home/me/repo"
ROOTS = {"opencode": "/home/me/.config/opencode", "zed": "/home/me/.config/zed", "repository": TOP, "projects": ""}
Files = Mapping[str, str | None]


def file(text: str) -> File:
    """Text → a file; a first line `#!` makes it executable."""
    return File(text.encode(), text.startswith("#!"))


def split(path: str) -> tuple[str, str]:
    """`opencode/agents/a.md` → root and path."""
    root, _, inside = path.partition("/")
    return root, inside


def from_top(path: str) -> str:
    """A path of desired state, or `../templates/x`, from the repository's top."""
    return path.removeprefix("../") if path.startswith("../") else f"desired-state/{path}"


class KnownSecrets:
    """Secrets in a dict by their references; `asked` are those whose value was taken."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.asked: list[str] = []

    def glance(self, reference: str) -> str | None:
        return self.known.get(reference) if reference.startswith(("env:", "file:")) else None

    def value(self, reference: str) -> str:
        if reference not in self.known:
            raise Unreadable(Problem(Origin(reference), f"`{reference}` is not set here", "set it"))
        self.asked.append(reference)
        return self.known[reference]

    def asking(self) -> KnownSecrets:
        return self


class House:
    """One home and one repository in memory."""

    def __init__(
        self, home: Files, kinds: tuple[AnyKind, ...] = registry.KINDS, secrets: Mapping[str, str] | None = None
    ) -> None:
        self.kinds = kinds
        self.secrets = KnownSecrets(dict(secrets or {}))
        self.world = MemoryWorld(ROOTS, {split(p): file(t) for p, t in home.items() if t is not None}, "/home/me")
        self.journal = Store.memory(b"k" * 32, ROOTS, "/home/me")
        known = (self.world, self.journal, "repo", "laptop", "/home/me")
        self.eyes = cycle.Eyes(kinds, registry.roots(TOP), *known, glance=self.secrets.glance)

    def loaded(self, git: Files) -> Loaded:
        sources = tuple(Source(from_top(p), file(t)) for p, t in sorted(git.items()) if t is not None)
        return load(Tree(Revision("commit", "3f2c1ab", "main"), sources), self.kinds, registry.PENDING, "laptop")

    def plan(self, git: Files, force: Sequence[str] = ()) -> Plan:
        return cycle.propose(self.loaded(git), self.eyes, force=force)

    def apply(self, plan: Plan) -> Result:
        refused = halved(plan, registry.ROOTS, self.kinds, self.world, self.journal.key())
        return apply(plan, self.hands, verb="apply", folder="/repo", refused=refused)

    @property
    def hands(self) -> Hands:
        return Hands(self.kinds, self.world, self.journal, self.secrets)

    def settle(self) -> None:
        """What every verb that plans does first."""
        for run in self.journal.runs():
            if not run.ended:
                settle(run.id, self.hands)
                self.journal.finish(run.id)

    def resume(self) -> Result:
        [run] = [run for run in self.journal.runs() if not run.ended]
        return resume(run.id, self.hands, self.journal, registry.ROOTS)[0]

    def take_back(self, run: int) -> Result:
        return self.apply(cycle.take_back(run, Revision("commit", "3f2c1ab", "main"), self.eyes))

    def hand_back(self) -> Result:
        return self.apply(cycle.hand_back((), Revision("commit", "3f2c1ab", "main"), self.eyes))

    def edit(self, edits: Files) -> None:
        """By hand; None removes."""
        for path, text in edits.items():
            if text is None:
                del self.world.files[split(path)]
            else:
                self.world.files[split(path)] = file(text)

    @property
    def modes(self) -> dict[str, int | None]:
        return {f"{root}/{path}": self.world.mode(root, path) for root, path in self.world.files}

    @property
    def home(self) -> dict[str, bytes]:
        return {f"{root}/{path}": f.content for (root, path), f in self.world.files.items()}
