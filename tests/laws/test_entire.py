"""Entries that need keys of ours: what is left of one after a plan is taken by its program, or the plan says why not.

No program is asked here: the same must hold where none is on PATH.
"""

from __future__ import annotations

from typing import Any

import pyjson5
import pytest

from reconciler.model.outcome import Status
from reconciler.model.problem import Invalid
from tests.support.house import House

FILE = "opencode/opencode.json"
SETTINGS = "opencode/settings.yaml"
SERVER = {SETTINGS: "mcp:\n  x: {type: local, command: [x]}\n"}
DECLARED = {"mcp/x.yaml": "command: [x]\ntargets: [opencode]\n"}


def value(house: House) -> Any:
    return pyjson5.decode(house.home[FILE].decode())


@pytest.mark.parametrize("git", [SERVER, DECLARED], ids=["settings", "mcp"])
def test_a_server_taken_over_whole_goes_whole(git: dict[str, str]) -> None:
    """An empty entry would be refused."""
    house = House({FILE: '{ "share": "auto", "mcp": { "x": { "type": "local", "command": ["x"] } } }'})
    house.apply(house.plan(git))
    house.apply(house.plan({}))
    assert value(house) == {"share": "auto", "mcp": {}}
    assert not house.journal.recorded()
    house.take_back(2)
    assert value(house)["mcp"] == {"x": {"type": "local", "command": ["x"]}}


def test_deeper_objects_go_with_it() -> None:
    text = '{ "mcp": { "x": { "type": "local", "command": ["x"], "environment": { "A": "b" } } } }'
    house = House({FILE: text})
    house.apply(house.plan({SETTINGS: "mcp: {x: {type: local, command: [x], environment: {A: b}}}\n"}))
    house.apply(house.plan({}))
    assert value(house) == {"mcp": {}}


@pytest.mark.parametrize("theirs", ['"timeout": 5', '"environment": {}', "// mine\n"])
def test_what_others_wrote_is_never_removed_with_it(theirs: str) -> None:
    """What was taken over equal stays as it was found, and is no longer ours."""
    text = f'{{ "mcp": {{ "x": {{ "type": "local", "command": ["x"], {theirs} }} }} }}'
    house = House({FILE: text})
    house.apply(house.plan(SERVER))
    house.apply(house.plan({}))
    assert house.home[FILE].decode() == text
    assert not house.journal.recorded()


def test_what_was_replaced_comes_back_beside_what_was_equal() -> None:
    text = '{ "mcp": { "x": { "type": "remote", "url": "https://a.example" } } }'
    house = House({FILE: text})
    house.apply(house.plan({SETTINGS: "mcp: {x: {type: remote, url: 'https://b.example'}}\n"}))
    house.apply(house.plan({}))
    assert house.home[FILE].decode() == text
    assert not house.journal.recorded()


def test_keys_that_we_made_are_held_for_what_others_wrote() -> None:
    house = House({})
    house.apply(house.plan({SETTINGS: "share: auto\nmcp: {x: {type: local, command: [x]}}\n"}))
    [file] = house.home
    text = house.home[file].decode().replace('"type"', '"timeout": 5, "type"')
    house.edit({file: text})
    plan = house.plan({SETTINGS: "autoupdate: false\n"}, force=["*"])
    assert {c.claim.item: c.verdict.rule for c in plan.held} == {
        ("mcp", "x", key): "kept, for what others wrote beside it: "
        "`mcp/x` would have no `type`, and OpenCode would refuse the whole file"
        for key in ("type", "command")
    }
    assert {c.verdict.hint for c in plan.held} == {
        "remove what others wrote of `mcp/x` in `~/.config/opencode/opencode.jsonc`, or name `mcp/x` in git again"
    }
    house.apply(plan)
    assert pyjson5.decode(house.home[file].decode()) == {
        "mcp": {"x": {"timeout": 5, "type": "local", "command": ["x"]}},
        "autoupdate": False,
    }
    house.edit({file: '{ "mcp": {}, "autoupdate": false }'})
    house.apply(house.plan({SETTINGS: "autoupdate: false\n"}))
    assert [row.part for row in house.journal.recorded()] == ["/autoupdate"]


def test_what_was_incomplete_before_us_comes_back_so() -> None:
    text = '{ "mcp": { "x": { "command": ["x"] } } }'
    house = House({FILE: text})
    house.apply(house.plan({SETTINGS: "mcp: {x: {type: local, command: [x]}}\n"}))
    house.hand_back()
    assert house.home[FILE].decode() == text


def test_what_is_missing_comes_back_with_the_rest() -> None:
    git = {SETTINGS: "mcp: {x: {type: local, command: [x], timeout: 5}}\n"}
    house = House({FILE: "{}"})
    house.apply(house.plan(git))
    house.edit({FILE: '{ "mcp": { "x": { "timeout": 6, "command": ["x"] } } }'})
    assert not house.plan(git).held


def test_keys_wait_for_one_that_is_held() -> None:
    git = {
        SETTINGS: "mcp: {x: {type: local, command: [x], timeout: 5}}\n",
        "reconcile.yaml": "modes: {'opencode_settings#/mcp/x/type': report}\n",
    }
    house = House({})
    house.apply(house.plan(git))
    [file] = house.home
    house.edit({file: '{ "mcp": {} }'})
    plan = house.plan(git)
    assert not plan.due and len(plan.held) == 3
    house.apply(plan)
    assert pyjson5.decode(house.home[file].decode()) == {"mcp": {}}


def test_a_file_that_two_kinds_made_goes_with_the_last_of_them() -> None:
    house = House({})
    house.apply(house.plan({SETTINGS: "share: manual\nmcp:\n  x: {type: local, command: [x]}\n"}))
    house.apply(house.plan({SETTINGS: "share: manual\n", **DECLARED}))
    house.hand_back()
    assert not house.home and not house.journal.recorded() and not house.journal.made()


def test_zed_leaves_out_what_is_incomplete() -> None:
    house = House({"zed/settings.json": "{}"})
    loaded = {"zed/settings.yaml": "agent_servers: {a: {type: custom, args: [acp]}}\n"}
    with pytest.raises(Invalid, match="agent_servers/a"):
        house.plan(loaded)


def test_an_earlier_plan_is_judged_by_the_file_as_it_stands_now() -> None:
    """What was whole with what others wrote is not, once they took that back."""
    house = House({FILE: '{ "mcp": {} }'})
    house.apply(house.plan(SERVER))
    plan = house.plan({SETTINGS: "share: auto\nmcp: {x: {type: local, command: [x], timeout: 5}}\n"})
    house.edit({FILE: '{ "mcp": {} }'})
    result = house.apply(plan)
    assert value(house) == {"mcp": {}, "share": "auto"}
    [refused] = [o for _, o in result.outcomes if o.status is not Status.DONE]
    assert refused.status is Status.STALE and refused.problem is not None
    assert "`mcp/x` would have no `type`" in refused.problem.text


def test_an_earlier_plan_removes_nothing_that_others_build_on_now() -> None:
    house = House({})
    house.apply(house.plan({SETTINGS: "share: auto\n" + SERVER[SETTINGS]}))
    [file] = house.home
    plan = house.plan({SETTINGS: "share: auto\n"})
    house.edit({file: house.home[file].decode().replace('"type"', '"timeout": 5, "type"')})
    result = house.apply(plan)
    assert {o.status for _, o in result.outcomes} == {Status.STALE}
    assert pyjson5.decode(house.home[file].decode())["mcp"] == {"x": {"timeout": 5, "type": "local", "command": ["x"]}}
    house.apply(house.plan({SETTINGS: "share: auto\n" + SERVER[SETTINGS]}))


@pytest.mark.parametrize("removed", [False, True], ids=["to be written", "to be removed"])
def test_a_run_that_is_resumed_is_judged_by_the_file_as_it_stands_now(removed: bool) -> None:
    """What stopped it came before the first key; then somebody edited the entry."""
    house = House({FILE: '{ "mcp": {} }'})
    house.apply(house.plan({**SERVER, "agents/a.md": "A.\n"}))
    more = "mcp: {x: {type: local, command: [x], timeout: 5}}\n"
    git = {SETTINGS: "share: auto\n" + ("" if removed else more), "agents/a.md": "B.\n"}
    plan = house.plan(git)

    class Stopped(BaseException):
        pass

    def stop(edit: object) -> None:
        raise Stopped

    house.world.hook = stop
    with pytest.raises(Stopped):
        house.apply(plan)
    house.world.hook = None
    theirs = '{ "mcp": { "x": { "timeout": 7, "type": "local", "command": ["x"] } } }' if removed else '{ "mcp": {} }'
    house.edit({FILE: theirs})
    result = house.resume()
    assert value(house)["mcp"] == pyjson5.decode(theirs)["mcp"]
    refused = [o for _, o in result.outcomes if o.status is Status.STALE]
    assert refused and all("`mcp/x` would have no `type`" in o.problem.text for o in refused if o.problem)
    assert house.home["opencode/agents/a.md"] == b"B.\n"
