"""`schema --refresh` against the real binary: what it serves is what this package ships, and no server is left."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler import app as application
from reconciler.app import opencode_schema
from tests.support.sandbox import Sandbox


def test_the_schema_of_the_installed_binary(opencode: Path, tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    sandbox.variables["RECONCILE_OPENCODE"] = str(opencode)
    env = application.environment(sandbox.variables)
    config = opencode_schema.refresh(env)
    assert config.installed and str(opencode) in config.told
    ours = opencode_schema.packaged().schema
    assert config.schema["properties"].keys() == ours["properties"].keys()
    assert {name: set(node.get("properties", ())) for name, node in config.schema["$defs"].items()} == {
        name: set(node.get("properties", ())) for name, node in ours["$defs"].items()
    }
    assert not [path for path in sandbox.home.rglob("*") if ".cache" not in path.parts]
    assert not running_in(str(tmp_path))
    assert opencode_schema.current(env) == config


def running_in(marker: str) -> list[str]:
    """Processes that were told of this folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"serve" in said and marker.encode() in said and folder.name != str(os.getpid()):
            found.append(folder.name)
    return found
