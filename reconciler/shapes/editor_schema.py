"""What people write in YAML → its JSON Schema, for editors and for the pages about kinds. Pure.

Each takes the schema of OpenCode's configuration, ours or one read from an installed binary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.shapes import opencode_rules, server_schema, zed_rules

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
TEXT_MAP: Schema = {"type": "object", "additionalProperties": TEXT}
ANY_MAP: Schema = {"type": "object"}

PROMPT = "the text: what stands below the front matter in the Markdown form"
AGENT = {
    "name": "another name than that of the file",
    "description": "what the agent is for; the main agent chooses subagents by it",
    "mode": "`primary`: people choose it; `subagent`: other agents call it; `all`: both (the default)",
    "model": "`provider/model`, as `opencode models` lists them",
    "variant": "a variant of the model",
    "temperature": "0 to 2; sent only to models that declare it",
    "top_p": "0 to 1",
    "tools": "older form of `permission`: a tool's name and whether it is on",
    "permission": "allow, ask or deny; by tool, and in it by pattern. The last rule that matches wins",
    "disable": "`true` takes a built-in agent away",
    "hidden": "not offered in lists",
    "color": "`#rrggbb`, or a colour of the theme",
    "steps": "how many turns it may take before it must answer",
    "maxSteps": "older spelling of `steps`",
    "options": "options of the model, passed on as they are",
    "prompt": PROMPT,
}
COMMAND = {
    "description": "what the command does, shown where it is chosen",
    "agent": "the agent that runs it",
    "model": "`provider/model`, instead of the agent's",
    "variant": "a variant of the model",
    "subtask": "run it as a subagent, so that it does not fill this session",
    "prompt": "the template: `$1` or `$ARGUMENTS`, `` !`shell` `` and `@file` are filled in",
}
SETTINGS = {
    "permission": AGENT["permission"],
    "tools": AGENT["tools"],
    "mcp": "MCP servers; better declared below `mcp/`",
    "watcher": "`ignore`: patterns of files that are not watched",
    "plugin": "npm packages or files, each alone or as `[name, options]`",
    "enterprise": "`url` of an organisation's own server",
    "tool_output": "how much of a tool's output a model sees",
    "compaction": "when and how a long session is shortened",
    "experimental": "switches that may go again",
}
TUI = {
    "$schema": "the address of its schema",
    "theme": "the name of a theme, built in or in `themes/`",
    "keybinds": "action → keys",
    "plugin": "plugins of the TUI, each alone or as `[name, options]`",
    "plugin_enabled": "plugin → whether it is on",
    "leader_timeout": "milliseconds for the key after the leader key",
    "attention": "notifications and sounds when it waits for you",
    "prompt": "the size of the box you write in",
    "scroll_speed": "how far a step of the wheel goes",
    "scroll_acceleration": "`enabled`: scroll faster the longer you turn",
    "diff_style": "diffs beside each other, or one below the other",
    "cursor": "its shape, and whether it blinks",
    "mouse": "whether it takes the mouse",
}


def _document(title: str, schema: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Schema:
    """A schema of its own, with the definitions it needs."""
    document = {"$schema": DRAFT, "title": title, **schema}
    named = dict(_definitions(document, (config or {}).get("$defs", {})))
    return {**document, **({"$defs": named} if named else {})}


def _definitions(schema: Any, known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    todo, seen = [schema], set()
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/")
            if name in known and name not in seen:
                seen.add(name)
                yield name, known[name]
                todo.append(known[name])
            todo += part.values()
        elif isinstance(part, list):
            todo += part


def _described(properties: Mapping[str, Any], words: Mapping[str, str]) -> Schema:
    return {key: {**node, "description": words[key]} if key in words else node for key, node in properties.items()}


def agent(config: Mapping[str, Any]) -> Schema:
    """The YAML form of an agent; keys it does not know go to the model."""
    node = config["$defs"]["AgentConfig"]
    properties = _described({"name": TEXT, **node["properties"]}, AGENT)
    return _document("An agent of OpenCode", {**node, "properties": properties, "required": ["prompt"]}, config)


def command(config: Mapping[str, Any]) -> Schema:
    """The YAML form of a command."""
    node = config["properties"]["command"]["additionalProperties"]
    rest = {key: part for key, part in node["properties"].items() if key != "template"}
    properties = _described({**rest, "prompt": TEXT}, COMMAND)
    return _document("A command of OpenCode", {**node, "properties": properties, "required": ["prompt"]}, config)


def opencode_settings(config: Mapping[str, Any]) -> Schema:
    """OpenCode's own schema."""
    return {**config, "properties": _described(config["properties"], SETTINGS)}


def tui_settings(config: Mapping[str, Any]) -> Schema:
    """OpenCode's own schema."""
    root = opencode_rules.packaged(f"opencode-tui-{opencode_rules.VERSION}").root
    return {**root, "properties": _described(root["properties"], TUI)}


def zed_settings(config: Mapping[str, Any]) -> Schema:
    """The keys that Zed knows. It ships no schema, and its own editor checks their values."""
    keys: Schema = {key: {} for key in zed_rules.known()}
    keys["context_servers"] = {"type": "object", "description": "better declared below `mcp/`"}
    return _document("Settings of Zed", {"type": "object", "properties": keys, "additionalProperties": True})


def zed_keymap(config: Mapping[str, Any]) -> Schema:
    action = {"anyOf": [TEXT, {"type": "array"}, {"type": "null"}]}
    bindings = {"type": "object", "additionalProperties": action}
    block = {
        "type": "object",
        "properties": {
            "context": {**TEXT, "description": "where the bindings count; everywhere without it"},
            "use_key_equivalents": {**FLAG, "description": "match keys by where they lie on the keyboard"},
            "bindings": {**bindings, "description": "key → action, a list of action and arguments, or null for none"},
            "unbind": {**bindings, "description": "key → the action that it shall not have any more"},
        },
        "additionalProperties": False,
    }
    return _document("Bindings of Zed", {"type": "array", "items": block})


def zed_tasks(config: Mapping[str, Any]) -> Schema:
    saved: Schema = {"type": "string", "enum": ["none", "current", "all"]}
    properties: Schema = {
        "label": {**TEXT, "description": "what the task is known by"},
        "command": {**TEXT, "description": "the program"},
        "args": {**TEXTS, "description": "its arguments"},
        "env": {**TEXT_MAP, "description": "variables added to its environment"},
        "cwd": {**TEXT, "description": "where it starts; `$ZED_WORKTREE_ROOT` and the like are filled in"},
        "use_new_terminal": {**FLAG, "description": "a new terminal for each run"},
        "allow_concurrent_runs": {**FLAG, "description": "start it again while it runs"},
        "reveal": {"type": "string", "enum": ["always", "no_focus", "never"], "description": "show its terminal"},
        "reveal_target": {"type": "string", "enum": ["dock", "center"], "description": "where"},
        "hide": {"type": "string", "enum": ["never", "always", "on_success"], "description": "when it is done"},
        "shell": {"description": "`system`, or the shell that runs it"},
        "show_summary": {**FLAG, "description": "a line about the task above its output"},
        "show_command": {**FLAG, "description": "the command line above its output"},
        "save": {**saved, "description": "files saved before it starts"},
        "tags": {**TEXTS, "description": "offers it beside code that has one of these tags"},
    }
    task = {"type": "object", "properties": properties, "required": ["label"], "additionalProperties": True}
    return _document("Tasks of Zed", {"type": "array", "items": task})


SERVER: Schema = {
    "command": {"anyOf": [TEXTS, TEXT], "description": "the program and its arguments as a list; or the program alone"},
    "args": {**TEXTS, "description": "arguments, where `command` is text"},
    "environment": {**TEXT_MAP, "description": "variables for it"},
    "env": {**TEXT_MAP, "description": "the same as `environment`"},
    "cwd": {**TEXT, "description": "where it starts (OpenCode only)"},
    "url": {**TEXT, "description": "address of a remote server, instead of `command`"},
    "headers": {**TEXT_MAP, "description": "headers sent to it"},
    "enabled": {**FLAG, "description": "`false` keeps it and does not start it"},
    "timeout": {"type": "integer", "exclusiveMinimum": 0, "description": "milliseconds, whole seconds for Zed"},
}
LOGIN: Schema = {
    "type": "object",
    "properties": {
        "clientId": TEXT, "clientSecret": TEXT, "scope": TEXT, "callbackPort": {"type": "integer"}, "redirectUri": TEXT,
    },
    "additionalProperties": False,
}  # fmt: skip


def mcp_server(config: Mapping[str, Any]) -> Schema:
    """One declaration for OpenCode and Zed."""
    oauth = {"anyOf": [{"const": False}, LOGIN], "description": "`false` asks for none (OpenCode only)"}
    program = {"type": "string", "enum": ["opencode", "zed"]}
    own = {"type": "object", "description": "what this program alone has, or has otherwise, in its own words"}
    properties = {
        **SERVER,
        "oauth": oauth,
        "targets": {"type": "array", "items": program, "minItems": 1, "description": "who gets it (both)"},
        "opencode": own,
        "zed": own,
    }
    either = [{"required": ["command"]}, {"required": ["url"]}]
    shape = {"type": "object", "properties": properties, "oneOf": either, "additionalProperties": False}
    return _document("An MCP server", shape)


def server() -> Schema:
    """servers/NAME.yaml."""
    return {"$schema": DRAFT, "title": "A running OpenCode server", **server_schema.SERVER}


def limits() -> Schema:
    """orchestration/resource_limits.yaml."""
    return {"$schema": DRAFT, "title": "Limits of all servers", **server_schema.LIMITS}
