"""A plan → the same, once the real programs were asked about its outcome. What `plan` and all that acts share."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from reconciler.cli import terminal
from reconciler.model.change import Plan

if TYPE_CHECKING:
    from reconciler.app import App

ASKING = "asking the programs about the outcome"
REFUSED = "nothing was changed: what this makes would be refused (see above)"


def confirmed(plan: Plan, app: App, args: Namespace) -> Plan:
    from reconciler.app import planning

    with terminal.busy(ASKING):
        return planning.confirmed(app, plan, ask=not args.no_preflight)
