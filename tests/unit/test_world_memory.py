"""What the world in memory has alone: it can be frozen, and hand edits be injected."""

from __future__ import annotations

import pytest

from reconciler.model.world import Edited
from reconciler.world.memory import MemoryWorld
from tests.support.worlds import A, B, change


def test_a_frozen_world_refuses_any_change() -> None:
    world = MemoryWorld({"zed": "/home/u/.config/zed"}, {("zed", "a"): A})
    world.frozen = True
    with pytest.raises(AssertionError, match="zed:a"):
        world.edit([change("a", A, A)])
    with pytest.raises(AssertionError, match="zed:d"):
        world.prune("zed", "d")
    assert world.edit([]) == [] and world.read("zed", "a") == A


def test_a_hand_edit_is_injected_before_each_edit() -> None:
    world = MemoryWorld({"zed": "/home/u/.config/zed"}, {("zed", "a"): A, ("zed", "b"): A})
    world.hook = lambda edit: world.files.update({("zed", "b"): B}) if edit.path == "b" else None
    fine, late = world.edit([change("a", A, B), change("b", A, None)])
    assert fine == Edited() and late.stale
    assert world.files["zed", "b"] == B
