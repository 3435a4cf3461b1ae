"""What a person would trip over on this machine, each with its remedy. Looks only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reconciler.app import linked
from reconciler.app.session import App
from reconciler.model.problem import Invalid


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, and what to do where it is not well."""

    ok: bool
    text: str
    remedy: str = ""


def check_up(app: App) -> tuple[Finding, ...]:
    """Every check, in the order in which a person would mend things."""
    checks: tuple[Callable[[App], Iterable[Finding]], ...] = (
        _python,
        _git,
        _opencode,
        _roots,
        _links,
        _state,
        _repository,
    )
    return tuple(finding for check in checks for finding in check(app))


def _python(app: App) -> Iterable[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info >= (3, 11), f"Python {version}", "Python 3.11 or newer is needed")


def _git(app: App) -> Iterable[Finding]:
    path = shutil.which("git", path=app.env.variables.get("PATH"))
    yield Finding(path is not None, f"git: {path or 'not found on PATH'}", "install git")


def _opencode(app: App) -> Iterable[Finding]:
    from reconciler.world.programs import located

    path = located("opencode", "RECONCILE_OPENCODE", app.env.variables)
    without = "not found (its files are managed all the same; plans are not confirmed)"
    text = f"opencode: {path or without}"
    yield Finding(True, text)


def _roots(app: App) -> Iterable[Finding]:
    for root in app.roots:
        place = app.world.scan(root.name, root.skip)
        where = app.world.show(root.name, "").rstrip("/")
        exists = os.path.isdir(place.folder)
        text = (
            f"{root.name}: {where}, {len(place.files)} files" if exists else f"{root.name}: {where} does not exist yet"
        )
        writable = not exists or os.access(place.folder, os.W_OK)
        yield Finding(writable, text if writable else f"{text}, not writable", "another program may keep it: see below")
        for problem in place.problems:
            yield Finding(False, f"{problem.origin}: {problem.text}", problem.hint)


def _links(app: App) -> Iterable[Finding]:
    """Homes already kept by stow, chezmoi, yadm or home-manager: their files lead into another folder."""
    for found in linked.linked(app.roots, app.world, app.env):
        yield Finding(False, f"{found.text} (`{found.example}`)", found.remedy)


def _state(app: App) -> Iterable[Finding]:
    try:
        rows, runs = len(app.journal.recorded()), app.open_runs()
    except Invalid as error:
        yield from (Finding(False, p.text, p.hint) for p in error.problems)
        return
    yield from (Finding(False, f"{p.origin}: {p.text}", p.hint) for p in app.journal.troubles())
    lost = app.journal.lost(app.repo if app.repository else "")
    yield Finding(
        not lost,
        "the recorded state is lost" if lost else f"state: {rows} objects owned",
        "`reconcile plan` shows what is unknown; `apply --force REF` takes git's",
    )
    for run in runs:
        yield Finding(False, f"run {run.id} ({run.verb}) was interrupted", "`reconcile plan` shows what is left to do")


def _repository(app: App) -> Iterable[Finding]:
    if app.repository is None:
        yield Finding(
            False, "no desired-state repository here", "`cd` into it or use `-C DIR`; `reconcile init` starts one"
        )
        return
    try:
        loaded = app.load()
    except Invalid as error:
        yield from (Finding(False, str(p).splitlines()[0], p.hint) for p in error.problems)
        return
    revision = loaded.revision
    yield Finding(True, f"repository: {app.repository.folder} at {revision.short}, {len(loaded.resources)} resources")
    if revision.uncommitted:
        yield Finding(True, f"{revision.uncommitted} files of desired state are not committed")
