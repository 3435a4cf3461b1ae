"""What moved since all was in step (app/grounding.py) → the part of desired state that must be looked at, and its plan.
Looks.

A narrow look answers as a whole one, or not at all: wherever what moved may matter to something else, or anything is to
be told of it, all is looked at (docs/adr/0016).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import registry
from reconciler.app import opencode_schema, planning
from reconciler.app.grounding import ALONE, SOURCES, offered, plain, sides, stands
from reconciler.model.change import Plan
from reconciler.model.problem import Invalid, Origin, Problem, Severity
from reconciler.model.resource import Loaded, Ref, Still
from reconciler.pipeline.load import load, load_all
from reconciler.pipeline.references import Names

if TYPE_CHECKING:
    from reconciler.app.session import App
    from reconciler.world.baseline import Ground, Since

Reads = Callable[..., Loaded]
SETTINGS = "desired-state/reconcile.yaml"
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
    (changed, live), (lost, gone) = (sides(paths, ground.top) for paths in swept)
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


def _listed(app: App, since: Since, gone: Collection[str]) -> bool:
    """Whether the same names stand below the roots as did, but for files of ours that are gone."""
    if not all(since.ground.live.get(path) for path in gone):
        return False
    tops = tuple(f"{since.ground.top}/{folder}" for folder in SOURCES)
    if all(f"{folder}/".startswith(tops) for folder in since.moved("folders")):
        return not gone
    return stands(app, lambda root: app.world.scan(root.name, root.skip)) == since.ground.live.keys() - set(gone)


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
    if offered(app, loaded) != ground.offered:
        return None
    if not plain(loaded) or {r.ref for r in loaded.resources if r.ref.kind in ALONE} != moved:
        return None
    left = len({*ground.sources.values()} - {""}) - len(moved)
    return replace(loaded, problems=told, still=Still(ALONE, moved, left))
