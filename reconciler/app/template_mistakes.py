"""What `validate` says of documents, machine by machine. Their modules are loaded only where there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reconciler.app.rendered import documented
from reconciler.model.problem import Problem
from reconciler.model.resource import Loaded

if TYPE_CHECKING:
    from reconciler.app.session import App


def judging(app: App, portable: bool) -> Callable[[Loaded], Iterable[Problem]]:
    """What is wrong with the documents of what was loaded first, for this machine, and then for others."""
    told: list[Loaded] = []

    def found(loaded: Loaded) -> Iterable[Problem]:
        told.append(loaded)
        if not documented(loaded):
            return ()
        from reconciler.app import documents

        return documents.mistakes(app, loaded, portable=portable or len(told) > 1)

    return found
