"""A key of OpenCode's or Zed's settings → its value in each layer that the program merges, the winner last. Looks.

The order is that of OpenCode 1.18.33 (seen with `opencode debug config`) and of Zed's settings store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from reconciler.formats import jsonc
from reconciler.model.kind import Layer
from reconciler.model.resource import Claim
from reconciler.model.world import Env
from reconciler.shapes.mcp_entry import over

NAMES = ("opencode.json", "opencode.jsonc")
MANAGED = {"darwin": "/Library/Application Support/opencode"}
SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}


def layers(claim: Claim, own: Iterable[Layer], env: Env, folder: str) -> tuple[Layer, ...]:
    """`own`: what our files below the root say; `folder`: where the program would be started."""
    if claim.root == "opencode" and not claim.path.startswith("tui"):
        said = (*own, *_opencode(claim.item, env, folder))
        return (*said, *_merged(said)) if claim.item[-1] == "permission" else said
    if claim.root == "zed" and claim.path == "settings.json":
        return tuple(_zed(claim, own, env, folder))
    return tuple(own)


def _opencode(steps: tuple[str, ...], env: Env, folder: str) -> Iterator[Layer]:
    said = env.variables
    if custom := said.get("OPENCODE_CONFIG"):
        yield from _file(custom, steps, env, "OPENCODE_CONFIG ")
    if not said.get("OPENCODE_DISABLE_PROJECT_CONFIG"):
        for parent in reversed(list(_up_to_the_worktree(folder))):
            yield from _files(parent, steps, env)
        for parent in _up_to_the_worktree(folder):
            yield from _files(f"{parent}/.opencode", steps, env)
    yield from _files(f"{env.home}/.opencode", steps, env)
    if other := said.get("OPENCODE_CONFIG_DIR"):
        yield from _files(other, steps, env, "OPENCODE_CONFIG_DIR ")
    if inline := said.get("OPENCODE_CONFIG_CONTENT"):
        yield from _text(inline, steps, "OPENCODE_CONFIG_CONTENT")
    yield from _files(MANAGED.get(env.platform, "/etc/opencode"), steps, env)


def beside(env: Env, folder: str) -> Iterator[tuple[str, str]]:
    """Each other place that OpenCode, started in `folder`, reads a configuration from: its name, and its rank."""
    wins = "its keys win over the global ones"
    if custom := env.variables.get("OPENCODE_CONFIG"):
        missing = "" if os.path.exists(custom) else ": it is not there"
        yield f"`{_shown(custom, env)}` (OPENCODE_CONFIG)", f"{wins}{missing}"
    if not env.variables.get("OPENCODE_DISABLE_PROJECT_CONFIG"):
        for parent in _up_to_the_worktree(folder):
            for path in (*(f"{parent}/{name}" for name in NAMES), f"{parent}/.opencode"):
                if os.path.exists(path) and path not in (f"{env.home}/.opencode", *_global(env)):
                    yield f"`{_shown(path, env)}`", f"{wins} for sessions in this project"
    if os.path.isdir(f"{env.home}/.opencode"):
        yield "`~/.opencode`", "its keys and agents win over the global ones, and over a project's"
    if other := env.variables.get("OPENCODE_CONFIG_DIR"):
        yield f"`{_shown(other, env)}` (OPENCODE_CONFIG_DIR)", f"{wins}, and its AGENTS.md replaces the global one"
    if env.variables.get("OPENCODE_CONFIG_CONTENT"):
        yield "OPENCODE_CONFIG_CONTENT", wins
    managed = MANAGED.get(env.platform, "/etc/opencode")
    if any(os.path.exists(f"{managed}/{name}") for name in NAMES):
        yield f"`{managed}`", "its keys win over all others: this machine's administrator keeps them"


def _global(env: Env) -> tuple[str, ...]:
    return tuple(f"{env.config}/opencode/{name}" for name in NAMES)


def _shown(path: str, env: Env) -> str:
    return "~" + path[len(env.home) :] if path.startswith(f"{env.home}/") else path


def _merged(said: Sequence[Layer]) -> Iterator[Layer]:
    """A permission map as OpenCode has it in the end: rule by rule, in the order in which each was first named."""
    present = [jsonc.loads(layer.value) for layer in said if layer.present]
    if len(present) > 1:
        whole: dict[str, Any] = {}
        for one in present:
            rules = {"*": one} if isinstance(one, str) else one
            whole = over(whole, rules) if isinstance(rules, dict) else whole
        yield Layer("merged, in this order", json.dumps(whole, ensure_ascii=False), True)


def _zed(claim: Claim, own: Iterable[Layer], env: Env, folder: str) -> Iterator[Layer]:
    base = f"{env.home}/.config/zed" if env.platform == "darwin" else f"{env.config}/zed"
    yield from _file(f"{base}/global_settings.json", claim.item, env)
    yield from own
    for key in ("preview", "nightly", "dev", SYSTEMS.get(env.platform, "linux")):
        yield from _file(f"{base}/settings.json", (key, *claim.item), env, f"`{key}` in ")
    for parent in reversed(list(_up_to_the_worktree(folder))):
        yield from _file(f"{parent}/.zed/settings.json", claim.item, env)


def _up_to_the_worktree(folder: str) -> Iterator[str]:
    """The folder and those above it, up to the top of its repository; nearest first."""
    while True:
        yield folder
        if folder == "/" or os.path.exists(f"{folder}/.git"):
            return
        folder = os.path.dirname(folder)


def _files(folder: str, steps: tuple[str, ...], env: Env, label: str = "") -> Iterator[Layer]:
    for name in NAMES:
        yield from _file(f"{folder}/{name}", steps, env, label)


def _file(path: str, steps: tuple[str, ...], env: Env, label: str = "") -> Iterator[Layer]:
    with suppress(OSError, UnicodeDecodeError), open(path, encoding="utf-8") as file:  # noqa: PTH123
        yield from _text(file.read(), steps, f"{label}{_shown(path, env)}")


def _text(text: str, steps: tuple[str, ...], where: str) -> Iterator[Layer]:
    """Nothing for a text that does not parse, or says nothing of the key."""
    with suppress(jsonc.JsoncError):
        node = jsonc.find(jsonc.parse(text), steps)
        if node is not None:
            line, _ = jsonc.position(text, node.start)
            yield Layer(f"{where}:{line}", text[node.start : node.end], True)
