"""Nothing goes where what replaces it did not come: neither before it, nor in its place, nor beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.render_run import result_text
from reconciler.cli.style import Style
from reconciler.model.outcome import Status
from reconciler.model.world import Edit
from tests.support.house import House
from tests.support.sandbox import Sandbox

X = "command: [x]\n"
ZED, OPENCODE = "zed/settings.json", "opencode/opencode.jsonc"


class Refusing:
    """A folder comes into the way of one file at the moment it is written."""

    def __init__(self, house: House, path: str) -> None:
        self.house, self.at = house, tuple(path.split("/", 1))
        house.world.hook = self

    def __call__(self, edit: Edit) -> None:
        if (edit.root, edit.path) == self.at:
            root, path = self.at
            self.house.world.files.pop((root, path), None)
            self.house.edit({f"{root}/{path}/in-the-way": ""})


def moved_to_opencode() -> tuple[House, dict[str, str]]:
    house = House({ZED: '{"theme": "One"}\n'})
    house.apply(house.plan({"mcp/x.yaml": X + "targets: [zed]\n"}))
    return house, {"mcp/x.yaml": X + "targets: [opencode]\n"}


def test_a_key_stays_where_the_file_of_the_other_cannot_be_written() -> None:
    house, git = moved_to_opencode()
    before = house.home[ZED]
    plan = house.plan(git)
    assert {c.wave for c in plan.due} == {0}
    Refusing(house, OPENCODE)
    result = house.apply(plan)
    assert house.home[ZED] == before
    assert sorted(o.status for _, o in result.outcomes) == [Status.FAILED] * 2 + [Status.SKIPPED] * 2
    said = result_text(result.run, result.outcomes, Style())
    assert "not removed, since other changes did not work" in said
    assert {row.claim.root for row in house.journal.recorded()} == {"zed"}


def test_both_where_it_can() -> None:
    house, git = moved_to_opencode()
    house.apply(house.plan(git))
    assert house.home[ZED] == b'{"theme": "One"}\n' and b'"x"' in house.home[OPENCODE]
    assert not house.plan(git).changes
    house.take_back(2)
    assert OPENCODE not in house.home and b'"x"' in house.home[ZED]


def test_a_key_stays_where_the_file_that_replaces_it_cannot_be_written() -> None:
    """The other way about: an agent of the settings that becomes a file of its own."""
    settings = "agent: {a: {description: d, prompt: p}}\n"
    house = House({})
    house.apply(house.plan({"opencode/settings.yaml": "share: auto\n" + settings}))
    before = house.home[OPENCODE]
    plan = house.plan({"opencode/settings.yaml": "share: auto\n", "agents/a.md": "---\ndescription: d\n---\np\n"})
    [created] = [c.claim.path for c in plan.due if not c.claim.item]
    Refusing(house, f"opencode/{created}")
    house.apply(plan)
    assert house.home[OPENCODE] == before


def test_of_files_that_gain_and_lose_keys_none_loses_any_after_a_failure() -> None:
    house = House({})
    first = {"opencode/settings.yaml": "share: auto\n", "zed/settings.yaml": "tab_size: 1\n"}
    house.apply(house.plan(first))
    before = house.home[ZED]
    plan = house.plan({"opencode/settings.yaml": "username: me\n", "zed/settings.yaml": "theme: One\n"})
    Refusing(house, OPENCODE)
    house.apply(plan)
    assert b'"tab_size": 1' in house.home[ZED] and b'"theme": "One"' in house.home[ZED] and before != house.home[ZED]


FIRST = {"opencode/settings.yaml": "share: auto\n", "zed/settings.yaml": "tab_size: 1\n"}
SECOND = {"opencode/settings.yaml": "username: me\n", "zed/settings.yaml": "theme: One\n"}


@pytest.mark.parametrize("refused", [OPENCODE, ZED])
def test_whichever_of_them_cannot_be_written_nothing_went_from_the_other(refused: str) -> None:
    house = House({})
    house.apply(house.plan(FIRST))
    plan = house.plan(SECOND)
    Refusing(house, refused)
    result = house.apply(plan)
    [other] = {OPENCODE, ZED} - {refused}
    key, new = (b'"share"', b'"username"') if other == OPENCODE else (b'"tab_size"', b'"theme"')
    assert key in house.home[other] and new in house.home[other]
    assert [o.status for c, o in result.outcomes if c.after is None and c.claim.root in other] == [Status.SKIPPED]


def test_files_that_gain_and_lose_keys_in_two_edits_are_taken_back_to_the_byte() -> None:
    house = House({ZED: "{ // mine\n}\n", OPENCODE: '{\n\t"model": "a/b" // mine\n}'})
    start = house.home
    house.apply(house.plan(FIRST))
    between = house.home
    run = house.apply(house.plan(SECOND)).run
    after = house.home
    assert b"share" not in after[OPENCODE] and b"tab_size" not in after[ZED]
    assert run is not None and not house.plan(SECOND).changes
    back = house.take_back(run.id).run
    assert house.home == between and back is not None
    house.take_back(back.id)
    assert house.home == after
    house.hand_back()
    assert house.home == start


def test_files_that_two_kinds_edit_are_taken_back_to_the_byte() -> None:
    house = House({ZED: "{ // mine\n}\n", OPENCODE: '{\n\t"model": "a/b" // mine\n}'})
    house.apply(house.plan({**FIRST, "mcp/going.yaml": X, "mcp/x.yaml": X}))
    between = house.home
    run = house.apply(house.plan({**SECOND, "mcp/new.yaml": X, "mcp/x.yaml": "command: [x, y]\n"})).run
    assert run is not None
    house.take_back(run.id)
    assert house.home == between


BOTH_FIRST = {**FIRST, "mcp/x.yaml": X + "targets: [opencode]\n", "mcp/y.yaml": X + "targets: [zed]\n"}
BOTH_SECOND = {**SECOND, "mcp/x.yaml": X + "targets: [zed]\n", "mcp/y.yaml": X + "targets: [opencode]\n"}


def test_a_key_of_two_files_that_two_kinds_edit_is_at_every_moment_in_one_of_them() -> None:
    house = House({ZED: "{ // mine\n}\n", OPENCODE: '{\n\t"model": "a/b" // mine\n}'})
    start = house.home
    house.apply(house.plan(BOTH_FIRST))
    between = house.home
    standing: list[bytes] = []
    house.world.hook = lambda edit: standing.append(house.home[ZED] + house.home[OPENCODE])
    run = house.apply(house.plan(BOTH_SECOND)).run
    house.world.hook = None
    assert standing and all(b'"x"' in text and b'"y"' in text for text in standing)
    assert run is not None and not house.plan(BOTH_SECOND).changes
    after = house.home
    back = house.take_back(run.id).run
    assert house.home == between and back is not None
    house.take_back(back.id)
    assert house.home == after
    house.hand_back()
    assert house.home == start


@pytest.mark.parametrize("refused", [OPENCODE, ZED])
def test_a_key_goes_from_neither_of_them_where_one_cannot_be_written(refused: str) -> None:
    house = House({ZED: "{ // mine\n}\n", OPENCODE: '{\n\t"model": "a/b" // mine\n}'})
    house.apply(house.plan(BOTH_FIRST))
    plan = house.plan(BOTH_SECOND)
    Refusing(house, refused)
    house.apply(plan)
    [other] = {OPENCODE, ZED} - {refused}
    assert all(name in house.home[other] for name in (b'"x"', b'"y"'))


AGAIN = {
    "of one kind": {"zed/settings.yaml": "tab_size: 2\n", "mcp/y.yaml": X + "targets: [zed]\n"},
    "of another kind": {"zed/settings.yaml": "tab_size: 2\ncontext_servers: {y: {command: y, args: []}}\n"},
}


@pytest.mark.parametrize("again", AGAIN)
def test_a_parent_that_goes_with_one_key_and_comes_with_another_goes_with_that(again: str) -> None:
    house = House({ZED: '{\n  "theme": "One"\n}\n'})
    start = house.home
    house.apply(house.plan({"zed/settings.yaml": "tab_size: 1\n", "mcp/x.yaml": X + "targets: [zed]\n"}))
    house.apply(house.plan(AGAIN[again]))
    house.hand_back()
    assert house.home == start


def test_what_went_from_one_kind_to_another_and_then_altogether_does_not_come_back_with_the_rest() -> None:
    house = House({ZED: "{ // mine\n}\n"})
    start = house.home
    house.apply(house.plan({"mcp/y.yaml": X + "targets: [zed]\n"}))
    house.apply(house.plan({"zed/settings.yaml": "context_servers: {y: {command: y, args: []}}\n"}, force=["*"]))
    house.apply(house.plan({"zed/settings.yaml": "theme: One\n"}))
    house.hand_back()
    assert house.home == start


def test_an_entry_that_becomes_another_does_so_at_once() -> None:
    """Between two edits it would be half of each."""
    house = House({})
    house.apply(house.plan({**FIRST, "mcp/x.yaml": X}))
    plan = house.plan({**SECOND, "mcp/x.yaml": "url: https://x.example/mcp\n"})
    seen: list[bytes] = []
    house.world.hook = lambda edit: seen.append(edit.after.content if edit.after else b"")
    house.apply(plan)
    assert seen and not any(b'"command"' in text and b'"url"' in text for text in seen)


def test_a_key_of_an_entry_that_stays_goes_all_the_same() -> None:
    """It is whole only without: half of a change would be refused by the program."""
    house = House({})
    house.apply(house.plan({"mcp/x.yaml": X, "agents/a.md": "a\n"}))
    plan = house.plan({"mcp/x.yaml": "url: https://x.example/mcp\n", "agents/a.md": "b\n"})
    Refusing(house, "opencode/agents/a.md")
    result = house.apply(plan)
    assert {o.status for c, o in result.outcomes if c.ref.kind == "mcp_server"} == {Status.DONE}
    assert b"command" not in house.home[OPENCODE]


def test_a_folder_in_the_way_on_a_disk(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    declared = sandbox.repo / "desired-state/mcp/x.yaml"
    declared.parent.mkdir(parents=True)
    declared.write_text(X + "targets: [zed]\n")
    zed, opencode = sandbox.home / ".config" / ZED, sandbox.home / ".config" / OPENCODE
    first = sandbox.run("apply", "--yes")
    assert first.returncode == 0 and zed.is_file(), first.stdout + first.stderr
    before = zed.read_bytes()
    declared.write_text(X + "targets: [opencode]\n")
    assert sandbox.run("plan", "-o", "saved.plan").returncode == 0
    opencode.mkdir(parents=True)
    applied = sandbox.run("apply", "saved.plan", "--yes")
    assert applied.returncode == 1 and "not removed, since other changes did not work" in applied.stdout
    assert zed.read_bytes() == before
    opencode.rmdir()
    assert sandbox.run("apply", "--yes").returncode == 0
    assert not zed.exists() and opencode.is_file()
