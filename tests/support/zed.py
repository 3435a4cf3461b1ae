"""Zed's own writes to settings.json: what its settings store does to a text when one of its pages, pickers or panels
changes a setting. It compares the settings before and after, and edits the text by ranges: a new key goes first in its
object, a value that differs is rendered anew, whole. No Zed is run: the rules are those read in its source at 1.6.0."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from reconciler.formats import jsonc

Settings = dict[str, Any]
Steps = tuple[str, ...]
Step = Callable[[Settings], None]
"""What one click changes in the settings."""


def write(text: str, click: Step) -> str:
    """The text after one click; that of a file which is not there is `{}`."""
    text = text or "{}"
    before: Any = jsonc.loads(text)
    after = copy.deepcopy(before)
    click(after)
    _with_noise(before, after)
    for edit in _differences(before, after, ()):
        text = edit(text)
    return text


def _with_noise(before: Settings, after: Settings) -> None:
    """The first write below `agent` brings lists along that nobody asked for."""
    agent = after.get("agent")
    if agent != before.get("agent") and isinstance(agent, dict):
        agent.setdefault("favorite_models", [])
        agent.setdefault("model_parameters", [])


Edit = Callable[[str], str]


def _differences(old: Any, new: Any, steps: Steps) -> Iterator[Edit]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old:
            if key in new:
                yield from _differences(old[key], new[key], (*steps, key))
            else:
                yield partial(delete, steps=(*steps, key))
        for key in new:
            if key not in old:
                yield partial(insert, steps=(*steps, key), value=new[key])
    elif old != new or type(old) is not type(new):
        yield partial(replace, steps=steps, value=new)


# --- the edits ------------------------------------------------------------------------------------


def replace(text: str, steps: Steps, value: Any) -> str:
    """The value rendered whole in place of another: comments in that are lost."""
    node = _at(text, steps)
    unit = indent(text)
    return text[: node.start] + _pretty(value, unit, unit * len(steps)) + text[node.end :]


def insert(text: str, steps: Steps, value: Any) -> str:
    """A new key is the first of its object, in the column of the one that was; on the first row all on one line."""
    holder = _at(text, steps[:-1])
    key = json.dumps(steps[-1], ensure_ascii=False)
    if not holder.entries:
        return _filled(text, steps, holder, value)
    first = holder.entries[0].start
    if "\n" not in text[:first]:
        return f"{text[:first]}{key}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}, {text[first:]}"
    column = _column(text, first)
    return f"{text[:first]}{key}: {_pretty(value, indent(text), column)},\n{' ' * column}{text[first:]}"


def _filled(text: str, steps: Steps, holder: jsonc.Node, value: Any) -> str:
    """An object without keys is rendered anew, with those of its comments that begin with `//`."""
    inside = text[holder.start + 1 : holder.end - 1].splitlines()
    comments = [line[line.index("//") :].rstrip() for line in inside if "//" in line]
    unit = indent(text)
    rendered = _pretty({steps[-1]: value}, unit, unit * (len(steps) - 1))
    margin = "\n" + " " * unit * len(steps)
    return (
        text[: holder.start]
        + "{"
        + "".join(margin + comment for comment in comments)
        + rendered[1:]
        + text[holder.end :]
    )


def delete(text: str, steps: Steps) -> str:
    """A key goes with the comma and the white space before it; with those after it where it is the first."""
    entries = _at(text, steps[:-1]).entries
    index = next(i for i, entry in enumerate(entries) if entry.key == steps[-1])
    start, end = entries[index].start, entries[index].value.end
    before = entries[index - 1].comma if index else -1
    if before >= 0 and not text[before + 1 : start].strip():
        return text[:before] + text[end:]
    if entries[index].comma >= 0:
        end = entries[index].comma + 1
        end += len(text[end:]) - len(text[end:].lstrip())
    return text[:start] + text[end:]


def indent(text: str) -> int:
    """The most common distance of a child to its container, in columns, near the top; a tab is one column."""
    found: Counter[int] = Counter()
    level = [jsonc.parse(text)]
    for _ in range(3):
        for node in level:
            columns = (_column(text, entry.start) - _column(text, node.start) for entry in node.entries)
            found.update(distance for distance in columns if distance > 0)
        level = [entry.value for node in level for entry in node.entries]
    return found.most_common(1)[0][0] if found else 2


def _pretty(value: Any, unit: int, margin: int) -> str:
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", "\n" + " " * margin)


def _column(text: str, offset: int) -> int:
    return offset - text.rfind("\n", 0, offset) - 1


def _at(text: str, steps: Steps) -> jsonc.Node:
    node = jsonc.find(jsonc.parse(text), steps)
    assert node is not None, f"nothing stands at {steps}"
    return node


# --- who writes what ------------------------------------------------------------------------------


def _below(settings: Settings, *steps: str) -> Settings:
    for step in steps:
        settings = settings.setdefault(step, {})
    return settings


def picks_theme(settings: Settings) -> None:
    settings["theme"] = "Gruvbox Dark"


def zooms(settings: Settings) -> None:
    settings["buffer_font_size"] = 17.0


def chooses_model(settings: Settings) -> None:
    _below(settings, "agent")["default_model"] = {"provider": "opencode", "model": "big", "enable_thinking": False}


def picks_profile(settings: Settings) -> None:
    _below(settings, "agent")["default_profile"] = "ask"


def always_allows(settings: Settings) -> None:
    tool = _below(settings, "agent", "tool_permissions", "tools", "terminal")
    tool["always_allow"] = [*tool.get("always_allow", []), {"pattern": "^git "}]


def toggles_server(settings: Settings, name: str = "docs") -> None:
    """Where the user's settings have no such server, the form of an extension is made."""
    servers = _below(settings, "context_servers")
    if name in servers:
        servers[name]["enabled"] = not servers[name].get("enabled", True)
    else:
        servers[name] = {"enabled": False, "settings": {}}


def adds_server(settings: Settings) -> None:
    _below(settings, "context_servers")["theirs"] = {"enabled": True, "command": "theirs", "args": [], "env": {}}


def deletes_server(settings: Settings, name: str = "docs") -> None:
    _below(settings, "context_servers").pop(name, None)


def selects_model_of_agent(settings: Settings, name: str = "opencode") -> None:
    """Where the user's settings have no such agent, one of the registry is made."""
    agent = _below(settings, "agent_servers").setdefault(name, {"type": "registry"})
    agent["default_model"] = "stub/one"


def removes_agent(settings: Settings, name: str = "opencode") -> None:
    _below(settings, "agent_servers").pop(name, None)


def drags_panel(settings: Settings) -> None:
    _below(settings, "project_panel")["dock"] = "right"


def toggles_vim(settings: Settings) -> None:
    settings["vim_mode"] = not settings.get("vim_mode", False)


def opens_remote_project(settings: Settings) -> None:
    settings["ssh_connections"] = [
        *settings.get("ssh_connections", []),
        {"host": "box", "projects": [{"paths": ["~/p"]}]},
    ]


def sets_tab_size(settings: Settings) -> None:
    _below(settings, "languages", "Python")["tab_size"] = 8


def excludes_more(settings: Settings) -> None:
    settings["file_scan_exclusions"] = [*settings.get("file_scan_exclusions", []), "**/*.theirs"]


def resets(settings: Settings, key: str = "tab_size") -> None:
    settings.pop(key, None)


def moves_docks_after_an_upgrade(settings: Settings) -> None:
    for panel in ("agent", "project_panel", "git_panel"):
        _below(settings, panel).setdefault("dock", "left")


CLICKS: tuple[Step, ...] = (
    picks_theme, zooms, chooses_model, picks_profile, always_allows, toggles_server, adds_server, deletes_server,
    selects_model_of_agent, removes_agent, drags_panel, toggles_vim, opens_remote_project, sets_tab_size, excludes_more,
    resets, moves_docks_after_an_upgrade,
)  # fmt: skip
