"""What moved since all was in step → the part of desired state that must be looked at, and its plan. Looks; keeps in
the cache what the next narrow look stands on.

A narrow look answers as a whole one, or not at all: wherever what moved may matter to something else, or anything is to
be told of it, all is looked at (docs/adr/0016).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import astuple, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from reconciler import registry
from reconciler.app import opencode_schema, planning
from reconciler.app.standing import configured
from reconciler.model.change import Plan, Recorded
from reconciler.model.problem import Invalid, Origin, Problem, Severity
from reconciler.model.resource import Loaded, Place, Ref, Still
from reconciler.pipeline import references
from reconciler.pipeline.load import load, load_all
from reconciler.pipeline.references import Names

if TYPE_CHECKING:
    from reconciler.app.session import App
    from reconciler.model.kind import Root
    from reconciler.world.baseline import Ground, Since
    from reconciler.world.witness import Rests

Reads = Callable[..., Loaded]
ALONE = frozenset(kind.name for kind in registry.KINDS if kind.alone)
FAR = frozenset({"document"})
"""Kinds that rest on more than files and their own sources."""
SETTINGS = "desired-state/reconcile.yaml"
SOURCES = ("desired-state/", "templates/")
OVERLAID = re.compile(
    rf"desired-state/hosts/[^/]+/(?:[^/]+\Z|(?:{'|'.join(k.folder for k in registry.KINDS if k.alone)})/)"
)
"""What a machine may say of resources that rest on their own files alone."""
OFFERING = re.compile(r"desired-state/hosts/[^/]+/opencode/")
OFFERED = re.compile(rb"agent|mode\b|provider|\\")
"""Signs that settings say which agents and providers there are."""
MOST = 2_000
"""Sources that git is asked for by name; beyond, a whole look is as quick."""


def narrow(app: App, every_host: bool = False) -> tuple[Loaded, Plan] | None:
    """What desired state says of all that moved, and the plan for it; None where all must be looked at. `every_host`:
    so it is too where any machine would have a problem."""
    with suppress(Invalid):
        loaded = _loaded(app, load_all if every_host else load)
        plan = planning.plan(app, loaded=loaded) if loaded is not None else None
        if loaded is not None and plan is not None and plan.problems == loaded.problems:
            return loaded, plan
    return None


def _loaded(app: App, reads: Reads) -> Loaded | None:
    from reconciler.world import baseline

    since = baseline.read()
    if since is None or app.posing or app.repository is None or not since.holds:
        return None
    moved = _moved(app, since)
    return None if moved is None else _of(app, since.ground, *moved, reads)


def _moved(app: App, since: Since) -> tuple[set[str], set[str]] | None:
    """The sources that moved, and all resources of which something did; None where more than contents changed."""
    from reconciler.world import baseline
    from reconciler.world.git import GitRepository

    ground, repository = since.ground, app.repository
    swept = baseline.sweep(since)
    if swept is None or not isinstance(repository, GitRepository) or repository.folder != ground.top:
        return None
    (changed, live), (lost, gone) = (_sides(paths, ground.top) for paths in swept)
    varied = any(path.startswith(f"{app.env.state}/") for path in since.moved("varying"))
    if lost or (varied and app.journal.digest() != ground.rows) or not _listed(app, since, gone):
        return None
    edited = repository.edited(ground.commit)
    sources = changed | (edited or set())
    live |= gone
    if edited is None or not (sources <= ground.sources.keys() and live <= ground.live.keys()):
        return None
    refs = {*(ground.sources[path] for path in sources), *(ground.live[path] for path in live), *ground.applied}
    if "" in refs and ground.problems:
        return None  # settings may have mended what a prompt was warned of
    return sources, refs - {""}


def _sides(paths: Sequence[str], top: str) -> tuple[set[str], set[str]]:
    """Those of desired state, by their paths from the top; and those below the roots."""
    ours = {path for path in paths if path.startswith(tuple(f"{top}/{folder}" for folder in SOURCES))}
    return {path.removeprefix(f"{top}/") for path in ours}, {*paths} - ours


def _listed(app: App, since: Since, gone: Collection[str]) -> bool:
    """Whether the same names stand below the roots as did, but for files of ours that are gone."""
    if not all(since.ground.live.get(path) for path in gone):
        return False
    tops = tuple(f"{since.ground.top}/{folder}" for folder in SOURCES)
    if all(f"{folder}/".startswith(tops) for folder in since.moved("folders")):
        return not gone
    return _stands(app, lambda root: app.world.scan(root.name, root.skip)) == since.ground.live.keys() - set(gone)


def _stands(app: App, look: Callable[[Root], Place]) -> set[str]:
    """Every file below the roots, by the name that it has there."""
    folders = ((os.path.realpath(root.path(app.env)), root) for root in app.listed)
    return {f"{folder}/{path}" for folder, root in folders for path in look(root).files}


def _of(app: App, ground: Ground, sources: Collection[str], refs: Collection[str], reads: Reads) -> Loaded | None:
    """What desired state says of these, and of all that is no file of its own."""
    from reconciler.world.git import GitRepository

    wanted = {path for path, ref in ground.sources.items() if not ref or ref in refs} | {SETTINGS}
    if len(wanted) > MOST or not isinstance(app.repository, GitRepository):
        return None
    opencode_schema.judge(app.env)
    tree = app.repository.some(sorted(wanted | set(sources)))
    if tree.problems or any(OFFERING.match(s.path) and OFFERED.search(s.file.content) for s in tree.sources):
        return None

    def standing() -> Names:
        here = app.standing()
        named = {Ref.parse(ref).name: "" for ref in ground.sources.values() if ref.startswith("agent/")}
        return Names({**named, **here.agents}, here.providers)

    loaded = reads(tree, app.kinds, registry.PENDING, app.host, standing=standing, survey=app.survey)
    moved = frozenset(map(Ref.parse, refs))
    told = tuple(Problem(Origin(*said[:3]), *said[3:], Severity.WARNING) for said in ground.problems)
    if loaded.problems != tuple(problem for problem in told if problem.origin.path in wanted):
        return None
    if _offered(app, loaded) != ground.offered:
        return None
    if not _plain(loaded) or {r.ref for r in loaded.resources if r.ref.kind in ALONE} != moved:
        return None
    left = len({*ground.sources.values()} - {""}) - len(moved)
    return replace(loaded, problems=told, still=Still(ALONE, moved, left))


def _plain(loaded: Loaded) -> bool:
    """Whether what each file of its own says rests on it alone."""
    return not (
        any(resource.ref.kind in FAR for resource in loaded.resources)
        or any(source.path in loaded.traces for r in loaded.resources if r.ref.kind in ALONE for source in r.sources)
        or references.renamed(loaded.resources)
    )


def _offered(app: App, loaded: Loaded) -> str:
    """A digest of the agents and providers that settings have for prompts to name: git's, and those that stand here."""
    root = next(root for root in app.roots if root.name == "opencode")
    here = (" ".join(found) for found in configured(root, app.world))
    said = "\n".join(sorted({*references.offered(loaded.resources), *here}))
    return blake2b(said.encode(errors="surrogatepass"), digest_size=16, key=app.journal.key()).hexdigest()


def keep(app: App, loaded: Loaded, plan: Plan, rests: Rests, index: bytes) -> None:
    """What the next narrow look stands on, after one that found all in step. Raises OSError, Invalid."""
    from reconciler.world import baseline

    rows = app.journal.recorded()
    foreign = any(row.repo != plan.repo for row in rows)
    if not _plain(loaded) or not rests.committed or foreign:
        return
    ground = _ground(app, loaded, rows, rests)
    if ground is not None:
        ground = replace(ground, commit=plan.revision.commit, rows=app.journal.digest(), applied=())
        baseline.keep(ground, rests, app.opened, index)


def _ground(app: App, loaded: Loaded, rows: Sequence[Recorded], rests: Rests) -> Ground | None:
    from reconciler.world import baseline

    if loaded.still is not None:
        since = baseline.read()
        return since.ground if since is not None and since.ground.top == rests.top else None
    folders = {root.name: os.path.realpath(root.path(app.env)) for root in app.listed}
    alone = [row for row in rows if row.ref.kind in ALONE]
    said, live = _sides(rests.swept, rests.top)
    if any(OVERLAID.match(path) for path in said) or not _all_there(app, said):
        return None
    if any(row.claim.root not in folders for row in alone):
        return None
    ours = {f"{folders[row.claim.root]}/{row.claim.path}": str(row.ref) for row in alone}
    told = [(*astuple(problem.origin), problem.text, problem.hint) for problem in loaded.problems]
    named = {s.path: str(r.ref) for r in loaded.resources if r.ref.kind in ALONE for s in r.sources}
    sources = {path: named.get(path, "") for path in said if not path.endswith(("/reconcile.yaml", "/.gitattributes"))}
    stands = {path: ours.get(path, "") for path in live | _stands(app, app.place)}
    return baseline.Ground(rests.top, "", sources, stands, "", told, _offered(app, loaded))


def _all_there(app: App, said: Collection[str]) -> bool:
    """Whether no file of git's is kept out of the work tree."""
    from reconciler.world.git import GitRepository

    return isinstance(app.repository, GitRepository) and app.repository.tracked() <= {*said}
