"""What people write below documents/, as a JSON Schema. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.shapes import document_types
from reconciler.shapes.server_schema import DURATION

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
NAME: Schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}

OUTPUT: Schema = {
    "type": "object",
    "properties": {
        "in": {
            "type": "string",
            "pattern": "^(repository|opencode|zed|project/.+)$",
            "description": "`repository` (the default), `opencode`, `zed`, or `project/NAME`: the folder of a server",
        },
        "path": {**TEXT, "description": "the file below that; `{name}` is the name of the resource, with `each`"},
        "region": {**NAME, "description": "the marked part of the file that is ours; without it, the whole file"},
    },
    "required": ["path"],
    "additionalProperties": False,
}
DOCUMENT: Schema = {
    "type": "object",
    "properties": {
        "template": {**TEXT, "description": "a Jinja2 template, below `templates/`"},
        "outputs": {
            "type": "array",
            "items": {"anyOf": [TEXT, OUTPUT]},
            "minItems": 1,
            "description": "where it goes: a path in this repository, or a map of `in`, `path` and `region`",
        },
        "each": {**TEXT, "description": "a kind: every resource of it has an output of its own, which is its page"},
        "data": {"type": "object", "description": "anything; the template sees it as `data`"},
        "title": {**TEXT, "description": "the template sees it as `title`"},
        "type": {
            "anyOf": [{"enum": list(document_types.TYPES)}, NAME],
            "description": "the standard that the outputs obey, as `docs check` has it; `standards:` in reconcile.yaml "
            "adds others",
        },
        "observed": {
            "type": "boolean",
            "description": "the template sees what stands on this machine, and what was last seen of servers and drift",
        },
        "refresh": {
            "type": "string",
            "pattern": DURATION,
            "description": "with `observed`: a plan looks at servers and drift anew once that was so long ago (`1h`); "
            "without it, only `reconcile docs render` does",
        },
    },
    "required": ["template", "outputs"],
    "additionalProperties": False,
}


def document(config: Mapping[str, Any]) -> Schema:
    """A document's declaration."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A document", **DOCUMENT}
