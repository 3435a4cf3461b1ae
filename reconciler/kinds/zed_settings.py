"""Keys of Zed's settings.json, which Zed's own pages, pickers and panels write too."""

from __future__ import annotations

from reconciler.model.kind import Kind, Writer
from reconciler.model.resource import Mode
from reconciler.shapes import (
    adopting,
    editor_schema,
    implied,
    json_keys,
    linting,
    settings_file,
    zed_rules,
    zed_spellings,
)
from reconciler.shapes.asked import Asked
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.settings_file import SettingsFile
from reconciler.shapes.shared_json import CODEC, Leaf

KEYS = JsonKeys(old=zed_spellings.old)
FILE = SettingsFile(
    kind="zed_settings",
    root="zed",
    stem="zed/settings",
    paths=("settings.json",),
    fresh="settings.json",
    keys=KEYS,
    moved={},
)


def reported(who: str, what: str, *pointers: str) -> Writer:
    return Writer(who, what, Mode.REPORT, pointers)


# Call sites of update_settings_file in Zed's source, by what triggers them.
WRITERS = (
    reported("Zed's theme picker", "themes and font sizes", "/theme", "/icon_theme", "/ui_font_size",
             "/buffer_font_size", "/agent_*font_size"),
    reported("Zed's agent panel", "models, profiles and tool permissions", "/agent/default_model",
             "/agent/favorite_models", "/agent/inline_assistant_model", "/agent/default_profile", "/agent/profiles",
             "/agent/tool_permissions/tools", "/agent/model_parameters"),
    reported("Zed's thread selectors", "what was last chosen for an agent", "/agent_servers/*/default_*",
             "/agent_servers/*/favorite_*"),
    reported("Zed's MCP toggle", "whether a server is on", "/context_servers/*/enabled"),
    reported("Zed's panels", "where they are docked and sorted", "/*_panel/dock", "/agent/dock", "/bottom_dock_layout",
             "/agent/flexible", "/agent/sidebar_side", "/*_panel/sort_by"),
    reported("Zed's onboarding", "key maps, modes and telemetry", "/base_keymap", "/vim_mode", "/helix_mode",
             "/telemetry", "/edit_predictions/provider", "/show_edit_predictions"),
    reported("Zed's remote projects", "connections and the projects opened there", "/ssh_connections",
             "/wsl_connections"),
    reported("Zed's extensions page", "extensions kept at a version", "/auto_update_extensions"),
    reported("the first `zed PATH`", "how it opens", "/cli_default_open_behavior"),
    reported("Zed's model dialogs", "providers added there", "/language_models/openai_compatible",
             "/language_models/*/available_models"),
    Writer("Zed's MCP page", "context servers added or removed there", pointers=("/context_servers",)),
    Writer("Zed's agent registry", "agents installed or removed there", pointers=("/agent_servers",)),
    Writer("Zed's settings page", "any key"),
)  # fmt: skip

ZED_SETTINGS: Kind[Asked, Leaf] = Kind(
    name="zed_settings",
    folder="zed",
    files=FILE.files,
    read=FILE.read,
    targets=FILE.targets,
    observe=KEYS.observe,
    act=KEYS.act,
    describe=FILE.describe,
    codec=CODEC,
    diff=json_keys.diff,
    adopt=adopting.keys,
    lint=linting.of_settings(zed_rules.settings),
    beside=linting.beside(zed_rules.settings, FILE),
    check=FILE.check,
    layers=settings_file.layers(FILE),
    together=implied.together(zed_spellings.old),
    writers=WRITERS,
    schema=editor_schema.zed_settings,
    reload="at once: Zed watches its files",
)
