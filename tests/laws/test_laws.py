"""Every golden case of every kind obeys every law (docs/architecture.md, Laws)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from reconciler.cli import render
from reconciler.formats import jsonc
from reconciler.model.change import ABSENT
from reconciler.model.outcome import Status
from reconciler.model.resource import Claim
from reconciler.pipeline import cycle
from reconciler.shapes import owned_region, zed_spellings
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.shared_json import Old
from tests.support.house import House, file, split

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*/*.yaml"))


def read(path: Path) -> Any:
    return YAML(typ="rt").load(path.read_text())


@pytest.fixture(params=CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def case(path: Path) -> Any:
    return read(path)


def ready(case: Any) -> House:
    """The house just before the plan of the case: what was applied first, and what was edited by hand since."""
    house = opened(case)
    if case.get("first"):
        house.apply(house.plan(case["first"]))
    house.edit(case.get("edits") or {})
    return house


def opened(case: Any) -> House:
    return House(case.get("home") or {}, secrets=case.get("secrets"))


def git(case: Any) -> dict[str, str]:
    return case.get("git") or {}


def test_the_plan_reads_as_written(case: Any, path: Path, request: pytest.FixtureRequest) -> None:
    house = ready(case)
    text = render.plan(house.plan(git(case)), house.world.show)
    if request.config.getoption("--update"):
        case["plan"] = LiteralScalarString(text)
        editor = YAML(typ="rt")
        editor.width = 1000
        editor.dump(case, path)
    assert text == case.get("plan")


def test_apply_converges_and_then_rests(case: Any) -> None:
    house = ready(case)
    result = house.apply(house.plan(git(case)))
    assert {outcome.status for _, outcome in result.outcomes} <= {Status.DONE}
    again = house.plan(git(case))
    assert not again.due and not again.bookkeeping
    assert len(again.held) == len(house.plan(git(case)).held)
    house.world.frozen = True
    assert house.apply(again).run is None


def test_forced_it_becomes_what_git_says(case: Any) -> None:
    house = ready(case)
    plan = house.plan(git(case), force=["*"])
    house.apply(plan)
    assert not house.plan(git(case)).changes
    for change in plan.changes:
        if not change.claim.item:
            stands = house.world.files.get((change.claim.root, change.claim.path))
            assert stands == change.after or change.veiled


def test_undo_restores_the_bytes_and_the_ownership(case: Any) -> None:
    house = ready(case)
    before, modes, rows = house.home, house.modes, owned(house)
    result = house.apply(house.plan(git(case), force=["*"]))
    if result.run is None:
        return
    house.take_back(result.run.id)
    assert house.home == before and house.modes == modes
    assert owned(house) == rows


def owned(house: House) -> dict[Claim, tuple[Any, ...]]:
    return {r.claim: (r.ref, r.part, r.value, r.standing, r.before) for r in house.journal.recorded()}


def test_what_is_ours_is_recorded_under_the_name_that_git_has_for_it(case: Any) -> None:
    house = ready(case)
    house.apply(house.plan(git(case), force=["*"]))
    targets, _ = cycle.snapshot(house.loaded(git(case)), house.eyes)
    rows = owned(house)
    assert [(t.ref, t.part) for t in targets if t.claim in rows] == [
        rows[t.claim][:2] for t in targets if t.claim in rows
    ]


def test_undo_can_be_undone(case: Any) -> None:
    house = ready(case)
    result = house.apply(house.plan(git(case), force=["*"]))
    after = house.home
    if result.run is None:
        return
    back = house.take_back(result.run.id)
    if back.run is not None:
        house.take_back(back.run.id)
    assert house.home == after


def test_release_gives_the_first_bytes_back(case: Any) -> None:
    house = opened(case)
    first, modes = house.home, house.modes
    house.apply(house.plan(case.get("first") or {}))
    house.apply(house.plan(git(case)))
    house.hand_back()
    if not case.get("first"):
        assert house.home == first and house.modes == modes
    assert not house.journal.recorded()


def test_removed_from_git_it_goes_or_what_stood_there_comes_back(case: Any) -> None:
    house = opened(case)
    first = house.home
    house.apply(house.plan(git(case)))
    rows = {f"{r.claim.root}/{r.claim.path}": r for r in house.journal.recorded()}
    gone = {p for p, r in rows.items() if not r.claim.item and r.standing != "replaced"}
    taken_equal = {f"{r.claim.root}/{r.claim.path}" for r in house.journal.recorded() if r.standing == "adopted"}
    house.apply(house.plan({}))
    untouched = {p: b for p, b in first.items() if p not in gone}
    assert house.home.keys() == untouched.keys()
    assert all(house.home[p] == b for p, b in untouched.items() if p not in taken_equal)
    assert not house.journal.recorded() and not house.journal.made()


def test_what_git_does_not_name_keeps_its_bytes(case: Any) -> None:
    house = ready(case)
    before = house.home
    plan = house.plan(git(case), force=["*"])
    house.apply(plan)
    touched = {f"{c.claim.root}/{c.claim.path}" for c in plan.changes}
    after = house.home
    assert {p: b for p, b in after.items() if p not in touched} == {p: b for p, b in before.items() if p not in touched}
    regions = [c.claim for c in plan.changes if c.claim.item and c.ref.kind == "document"]
    for root, path, (_, name) in regions:
        old = before.get(f"{root}/{path}", owned_region.fresh([name]))
        assert owned_region.put(old, name, None) == owned_region.put(after[f"{root}/{path}"], name, None)
    ours = {c.claim for c in plan.changes if c.claim.item} - {*regions}
    for root, path in {claim[:2] for claim in ours} & house.world.files.keys():
        old, new = before.get(f"{root}/{path}", b"{}"), after[f"{root}/{path}"]
        named = {claim.item for claim in ours if claim[:2] == (root, path)}
        if path == "settings.json":
            named |= {place for item in named for older in zed_spellings.old(item) for place in moved(older) if place}
        gone = {c.claim.item for c in plan.changes if c.claim[:2] == (root, path) and c.after is None}
        assert others(old, named) == others(new, named, gone)


def moved(older: Old) -> tuple[tuple[str, ...], ...]:
    """The places that an older spelling touches when it goes: an object that comes apart takes its members along."""
    members = [(*older.holder[:-1], key) for key in ("command", "args", "env")] if older.holder else []
    return (older.steps, *members)


def others(
    content: bytes, named: set[tuple[str, ...]], gone: Collection[tuple[str, ...]] = ()
) -> list[tuple[tuple[str, ...], Any]]:
    """Every value of a shared file that is neither named nor on the way to or below one that is, in its order. Where an
    item has gone, another one may go by its name."""
    value = jsonc.loads(jsonc.decode(content))
    if isinstance(value, list):
        return [(unnumbered(name), item) for name, item in items(value) if name not in named or name in gone]
    near = lambda steps: any(steps[: len(n)] == n or n[: len(steps)] == steps for n in named)  # noqa: E731
    return [(steps, leaf.value) for steps, leaf in JsonKeys().leaves(value) if not near(steps)]


def unnumbered(name: tuple[str, ...]) -> tuple[str, ...]:
    """A name without its number among equals."""
    return name[:1] if len(name) == 2 else (*name[:-2], name[-1])


def items(entries: list[Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What a list holds, by name: a task by its label, bindings one by one; what is neither, as it comes."""
    seen: Counter[tuple[str, ...]] = Counter()
    for entry in entries:
        for *above, last, item in parts(entry):
            nth = str(seen[*above, last])
            seen[*above, last] += 1
            yield (*above, nth, last) if above else (last, nth), item


def parts(entry: Any) -> Iterator[tuple[Any, ...]]:
    """The items of one entry: what they are known by, and each one's value."""
    if not isinstance(entry, dict):
        yield "neither", entry
    elif "label" in entry:
        yield entry["label"], entry
    else:
        around = str(entry.get("context", "")), json.dumps(entry.get("use_key_equivalents", "")).strip('"')
        for section, bindings in entry.items():
            if isinstance(bindings, dict):
                yield from ((*around, section, key, action) for key, action in bindings.items())
            elif section not in ("context", "use_key_equivalents"):
                yield *around, section, bindings


def test_adopting_an_equal_thing_writes_nothing(case: Any) -> None:
    house = opened(case)
    house.apply(house.plan(git(case)))
    twin = House({p: b.decode() for p, b in house.home.items()}, secrets=case.get("secrets"))
    twin.world.modes = dict(house.world.modes)
    twin.world.frozen = True
    result = twin.apply(twin.plan(git(case)))
    assert all(change.action.bookkeeping for change, _ in result.outcomes)
    stands = {r.claim for r in house.journal.recorded() if r.value != ABSENT}  # what was emptied is no equal thing
    assert {r.claim for r in twin.journal.recorded()} == stands


def test_a_hand_edit_just_before_the_write_is_kept(case: Any) -> None:
    house = ready(case)
    plan = house.plan(git(case), force=["*"])
    if not plan.due:
        return
    claim = plan.due[0].claim
    late = file("late edit\n")
    house.world.hook = lambda edit: house.world.files.__setitem__((claim.root, claim.path), late)
    result = house.apply(plan)
    assert house.world.files[split(f"{claim.root}/{claim.path}")] == late
    assert next(o for c, o in result.outcomes if c.claim == claim).status is Status.STALE
