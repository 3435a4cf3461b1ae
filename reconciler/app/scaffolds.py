"""New files of desired state → the same with the line by which editors find their schema, and those schemas."""

from __future__ import annotations

import os
from collections.abc import Iterable

from reconciler.app import opencode_schema, schemas
from reconciler.model.kind import Found
from reconciler.model.resource import File, Source
from reconciler.model.world import Env

DESIRED = "desired-state"
MODELINE = "# yaml-language-server: $schema="
SETTINGS = f"""\
{MODELINE}{schemas.FOLDER}/{schemas.SETTINGS}.json
# This repository's id: it names the owner in the state of every home that applies it.
id: "{{id}}"

# What may be done about edits made by hand or by other programs: enforce (the default), report, ignore.
# A pattern is a kind, a reference or a glob; later lines win.
# modes:
#   agent/scratch/*: ignore
#   file/zed/*: report
"""


def settings(identity: str) -> File:
    """A reconcile.yaml to begin with."""
    return File(SETTINGS.format(id=identity).encode())


def described(found: Iterable[Found], top: str, env: Env) -> dict[str, File]:
    """The files of an import, with the schemas that they name."""
    headed = [(item.ref.kind, _headed(source, item.ref.kind)) for item in found for source in item.sources]
    named = {kind for kind, source in headed if source.file.content.startswith(MODELINE.encode())}
    return {source.path: source.file for _, source in headed} | missing_schemas(named, top, env)


def _headed(source: Source, kind: str) -> Source:
    if not source.path.endswith(".yaml") or kind not in schemas.names():
        return source
    up = "../" * (source.path.count("/") - 1)
    line = f"{MODELINE}{up}{schemas.FOLDER}/{kind}.json\n".encode()
    return source._replace(file=File(line + source.file.content, source.file.executable))


def missing_schemas(names: Iterable[str], top: str, env: Env) -> dict[str, File]:
    """Those that are not there yet: one that stands there is brought up to date by `reconcile schema --write`."""
    at = {f"{DESIRED}/{schemas.FOLDER}/{name}.json": name for name in sorted(names)}
    missing = {path: name for path, name in at.items() if not os.path.lexists(f"{top}/{path}")}
    config = opencode_schema.current(env) if missing else opencode_schema.packaged()
    return {path: schemas.written(name, config) for path, name in missing.items()}
