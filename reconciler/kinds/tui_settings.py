"""Keys of the settings of OpenCode's terminal interface: tui.json."""

from __future__ import annotations

from reconciler.model.kind import Kind, Writer
from reconciler.shapes import adopting, editor_schema, json_keys, linting, opencode_rules, settings_file
from reconciler.shapes.asked import Asked
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.settings_file import SettingsFile
from reconciler.shapes.shared_json import CODEC, Leaf

KEYS = JsonKeys()
FILE = SettingsFile(
    kind="tui_settings",
    root="opencode",
    stem="opencode/tui",
    paths=("tui.json", "tui.jsonc"),
    fresh="tui.json",
    keys=KEYS,
    moved={},
)

TUI_SETTINGS: Kind[Asked, Leaf] = Kind(
    name="tui_settings",
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
    lint=linting.of_settings(opencode_rules.tui),
    beside=linting.beside(opencode_rules.tui, FILE),
    check=FILE.check,
    layers=settings_file.layers(FILE),
    writers=(Writer("the TUI", "theme and keybinds it finds in opencode.json, when it starts"),),
    schema=editor_schema.tui_settings,
    reload="the next time the TUI starts",
)
