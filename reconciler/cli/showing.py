"""Plans as every verb shows them: on this machine's paths, for this terminal."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from reconciler.cli import terminal
from reconciler.cli.render import plan_text
from reconciler.cli.render_body import Page
from reconciler.cli.sides import sides
from reconciler.model.change import Plan

if TYPE_CHECKING:
    from reconciler.app import App

LOOKING = "reading desired state and this home"


def show_plan(plan: Plan, app: App, args: Namespace, **page: Any) -> str:
    """To stdout; what was printed. `page` says what differs from verb to verb."""
    with terminal.busy("comparing"):
        text = plan_text(
            plan, Page(terminal.style(args), app.world.show, sides=sides(plan, app), of=unnamed(app, args), **page)
        )
    terminal.show(text)
    return text


def unnamed(app: App, args: Namespace) -> str:
    """The folder of the repository, where neither the command, a variable nor the current folder names it; else ""."""
    import os

    if app.repository is None or args.directory or os.environ.get("RECONCILE_REPO"):
        return ""
    top = os.path.realpath(app.repository.folder)
    inside = f"{os.path.realpath('.')}/".startswith(f"{top}/")
    return "" if inside else terminal.short(app.repository.folder)
