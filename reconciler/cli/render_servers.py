"""The table of servers → what a person reads at a glance, and JSON records. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.app.server_rows import state
from reconciler.cli import phrase
from reconciler.cli.style import Style, columns, pad
from reconciler.formats.duration import shown
from reconciler.model.serving import Now
from reconciler.shapes import server_decisions, server_diagnoses, server_loading

if TYPE_CHECKING:
    from reconciler.app.server_rows import Row
    from reconciler.app.serving import Table

RESTARTS = "restarts"
HEAD = ("server", "state", "port", "pid", "up", "cpu", "MB", "sessions", "busy", RESTARTS, "reply")
TONES = {"ready": "ok", "stopped": "dim", "taken": "error", "ended": "error", "poisoned": "error"}
MEGA = 1_000_000


def remarks(row: Row) -> Iterator[str]:
    """What a person should know beyond the figures."""
    if row.declared is None:
        yield "git does not name it"
    if row.note and row.note.suspended:
        yield f"{row.note.suspended.state} by hand: {row.note.suspended.reason}"
    elif row.declared and row.declared.running and row.now is None and row.declared.serving.care.lifecycle == "owned":
        yield "git wants it to run"
    if row.now is not None and not row.now.serves:
        yield f"by {row.now.command or 'another user'}"
    elif row.now is not None:
        yield from _running(row, row.now)
    if (found := server_diagnoses.of(state(row), row.name)) is not None:
        yield f"{found.symptom}: {found.means}"
        yield f"remedy: {found.remedy}"


def _running(row: Row, now: Now) -> Iterator[str]:
    if not now.ours:
        yield "started by hand"
    if now.probe.text:
        yield now.probe.text
    deed, why = server_loading.mildest(now.differs)
    if deed:
        held, disk = row.generations
        yield f"holds generation {held}, disk is {disk}: {why}" if held != disk else f"holds an older one: {why}"
    if row.figures:
        yield from server_decisions.over_limits(row.serving, row.figures.cpu, row.figures.memory)
    if row.sitting and row.sitting.unknown:
        yield server_decisions.told(row.sitting)


def servers_text(found: Table, style: Style) -> str:
    """A line for each server, remarks below it, then orphans and sessions."""
    if not found.rows and not found.orphans:
        return style.finish(["no servers: declare one below `desired-state/servers/`"])
    cells = _told([HEAD, *(_cells(row) for row in found.rows)])
    widths = [max(columns(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = [style.paint("  ".join(map(pad, cells[0], widths)), "dim")]
    for row, line in zip(found.rows, cells[1:], strict=True):
        padded = [pad(style.safe(cell), width) for cell, width in zip(line, widths, strict=True)]
        padded[1] = style.paint(padded[1], TONES.get(line[1], "warning"))
        lines.append("  ".join(padded))
        lines += [f"  {style.paint(style.safe(remark), 'warning')}" for remark in remarks(row)]
    return style.finish([*lines, *_below(found, style)])


def _told(cells: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
    """The table without the columns that say nothing of any server: it is to fit a terminal."""
    kept = [at for at, name in enumerate(HEAD) if name != RESTARTS or {line[at] for line in cells[1:]} - {"", "0"}]
    return [tuple(line[at] for at in kept) for line in cells]


def _cells(row: Row) -> tuple[str, ...]:
    now, used, sitting = row.now, row.figures, row.sitting
    process = now.process if now else None
    return (
        row.name, state(row), str(row.serving.launch.port), str(process.pid) if process else "",
        shown(used.up) if used else "", f"{used.cpu:.0f}%" if used else "",
        f"{used.memory // MEGA}" if used else "", str(sitting.sessions) if sitting else "",
        _busy(row), str(row.note.restarts) if row.note else "",
        f"{now.probe.seconds * 1000:.0f} ms" if now and now.probe.seconds else "",
    )  # fmt: skip


def _busy(row: Row) -> str:
    if row.sitting is None:
        return ""
    waiting = row.sitting.permissions + row.sitting.questions
    asked = f"{waiting} asked" if waiting else ""
    return "?" if row.sitting.unknown else phrase.joined([str(len(row.sitting.busy)), asked], ", ")


def _below(found: Table, style: Style) -> Iterator[str]:
    if found.orphans:
        yield ""
        yield style.paint("Orphans: what dead servers left; `reconcile apply --orphans` ends them", "title")
        for orphan in found.orphans:
            yield f"  {orphan.process.pid}  {style.safe(orphan.server)}  {style.safe(orphan.command)}"
    if found.most_sessions:
        tone = "warning" if found.sessions > found.most_sessions else "dim"
        yield ""
        yield style.paint(f"{found.sessions} of at most {phrase.count(found.most_sessions, 'session')}", tone)


def servers_record(found: Table) -> dict[str, Any]:
    """The same as data."""
    return {
        "servers": [_record(row) for row in found.rows],
        "orphans": [{"pid": o.process.pid, "server": o.server, "command": o.command} for o in found.orphans],
        "sessions": found.sessions,
        "max_sessions_total": found.most_sessions or None,
    }


def _record(row: Row) -> dict[str, Any]:
    now, launch = row.now, row.serving.launch
    return {
        "name": row.name, "state": state(row), "declared": row.declared is not None,
        "wanted": "running" if row.declared and row.declared.running else "stopped",
        "port": launch.port, "hostname": launch.hostname, "path": launch.path, "data": launch.data,
        "pid": now.process.pid if now and now.process else None, "ours": now.ours if now else None,
        "version": now.probe.version if now else None, "latency": now.probe.seconds if now else None,
        "differs": [d._asdict() for d in now.differs] if now else [],
        "generation": {"held": row.generations[0], "disk": row.generations[1]},
        "figures": row.figures._asdict() if row.figures else None,
        "sitting": row.sitting._asdict() if row.sitting else None,
        "restarts": row.note.restarts if row.note else 0,
        "suspended": row.note.suspended._asdict() if row.note and row.note.suspended else None,
        "remarks": list(remarks(row)),
    }  # fmt: skip
