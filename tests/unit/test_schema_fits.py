"""The quick test of a schema says yes only to what the slow one finds no mistake in."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.formats.schema import Schema
from reconciler.shapes import opencode_rules

VALUES: list[Any] = [
    "true", "x", "", 0, 1, -1, 1.5, 2.0, float("nan"), float("inf"), True, None, [], {}, ["a"], [1], {"a": "b"}, "ask",
    "deny", "#aabbcc", "#x", "primary", {"$secret": "env:A"}, {"enabled": False}, {"type": "local", "command": ["a"]},
    {"type": "remote", "url": "https://x"}, {"bash": "deny"}, {"bash": {"*": "ask", "a": 1}}, [["a", {}]], 10**400,
]  # fmt: skip
SCHEMAS = [opencode_rules.packaged(f"opencode-{name}-{opencode_rules.VERSION}") for name in ("config", "tui")]


def _said(schema: Schema, chance: random.Random) -> dict[str, Any]:
    """A map of known and unknown keys, each with one of the values, or one that is nested."""
    keys = [*schema.root["properties"], "mine"]
    return {key: _one(chance) for key in chance.sample(keys, chance.randrange(1, 3))}


def _one(chance: random.Random) -> Any:
    value = chance.choice(VALUES)
    nested = {"x": value} if chance.random() < 0.3 else [value] if chance.random() < 0.2 else value
    return {"x": nested, "y": chance.choice(VALUES)} if chance.random() < 0.2 else nested


def _cases(schema: Schema, seed: int) -> Iterator[tuple[Any, tuple[str, ...]]]:
    chance = random.Random(seed)
    for _ in range(6000):
        yield _said(schema, chance), ()
        if "$defs" in schema.root and "AgentConfig" in schema.root["$defs"]:
            keys = [*schema.root["$defs"]["AgentConfig"]["properties"], "mine"]
            yield {key: _one(chance) for key in chance.sample(keys, 2)}, opencode_rules.AGENT
            yield {"template": "x", **{k: _one(chance) for k in ("agent", "subtask")}}, opencode_rules.COMMAND


@pytest.mark.parametrize("schema", SCHEMAS, ids=["config", "tui"])
def test_yes_means_no_mistake(schema: Schema) -> None:
    yes = 0
    for value, at in _cases(schema, 3):
        node = schema.root
        for step in at:
            node = node[step]
        if schema._quick.of(node)(value):
            yes += 1
            assert schema._check(node, value, ()) == [], value
    assert yes > 50


def test_what_agents_usually_say_is_seen_at_once() -> None:
    [schema, _] = SCHEMAS
    said = {"description": "d", "mode": "subagent", "temperature": 0.2, "permission": {"bash": {"*": "ask"}}}
    node = schema.root["$defs"]["AgentConfig"]
    assert schema._quick.of(node)(json.loads(json.dumps(said)))
    assert not schema._quick.of(node)(said | {"mode": "subagnet"})
