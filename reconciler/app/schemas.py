"""Kinds → JSON Schemas for editors. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler import registry
from reconciler.app.opencode_schema import Config
from reconciler.model.kind import AnyKind
from reconciler.model.problem import invalid
from reconciler.model.resource import File

Schema = Mapping[str, Any]
SETTINGS = "reconcile"
SEVERAL = "several"
FOLDER = ".schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES = ("opencode/settings", "opencode/tui", "zed/settings", "zed/keymap", "zed/tasks")
OWN = ("$schema", "$id", "$defs")
REFERRING = frozenset(("server",))
"""Kinds that put secrets in themselves."""


def names() -> tuple[str, ...]:
    """What there is a schema of: kinds, files that describe several resources, and reconcile.yaml."""
    return (*(kind.name for kind in registry.KINDS if kind.schema is not None), SEVERAL, SETTINGS)


def schema(name: str, config: Config) -> Schema:
    """The schema of a kind. Raises Invalid."""
    if name == SETTINGS:
        from reconciler.pipeline.settings_schema import document

        return document()
    if name == SEVERAL:
        return _several(config.schema)
    kind = next((kind for kind in registry.KINDS if kind.name == name and kind.schema is not None), None)
    if kind is None:
        raise invalid(name, "there is no schema of this name", f"there are: {', '.join(names())}")
    return of_kind(kind, config.schema)


def of_kind(kind: AnyKind, config: Schema) -> Schema:
    """What an editor is told of a kind that has a schema; `config`: the schema of OpenCode's configuration."""
    from reconciler.shapes import secret_schema

    assert kind.schema is not None
    made = kind.schema(config)
    return secret_schema.accepting(made) if kind.codec.secrets or kind.name in REFERRING else made


def written(name: str, config: Config) -> File:
    """The file that holds a schema."""
    return File((json.dumps(schema(name, config), indent=1, ensure_ascii=False) + "\n").encode())


def _several(config: Mapping[str, Any]) -> Schema:
    """Of a file that describes several resources at once: top-level maps by folder name."""
    folders: dict[str, dict[str, Any]] = {}
    named: dict[str, Any] = {}
    for kind in registry.KINDS:
        if kind.schema is None:
            folders.setdefault(kind.folder, {"type": "object", "additionalProperties": {"type": "string"}})
            continue
        whole = of_kind(kind, config)
        named |= whole.get("$defs", {})
        inner = {key: value for key, value in whole.items() if key not in OWN}
        folder = folders.setdefault(kind.folder, {"type": "object", "additionalProperties": False})
        stems = [path.rpartition("/")[2] for path in FILES if kind.files([f"{path}.yaml"])]
        if stems:
            folder.setdefault("properties", {}).update(dict.fromkeys(stems, inner))
        elif _takes_yaml(kind):
            folder["additionalProperties"] = inner
    return {
        "$schema": DRAFT,
        "title": "Several resources",
        "type": "object",
        "properties": {
            name: folder for name, folder in folders.items() if len(folder) > 2 or folder["additionalProperties"]
        },
        "additionalProperties": False,
        "$defs": named,
    }


def _takes_yaml(kind: AnyKind) -> bool:
    return bool(kind.files([f"{kind.folder}/x.yaml"]))
