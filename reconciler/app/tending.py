"""What the loop looks at of running servers beside plan and apply: their figures, and who is at work. Looks, and writes
figures down."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from reconciler.app import server_rows
from reconciler.app.session import App
from reconciler.model.resource import Loaded
from reconciler.model.sampling import Sample
from reconciler.model.serving import Note, Now, Process, Serving


def notes(app: App) -> Mapping[int, Note]:
    """What we remember of servers, by port."""
    return {note.launch.port: note for note in app.world.servers.notes()}


def running(app: App, loaded: Loaded) -> dict[str, tuple[Serving, Now]]:
    """The servers that git names and that run, by name."""
    declared = server_rows.of(loaded, app)
    found = app.world.servers.now([one.serving.launch.port for one in declared.values()])
    return {
        name: (one.serving, found[one.serving.launch.port])
        for name, one in declared.items()
        if one.serving.launch.port in found and found[one.serving.launch.port].serves
    }


def sampled(app: App, loaded: Loaded) -> tuple[dict[str, Sample], dict[str, tuple[Serving, Now]]]:
    """What each of them uses just now, written down; and what they are."""
    found = running(app, loaded)
    servers, now = app.world.servers, time.time()
    used = servers.figures([seen.process for _, seen in found.values() if seen.process])
    taken = {}
    for name, (_, seen) in found.items():
        figures = used.get(seen.process) if seen.process else None
        if figures is not None:
            sitting = servers.sitting(seen)
            taken[name] = Sample(
                now,
                figures.cpu,
                figures.memory,
                figures.memory,
                sitting.sessions,
                len(sitting.busy),
                seen.probe.seconds,
            )
    if taken:
        app.book.samples.keep(taken, now)
    return taken, found


def idle(app: App, ports: Sequence[int]) -> bool:
    """Whether nobody is at work any more on one of these, or it ended."""
    servers = app.world.servers
    found = servers.now(ports)
    return any(port not in found or not found[port].serves or servers.sitting(found[port]).idle for port in ports)


def weigh(app: App, heavy: Mapping[Process, str]) -> None:
    """From now on plans see that these use more than they may."""
    app.world.servers.weigh(heavy)


def enforced(app: App) -> bool:
    """Whether a server's share of the processor is limited by the system."""
    from reconciler.world import scopes

    return bool(scopes.available(app.env.variables))
