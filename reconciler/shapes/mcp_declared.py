"""A declaration of an MCP server, read: checked, and rendered for each program that shall have it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.shapes.asked import Asked
from reconciler.shapes.mcp_entry import Entry, form_of, render, said_at
from reconciler.shapes.mcp_mistakes import mistakes, toward_zed
from reconciler.shapes.mcp_values import PROGRAMS
from reconciler.shapes.shared_json import Steps


@dataclass(frozen=True)
class McpServer:
    """One server as it was declared, and its entry for each program that shall have it."""

    asked: Asked
    entries: Mapping[str, Entry]

    def origin(self, program: str, steps: Steps) -> Origin:
        """Where the declaration says what stands at a place of an entry. Keys of an entry are written in this order."""
        if steps == ("type",):
            form = said_at(program, self.asked.value, (form_of(self.entries[program]),))
            return replace(self.asked.origin(form), column=0)
        at = said_at(program, self.asked.value, steps)
        origin = self.asked.origin(at)
        return replace(origin, column=origin.column + 1) if steps == ("args",) and at == ("command",) else origin


def server(name: str, asked: Asked) -> McpServer:
    """Raises Invalid with every mistake."""
    said = asked.value
    faults = mistakes(said)
    broken = {fault.steps[0] for fault in faults if fault.steps}
    sound = {key: value for key, value in said.items() if key not in broken}
    entries = {program: render(program, sound) for program in sound.get("targets", PROGRAMS)}
    if "zed" in entries:
        faults += toward_zed(sound, entries["zed"])
    if faults:
        raise Invalid(Problem(asked.origin(f.steps), f"mcp_server/{name}: {f.text}", f.hint) for f in faults)
    return McpServer(asked, entries)
