"""What `orchestrate` looks at across all servers: integrations, reachability, use over time. Looks only."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.app import planning, serving
from reconciler.app.server_rows import Row
from reconciler.app.session import App
from reconciler.formats.duration import shown
from reconciler.model.problem import Problem, Severity, invalid
from reconciler.model.sampling import DAY, Sample
from reconciler.model.serving import Health

MEGA = 1_000_000
GROWS = 1.5


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was found. `well` None: neither well nor ill. `record`: the same as data."""

    well: bool | None
    text: str
    record: Any = None


def chosen(app: App, words: Sequence[str]) -> Sequence[str]:
    """The servers that git names, by port or by name, each once; or all of them. Raises Invalid for what none has."""
    declared = serving.declared(app)
    by_port = {str(one.serving.launch.port): name for name, one in declared.items()}
    if missing := [word for word in words if word not in by_port and word not in declared]:
        known = ", ".join(f"{port} ({name})" for port, name in sorted(by_port.items())) or "none"
        raise invalid(f"`{missing[0]}`", "no declared server has this port or name", f"there are: {known}")
    found = (word if word in declared else by_port[word] for word in words)
    return list(dict.fromkeys(found)) if words else sorted(declared)


def problem(found: Problem) -> Said:
    """A mistake in desired state, or a warning."""
    return Said(None if found.severity is Severity.WARNING else False, str(found))


def connectivity(rows: Sequence[Row]) -> Iterator[Said]:
    """Whether each server can be spoken to, and if not, how that fails."""
    for row in rows:
        now, launch = row.now, row.serving.launch
        where = f"{row.name} at {launch.hostname}:{launch.port}"
        record = {"server": row.name, "port": launch.port, "health": str(now.probe.health) if now else "down"}
        if now is None:
            wanted = row.declared is not None and row.declared.running
            yield Said(False if wanted else None, f"{where}: nobody listens", record)
        elif not now.serves:
            yield Said(False, f"{where}: another program listens ({now.command or 'of another user'})", record)
        else:
            well = now.probe.health is Health.WELL
            text = f"answers in {now.probe.seconds * 1000:.0f} ms" if well else f"{now.probe.health} {now.probe.text}"
            yield Said(well, f"{where}: {text.strip()}", {**record, "latency": now.probe.seconds})


def mcp(app: App, rows: Sequence[Row]) -> Iterator[Said]:
    """What every running server says of its MCP servers (`GET /mcp`), beside what git declares."""
    wanted = {r.ref.name for r in planning.read(app).resources if r.ref.kind == "mcp_server"}
    declared = f"{len(wanted)}: {', '.join(sorted(wanted))}" if wanted else "no MCP server"
    yield Said(None, f"git declares {declared}", sorted(wanted))
    for row in rows:
        if row.now is None or not row.now.serves:
            yield Said(None, f"{row.name}: not running, so nobody can be asked", {"server": row.name, "mcp": ""})
            continue
        found = app.world.servers.integrations(row.now)
        if isinstance(found, str):
            yield Said(False, f"{row.name}: {found}", {"server": row.name, "problem": found})
            continue
        for name in sorted(wanted | set(found)):
            status = found.get(name, "not known there")
            well = None if status == "disabled" else status == "connected"
            yield Said(well, f"{row.name}: {name}: {status}", {"server": row.name, "mcp": name, "status": status})


def acp(app: App) -> Iterator[Said]:
    """Whether `opencode acp` introduces itself, and whether Zed is told of it."""
    from reconciler.world.acp import introduce
    from reconciler.world.programs import located

    program = located("opencode", "RECONCILE_OPENCODE", app.env.variables)
    if program is None:
        yield Said(False, "no opencode found", None)
    else:
        found = introduce(program, app.env.home, app.env.variables)
        text = found.problem or f"{found.name} {found.version} speaks protocol {found.protocol}"
        yield Said(not found.problem, f"opencode acp: {text}", found._asdict())
    agents = _agents(app)
    told = any("acp" in str(value) for value in agents.values())
    if not agents:
        yield Said(None, "Zed: git names no agent there (`agent_servers` in desired-state/zed/settings.yaml)", agents)
    else:
        names = ", ".join(sorted(agents))
        yield Said(
            told, f"Zed's agents that git names: {names}" + ("" if told else "; none runs `opencode acp`"), agents
        )


def _agents(app: App) -> dict[str, Any]:
    """`agent_servers` of Zed's settings as git says them, by name → command and arguments."""
    found: dict[str, Any] = {}
    for kind in app.kinds:
        for resource in planning.read(app).resources if kind.name == "zed_settings" else ():
            said = getattr(resource.spec, "value", {})
            agents = said.get("agent_servers", {}) if isinstance(said, dict) else {}
            found |= {
                name: [one.get("command"), *one.get("args", [])]
                for name, one in agents.items()
                if isinstance(one, dict)
            }
    return found


def performance(app: App, rows: Sequence[Row], *, analyze: bool) -> Iterator[Said]:
    """What each server uses now and used over the last day; with `analyze` what to make of that."""
    start = time.time() - DAY
    for row in rows:
        samples = list(app.book.samples.since(row.name, start))
        if row.figures is not None:
            used = row.figures
            many = "1 process" if used.processes == 1 else f"{used.processes} processes"
            text = f"{row.name}: CPU {used.cpu:.0f}%, {used.memory // MEGA} MB, {many}"
            yield Said(None, f"{text}, up {shown(used.up)}", {"server": row.name, "now": used._asdict()})
        if samples:
            yield Said(None, f"{row.name}: {_summary(samples)}", {"server": row.name, "samples": len(samples)})
        elif row.now is not None:
            yield Said(None, f"{row.name}: nothing sampled yet: `reconcile run` does that", {"server": row.name})
        if row.figures is None:
            yield Said(None, f"{row.name}: not running", {"server": row.name, "now": None})
        yield from _analysis(row, samples) if analyze else ()


def _summary(samples: Sequence[Sample]) -> str:
    span = samples[-1].at - samples[0].at
    memory = sorted(one.memory // MEGA for one in samples)
    cpu = statistics.fmean(one.cpu for one in samples)
    return (
        f"over {shown(span)}: CPU {cpu:.0f}% on average, memory {memory[0]} to {memory[-1]} MB "
        f"(median {memory[len(memory) // 2]}), at most {max(one.busy for one in samples)} busy sessions"
    )


def _analysis(row: Row, samples: Sequence[Sample]) -> Iterator[Said]:
    """Findings that figures alone can carry: over its limits, growing without being busier, slow to answer."""
    care, half = row.serving.care, len(samples) // 2
    if len(samples) >= 10:
        early, late = samples[:half], samples[half:]
        before, after = (statistics.median(one.memory for one in part) for part in (early, late))
        busier = statistics.fmean(o.busy for o in late) > statistics.fmean(o.busy for o in early)
        if after > before * GROWS and not busier:
            text = f"memory grew from {before / MEGA:.0f} to {after / MEGA:.0f} MB while it was no busier"
            yield Said(False, f"{row.name}: {text}: restart it when idle", {"server": row.name, "finding": "growth"})
        slow = statistics.median(one.latency for one in samples)
        if slow > 1.0:
            yield Said(False, f"{row.name}: answers in {slow:.1f} s", {"server": row.name, "finding": "slow"})
    if care.memory and (over := [one for one in samples if one.most_memory > care.memory]):
        share = 100 * len(over) // len(samples)
        yield Said(False, f"{row.name}: over its memory limit in {share}% of samples", {"finding": "memory"})
    if row.note and row.note.restarts:
        yield Said(None, f"{row.name}: restarted {row.note.restarts} times since it was first started", None)
