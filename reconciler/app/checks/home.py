"""Roots, files that other managers keep, and what interrupted runs left. Looks only."""

from __future__ import annotations

import os
from collections.abc import Iterator

from reconciler.app import linked
from reconciler.app.checks.finding import Finding
from reconciler.app.session import App

MOST = 5


def check(app: App) -> Iterator[Finding]:
    for root in app.roots:
        yield from _root(app, root.name)
    for found in linked.linked(app.roots, app.world, app.env):
        yield Finding(False, f"{found.text} (`{found.example}`)", found.remedy)
    yield from _left(app)


def _root(app: App, name: str) -> Iterator[Finding]:
    place = app.world.scan(name, next(root.skip for root in app.roots if root.name == name))
    where = app.world.show(name, "").rstrip("/")
    exists = os.path.isdir(place.folder)
    text = f"{name}: {where}, {len(place.files)} files" if exists else f"{name}: {where} does not exist yet"
    writable = not exists or os.access(place.folder, os.W_OK)
    hint = f"`ls -ld {where}` shows whose it is; a store that is read-only can't be applied to"
    yield Finding(writable, text if writable else f"{text}, not writable", hint)
    for problem in place.problems:
        yield Finding(False, f"{problem.origin}: {problem.text}", problem.hint)


def _left(app: App) -> Iterator[Finding]:
    found = app.leftovers
    if found:
        names = ", ".join(f"`{path}`" for path in found[:MOST]) + (", …" if len(found) > MOST else "")
        one = "1 temporary file" if len(found) == 1 else f"{len(found)} temporary files"
        text = f"{one} of a run that was stopped: {names}"
        hint = (
            "it may hold an edit that was displaced just then: compare it with the files beside it, then `rm` it; "
            "nothing removes it unasked"
        )
        yield Finding(False, text, hint)
