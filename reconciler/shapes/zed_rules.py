"""What Zed makes of its settings: keys that it does not know, and the shape of servers. Pure.

Zed ships no schema. It keeps unknown keys and ignores them; an entry of `context_servers` or `agent_servers` that fits
no form is dropped whole, with a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from reconciler.formats.meant import meant
from reconciler.formats.schema import Mistake, Schema, Steps

VERSION = "1.6.0"
ELSEWHERE = {
    "mcpServers": "context_servers", "mcp": "context_servers", "mcp_servers": "context_servers",
    "agents": "agent_servers", "assistant": "agent", "font_size": "buffer_font_size",
    "font_family": "buffer_font_family", "tabSize": "tab_size", "keymap": "base_keymap", "vim": "vim_mode",
}  # fmt: skip
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
LIST = {"type": "array", "items": {"type": "string"}}
FLAG = {"type": "boolean"}
SECONDS = {"type": "integer", "minimum": 0}
STARTED = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "args": LIST, "env": TEXTS, "enabled": FLAG, "remote": FLAG,
                   "timeout": SECONDS},
    "additionalProperties": False,
}  # fmt: skip
REACHED = {
    "type": "object",
    "properties": {"url": {"type": "string"}, "headers": TEXTS, "enabled": FLAG, "timeout": SECONDS, "oauth": {},
                   "remote": FLAG},
    "additionalProperties": False,
}  # fmt: skip
AGENT = {
    "type": "object",
    "properties": {"type": {"type": "string", "enum": ["custom", "registry", "extension"]},
                   "command": {"type": "string"}, "args": LIST, "env": TEXTS, "default_mode": {}, "default_model": {},
                   "favorite_models": LIST, "default_config_options": {"type": "object"},
                   "favorite_config_option_values": {"type": "object"}, "ignore_system_version": {}},
    "additionalProperties": False,
}  # fmt: skip
KEYS = {
    "environment": "did you mean `env`? `environment` is OpenCode's word",
    "type": "remove it: the keys of a server say what it is",
    "disabled": "write `enabled: false`",
    "source": "remove it: Zed tells by the other keys",
    "cwd": "Zed has none: start it with a shell that changes folder",
}


@cache
def known() -> tuple[str, ...]:
    """The top-level keys of Zed's settings."""
    import pkgutil

    return tuple((pkgutil.get_data("reconciler", f"schemas/zed-settings-keys-{VERSION}.txt") or b"").decode().split())


def settings(value: Mapping[str, Any]) -> Iterable[Mistake]:
    """Mistakes in settings.json."""
    keys = known()
    for key in value:
        if key not in keys:
            near = ELSEWHERE.get(key) or meant(key, keys)
            hint = f"did you mean `{near}`? Zed ignores this one" if near else f"Zed {VERSION} does not know it"
            yield Mistake((key,), f"unknown key `{key}`", hint, "unknown", refused=False)
    for group, check in (("context_servers", _context_server), ("agent_servers", _agent_server)):
        servers = value.get(group)
        if isinstance(servers, dict):
            for name, server in servers.items():
                yield from check((group, name), server)
        elif servers is not None:
            yield Mistake((group,), f"`{group}` must be a map of names", "write a name and its server below it", "type")


def _context_server(steps: Steps, server: Any) -> Iterable[Mistake]:
    name = "/".join(steps)
    if not isinstance(server, dict):
        yield Mistake(steps, f"`{name}` must be a map", "write `command` and `args`, or `url`", "type")
    elif "command" in server:
        yield from _started(steps, server)
    elif "url" in server:
        yield from _fitting(REACHED, server, steps)
    elif "settings" not in server and "enabled" not in server:
        hint = "write `command` and `args`, or `url`; an extension's server has `settings`"
        yield Mistake(steps, f"`{name}` has neither `command` nor `url`", hint, "missing")


def _started(steps: Steps, server: Mapping[str, Any]) -> Iterable[Mistake]:
    command = server["command"]
    at = (*steps, "command")
    if isinstance(command, dict):
        hint = "write `command`, `args` and `env` directly below the name"
        yield Mistake(at, f"`{'/'.join(at)}` is an old spelling of Zed's", hint, "form", refused=False)
        return
    if isinstance(command, list):
        hint = f"write `command: {command[0] if command else 'npx'}`, and the rest as `args`: a list is OpenCode's form"
        yield Mistake(at, f"`{'/'.join(at)}` must be text, and is a list", hint, "type")
        server = {key: item for key, item in server.items() if key != "command"} | {"args": []}
    if "args" not in server:
        hint = "add `args: []`: some versions of Zed drop a server without it"
        yield Mistake(steps, f"`{'/'.join(steps)}` has no `args`", hint, "missing", refused=False)
    yield from _fitting(STARTED, server, steps)


def _agent_server(steps: Steps, server: Any) -> Iterable[Mistake]:
    yield from _fitting(AGENT, server, steps)
    if isinstance(server, dict) and server.get("type", "custom") == "custom" and "command" not in server:
        built_in = steps[1] in ("gemini", "claude", "codex")
        if not built_in:
            hint = "add `command:`, or write `type: registry`"
            yield Mistake(steps, f"`{'/'.join(steps)}` has no `command`", hint, "missing")


def _fitting(shape: Mapping[str, Any], server: Any, steps: Steps) -> Iterable[Mistake]:
    for mistake in Schema(shape).mistakes(server):
        text = mistake.text.replace("this file", f"`{'/'.join(steps)}`")
        if mistake.steps:
            name = "/".join(mistake.steps)
            text = text.replace(f"`{name}`", f"`{'/'.join((*steps, *mistake.steps))}`", 1)
        hint = mistake.hint
        if mistake.sort == "unknown":
            hint = KEYS.get(mistake.steps[-1]) or mistake.hint or "Zed ignores it"
        yield mistake._replace(steps=(*steps, *mistake.steps), text=text, hint=hint)
