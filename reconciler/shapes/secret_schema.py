"""A JSON Schema of what people write → the same, with a reference to a secret wherever a text may stand. Pure.

A YAML language server that knows the tag sees `!secret env:NAME` as a text, and `!secret {from: …, in: …}` as a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.formats import secret_refs

Schema = dict[str, Any]
NAME = "secretReference"
SOURCE: Schema = {"type": "string", "pattern": f"^(?:{'|'.join(secret_refs.FORMS)}):.+"}
AROUND: Schema = {"type": "string", "description": "what is around it: `{}` is where the secret goes"}
ABOUT = frozenset(("title", "description", "default", "examples", "deprecated", "markdownDescription"))
FIXED = frozenset(("enum", "const", "pattern"))
INSIDE = ("properties", "patternProperties", "$defs")
BELOW = ("items", "additionalProperties")
BESIDE = ("anyOf", "oneOf", "allOf", "prefixItems")


def _form(key: str) -> Schema:
    properties = {key: SOURCE, "in": AROUND}
    return {"type": "object", "properties": properties, "required": [key], "additionalProperties": False}


REFERENCE: Schema = {
    "description": f"a reference to a secret: {', '.join(f'`{form}`' for form, _ in secret_refs.FORMS.values())}",
    "oneOf": [_form(secret_refs.KEY), _form("from")],
}


def accepting(document: Mapping[str, Any]) -> Schema:
    """The whole document, with the definition that it needs then."""
    inside = _within(document)
    return {**inside, "$defs": {**inside.get("$defs", {}), NAME: REFERENCE}}


def _taking(node: Any) -> Any:
    """A part: what may be any text, and is not one of a few, may be a reference too."""
    if not isinstance(node, dict):
        return node
    if not _any_text(node):
        return _within(node)
    about = {key: value for key, value in node.items() if key in ABOUT}
    rest = {key: value for key, value in node.items() if key not in ABOUT}
    return {**about, "anyOf": [rest, {"$ref": f"#/$defs/{NAME}"}]}


def _any_text(node: Mapping[str, Any]) -> bool:
    sort = node.get("type")
    return (sort == "string" or (isinstance(sort, list) and "string" in sort)) and not FIXED & node.keys()


def _within(node: Mapping[str, Any]) -> Schema:
    found = dict(node)
    for key in INSIDE:
        if key in found:
            found[key] = {name: _taking(part) for name, part in found[key].items()}
    for key in BELOW:
        if key in found:
            found[key] = _taking(found[key])
    for key in BESIDE:
        if key in found:
            found[key] = _branches([_taking(part) for part in found[key]])
    return found


def _branches(parts: list[Any]) -> list[Any]:
    """A union of a union is one: an editor shows each branch."""
    flat: list[Any] = []
    for part in parts:
        inner = part["anyOf"] if isinstance(part, dict) and part.keys() == {"anyOf"} else [part]
        flat += [one for one in inner if one not in flat]
    return flat
