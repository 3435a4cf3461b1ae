"""Documents of a repository: which are stale, what departs from its standard, how all hangs together. Looks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from reconciler.app.doc_links import Links
from reconciler.app.rendered import remembered
from reconciler.app.session import App
from reconciler.app.sighted import sights
from reconciler.formats import markdown_page
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import File, Layout, Loaded, Target
from reconciler.model.standard import Types
from reconciler.pipeline import aim
from reconciler.pipeline.survey import survey
from reconciler.shapes import (
    document_rendering,
    document_standards,
    document_state,
    document_targets,
    document_types,
    owned_region,
)
from reconciler.world import git
from reconciler.world.markdown_files import MarkdownFiles

KIND = "document"
HERE = "repository"


def targets(app: App, loaded: Loaded) -> Sequence[Target[Any]]:
    """Every output of every document, rendered. Raises Invalid."""
    rows = [row for row in app.journal.recorded() if row.repo == app.repo]
    layout = replace(survey(app.roots, app.world, rows, home=app.env.home), sights=sights(app, loaded))
    with remembered(app.env, loaded):
        aimed = aim.aim(loaded, layout, app.kinds, app.roots)
    found: Sequence[Target[Any]] = [target for target in aimed if target.ref.kind == KIND]
    return found


def mistakes(app: App, loaded: Loaded, *, portable: bool) -> list[Problem]:
    """What is wrong with documents; `portable`: on any machine that has just this home."""
    if portable:
        return list(document_targets.mistakes(loaded, Layout({}, home=app.env.home), {}))
    layout = survey(app.roots, app.world, home=app.env.home)
    with remembered(app.env, loaded):
        return list(document_targets.mistakes(loaded, layout, document_rendering.MEMORY))


def stale(app: App, loaded: Loaded, which: str) -> list[Problem]:
    """Outputs in this repository that are not what they would be rendered as, in the work tree or in the index. One
    that shows what stands on a machine is not judged in the index, where it may be another machine's."""
    observed = (
        {r.ref for r in loaded.resources if r.ref.kind == KIND and r.spec.observed} if which == "index" else set()
    )
    ours = [t for t in targets(app, loaded) if t.claim.root == HERE and t.ref not in observed]
    stands = app.here.contents(which, [target.claim.path for target in ours]) if ours else {}
    return [_stale(target, which) for target in ours if not _same(target, stands.get(target.claim.path))]


def _same(target: Target[Any], file: File | None) -> bool:
    if file is None:
        return False
    desired: Any = target.desired
    if not target.claim.item:
        return bool(file.content == desired.content)
    try:
        region = owned_region.region(file.content, target.claim.item[1])
    except owned_region.Broken:
        return False
    return region is not None and document_state.value(region) == document_state.value(desired)


def _stale(target: Target[Any], which: str) -> Problem:
    part = f"region `{target.claim.item[1]}` is" if target.claim.item else "is"
    staged = f", then `git add {target.claim.path}`" if which == "index" else ""
    text = f"{target.ref}: {part} not what its template and its inputs make now"
    return Problem(Origin(target.claim.path), text, f"`reconcile docs render`{staged}")


def check(app: App, loaded: Loaded) -> list[Problem]:
    """Stale outputs, departures from standards, and broken links: in this repository, and in that around the folder of
    each server."""
    types = document_types.known(loaded.settings)
    problems = [*stale(app, loaded, "work"), *_departures(app, loaded)]
    problems += Links(MarkdownFiles(app.here.folder, tracked=True), types=types).problems()
    for top in sorted(_tops(app, loaded)):
        problems += Links(MarkdownFiles(top, tracked=True), f"{_short(top, app.env.home)}/", types).problems()
    return sorted(set(problems))


def check_paths(paths: Sequence[str], types: Types = document_types.TYPES) -> list[Problem]:
    """Links, regions and types of the Markdown below some folders, in git or not."""
    found: list[Problem] = []
    for path in paths:
        found += Links(MarkdownFiles(path, tracked=False), f"{path.rstrip('/')}/", types).problems()
    return sorted(set(found))


def _departures(app: App, loaded: Loaded) -> Iterator[Problem]:
    types = {r.ref: r.spec.type for r in loaded.resources if r.ref.kind == KIND and r.spec.type}
    for target in targets(app, loaded):
        if target.ref in types and not target.claim.item:
            desired: Any = target.desired
            page = markdown_page.parse(desired.content.decode("utf-8", "replace"))
            where = (
                target.claim.path if target.claim.root == HERE else app.world.show(target.claim.root, target.claim.path)
            )
            known = document_types.known(loaded.settings)
            yield from document_standards.departures(page, types[target.ref], where, known)


def _tops(app: App, loaded: Loaded) -> set[str]:
    """The repositories around the folders of servers. Home itself is nobody's project."""
    found = set()
    for resource in loaded.resources:
        if resource.ref.kind == "server":
            folder = os.path.expanduser(resource.spec.serving.launch.path)
            top = git.find(folder) if folder and os.path.isdir(folder) else None
            if top and top not in (os.path.realpath(app.here.folder), os.path.realpath(app.env.home)):
                found.add(top)
    return found


def _short(path: str, home: str) -> str:
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path


def graph(loaded: Loaded) -> list[tuple[str, str, str]]:
    """(from, how, to): documents to what they are rendered from and into, resources to those they name."""
    facts = document_targets.facts(document_targets.Once(loaded, None))
    edges: list[tuple[str, str, str]] = []
    for resource in loaded.resources:
        ref = str(resource.ref)
        if resource.ref.kind == KIND:
            edges.append((ref, "rendered from", f"templates/{resource.spec.template}"))
            for output, item in document_targets.outputs(resource.spec, loaded):
                where = output.at(item) if output.place == HERE else f"{output.place}:{output.at(item)}"
                edges.append((ref, "writes", f"{where}#{output.region}" if output.region else where))
        edges += [(ref, "names", other) for other in facts.answer(("links", ref))]
    return edges
