"""The OpenAPI document of an OpenCode server → the JSON Schema of its configuration, with all it refers to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]
PREFIX = "#/components/schemas/"


def config_schema(document: Mapping[str, Any], words: Mapping[str, Any]) -> Schema:
    """`words`: a schema whose descriptions are taken where the document has none. Raises KeyError."""
    known = document["components"]["schemas"]
    needed: dict[str, Any] = {}
    config = _moved(known["Config"], known, needed)
    config["properties"] = {
        key: {**_said(words, key), **node} for key, node in config["properties"].items()
    }  # fmt: skip
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "OpenCode's configuration"}
    return {**head, **config, "$defs": dict(sorted(needed.items()))}


def _said(words: Mapping[str, Any], key: str) -> Schema:
    described = words.get("properties", {}).get(key, {}).get("description")
    return {"description": described} if described else {}


def _moved(node: Any, known: Mapping[str, Any], needed: dict[str, Any]) -> Any:
    """The same with its references to `$defs`, where what they name is put."""
    if isinstance(node, list):
        return [_moved(part, known, needed) for part in node]
    if not isinstance(node, dict):
        return node
    moved = {key: _moved(part, known, needed) for key, part in node.items()}
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith(PREFIX):
        name = reference.removeprefix(PREFIX)
        moved["$ref"] = f"#/$defs/{name}"
        if name not in needed:
            needed[name] = {}  # what refers to itself ends here
            needed[name] = _moved(known[name], known, needed)
    return moved
