"""Fixtures that the tests of `world/` share."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.world import World
from reconciler.world.local import LocalWorld
from reconciler.world.memory import MemoryWorld
from tests.support.worlds import Fault, Hands, LocalHands, MemoryHands


@pytest.fixture(params=["memory", "local"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[World, Hands]:
    roots = {"zed": f"{tmp_path}/zed", "opencode": f"{tmp_path}/opencode"}
    if request.param == "local":
        return LocalWorld(roots, home=str(tmp_path)), LocalHands(tmp_path / "zed")
    world = MemoryWorld(roots, home=str(tmp_path))
    return world, MemoryHands(world)


@pytest.fixture
def local(tmp_path: Path) -> LocalWorld:
    (tmp_path / "zed").mkdir()
    return LocalWorld({"zed": f"{tmp_path}/zed"}, home=str(tmp_path))


@pytest.fixture
def zed(tmp_path: Path) -> Path:
    return tmp_path / "zed"


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    return Fault(monkeypatch)
