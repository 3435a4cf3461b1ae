"""What OpenCode makes of its configuration, an agent's and a command's front matter → every mistake. Pure.

Its schema says what it refuses (`refused`). What it takes and reads otherwise is said here; where that leaves open what
reads as closed, it counts as refused too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

from reconciler.formats.meant import meant
from reconciler.formats.schema import Mistake, Schema, Steps, unknown
from reconciler.shapes import lsp_rules, permission_rules

VERSION = "1.18.33"
AGENT = ("$defs", "AgentConfig")
COMMAND = ("properties", "command", "additionalProperties")
COLORS = 'write a colour such as `"#3366ff"` in quotes, or `primary`, `accent`, `success`, `warning`, `error`, `info`'


@cache
def packaged(name: str) -> Schema:
    """A schema that comes with this package."""
    import json
    import pkgutil

    return Schema(json.loads(pkgutil.get_data("reconciler", f"schemas/{name}.json") or b"{}"))


_installed: ContextVar[Schema | None] = ContextVar("the schema of the installed OpenCode", default=None)


def config_schema() -> Schema:
    """The schema that counts: the installed binary's own where it was asked, else ours."""
    return _installed.get() or packaged(f"opencode-config-{VERSION}")


def judge_by(schema: Mapping[str, Any] | None) -> None:
    """From now on `schema` counts; None: ours."""
    _installed.set(None if schema is None else Schema(dict(schema)))


# What people and agents write, and what OpenCode knows instead.
TOP = {
    "mcpServers": "mcp", "mcp_servers": "mcp", "context_servers": "mcp", "permissions": "permission",
    "agents": "agent", "commands": "command", "plugins": "plugin", "providers": "provider", "rules": "instructions",
    "defaultAgent": "default_agent", "smallModel": "small_model", "theme_name": "theme", "models": "provider",
}  # fmt: skip
AGENT_KEYS = {
    "permissions": "permission", "permision": "permission", "disallowedTools": "permission",
    "disallowed-tools": "permission", "disallowed_tools": "permission", "allowedTools": "permission",
    "allowed-tools": "permission", "allowed_tools": "permission", "disabled": "disable", "maxTurns": "steps",
    "max_turns": "steps", "max_steps": "steps", "maxsteps": "steps", "system_prompt": "prompt",
    "systemPrompt": "prompt", "instructions": "prompt", "topP": "top_p", "temp": "temperature", "type": "mode",
    "colour": "color", "summary": "description",
}  # fmt: skip
OPTIONS = frozenset((
    "reasoningEffort", "reasoning_effort", "reasoningSummary", "textVerbosity", "reasoning", "thinking",
    "budgetTokens", "thinkingConfig", "thinkingLevel", "include", "store", "serviceTier", "promptCacheKey",
    "parallelToolCalls", "maxTokens", "max_tokens", "maxOutputTokens", "topK", "top_k", "frequencyPenalty",
    "presencePenalty", "frequency_penalty", "presence_penalty", "seed", "stop", "verbosity", "effort", "metadata",
    "minP", "min_p", "repetitionPenalty", "repetition_penalty", "chat_template_kwargs", "extra_body", "user",
))  # fmt: skip
"""Options of models that providers know: written beside the agent's keys on purpose, as OpenCode's pages show it."""
CLOSING = ("permission", "tools", "disable")
V2 = ("agents", "commands", "snapshots", "media")
MOVED = (("theme",), ("keybinds",), ("tui",))
"""Keys of opencode.json that the TUI moves to tui.json when it starts: we follow them there."""


def config(value: Any, schema: Schema | None = None) -> Iterable[Mistake]:
    """Mistakes in opencode.json."""
    known = schema or config_schema()
    said = value if isinstance(value, dict) else {}
    untyped = _untyped(said.get("mcp"))
    for mistake in known.mistakes(value):
        if mistake.steps[:2] not in untyped and mistake.steps[:1] not in MOVED:
            yield from _of_config(mistake, value)
    yield from _permissions(said, ())
    for group in ("agent", "mode"):
        for name, agent in said.get(group, {}).items() if isinstance(said.get(group), dict) else ():
            if isinstance(agent, dict):
                yield from _agent_keys(agent, (group, name), known)
    yield from untyped.values()
    yield from lsp_rules.mistakes(said.get("lsp"))


def _of_config(mistake: Mistake, value: Any) -> Iterable[Mistake]:
    """The schema's word, and what this version makes of it where that is another."""
    steps, first = mistake.steps, mistake.steps[0] if mistake.steps else ""
    if mistake.sort == "unknown":
        if len(steps) > 2 and first == "mcp" and steps[1] == "servers":
            return
        yield _unknown_in_config(mistake)
    elif len(steps) == 1 and _of_version_2(first, value[first]):
        hint = "write `skills:` and below it `paths:`" if first == "skills" else "write `provider/model`"
        yield mistake._replace(text=f"{mistake.text}: a spelling of version 2", hint=hint, refused=False)
    elif steps == ("mcp", "servers"):
        text = "`mcp/servers` is a spelling of version 2"
        yield Mistake(steps, text, "write the servers directly below `mcp`", "unknown", refused=False)
    else:
        yield mistake._replace(hint=_hints(mistake) or mistake.hint)


def _of_version_2(key: str, value: Any) -> bool:
    """Spellings of version 2 that this one takes."""
    if key == "skills":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return key == "model" and isinstance(value, dict) and {"providerID", "model"} <= value.keys()


def _hints(mistake: Mistake) -> str:
    """Better words where OpenCode's keys are known."""
    key = mistake.steps[-1] if mistake.steps else ""
    if key == "color" and not mistake.hint.startswith("did you mean"):
        return COLORS
    if key == "tools" and mistake.sort == "type":
        return "write `permission:` and below it `bash: deny`: it names what is denied, not what is allowed"
    if key == "permission" and mistake.sort == "type" and not mistake.text.endswith("empty"):
        return "write `bash: deny` lines below it"
    if mistake.steps[:1] == ("mcp",) and mistake.known == ("command",):
        return 'write `"command": ["npx", "-y", "package"]`, a list'
    return ""


def _untyped(servers: Any) -> dict[Steps, Mistake]:
    """Entries of `mcp` whose `type` is missing or unknown, of which the schema could only say that nothing fits."""
    entries = servers.items() if isinstance(servers, dict) else ()
    return {
        ("mcp", name): _server(("mcp", name), server)
        for name, server in entries
        if isinstance(server, dict) and name != "servers" and not _typed(server)
    }


def _typed(server: Mapping[str, Any]) -> bool:
    """Whether the entry is of a known type, or one that only switches another off."""
    return server.get("type") in ("local", "remote") or set(server) == {"enabled"}


def _server(steps: Steps, server: Mapping[str, Any]) -> Mistake:
    name = "/".join(steps)
    form = "local" if "command" in server else "remote" if "url" in server else ""
    half = isinstance(server.get("enabled"), bool)
    after = ": OpenCode reads `enabled` alone, and starts nothing" if half else ""
    if "type" in server:
        hint = f"did you mean `{form}`?" if form else "it may be `local` or `remote`"
        text = f"`{name}/type` can't be `{server['type']}`{after}"
        return Mistake((*steps, "type"), text, hint, "choice", refused=not half)
    hint = f"add `type: {form}`" if form else "add `type: local` and `command:`, or `type: remote` and `url:`"
    if "args" in server or isinstance(server.get("command"), str):
        hint += ", and write `command` as a list that holds the arguments too"
    return Mistake(steps, f"`{name}` has no `type`{after}", hint, "missing", ("type",), refused=not half)


def _unknown_in_config(mistake: Mistake) -> Mistake:
    steps, key = mistake.steps, mistake.steps[-1]
    above = steps[:-1]
    if key == "permissions" and (not above or (len(above) == 2 and above[0] in ("agent", "mode"))):
        return mistake._replace(hint="did you mean `permission`? OpenCode refuses this one", refused=True)
    if not above:
        return _unknown_top(mistake, key)
    if above[0] == "mcp" and len(steps) == 3:
        return mistake._replace(hint=_server_key(key) or mistake.hint or "OpenCode ignores it")
    return mistake._replace(hint=mistake.hint or f"OpenCode ignores it; it may be: {', '.join(mistake.known)}")


def _unknown_top(mistake: Mistake, key: str) -> Mistake:
    near = TOP.get(key) or meant(key, mistake.known)
    after = " OpenCode takes this one as version 2 spells it, in part" if key in V2 else " OpenCode ignores this one"
    opens = near in ("permission", "tools", "disabled_providers")
    hint = f"did you mean `{near}`?{after}" if near else "OpenCode ignores it"
    return mistake._replace(hint=hint, refused=opens)


def _server_key(key: str) -> str:
    return {
        "env": "did you mean `environment`? OpenCode ignores this one",
        "args": "put them into the list of `command`: OpenCode ignores them here",
        "disabled": "write `enabled: false`: OpenCode ignores this one",
        "transport": "write `type: local` or `type: remote`",
    }.get(key, "")


def tui(value: Any) -> Iterable[Mistake]:
    """Mistakes in tui.json. The TUI drops a file that it refuses, and says so in its log alone."""
    for mistake in packaged(f"opencode-tui-{VERSION}").mistakes(value):
        hint = mistake.hint
        if mistake.sort == "unknown":
            hint = mistake.hint or "OpenCode does not know it"
        yield mistake._replace(hint=hint)


# Agents, in opencode.json and as files.


def agent(front: Mapping[str, Any], schema: Schema | None = None) -> Iterable[Mistake]:
    """Mistakes in an agent's front matter."""
    known = schema or config_schema()
    said = {key: value for key, value in front.items() if key not in ("name", "prompt")}
    for mistake in known.mistakes(said, AGENT):
        yield mistake._replace(hint=_hints(mistake) or mistake.hint)
    if "name" in front and not isinstance(front["name"], str | type(None)):
        yield Mistake(("name",), "`name` must be text", "put it in quotes", "type")
    yield from _agent_keys(front, (), known)


def _agent_keys(said: Mapping[str, Any], steps: Steps, schema: Schema) -> Iterable[Mistake]:
    known = (*schema.root["$defs"]["AgentConfig"]["properties"], "name")
    for key, value in said.items():
        if steps and key == "permissions":
            yield _unknown_in_config(unknown((*steps, key), known))
        elif key not in known and (key not in OPTIONS or _no_json(value)):
            yield _option((*steps, key), value, known)
    yield from _permissions(said, steps)
    yield from _unlikely(said, steps)


def _option(steps: Steps, value: Any, known: tuple[str, ...]) -> Mistake:
    """An unknown key, which OpenCode passes to the model."""
    key = steps[-1]
    if _no_json(value):
        text = f"`{'/'.join(steps)}` is a number that JSON cannot say"
        return Mistake(steps, text, "put it in quotes, or remove it: OpenCode would answer 400", "form")
    near = AGENT_KEYS.get(key) or meant(key, known)
    opens = near in CLOSING and value is not False
    after = ": nothing is denied" if opens and near != "disable" else ": the agent stays on" if opens else ""
    takes = f"OpenCode takes `{key}` for a model option{after}"
    hint = f"did you mean `{near}`? {takes}" if near else f"{takes}; put it under `options:` if that is meant"
    return unknown(steps, ())._replace(hint=hint, refused=opens)


def _no_json(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_no_json(item) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and (value != value or abs(value) == float("inf"))


def _permissions(said: Mapping[str, Any], steps: Steps) -> Iterable[Mistake]:
    yield from permission_rules.mistakes(said.get("permission"), (*steps, "permission"))
    if isinstance(said.get("tools"), dict):
        yield from permission_rules.of_tools(said["tools"], (*steps, "tools"))


def _unlikely(said: Mapping[str, Any], steps: Steps) -> Iterable[Mistake]:
    """Values that load and can't work."""
    yield from model(said.get("model"), (*steps, "model"))
    for key, top in (("temperature", 2), ("top_p", 1)):
        value = said.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and (value < 0 or value > top):
            text = f"`{'/'.join((*steps, key))}` is {value}: providers take 0 to {top}"
            yield Mistake((*steps, key), text, f"write a number from 0 to {top}", "range", refused=False)


def model(value: Any, steps: Steps) -> Iterable[Mistake]:
    """A model without its provider."""
    if isinstance(value, str) and "{" not in value and not re.match(r"[^/]+/.", value):
        hint = "write `provider/model`, as `opencode models` lists them"
        yield Mistake(steps, f"`{'/'.join(steps)}` names no provider: `{value}`", hint, "form", refused=False)


# Commands.

COMMAND_KEYS = {
    "argument-hint": "OpenCode has no such key: say it in `description`",
    "allowed-tools": "OpenCode has no such key: name an agent with that `permission`",
    "permission": "OpenCode ignores it: name an agent with that `permission`",
    "prompt": "OpenCode takes the text below the front matter",
}


def command(front: Mapping[str, Any], schema: Schema | None = None) -> Iterable[Mistake]:
    """Mistakes in a command's front matter."""
    known = schema or config_schema()
    said = {key: value for key, value in front.items() if key not in ("name", "template")}
    for mistake in known.mistakes({**said, "template": ""}, COMMAND):
        if mistake.sort == "unknown":
            key = mistake.steps[-1]
            near = meant(key, [word for word in mistake.known if word != "template"])
            hint = COMMAND_KEYS.get(key) or (f"did you mean `{near}`? " if near else "") + "OpenCode ignores it"
            mistake = mistake._replace(hint=hint, refused="permission" in (key, AGENT_KEYS.get(key)) and "-" not in key)
        yield mistake
    if "template" in front:
        hint = "remove it: the text below the front matter is the template"
        yield Mistake(("template",), "`template` is overridden by the text below", hint, "vain", refused=False)
    yield from model(front.get("model"), ("model",))
