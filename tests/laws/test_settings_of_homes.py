"""Every settings file of real homes: import, an empty plan, each leaf in turn, rollback; byte for byte."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import registry
from reconciler.formats import jsonc, masking
from reconciler.kinds import zed_keymap, zed_tasks
from reconciler.model.change import Change
from reconciler.model.resource import File
from reconciler.pipeline import survey
from reconciler.pipeline.describe import describe
from reconciler.shapes.asked import from_jsonc, from_yaml
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.mcp_entry import render
from reconciler.shapes.mcp_values import PROGRAMS
from tests.support import homes
from tests.support.house import House

MOST = 50
STEMS = {"opencode_settings": "opencode/settings", "tui_settings": "opencode/tui", "zed_settings": "zed/settings"}
ITEMS = {"zed/keymap": zed_keymap.ITEMS, "zed/tasks": zed_tasks.ITEMS}
TASKS = """// mine
[
  { "label": "test", "command": "cargo test", "args": ["-q", "--all"], }, // quick
  {
    "label": "test", // another of that name
    "command": "make",
    "env": { "A": "1", "B": null },
    "use_new_terminal": false,
  },
\t{"label":"one line","command":"ls","tags":[]}
]
"""
SHARED = {f"{root.name}/{path}" for root in registry.ROOTS for path in root.shared}

# Values are changed at random here: whether they make sense is another test's matter.
UNCHECKED = tuple(dataclasses.replace(kind, lint=lambda resource: ()) for kind in registry.KINDS)

pytestmark = pytest.mark.skipif(not homes.real(), reason=homes.REASON)


@pytest.fixture(params=[pytest.param(2, id="few"), pytest.param(10_000, id="all", marks=pytest.mark.soak)])
def most(request: pytest.FixtureRequest) -> int:
    """How many values of a file: every one in the long run."""
    return int(request.param)


@pytest.fixture(params=homes.real(), ids=lambda p: p.name)
def home(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


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
def test_after_import_there_is_nothing_to_do(home: Path, native: bool) -> None:
    made = house(home)
    git = imported(made, native=native)
    assert not made.plan(git).changes
    made.hand_back()
    assert made.home == house(home).home


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


def asked(git: dict[str, str], name: str) -> Any:
    return (from_yaml if name.endswith("yaml") else from_jsonc)(git[name], name).value


def test_each_leaf_alone(home: Path, most: int) -> None:
    made = house(home)
    git = imported(made)
    start = made.home
    for name in git:
        if not name.startswith(tuple(STEMS.values())):
            continue
        value = asked(git, name)
        for steps in leaves(value)[:most]:
            changed = with_another(value, steps)
            one(made, git, name, f"{name.rpartition('.')[0]}.jsonc", changed, lambda text, claim, s=steps: s)
            assert made.home == start


def test_each_leaf_of_a_server_alone(home: Path, most: int) -> None:
    """One change for each program to which the declaration says something else then."""
    made = house(home)
    git = imported(made)
    start = made.home
    for name in (name for name in git if name.startswith("mcp/")):
        value = asked(git, name)
        for steps in [steps for steps in leaves(value) if steps != ("targets",)][:most]:
            changed = with_another(value, steps)
            roots = {p for p in value.get("targets", PROGRAMS) if render(p, value) != render(p, changed)}
            assert roots
            found = one(made, git, name, name, changed, lambda text, claim: claim.item)
            assert sorted(change.claim.root for change in found) == sorted(roots)
            assert made.home == start


def test_each_item_alone(home: Path, most: int) -> None:
    made = house(home)
    git = imported(made)
    start = made.home
    for name in (name for name in git if name.startswith(tuple(ITEMS))):
        value, items = asked(git, name), ITEMS[name.partition(".")[0]]
        for steps in list(places(value))[:most]:
            changed = with_another(value, steps)
            stem = name.rpartition(".")[0]
            one(made, git, name, f"{stem}.jsonc", changed, lambda text, claim, of=items: of.places(text)[claim.item])
            assert made.home == start


def test_each_value_of_a_task_alone(most: int) -> None:
    """No real home here has tasks."""
    made = House({"zed/tasks.json": TASKS}, UNCHECKED)
    git = imported(made)
    start = made.home
    [name] = [name for name in git if name.startswith("zed/tasks")]
    value = asked(git, name)
    for index, task in enumerate(value):
        for steps in [steps for steps in leaves(task) if steps != ("label",)][:most]:
            changed = with_another(value, (index, *steps))
            place = (str(index), *steps)
            one(made, git, name, "zed/tasks.jsonc", changed, lambda text, claim, at=place: at)
            assert made.home == start


def places(blocks: Any) -> Iterator[tuple[Any, ...]]:
    """Every binding of a keymap, and every task but for its label."""
    for index, block in enumerate(blocks):
        for section in ("bindings", "unbind"):
            yield from ((index, section, key) for key in block.get(section, {}))
        if "label" in block:
            yield index, "command"


# Zed counts seconds; what a server may say of OAuth is false or a map.
OTHERS: dict[str, Callable[[Any], Any]] = {
    "timeout": lambda value: value + 1000,
    "oauth": lambda value: False if value == {} else {},
}


def with_another(value: Any, steps: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(value)
    inner = changed
    for step in steps[:-1]:
        inner = inner[step]
    last = inner[steps[-1]]
    inner[steps[-1]] = OTHERS[steps[-1]](last) if steps[-1] in OTHERS else "a::B" if last is None else another(last)
    return changed


def one(
    made: House, git: dict[str, str], name: str, instead: str, value: Any, place: Callable[..., tuple[str, ...]]
) -> list[Change[Any]]:
    """One value said otherwise: one change in a file, only its bytes are others, and all comes back."""
    plan = made.plan({n: t for n, t in git.items() if n != name} | {instead: json.dumps(value)})
    files = [c.claim[:2] for c in plan.due]
    assert files and len(set(files)) == len(files)
    parents = {change.claim.item[:-1] for change in plan.due}
    assert all(c.action.bookkeeping and c.claim.item in parents for c in plan.changes if c not in plan.due)
    old = {at: jsonc.decode(made.home["/".join(at)]) for at in files}
    result = made.apply(plan)
    for change in plan.due:
        before, after = old[change.claim[:2]], jsonc.decode(made.home["/".join(change.claim[:2])])
        node = jsonc.find(jsonc.parse(before), place(before, change.claim))
        assert node is not None
        assert after[: node.start] == before[: node.start] and after != before
        assert after[len(after) - len(before) + node.end :] == before[node.end :]
    assert result.run is not None
    made.take_back(result.run.id)
    return list(plan.due)
