"""Servers with which nothing is to be done → what that rests on, for another look to compare. Looks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from reconciler.app.limits import most_sessions
from reconciler.app.session import App
from reconciler.model.change import Recorded
from reconciler.model.resource import PORT, Loaded

if TYPE_CHECKING:
    from reconciler.world.server_footing import Footing

KIND = "server"


def ports(loaded: Loaded, rows: Sequence[Recorded]) -> dict[int, bool]:
    """Every port that git names or that we own, and whether a server of ours must run there."""
    owned = {int(row.claim.path): False for row in rows if row.claim.root == PORT}
    specs = [resource.spec for resource in loaded.resources if resource.ref.kind == KIND]
    return owned | {s.serving.launch.port: s.running and s.serving.care.lifecycle == "owned" for s in specs}


def footing(app: App, loaded: Loaded, rows: Sequence[Recorded], swept: Collection[str]) -> Footing:
    """`swept`: files that are looked at anyway."""
    from reconciler.world import server_footing

    declared = ports(loaded, rows)
    if not declared:
        return server_footing.NOBODY
    return server_footing.footing(app.env, declared, most_sessions(loaded), frozenset(swept))
