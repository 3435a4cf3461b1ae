"""All in step → what the next narrow look stands on: which part of desired state each source and each file belongs to.
Looks; writes into the cache."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from reconciler import registry
from reconciler.app.standing import configured
from reconciler.model.change import Plan, Recorded
from reconciler.model.resource import Loaded, Place
from reconciler.pipeline import references

if TYPE_CHECKING:
    from reconciler.app.session import App
    from reconciler.model.kind import Root
    from reconciler.world.baseline import Ground
    from reconciler.world.witness import Rests

ALONE = frozenset(kind.name for kind in registry.KINDS if kind.alone)
FAR = frozenset({"document"})
"""Kinds that rest on more than files and their own sources."""
SOURCES = ("desired-state/", "templates/")
OVERLAID = re.compile(
    rf"desired-state/hosts/[^/]+/(?:[^/]+\Z|(?:{'|'.join(k.folder for k in registry.KINDS if k.alone)})/)"
)
"""What a machine may say of resources that rest on their own files alone."""


def keep(app: App, loaded: Loaded, plan: Plan, rests: Rests, index: bytes) -> None:
    """What the next narrow look stands on, after one that found all in step. Raises OSError, Invalid."""
    from reconciler.world import baseline

    rows = app.journal.recorded()
    foreign = any(row.repo != plan.repo for row in rows)
    if not plain(loaded) or not rests.committed or foreign:
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
    said, live = sides(rests.swept, rests.top)
    if any(OVERLAID.match(path) for path in said) or not _all_there(app, said):
        return None
    if any(row.claim.root not in folders for row in alone):
        return None
    ours = {f"{folders[row.claim.root]}/{row.claim.path}": str(row.ref) for row in alone}
    told = [(*astuple(problem.origin), problem.text, problem.hint) for problem in loaded.problems]
    named = {s.path: str(r.ref) for r in loaded.resources if r.ref.kind in ALONE for s in r.sources}
    sources = {path: named.get(path, "") for path in said if not path.endswith(("/reconcile.yaml", "/.gitattributes"))}
    standing = {path: ours.get(path, "") for path in live | stands(app, app.place)}
    return baseline.Ground(rests.top, "", sources, standing, "", told, offered(app, loaded))


def _all_there(app: App, said: Collection[str]) -> bool:
    """Whether no file of git's is kept out of the work tree."""
    from reconciler.world.git import GitRepository

    return isinstance(app.repository, GitRepository) and app.repository.tracked() <= {*said}


def plain(loaded: Loaded) -> bool:
    """Whether what each file of its own says rests on it alone."""
    return not (
        any(resource.ref.kind in FAR for resource in loaded.resources)
        or any(source.path in loaded.traces for r in loaded.resources if r.ref.kind in ALONE for source in r.sources)
        or references.renamed(loaded.resources)
    )


def offered(app: App, loaded: Loaded) -> str:
    """A digest of the agents and providers that settings have for prompts to name: git's, and those that stand here."""
    root = next(root for root in app.roots if root.name == "opencode")
    here = (" ".join(found) for found in configured(root, app.world))
    said = "\n".join(sorted({*references.offered(loaded.resources), *here}))
    return blake2b(said.encode(errors="surrogatepass"), digest_size=16, key=app.journal.key()).hexdigest()


def sides(paths: Sequence[str], top: str) -> tuple[set[str], set[str]]:
    """Those of desired state, by their paths from the top; and those below the roots."""
    ours = {path for path in paths if path.startswith(tuple(f"{top}/{folder}" for folder in SOURCES))}
    return {path.removeprefix(f"{top}/") for path in ours}, {*paths} - ours


def stands(app: App, look: Callable[[Root], Place]) -> set[str]:
    """Every file below the roots, by the name that it has there."""
    folders = ((os.path.realpath(root.path(app.env)), root) for root in app.listed)
    return {f"{folder}/{path}" for folder, root in folders for path in look(root).files}
