"""Documents of a repository: which are stale, what departs from its standard, how all hangs together. Looks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.app.doc_links import Links
from reconciler.app.rendered import remembered
from reconciler.app.session import App
from reconciler.app.sighted import sights
from reconciler.formats import markdown_page
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import Claim, File, Layout, Loaded, Target
from reconciler.model.standard import Types
from reconciler.model.world import Unreadable
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
from reconciler.world.markdown_files import SUFFIXES, MarkdownFiles

KIND = "document"
HERE = "repository"


def concern(app: App, loaded: Loaded) -> bool:
    """Whether there are documents, or outputs of some that git names no more."""
    ours = (row.ref.kind == KIND for row in app.journal.recorded() if row.repo == app.repo)
    return any(resource.ref.kind == KIND for resource in loaded.resources) or any(ours)


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


def stale(app: App, loaded: Loaded, which: str, *, astray: bool = True) -> list[Problem]:
    """Outputs in this repository that are not what they would be rendered as, in the work tree or in the index. One
    that shows what stands on a machine is not judged in the index, where it may be another machine's."""
    observed = (
        {r.ref for r in loaded.resources if r.ref.kind == KIND and r.spec.observed} if which == "index" else set()
    )
    ours = [t for t in targets(app, loaded) if t.claim.root == HERE and t.ref not in observed]
    stands, apart = _standing(app, which, list(dict.fromkeys(target.claim.path for target in ours)))
    judged = (target for target in ours if target.claim.path not in apart)
    problems = [problem for problem in apart.values() if problem is not None and astray]
    problems += [_stale(t, which, stands.get(t.claim.path)) for t in judged if not _same(t, stands.get(t.claim.path))]
    return problems


def _standing(app: App, which: str, paths: Sequence[str]) -> tuple[Mapping[str, File], Mapping[str, Problem | None]]:
    """What stands at each path; and where nothing can be judged: why, None where no commit takes it."""
    if not paths:
        return {}, {}
    if which != "work":
        stands = app.here.contents(which, paths)
        return stands, dict.fromkeys(app.here.left_out([path for path in paths if path not in stands]))
    found: dict[str, File] = {}
    astray: dict[str, Problem | None] = {}
    for path in paths:
        try:
            document_state.inside(Claim(HERE, path), app.world)
            found |= app.here.contents(which, [path])
        except Unreadable as error:
            astray[path] = error.problem
    return found, astray


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


def _stale(target: Target[Any], which: str, file: File | None) -> Problem:
    try:
        if target.claim.item and file is not None and target.claim.item[1] not in owned_region.find(file.content):
            return owned_region.lacking(target.claim.item[1], file.content, target.claim.path)
    except owned_region.Broken as broken:
        return Problem(Origin(target.claim.path, broken.line, 1), broken.text, broken.hint)
    part = f"its region `{target.claim.item[1]}`" if target.claim.item else "it"
    staged = f", then `git add {target.claim.path}`" if which == "index" else ""
    text = f"stale: {target.ref} renders {part} otherwise now"
    return Problem(Origin(target.claim.path), text, f"`reconcile docs render`{staged}")


def check(app: App, loaded: Loaded) -> list[Problem]:
    """Stale outputs, departures from standards, and broken links: in this repository, and in that around the folder of
    each server."""
    types = document_types.known(loaded.settings)
    problems = [*stale(app, loaded, "work"), *_departures(app, loaded)]
    problems += Links(MarkdownFiles(app.here.folder, tracked=True), types=types).problems()
    tops = sorted(_tops(app, loaded))
    for top in tops:
        problems += Links(MarkdownFiles(top, tracked=True), f"{_short(top, app.env.home)}/", types).problems()
    return sorted({*problems, *_rendered_elsewhere(app, loaded, tops)})


def _rendered_elsewhere(app: App, loaded: Loaded, tops: Sequence[str]) -> Iterator[Problem]:
    """Links of outputs that lie in none of the repositories which are looked at, as they are rendered now."""
    within = tuple(f"{top}/" for top in tops)
    for target in targets(app, loaded):
        if target.claim.root == HERE:
            continue
        real = app.world.real(target.claim.root, target.claim.path)
        if real.startswith(within) or target.claim.item or not real.lower().endswith(SUFFIXES):
            continue
        desired: Any = target.desired
        folder, name = os.path.split(real)
        links = Links(MarkdownFiles(folder, tracked=False, listed=False), f"{_short(folder, app.env.home)}/")
        yield from links.of_text(name, desired.content.decode("utf-8", "replace"))


def check_paths(paths: Sequence[str], types: Types = document_types.TYPES) -> list[Problem]:
    """Links, regions and types of some files, or of all Markdown below some folders, in git or not. Raises Invalid."""
    if missing := [path for path in paths if not os.path.exists(path)]:
        raise Invalid(
            Problem(Origin(path), "there is no such file or folder", "name what is there") for path in missing
        )
    found: list[Problem] = []
    for path in paths:
        folder, name = (path, "") if os.path.isdir(path) else os.path.split(path)
        links = Links(MarkdownFiles(folder or ".", tracked=False), f"{folder.rstrip('/')}/" if folder else "", types)
        found += links.problems([name] if name else None)
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
