"""Keys of OpenCode's global configuration: opencode.json, opencode.jsonc and config.json, which it merges."""

from __future__ import annotations

from reconciler.model.kind import Kind, Writer
from reconciler.model.resource import Mode
from reconciler.shapes import adopting, editor_schema, json_keys, linting, opencode_rules, settings_file
from reconciler.shapes.asked import Asked
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.settings_file import SettingsFile
from reconciler.shapes.shared_json import CODEC, Leaf, Steps

TUI = ("tui.json", "tui.jsonc")


def unit(steps: Steps) -> bool:
    """A permission map is compared whole and in order: the last rule that matches wins."""
    return steps[-1] == "permission" and (len(steps) == 1 or (len(steps) == 3 and steps[0] in ("agent", "mode")))


def entry(steps: Steps) -> Steps:
    """An MCP server: part of one in a file of its own is refused."""
    return steps[:2] if steps[0] == "mcp" and len(steps) > 2 else ()


KEYS = JsonKeys(unit)
FILE = SettingsFile(
    kind="opencode_settings",
    root="opencode",
    stem="opencode/settings",
    paths=("config.json", "opencode.json", "opencode.jsonc"),
    fresh="opencode.jsonc",
    keys=KEYS,
    moved={"theme": TUI, "keybinds": TUI},
    entry=entry,
)

OPENCODE_SETTINGS: Kind[Asked, Leaf] = Kind(
    name="opencode_settings",
    folder="opencode",
    files=FILE.files,
    read=FILE.read,
    targets=FILE.targets,
    observe=KEYS.observe,
    act=KEYS.act,
    describe=FILE.describe,
    codec=CODEC,
    diff=json_keys.diff,
    adopt=adopting.keys,
    lint=linting.of_settings(opencode_rules.config),
    beside=linting.beside(opencode_rules.config, FILE),
    check=FILE.check,
    layers=settings_file.layers(FILE),
    writers=(
        Writer("OpenCode", "$schema, where it is missing", Mode.REPORT, ("/$schema",)),
        Writer("the TUI", "moves theme and keybinds to tui.json when it starts", Mode.REPORT, ("/theme", "/keybinds")),
        Writer("`opencode mcp add`", "mcp entries", pointers=("/mcp",)),
        Writer("`opencode plugin -g`", "the plugin list", pointers=("/plugin",)),
        Writer("PATCH /global/config", "any key; in opencode.json it drops all comments"),
        Writer("AI agents", "any key, and often wrong ones"),
    ),
    schema=editor_schema.opencode_settings,
    reload="after a restart of each running server: OpenCode reads its global configuration once, when it starts",
)
