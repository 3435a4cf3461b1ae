"""Kinds → the JSON Schema of a file that describes several resources at once: top-level maps by folder name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from reconciler import registry
from reconciler.app import schemas
from reconciler.model.kind import AnyKind

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES = ("opencode/settings", "opencode/tui", "zed/settings", "zed/keymap", "zed/tasks")
OWN = ("$schema", "$id", "$defs")


def document(config: Mapping[str, Any]) -> Schema:
    """`config`: the schema of OpenCode's configuration."""
    folders: dict[str, Schema] = {}
    named: Schema = {}
    for kind in registry.KINDS:
        if kind.schema is None:
            folders.setdefault(kind.folder, {"type": "object", "additionalProperties": {"type": "string"}})
            continue
        whole = schemas.of_kind(kind, config)
        named |= whole.get("$defs", {})
        inner = {key: value for key, value in whole.items() if key not in OWN}
        folder = folders.setdefault(kind.folder, {"type": "object", "additionalProperties": False})
        stems = [PurePosixPath(path).name for path in FILES if kind.files([f"{path}.yaml"])]
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
