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
        text = plan_text(plan, Page(terminal.style(args), app.world.show, sides=sides(plan, app), **page))
    terminal.show(text)
    return text
