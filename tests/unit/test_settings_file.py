"""In which of several files a key is owned."""

from __future__ import annotations

from reconciler.formats import jsonc
from reconciler.model.outcome import Status
from reconciler.model.resource import Revision
from reconciler.pipeline import cycle
from tests.support.house import House


def test_a_new_key_goes_to_the_file_that_holds_its_entry() -> None:
    house = House(
        {
            "opencode/opencode.json": '{"mcp": {"x": {"type": "local", "command": ["x"]}}}',
            "opencode/opencode.jsonc": '{"share": "disabled"}',
        }
    )
    git = {
        "opencode/settings.yaml": "mcp: {x: {type: local, command: [x], timeout: 5}, y: {type: local, command: [y]}}"
    }
    house.apply(house.plan(git))
    one, other = house.home["opencode/opencode.json"], house.home["opencode/opencode.jsonc"]
    assert b'"timeout": 5' in one and b'"timeout"' not in other
    assert b'"y"' in other and b'"y"' not in one


def test_what_went_to_another_kind_stays_when_the_first_is_handed_back() -> None:
    house = House({})
    house.apply(house.plan({"opencode/settings.yaml": "share: manual\nmcp: {x: {type: local, command: [x]}}\n"}))
    house.apply(
        house.plan({"opencode/settings.yaml": "share: manual\n", "mcp/x.yaml": "command: [x]\ntargets: [opencode]"})
    )
    house.apply(cycle.hand_back(["opencode_settings"], Revision("commit", "3f2c1ab", "main"), house.eyes))
    assert jsonc.loads(house.home["opencode/opencode.jsonc"].decode()) == {
        "mcp": {"x": {"type": "local", "command": ["x"]}}
    }
    house.hand_back()
    assert house.home == {}


def test_no_key_goes_where_what_may_replace_it_was_refused() -> None:
    house = House({"zed/settings.json": '{"theme": "One"}'})
    house.apply(house.plan({"opencode/settings.yaml": "share: manual\n", "zed/settings.yaml": "theme: One\n"}))
    plan = house.plan({"zed/settings.yaml": "theme: Two\n"})
    house.edit({"zed/settings.json": '{"theme": "Mine"}'})
    result = house.apply(plan)
    became = {change.ref.kind: outcome.status for change, outcome in result.outcomes}
    assert became == {"zed_settings": Status.STALE, "opencode_settings": Status.SKIPPED}
    assert b'"share"' in house.home["opencode/opencode.jsonc"]
