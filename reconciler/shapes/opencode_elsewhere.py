"""Variables → the other places that OpenCode merges over `~/.config/opencode`, and how a copy holds them. Pure.

The order and the names are those of OpenCode 1.18.33 (docs/opencode-facts.md); a project's own files are left out,
since no project is meant. What it fetches from a network, and macOS's managed preferences, nobody can stage.
"""

from __future__ import annotations

import re

from reconciler.model.programs import Elsewhere
from reconciler.model.world import Env

NAMES = ("opencode.json", "opencode.jsonc")
MARKDOWN = re.compile(r"(?:agents?|commands?|modes?)/.+\.md", re.S)
MANAGED = {"darwin": "/Library/Application Support/opencode"}
RELATIVE = re.compile(r"\{file:(?![/~])([^}]+)\}")
CONTENT = "~/.places/content.json"
PERMISSION = "~/.places/permission.json"
HOME, CONFIG, FOLDER, SYSTEM = "~/.opencode/", "~/.places/config/", "~/.places/folder/", "~/.places/managed/"


def elsewhere(env: Env) -> tuple[Elsewhere, ...]:
    """Every place that is named or may be there."""
    said = env.variables
    found = [Elsewhere("", f"{env.home}/.opencode", HOME)]
    if path := said.get("OPENCODE_CONFIG"):
        found.append(Elsewhere(path.rpartition("/")[2], path, CONFIG))
    if folder := said.get("OPENCODE_CONFIG_DIR"):
        found.append(Elsewhere("", folder.rstrip("/"), FOLDER))
    managed = said.get("OPENCODE_TEST_MANAGED_CONFIG_DIR") or MANAGED.get(env.platform, "/etc/opencode")
    return (*found, Elsewhere("", managed, SYSTEM))


def inline(env: Env) -> dict[str, bytes]:
    """What variables themselves say."""
    said = {CONTENT: env.variables.get("OPENCODE_CONFIG_CONTENT"), PERMISSION: env.variables.get("OPENCODE_PERMISSION")}
    return {key: rebased(text.encode("utf-8", "surrogateescape"), env.home) for key, text in said.items() if text}


def judged(path: str, place: Elsewhere) -> bool:
    """Whether a file below such a place is read; of what an administrator keeps, the configuration alone."""
    return path in NAMES or (place.at in (HOME, FOLDER) and bool(MARKDOWN.fullmatch(path)))


def rebased(content: bytes, folder: str) -> bytes:
    """The same with `{file:…}` written so that it leads to the same file from anywhere."""
    text = content.decode("utf-8", "surrogateescape")
    return RELATIVE.sub(rf"{{file:{_plain(folder)}/\1}}", text).encode("utf-8", "surrogateescape")


def _plain(folder: str) -> str:
    return folder.replace("\\", "\\\\")


def is_config(key: str) -> bool:
    """Whether a key is of a configuration, and not of Markdown."""
    return key in (CONTENT, PERMISSION) or key.startswith((CONFIG, SYSTEM)) or key.rpartition("/")[2] in NAMES


def variables(keys: frozenset[str]) -> dict[str, str]:
    """How the program is told where a copy holds them."""
    told = {"OPENCODE_CONFIG_DIR": FOLDER, "OPENCODE_TEST_MANAGED_CONFIG_DIR": SYSTEM}
    found = {name: _in_copy(at.rstrip("/")) for name, at in told.items() if any(key.startswith(at) for key in keys)}
    configs = [key for key in keys if key.startswith(CONFIG)]
    return {**found, **({"OPENCODE_CONFIG": _in_copy(configs[0])} if configs else {})}


def _in_copy(key: str) -> str:
    return f"{{copy}}/home/{key.removeprefix('~/')}"
