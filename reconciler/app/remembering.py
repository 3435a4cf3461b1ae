"""An answer that nothing is to be done → kept with all that it rests on, for first.py to give again. Writes into the
cache; never fails: who cannot remember looks again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import reconciler
from reconciler.app import grounding, served
from reconciler.app.opencode_schema import PREFIX
from reconciler.app.session import App
from reconciler.model.change import Plan
from reconciler.model.problem import Invalid
from reconciler.model.resource import PORT, Loaded
from reconciler.pipeline import references, secret_names

if TYPE_CHECKING:
    from reconciler.world.witness import Rests

# Where a value may come from somewhere that is not watched.
ELSEWHERE = (b"!secret", b"$secret")
# What they ask for may be that nothing is there; what that rests on is in served.py.
UNOWNED = frozenset({served.KIND, "orchestration"})


def remember(app: App, verb: str, directory: str | None, loaded: Loaded, plan: Plan, text: str) -> None:
    """`verb`: "plan", "verified", "check" or "staged"; `text`: what was printed, all of it."""
    from reconciler.world import witness

    if not _still(app, loaded, plan, text):
        return
    with suppress(OSError, Invalid, witness.Moved):
        rests = _rests(app, "index" if verb == "staged" else "work", directory, loaded, plan)
        if rests is not None:
            read = [*_all_read(app, rests)] if verb == "verified" else []
            contents = witness.contents(read) if read and not secret_names.look_secret(read) else None
            index = witness.indexed(rests.swept, app.opened)
            if rests.servers is not None and (verb != "verified" or contents is not None):
                witness.keep(verb, directory or "", text, rests, app.opened, index, contents)
            if rests.servers is not None and verb == "verified":
                witness.keep("plan", directory or "", text, rests, app.opened, index)
            if verb != "staged":
                grounding.keep(app, loaded, plan, rests, index)


def _still(app: App, loaded: Loaded, plan: Plan, text: str) -> bool:
    """Whether there is nothing to do, and nothing to say that only another look would tell."""
    still = not (plan.changes or plan.confirmed or plan.title or plan.here or app.posing)
    still = still and not any(r.ref.kind == "document" and r.spec.observed for r in loaded.resources)
    sources = (source.file.content for resource in loaded.resources for source in resource.sources)
    return (
        still
        and plan.problems == loaded.problems
        and (text.isascii() or sys.stdout.encoding == "utf-8")
        and not any(mark in content for content in sources for mark in ELSEWHERE)
    )


def _rests(app: App, which: str, directory: str | None, loaded: Loaded, plan: Plan) -> Rests | None:
    from reconciler.world.git import GitRepository
    from reconciler.world.git_footing import footing
    from reconciler.world.witness import Rests

    repository = app.repository
    standing = _standing(app, loaded, plan)
    if not isinstance(repository, GitRepository) or standing is None:
        return None
    rows = [row for row in app.journal.recorded() if row.repo == plan.repo]
    pages = sorted({r.claim.path for r in rows if r.ref.kind == "document" and r.claim.root == "repository"})
    staged = pages if which == "index" else []
    if not repository.contents("index", staged).keys() >= {*staged}:
        return None  # whether git is told to ignore them is not watched
    ground = footing(repository, which, app.env.variables, staged)
    if ground is None or (which == "work" and not _as_on_disk(repository.folder, loaded)):
        return None
    watched, folders, shared, swept = standing
    servers = served.footing(app, loaded, rows, swept)
    if secret_names.look_secret((*watched, *folders, *swept, *servers.watched)):
        return None
    named, expected = _mentioned(app, loaded)
    return Rests(
        watched=(
            *watched,
            *ground.watched,
            *_ours(app),
            *_program(app.env.variables),
            *_above(repository.folder, directory, app.env.variables),
        ),
        folders=(*folders, *ground.folders),
        varying=(*shared, *ground.branch, *_state(app)),
        swept=(*swept, *ground.files),
        named=named,
        expected=expected,
        listed=(f"{app.env.cache}/reconciler", PREFIX),
        top=repository.folder,
        git_dir=ground.git_dir,
        index=ground.staged,
        committed=ground.committed and not plan.revision.uncommitted,
        staged=staged,
        servers=servers.asked,
        loaded=servers.watched,
    )


def _as_on_disk(top: str, loaded: Loaded) -> bool:
    """Whether all was read from the work tree as it stands: where line ends are converted, only git's own index may
    say that a file is unmodified, and that is not watched."""
    sources = (s for r in loaded.resources for s in r.sources if s.path not in loaded.traces)
    return all(os.stat(f"{top}/{source.path}").st_size == len(source.file.content) for source in sources)


def _standing(app: App, loaded: Loaded, plan: Plan) -> tuple[list[str], list[str], list[str], list[str]] | None:
    """What is watched below the roots, folders and shared files there, and what is swept; None where something that we
    own is no file below one and no server, or holds a secret that another look might find changed."""
    watched, folders, shared, swept, standing = [], [], [], [], set()
    for root in app.listed:
        folder = root.path(app.env)
        place = app.place(root)
        real = os.path.realpath(folder)
        folders += [folder, *(f"{folder}/{path}" for path in place.folders)]
        shared += [f"{folder}/{path}" for path in root.shared]
        standing |= {(root.name, path) for path in (*place.files, *root.shared)}
        for path, entry in place.files.items():
            if entry.target:
                watched.append(f"{folder}/{path}")
            else:
                swept.append(f"{real}/{path}")
    rows = [row for row in app.journal.recorded() if row.repo == plan.repo]
    others = {root.name: root.path(app.env) for root in app.roots if not root.listed}
    ours = sorted({row.claim[:2] for row in rows if row.claim.root in others})
    watched += [os.path.dirname(f"{others[root]}/{path}") for root, path in ours]
    swept += [f"{others[root]}/{path}" for root, path in ours]
    standing |= set(ours)
    elsewhere = any(row.veiled or (row.claim[:2] not in standing and row.claim.root != PORT) for row in rows)
    said = {resource.ref for resource in loaded.resources if resource.ref.kind not in UNOWNED}
    elsewhere = elsewhere or not said <= {row.ref for row in rows}
    return None if elsewhere else (watched, folders, shared, swept)


def _all_read(app: App, rests: Rests) -> Iterator[str]:
    """Every file that an answer of `plan --verify` rests on; those behind links by their own paths."""
    yield from rests.swept
    for root in app.listed:
        folder = root.path(app.env)
        files = app.place(root).files.values()
        yield from (entry.target for entry in files if entry.target)
        yield from (os.path.realpath(f"{folder}/{path}") for path in root.shared)


def _mentioned(app: App, loaded: Loaded) -> tuple[list[str], list[str]]:
    """Variables and files that desired state names, and that only need to be there."""
    names: list[str] = []
    paths: list[str] = []

    def there(path: str) -> bool:
        paths.append(path)
        return True

    class Noted(dict[str, str]):
        def get(self, name: str, default: object = "") -> Any:
            names.append(name)
            return ""

    around = replace(app.around, variables=Noted(), exists=there)
    opencode = next(root.path(app.env) for root in app.roots if root.name == "opencode")
    list(references.unmet(loaded.resources, opencode, around))
    return names, paths


def _state(app: App) -> Iterator[str]:
    yield from (f"{app.env.state}/reconciler/state.db{end}" for end in ("", "-wal", "-journal"))


def _ours(app: App) -> Iterator[str]:
    """The keys of the state, whose machine it is, kept schemas, and this program itself."""
    yield from (f"{app.env.data}/reconciler/{name}" for name in ("", "key", "identity", "marker"))
    yield from ("/etc/machine-id", "/var/lib/dbus/machine-id")
    with suppress(FileNotFoundError):
        kept = f"{app.env.cache}/reconciler"
        yield from (f"{kept}/{name}" for name in os.listdir(kept) if name.startswith(PREFIX))
    package = Path(reconciler.__file__).parent
    yield from (str(path) for path in package.rglob("*") if "__pycache__" not in path.parts)


def _program(variables: Mapping[str, str]) -> Sequence[str]:
    """Wherever an `opencode` may stand, by whose schema desired state is judged."""
    told = variables.get("RECONCILE_OPENCODE", "opencode")
    if not told or "/" in told:
        return [told] if told else []
    return [f"{folder}/{told}" for folder in variables.get("PATH", os.defpath).split(":") if folder]


def _above(top: str, directory: str | None, variables: Mapping[str, str]) -> Iterator[str]:
    """Where a nearer repository would be found."""
    here = os.path.realpath(os.path.expanduser(directory or variables.get("RECONCILE_REPO") or "."))
    while here not in (top, "/"):
        yield from (f"{here}/{name}" for name in (".git", "HEAD", "objects", "refs"))
        here = os.path.dirname(here)
    if here != top:
        yield f"{here}/.git"
