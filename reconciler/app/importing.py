"""A home as it stands → desired state in a repository, with ownership recorded; no byte of the home changes."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler import registry
from reconciler.app import applying, linked, planning, scaffolds, schemas
from reconciler.app.opening import app
from reconciler.app.session import App
from reconciler.formats import yaml
from reconciler.formats.jsonc import pointer
from reconciler.model.change import Action
from reconciler.model.kind import Found, Left
from reconciler.model.outcome import Run
from reconciler.model.problem import Invalid, Origin, Problem, Severity, invalid
from reconciler.model.resource import Claim, File, KnownProblem, Loaded, Ref
from reconciler.model.world import Edit, Env, World
from reconciler.pipeline import aim, known, references, survey
from reconciler.pipeline.describe import Description, describe
from reconciler.pipeline.load import at_fault, load
from reconciler.pipeline.settings import PATH

REPOSITORY = "repository"
ATTRIBUTES = "# What stands here is applied byte for byte: git must not convert line ends.\n* -text\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took and what it left, with the run that recorded ownership."""

    folder: str
    found: tuple[Found, ...]
    left: tuple[Left, ...]
    written: tuple[str, ...]
    kept: int
    problems: tuple[Problem, ...]
    run: Run | None


def init(env: Env, directory: str | None) -> tuple[str, tuple[str, ...]]:
    """Starts a desired-state repository; its folder, and the paths that were written. Raises Invalid."""
    top = repository_top(env, directory)
    starters = {
        PATH: scaffolds.settings(uuid.uuid4().hex[:12]),
        "desired-state/.gitattributes": File(ATTRIBUTES.encode()),
    }
    missing = {path: file for path, file in starters.items() if not os.path.lexists(f"{top}/{path}")}
    named = [schemas.SETTINGS] if PATH in missing else []
    return top, _written(top, missing | scaffolds.missing_schemas(named, top, env), env)


def repository_top(env: Env, directory: str | None) -> str:
    """The top folder of the git repository around `directory`. Raises Invalid."""
    from reconciler.world import git

    named = directory or env.variables.get("RECONCILE_REPO") or "."
    start = os.path.abspath(os.path.expanduser(named))
    if not os.path.isdir(start):
        raise invalid(named, "there is no such folder", "make it, and `git init` in it")
    top = git.find(start)
    if top is None:
        raise invalid(start, "this folder lies in no git repository", "`git init` first, then run this again")
    return top


def import_home(env: Env, directory: str | None, include: Sequence[str] = (), *, native: bool = False) -> Imported:
    """Writes what describes this home and is not in git yet; settings as JSONC where `native`. Raises Invalid."""
    top, _ = init(env, directory)
    opened = app(env, top)
    loaded = planning.read(opened)
    rows = opened.journal.recorded()
    layout = survey.survey(opened.roots, opened.world, rows)
    layout = replace(layout, include=frozenset(include), native=native)
    ours = {t.claim for t in aim.aim(loaded, layout, opened.kinds, opened.roots)}
    taken = {resource.ref for resource in loaded.resources} | _removed_here(loaded, opened)
    others = {row.claim for row in rows if row.repo != opened.repo}
    said = describe(layout, opened.kinds, opened.world, known=frozenset(ours | others), include=include)
    missing = _included(said, opened, include)
    new, clashing = [f for f in said.found if f.ref not in taken], [f for f in said.found if f.ref in taken]
    written = _written(top, scaffolds.described(new, top, env), env)
    known_now = _remembered(app(env, top), top, new, layout.places["opencode"].folder)
    run = _record(app(env, top), new)
    left = (*said.left, *_clashes(clashing), *(Left(c, "owned by another repository") for c in sorted(others)))
    elsewhere = linked.warnings(linked.linked(opened.listed, opened.world, env)) if new else ()
    problems = (*loaded.problems, *_problems(said), *missing, *known_now, *elsewhere)
    return Imported(top, tuple(new), left, written, len(ours), problems, run)


def _removed_here(loaded: Loaded, opened: App) -> set[Ref]:
    """What git names for all machines, and the overlay of this one removes."""
    if opened.host not in loaded.hosts:
        return set()
    try:
        everywhere = load(opened.here.tree("work"), opened.kinds, registry.PENDING)
    except Invalid:
        return set()
    return {resource.ref for resource in everywhere.resources}


def _remembered(opened: App, top: str, found: Sequence[Found], folder: str) -> list[Problem]:
    """Errors that stand in what was just imported, as the warnings that they are from now on: reconcile.yaml names
    the objects, until somebody edits them."""
    refs = {str(item.ref) for item in found}
    faults = [k for k in at_fault(opened.here.tree("work"), opened.kinds, registry.PENDING) if k.ref in refs]
    _write_down(opened, top, faults)
    loaded = planning.read(opened)
    unmet = references.unmet(loaded.resources, folder, opened.around)
    _write_down(opened, top, [k for k in known.at_fault(unmet, loaded.settings.known_problems) if k.ref in refs])
    names = {fault.ref for fault in faults}
    return [p for p in loaded.problems if p.text.partition(": ")[0] in names]


def _write_down(opened: App, top: str, faults: Sequence[KnownProblem]) -> None:
    if not faults:
        return
    world = repository_world(top, opened.env)
    before = world.read(REPOSITORY, PATH) or File(b"")
    items = [{"object": fault.ref, "digest": fault.digest} for fault in faults]
    after = File(yaml.with_items(before.content.decode(), "known_problems", items).encode(), before.executable)
    world.edit([Edit(REPOSITORY, PATH, before, after)])


def _clashes(found: Sequence[Found]) -> list[Left]:
    whole = [(f.ref, claim) for f in found for claim in f.claims if not claim.item]
    return [Left(claim, f"{ref} stands in git already, for another file") for ref, claim in whole]


def _problems(said: Description) -> list[Problem]:
    return [left.problem for left in said.left if left.problem is not None]


def _included(said: Description, opened: App, include: Sequence[str]) -> list[Problem]:
    """`--include` paths that name nothing: a typing error must not pass for done."""
    shown = {
        opened.world.show(c.root, c.path) + (f"#{pointer(c.item)}" if c.item else "")
        for f in said.found
        for c in f.claims
    }
    return [
        Problem(origin, "there is nothing to import under this path", "write it as the list above does")
        for path in include
        if path not in shown
        for origin in [Origin(path)]
    ]


def _written(top: str, files: dict[str, File], env: Env) -> tuple[str, ...]:
    """Writes new files of the repository; none that stands there is touched. Raises Invalid."""
    world = repository_world(top, env)
    paths = sorted(files)
    edited = world.edit([Edit(REPOSITORY, path, None, files[path]) for path in paths])
    problems = [e.problem for e in edited if e.problem is not None]
    if problems:
        raise Invalid(problems)
    return tuple(paths)


def repository_world(top: str, env: Env) -> World:
    from reconciler.world.local import LocalWorld

    return LocalWorld({REPOSITORY: top}, env.home)


def _record(opened: App, found: Sequence[Found]) -> Run | None:
    """Takes over what was just described: it is equal, so nothing is written but our own state."""
    if not found:
        return None
    claims: set[Claim] = {claim for item in found for claim in item.claims}
    plan = planning.plan(opened)
    ours = tuple(c for c in plan.changes if c.claim in claims and c.action is Action.RECORD)
    return applying.do(opened, replace(plan, changes=ours), verb="import").run


def errors(imported: Imported) -> bool:
    """Whether something could not be read, so that the import ends with 1."""
    return any(p.severity is Severity.ERROR for p in imported.problems)
