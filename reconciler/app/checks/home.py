"""Roots, files that other managers keep, and what interrupted runs left. Looks only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from reconciler.app import linked
from reconciler.app.checks.finding import Finding
from reconciler.app.session import App
from reconciler.model.kind import Root
from reconciler.model.resource import Place

MOST = 5


def check(app: App) -> Iterator[Finding]:
    for root in app.listed:
        yield from _root(app, root)
    for found in linked.linked(app.listed, app.world, app.env):
        yield Finding(False, f"{found.text} (`{found.example}`)", found.remedy)
    yield from _left(app)


def _root(app: App, root: Root) -> Iterator[Finding]:
    name, place = root.name, app.world.scan(root.name, root.skip)
    where = app.world.show(name, "").rstrip("/")
    exists = os.path.isdir(place.folder)
    text = f"{name}: {where}, {_count(place, root.shared)}" if exists else f"{name}: {where} does not exist yet"
    writable = not exists or os.access(place.folder, os.W_OK)
    hint = f"`ls -ld {where}` shows whose it is; a store that is read-only can't be applied to"
    yield Finding(writable, text if writable else f"{text}, not writable", hint)
    for problem in place.problems:
        yield Finding(False, f"{problem.origin}: {problem.text}", problem.hint)


def _count(place: Place, shared: Sequence[str]) -> str:
    files, settings = len(place.files), sum(os.path.exists(f"{place.folder}/{name}") for name in shared)
    beside = f" and {settings} of settings" if settings else ""
    return f"{files} file{'s' * (files != 1)}{beside}"


def _left(app: App) -> Iterator[Finding]:
    found = app.leftovers
    if found:
        names = ", ".join(f"`{path}`" for path in found[:MOST]) + (", …" if len(found) > MOST else "")
        one = "1 temporary file" if len(found) == 1 else f"{len(found)} temporary files"
        text = f"{one} of a run that was stopped: {names}"
        hint = (
            "`reconcile resume` clears it away; one that stays holds an edit that was displaced just then: compare it "
            "with the files beside it, then `rm` it"
        )
        yield Finding(False, text, hint)
