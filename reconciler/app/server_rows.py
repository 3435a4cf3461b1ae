"""Servers as git says them and as they run → a row about each. Looks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.app.session import App
from reconciler.model.resource import Layout, Loaded
from reconciler.model.serving import Figures, Note, Now, Serving, Sitting
from reconciler.shapes import server_diagnoses, server_reacting


@dataclass(frozen=True, slots=True)
class Declared:
    """A server as git has it on this machine; `running`: whether it shall."""

    serving: Serving
    running: bool

    @property
    def name(self) -> str:
        return self.serving.launch.name


@dataclass(frozen=True, slots=True)
class Row:
    """One server. `generations`: the one it holds, and that of the disk; `declared` None: git does not name it."""

    name: str
    declared: Declared | None
    now: Now | None
    note: Note | None
    sitting: Sitting | None
    figures: Figures | None
    generations: tuple[int, int]

    @property
    def serving(self) -> Serving:
        if self.declared is not None:
            return self.declared.serving
        assert self.note is not None
        return Serving(self.note.launch, self.note.care)


def of(loaded: Loaded, opened: App) -> dict[str, Declared]:
    """The servers that were loaded, as their kind aims them."""
    kind = next(kind for kind in opened.kinds if kind.name == "server")
    layout = Layout({}, home=opened.env.home)
    found = {}
    for resource in loaded.resources:
        if resource.ref.kind == kind.name:
            spec = replace(resource.spec, running=True)
            [target] = kind.targets(replace(resource, spec=spec), loaded, layout)
            assert target.desired is not None
            found[resource.ref.name] = Declared(target.desired, resource.spec.running)
    return found


def rows_of(loaded: Loaded, opened: App) -> list[Row]:
    """Every server that was loaded or runs, without what it uses."""
    wanted, servers = of(loaded, opened), opened.world.servers
    notes = {note.launch.port: note for note in servers.notes()}
    ports = {one.serving.launch.port: one for one in wanted.values()}
    seen = servers.now(sorted({*ports, *notes}))
    rows = [_row(port, ports.get(port), notes.get(port), seen.get(port), opened) for port in {*ports, *notes}]
    return [row for row in rows if row.declared or row.now is not None]


def state(row: Row) -> str:
    """One word for how a server is."""
    if row.now is None:
        ended = lacking(row) and row.note and row.note.process
        return server_diagnoses.ENDED if ended else "stopped"
    return server_diagnoses.state(row.now) or "ready"


def lacking(row: Row) -> bool:
    """Whether git wants a server to run that nobody has stopped by hand, and it does not."""
    wanted = row.declared is not None and row.declared.running and row.declared.serving.care.lifecycle == "owned"
    return row.now is None and wanted and not (row.note is not None and row.note.suspended is not None)


def _row(port: int, wanted: Declared | None, note: Note | None, now: Now | None, opened: App) -> Row:
    name = (wanted.name if wanted else note.launch.name if note else "") or str(port)
    sitting = opened.world.servers.sitting(now) if now is not None and now.serves else None
    generations = server_reacting.generations(now, opened.journal.runs())
    return Row(name, wanted, now, note, sitting, None, generations)
