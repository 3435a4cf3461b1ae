"""What a person would trip over on this machine, each with its remedy. Looks only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.app.checks import home, machine, programs, repository, service, shadows, state
from reconciler.app.checks.finding import Finding
from reconciler.app.session import App

CHECKS: tuple[Callable[[App], Iterable[Finding]], ...] = (
    programs.check,
    machine.check,
    home.check,
    shadows.check,
    state.check,
    repository.check,
    service.check,
)


def check_up(app: App) -> tuple[Finding, ...]:
    """Every check, in the order in which a person would mend things."""
    return tuple(finding for check in CHECKS for finding in check(app))
