"""A key of Zed's settings → the places where older versions of Zed keep it, and how its old value reads. Pure.

Zed reads the old spellings without a word and rewrites them only when told to (crate `migrator`), so we must compare
across them: an old spelling of an equal value is equal.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.formats.jsonc import Json
from reconciler.shapes.shared_json import Old, Steps


def same(value: Json) -> Json:
    return value


def allowed(value: Json) -> Json:
    return "allow" if value is True else None


def custom(value: Json) -> Json:
    return "custom" if isinstance(value, str) else None


def old(steps: Steps) -> Iterator[Old]:
    """The older places of a key, newest first."""
    top, inner = steps[0], steps[1:]
    if top == "context_servers" and len(steps) > 2:
        server, key, deeper = steps[1], steps[2], steps[3:]
        if key in ("command", "args", "env"):
            holder = (top, server, "command")
            yield Old((*holder, "path" if key == "command" else key, *deeper), same, holder=holder)
    elif top == "agent_servers" and len(steps) == 3 and steps[2] == "type":
        yield Old((*steps[:2], "command"), custom, implied=True)
    elif steps == ("agent", "tool_permissions", "default"):
        yield Old(("agent", "tool_permissions", "default_mode"), same)
        yield Old(("agent", "always_allow_tool_actions"), allowed)
    elif steps == ("edit_predictions", "provider"):
        yield Old(("edit_prediction_provider",), same)
        yield Old(("features", "edit_prediction_provider"), same)
    elif top == "profiles" and len(steps) > 3 and steps[2] == "settings":
        yield Old((top, steps[1], *steps[3:]), same)
    if top == "agent":
        yield Old(("assistant", *inner), same)
