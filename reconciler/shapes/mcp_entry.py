"""One declaration of an MCP server → its entry in opencode.json and in Zed's settings, each in its own shape.

A declaration counts time in milliseconds, as OpenCode does; Zed counts seconds. Zed's shape is told by its keys, and
it must have `args`. What only one program knows, or has otherwise, stands under its name and is merged over. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.shapes import zed_spellings
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.shared_json import Steps

Entry = dict[str, Any]
KEYS = JsonKeys(old=zed_spellings.old)

LOCAL: Final = ("command", "args", "environment", "env", "cwd")
REMOTE: Final = ("url", "headers", "oauth")


def render(program: str, said: Mapping[str, Any]) -> Entry:
    """What a program's own key says counts; where that names the other form, nothing of ours is left of this one."""
    own = said.get(program, {})
    form = form_of(own) or form_of(said)
    ours = said if form == form_of(said) else {k: v for k, v in said.items() if k not in LOCAL + REMOTE}
    entry = over(_opencode(ours, form) if program == "opencode" else _zed(ours), own)
    return {**entry, "args": entry.get("args", [])} if program == "zed" and "command" in entry else entry


def form_of(fields: Mapping[str, Any]) -> str:
    return next((key for key in ("command", "url") if key in fields), "")


def _opencode(said: Mapping[str, Any], form: str) -> Entry:
    entry: Entry = {"type": "remote" if form == "url" else "local"}
    if "command" in said:
        entry["command"] = words_of(said)
    if "env" in said:
        entry["environment"] = said["env"]
    return entry | {k: said[k] for k in ("environment", "cwd", *REMOTE, "enabled", "timeout") if k in said}


def _zed(said: Mapping[str, Any]) -> Entry:
    entry: Entry = {}
    if "command" in said:
        entry["command"], *entry["args"] = words_of(said)
    if "environment" in said:
        entry["env"] = said["environment"]
    entry |= {k: said[k] for k in ("env", "url", "headers", "enabled") if k in said}
    seconds, rest = divmod(said.get("timeout", 0), 1000)
    return entry if rest or not seconds else {**entry, "timeout": seconds}


def words_of(said: Mapping[str, Any]) -> list[str]:
    command = said["command"]
    return [command, *said.get("args", [])] if isinstance(command, str) else list(command)


def over(entry: Entry, own: Mapping[str, Any]) -> Entry:
    """Objects merge deeply, the rest replaces."""
    merged = dict(entry)
    for key, value in own.items():
        earlier = merged.get(key)
        merged[key] = over(earlier, value) if isinstance(earlier, dict) and isinstance(value, dict) else value
    return merged


def said_at(program: str, said: Mapping[str, Any], steps: Steps) -> Steps:
    """The place in a declaration that a place in an entry comes from."""
    value: Any = said.get(program, {})
    for depth, step in enumerate(steps, 1):
        if not isinstance(value, dict) or step not in value:
            break
        value = value[step]
        if depth == len(steps):
            return (program, *steps)
    first, *rest = steps
    if first in ("environment", "env"):
        first = "env" if "env" in said else "environment"
    return ("command",) if first == "args" and "args" not in said else (first, *rest)
