"""In which of several files a key is owned."""

from __future__ import annotations

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
