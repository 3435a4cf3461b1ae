"""The installed `opencode` → the schema of its own configuration, kept in the cache while that binary's path, size and
time of change stay; else the packaged one. Runs that program when told to refresh."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from reconciler.app.own_files import put
from reconciler.model.problem import invalid
from reconciler.model.resource import File
from reconciler.model.world import Env

Schema = Mapping[str, Any]
STAMP = "x-binary"
PREFIX = "opencode-config-"


class Config(NamedTuple):
    """The schema of OpenCode's configuration, where it is from, and whether that is the installed binary."""

    schema: Schema
    told: str
    installed: bool = False


def packaged() -> Config:
    """The schema that comes with this package."""
    from reconciler.shapes import opencode_rules

    name = f"{PREFIX}{opencode_rules.VERSION}"
    return Config(opencode_rules.packaged(name).root, f"of OpenCode {opencode_rules.VERSION}, as packaged")


def current(env: Env) -> Config:
    """The schema read from the binary that is installed now, else ours."""
    found: list[str] = []
    with suppress(OSError):
        found = sorted(name for name in os.listdir(_folder(env)) if name.startswith(PREFIX))
    stamp = _stamp(env) if found else {}
    for name in found if stamp else ():
        if schema := _kept(f"{_folder(env)}/{name}", stamp):
            version = name.removeprefix(PREFIX).removesuffix(".json")
            return Config(schema, f"of OpenCode {version}, read from {stamp['path']}", True)
    return packaged()


def judge(env: Env) -> None:
    """Has everything that is loaded from now on judged by the current schema."""
    from reconciler.shapes import opencode_rules

    config = current(env)
    opencode_rules.judge_by(config.schema if config.installed else None)


def refresh(env: Env) -> Config:
    """Asks the installed binary, and keeps what it says. Raises Invalid."""
    from reconciler.formats.openapi import config_schema
    from reconciler.shapes import opencode_copy
    from reconciler.world import serving

    stamp = _stamp(env)
    if not stamp:
        raise invalid("opencode", "no `opencode` found", "install it, or name it with RECONCILE_OPENCODE")
    copy = opencode_copy.stage({}, lambda path: None)
    try:
        document = json.loads(serving.answer(stamp["path"], copy, "/doc", env.variables))
        version = _version(stamp["path"], env)
        found = {**config_schema(document, packaged().schema), STAMP: stamp}
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("opencode", f"`GET /doc` holds no schema of its configuration: {error!r}") from None
    _keep(env, f"{PREFIX}{version}.json", json.dumps(found, indent=1) + "\n")
    return current(env)


def _folder(env: Env) -> str:
    return f"{env.cache}/reconciler"


def _stamp(env: Env) -> dict[str, Any]:
    """What tells one binary from another, or nothing where there is none."""
    from reconciler.shapes.opencode_copy import CONFIRM
    from reconciler.world.programs import located

    path = located(CONFIRM.program, CONFIRM.variable, env.variables)
    if path is None:
        return {}
    real = os.path.realpath(path)
    try:
        found = os.stat(real)
    except OSError:
        return {}
    return {"path": path, "real": real, "size": found.st_size, "mtime": found.st_mtime_ns}


def _version(path: str, env: Env) -> str:
    """Asked of the program, as the document's own version is the API's. Raises Invalid."""
    import re

    from reconciler.shapes import opencode_copy
    from reconciler.world.running import run

    copy = opencode_copy.stage({}, lambda path: None)
    variables = {"PATH": env.variables.get("PATH", os.defpath), **copy.variables}
    said = run([path, "--version"], copy.files, variables, 30.0)
    version = (said.text.split() or [""])[-1].removeprefix("v")
    if not said.ok or not re.fullmatch(r"[0-9A-Za-z.+-]+", version):
        raise invalid("opencode", "`opencode --version` does not say it", "is this OpenCode?")
    return version


def _kept(path: str, stamp: Mapping[str, Any]) -> Schema | None:
    with suppress(OSError, ValueError):
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            found = json.load(file)
        if isinstance(found, dict) and found.pop(STAMP, None) == stamp:
            return found
    return None


def _keep(env: Env, name: str, text: str) -> None:
    """In place of what an earlier binary of this version said. Raises Invalid."""
    put({name: File(text.encode())}, _folder(env), env)
