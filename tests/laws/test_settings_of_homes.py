"""Every settings file of real homes: import, an empty plan, each leaf in turn, rollback; byte for byte."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from reconciler import registry
from reconciler.formats import jsonc, masking
from reconciler.model.resource import File
from reconciler.pipeline import survey
from reconciler.pipeline.describe import describe
from reconciler.shapes.asked import from_jsonc, from_yaml
from reconciler.shapes.json_keys import JsonKeys
from tests.support import homes
from tests.support.house import House

MOST = 50
STEMS = {"opencode_settings": "opencode/settings", "tui_settings": "opencode/tui", "zed_settings": "zed/settings"}
SHARED = {f"{root.name}/{path}" for root in registry.ROOTS for path in root.shared}

# Values are changed at random here: whether they make sense is another test's matter.
UNCHECKED = tuple(dataclasses.replace(kind, lint=lambda resource: ()) for kind in registry.KINDS)

pytestmark = pytest.mark.skipif(not homes.real(), reason=homes.REASON)


def house(home: Path) -> House:
    """A home's shared files alone, in memory."""
    made = House({}, UNCHECKED)
    for name in sorted(SHARED):
        if (home / name).is_file():
            root, _, path = name.partition("/")
            made.world.files[root, path] = File((home / name).read_bytes())
    return made


def imported(made: House, *, native: bool = False) -> dict[str, str]:
    """What git would say after an import, and ownership recorded."""
    layout = survey.survey(registry.ROOTS, made.world)
    if native:
        object.__setattr__(layout, "native", True)
    said = describe(layout, registry.KINDS, made.world, known=frozenset())
    git = {
        s.path.removeprefix("desired-state/"): s.file.content.decode() for found in said.found for s in found.sources
    }
    before = made.home
    made.apply(made.plan(git))
    assert made.home == before
    return git


@pytest.mark.parametrize("native", [False, True], ids=["yaml", "native"])
@pytest.mark.parametrize("home", homes.real(), ids=lambda p: p.name)
def test_after_import_there_is_nothing_to_do(home: Path, native: bool) -> None:
    made = house(home)
    git = imported(made, native=native)
    assert not made.plan(git).changes
    made.hand_back()
    assert made.home == house(home).home


@pytest.mark.parametrize("home", homes.real(), ids=lambda p: p.name)
def test_no_secret_is_imported(home: Path) -> None:
    for text in imported(house(home)).values():
        assert not masking.looks_secret(text.encode())


def leaves(value: Any) -> list[tuple[str, ...]]:
    found = list(dict(JsonKeys().leaves(value)))
    step = max(1, len(found) // MOST)
    return found[::step][:MOST]


def another(value: Any) -> Any:
    """A value of the same sort, and never the same."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, "one more"]
    return f"{value} é" if isinstance(value, str) else {"new": 1}


@pytest.mark.parametrize("home", homes.real(), ids=lambda p: p.name)
def test_each_leaf_alone(home: Path) -> None:
    made = house(home)
    git = imported(made)
    start = made.home
    for name in git:
        if not name.startswith(tuple(STEMS.values())):
            continue
        value = (from_yaml if name.endswith("yaml") else from_jsonc)(git[name], name).value
        for steps in leaves(value):
            one_leaf(made, git, name, value, steps)
            assert made.home == start


def one_leaf(made: House, git: dict[str, str], name: str, value: Any, steps: tuple[str, ...]) -> None:
    changed = copy.deepcopy(value)
    inner = changed
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = another(inner[steps[-1]])
    stem = name.rpartition(".")[0]
    said = {n: t for n, t in git.items() if n != name} | {f"{stem}.jsonc": json.dumps(changed)}
    plan = made.plan(said)
    [change] = plan.due
    assert all(c.action.bookkeeping and c.claim.item == change.claim.item[:-1] for c in plan.changes if c is not change)
    file = f"{change.claim.root}/{change.claim.path}"
    old = jsonc.decode(made.home[file])
    result = made.apply(plan)
    new = jsonc.decode(made.home[file])
    node = jsonc.find(jsonc.parse(old), steps)
    assert node is not None
    grown = len(new) - len(old)
    assert new[: node.start] == old[: node.start]
    assert new[node.end + grown :] == old[node.end :]
    assert result.run is not None
    made.take_back(result.run.id)
