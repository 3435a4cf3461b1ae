"""A repository that is kept though its desired state may be gone from the work tree, where another branch is checked
out: what its loop has in force. Looks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from reconciler.app import looping, planning
from reconciler.app.opening import open_app
from reconciler.app.session import App
from reconciler.model.resource import Loaded
from reconciler.model.world import Env


def open_kept(env: Env, directory: str | None = None) -> App:
    """For verbs about the loop. Raises Invalid."""
    app = open_app(env, directory, gone=True)
    return replace(app, named=said(app).settings.id or app.here.folder) if gone(app) else app


def gone(app: App) -> bool:
    """Whether the work tree has no desired state, and a commit that is in force has."""
    return not os.path.isdir(f"{app.here.folder}/desired-state") and bool(in_force(app))


def in_force(app: App) -> str:
    """The commit that the loop keeps, else the last one that was applied whole, or ""."""
    place = app.book.recall(app.here.folder).get("place", {})
    return str(place.get("good", "")) or looping.last_applied(app)


def said(app: App) -> Loaded:
    """What the work tree says, or the commit in force where that says nothing. Raises Invalid."""
    return planning.read(app, in_force(app)) if gone(app) else planning.read(app)


def named(app: App, scopes: Sequence[str]) -> None:
    """Raises Invalid for a scope that names nothing."""
    planning.plan(app, targets=scopes, loaded=said(app))
