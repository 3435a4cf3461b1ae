"""Items of lists in shared files: what is asked for, what is imported, and what becomes of the bytes around them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import registry
from reconciler.formats import jsonc, jsonc_edit, yaml
from reconciler.kinds import zed_keymap, zed_tasks
from reconciler.model.change import Action
from reconciler.model.kind import Left
from reconciler.model.outcome import Status
from reconciler.model.problem import Invalid
from reconciler.model.resource import Claim, File
from reconciler.model.world import Edit
from reconciler.pipeline import survey
from reconciler.pipeline.apply import Result
from reconciler.pipeline.describe import Description, describe
from reconciler.shapes.items_file import ItemsFile
from tests.support import homes
from tests.support.house import House

KEYMAP, TASKS = "zed/keymap.json", "zed/tasks.json"
PATHS = ("zed/keymap.json", "zed/tasks.json")


def house(**files: str) -> House:
    return House({f"zed/{name}.json": dedent(text).removeprefix("\n") for name, text in files.items()})


def git(**files: str) -> dict[str, str]:
    return {f"zed/{name}.yaml": dedent(text) for name, text in files.items()}


def bindings(*blocks: dict[str, Any]) -> dict[str, str]:
    return {"zed/keymap.jsonc": json.dumps(blocks)}


def block(context: str = "Editor", **sections: Any) -> dict[str, Any]:
    return {"context": context, **sections}


def refused(said: dict[str, str], home: House | None = None) -> list[str]:
    with pytest.raises(Invalid) as caught:
        (home or House({})).plan(said)
    return [str(problem) for problem in caught.value.problems]


def text(home: House, path: str = KEYMAP) -> str:
    return home.home[path].decode()


def statuses(result: Result) -> dict[str, Status]:
    return {change.target.part: outcome.status for change, outcome in result.outcomes}


# What git says


def test_what_is_wrong_with_a_keymap_is_said_all_at_once_and_where() -> None:
    said = """\
        - context: Editor
          binding: {a: "x::A"}
          bindings: [a]
        - just text
        - context: 7
          use_key_equivalents: "yes"
          unbind:
            ctrl-a: 5
          colour: red
        - bindings:
    """
    assert refused(git(keymap=said)) == [
        "desired-state/zed/keymap.yaml:2:3: unknown key `binding`\n  hint: did you mean `bindings`?",
        "desired-state/zed/keymap.yaml:3:3: `bindings` is not a map of keys\n"
        "  hint: write `key: action` lines below it",
        "desired-state/zed/keymap.yaml:4:3: not a block of bindings\n"
        "  hint: write `- context: Editor`, and `bindings:` with `key: action` lines below it",
        "desired-state/zed/keymap.yaml:5:3: `context` is not a text\n  hint: put it in quotes, or leave it out",
        "desired-state/zed/keymap.yaml:6:3: `use_key_equivalents` is neither true nor false\n"
        "  hint: write it without quotes",
        "desired-state/zed/keymap.yaml:8:5: `ctrl-a`: an action is a text, a list or null\n  hint: write `key: action`",
        "desired-state/zed/keymap.yaml:9:3: unknown key `colour`\n"
        "  hint: a block may hold context, use_key_equivalents, bindings, unbind",
        "desired-state/zed/keymap.yaml:10:3: `bindings` is not a map of keys\n"
        "  hint: write `key: action` lines below it",
    ]


def test_what_is_wrong_with_tasks_is_said_all_at_once_and_where() -> None:
    said = '[\n  {"command": "x"},\n  {"label": 5, "command": "x"},\n  "x", // no\n  {"label": "fine"}\n]'
    assert refused({"zed/tasks.jsonc": said}) == [
        "desired-state/zed/tasks.jsonc:2:3: a task without a `label`\n  hint: the label is what it is known by",
        "desired-state/zed/tasks.jsonc:3:4: `label` is not a text\n  hint: put it in quotes",
        "desired-state/zed/tasks.jsonc:4:3: not a task\n  hint: write `- label: …` and `command: …` for each task",
    ]


@pytest.mark.parametrize("said", ["{}", "a: b", "text", "5"])
@pytest.mark.parametrize("name", ["keymap", "tasks"])
def test_desired_state_is_a_list(name: str, said: str) -> None:
    [problem] = refused({f"zed/{name}.yaml": said})
    assert problem.startswith(f"desired-state/zed/{name}.yaml:1:1: not a list\n  hint: write `- ")


@pytest.mark.parametrize("said", ["", "# nothing yet\n", "[]", "null", "- context: Editor\n"])
def test_nothing_is_asked_for(said: str) -> None:
    made = house(keymap="{ this is broken")
    assert not made.plan({"zed/keymap.yaml": said, "zed/tasks.yaml": said.replace("- context: Editor", "")}).changes


def test_two_files_for_one_keymap_are_one_too_many() -> None:
    assert "described twice" in refused({"zed/keymap.yaml": "[]", "zed/keymap.jsonc": "[]"})[0]


def test_parts_are_pointers_and_all_different() -> None:
    words = ["", "a", "1", "a/b", "~", "context", "bindings", "unbind", "use_key_equivalents"]
    names = {
        (context, equivalents, section, nth, key)
        for context in words
        for equivalents in ("", "true", "false")
        for section in ("bindings", "unbind")
        for nth in ("0", "1")
        for key in words
    }
    parts = {zed_keymap.part(name) for name in names}
    assert len(parts) == len(names)
    assert all(part.startswith("/") for part in parts)
    assert zed_keymap.part(("Editor && !menu", "", "bindings", "0", "ctrl-/")) == "/Editor && !menu/bindings/ctrl-~1"
    assert zed_keymap.part(("", "", "unbind", "2", "f1")) == "/unbind/f1/2"
    assert [zed_tasks.part(("a/b", nth)) for nth in ("0", "1")] == ["/a~1b", "/a~1b/1"]


# What stands there


@pytest.mark.parametrize(("standing", "what"), [("{}", "a map"), ('"x"', "a text"), ("null", "null")])
def test_a_file_that_is_no_list_is_an_error_only_where_git_needs_it(standing: str, what: str) -> None:
    made = house(keymap=f"// mine\n{standing}", tasks="{}")
    assert not made.plan({"zed/keymap.yaml": "[]"}).changes
    assert refused(bindings(block(bindings={"a": None})), made) == [
        f"~/.config/zed/keymap.json:2:1: the file is {what} here, and git asks for items of a list\n"
        "  hint: mend it by hand, or take it out of git"
    ]


def test_what_we_owned_is_forgotten_where_the_list_is_gone() -> None:
    made = House({})
    made.apply(made.plan(bindings(block(bindings={"a": None}))))
    made.edit({KEYMAP: "{}"})
    [change] = made.plan({}).changes
    assert change.action is Action.FORGET
    made.apply(made.plan({}))
    assert text(made) == "{}"
    assert not made.journal.recorded()


def test_a_list_that_is_gone_when_we_write_is_left_alone() -> None:
    made = House({})
    plan = made.plan(bindings(block(bindings={"a": None})))
    made.edit({KEYMAP: "{}"})
    [(_, outcome)] = made.apply(plan).outcomes
    assert outcome.status is Status.FAILED and "git asks for items of a list" in str(outcome.problem)
    assert text(made) == "{}"


@pytest.mark.parametrize(
    ("standing", "where"), [("[\n  { oops }\n]", "2:5"), ("", "1:1"), ("// only\n", "1:1"), ("[1,]]", "1:5")]
)
def test_a_file_that_does_not_parse_is_a_problem_and_never_written(standing: str, where: str) -> None:
    made = house(keymap=standing)
    [problem] = refused(bindings(block(bindings={"a": None})), made)
    assert problem.startswith(f"~/.config/zed/keymap.json:{where}: not valid JSON: ")
    assert ("put `[]` in it" in problem) == (where == "1:1")
    assert text(made) == standing


def test_blocks_and_tasks_that_cannot_be_told_apart_are_left_alone() -> None:
    keymap = '[1, null, "x", [], {"context": null, "bindings": {"a": 1}}, {"bindings": null}, {"bindings": {}}]'
    tasks = '[1, null, {}, {"label": null}, {"command": "x"}]'
    made = house(keymap=keymap, tasks=tasks)
    said = bindings({"bindings": {"a": None}}) | git(tasks="- label: x\n  command: y\n")
    made.apply(made.plan(said))
    assert text(made) == keymap.replace('"bindings": {}', '"bindings": {"a": null}')
    assert text(made, TASKS) == tasks.replace("]", ', { "label": "x", "command": "y" }]').replace("{ ", "{").replace(
        " }]", "}]"
    )
    assert not made.plan(said).changes
    made.hand_back()
    assert (text(made), text(made, TASKS)) == (keymap, tasks)


# What is written


def test_where_a_new_binding_goes_and_how_it_is_written() -> None:
    """Last in the last block of its sort that has the section; else the section is made; else a block, at the end."""
    made = house(
        keymap="""
        [
            { "context": "Editor", "bindings": { "a": 1 } },
            {
                "context": "Editor",
                "bindings": {
                    "a": 1,
                    "b": 2, // two
                    // "off": 3,
                },
            },
            {
                "context": "Editor", // no bindings here
                "unbind": {}
            },
            { "context": "Editor", "use_key_equivalents": true, "unbind": { "a": 1 } },
        ]
        """
    )
    before = text(made)
    made.apply(made.plan(bindings(
        {"context": "Editor", "bindings": {"c": ["x::C", {"deep": True}], "d": None}, "unbind": {"c": "x::C"}},
        {"context": "Editor", "use_key_equivalents": True, "bindings": {"c": "x::C"}},
        {"bindings": {"c": "x::C"}},
        {"bindings": {"d": "x::D"}},
    )))  # fmt: skip
    after = before.replace('"b": 2, // two\n', '"b": 2, // two\n            "c": ["x::C", {"deep": true}],\n')
    after = after.replace('{"deep": true}],\n', '{"deep": true}],\n            "d": null,\n')
    after = after.replace('"unbind": {}', '"unbind": {\n            "c": "x::C"\n        }')
    after = after.replace('{ "a": 1 } },\n]', '{ "a": 1 }, "bindings": {"c": "x::C"} },\n]')
    block_ = '    {\n        "bindings": {\n            "c": "x::C",\n            "d": "x::D"\n        }\n    },\n]'
    assert text(made) == after.removesuffix("]\n") + block_ + "\n"
    made.hand_back()
    assert text(made) == before


def test_each_kind_of_value_becomes_each_other_kind() -> None:
    values = ["x::A", None, ["x::A", {"deep": [1, 2.50, "é"]}], [], ["x::B", {"deep": [1]}], "y"]
    made = house(keymap='[{"context": "Editor", "bindings": {"a": /* here */ "first" /* there */}}] // end')
    start = made.home
    for value in values:
        made.apply(made.plan(bindings(block(bindings={"a": value}))))
        assert jsonc.loads(text(made)) == [block(bindings={"a": value})]
        assert text(made).startswith('[{"context": "Editor", "bindings": {"a": /* here */ ')
        assert text(made).endswith(" /* there */}}] // end")
    made.hand_back()
    assert made.home == start


def test_a_binding_changed_meanwhile_is_stale_and_its_neighbours_are_not() -> None:
    made = house(keymap='[{"context": "Editor", "bindings": {"a": 1, "b": "x::B", "c": "x::C"}}]')
    plan = made.plan(bindings(block(bindings={"b": "y::B", "c": "y::C", "d": "y::D"})))
    late = text(made).replace("x::B", "late").replace('"context"', '/* late */ "context"')
    made.edit({KEYMAP: late})
    assert statuses(made.apply(plan)) == {
        "/Editor/bindings/b": Status.STALE,
        "/Editor/bindings/c": Status.DONE,
        "/Editor/bindings/d": Status.DONE,
    }
    assert text(made) == late.replace('"x::C"', '"y::C", "d": "y::D"')


def test_a_shape_looks_again_itself() -> None:
    """Between the look of the pipeline and the read of the shape there is time for an edit too."""
    made = house(keymap='[{"context": "Editor", "bindings": {"a": "x::A"}}]')
    plan = made.plan(bindings(block(bindings={"a": "y::A", "b": "y::B"})))
    made.edit({KEYMAP: '[{"context": "Editor", "bindings": {"b": "late"}}]'})
    outcomes = list(zed_keymap.ITEMS.act(plan.due, made.world))
    assert [o.status for o in outcomes] == [Status.STALE, Status.STALE]
    assert "changed meanwhile" in str(outcomes[0].problem)
    assert '"late"' in text(made)


@pytest.mark.parametrize("theirs", ['"c": null', "\n// a comment\n", "\n/* a comment */\n"])
def test_a_block_of_ours_stays_where_somebody_wrote_into_it(theirs: str) -> None:
    made = house(keymap="[\n]\n")
    made.apply(made.plan(bindings(block(bindings={"a": None}, unbind={"b": None}))))
    comma = "," if theirs.startswith('"') else ""
    made.edit({KEYMAP: text(made).replace('"a": null', f'"a": null{comma} {theirs}')})
    made.apply(made.plan({}))
    assert jsonc.loads(text(made)) == [block(bindings={"c": None} if comma else {})]
    assert theirs.strip() in text(made)


@pytest.mark.parametrize("theirs", ['"x": 1', "/* a comment */", "// a comment\n"])
def test_a_block_of_ours_stays_where_somebody_wrote_beside_its_sections(theirs: str) -> None:
    made = house(keymap="[\n]\n")
    made.apply(made.plan(bindings(block(bindings={"a": None}))))
    comma = "," if theirs.startswith('"') else ""
    made.edit({KEYMAP: text(made).replace('"context"', f'{theirs}{comma} "context"')})
    made.apply(made.plan({}))
    assert jsonc.loads(text(made)) == [{"x": 1} | block() if comma else block()]
    assert theirs in text(made)


def test_a_section_that_we_made_goes_and_the_block_that_we_did_not_make_stays() -> None:
    made = house(keymap='[\n  { "context": "Editor" } // mine\n]')
    start = made.home
    made.apply(made.plan(bindings(block(bindings={"a": None, "b": None}))))
    assert {claim.item for claim in made.journal.made()} == {("Editor", "", "bindings")}
    made.apply(made.plan(bindings(block(bindings={"b": None}))))
    assert {claim.item for claim in made.journal.made()} == {("Editor", "", "bindings")}
    made.apply(made.plan({}))
    assert made.home == start
    assert not made.journal.made()


def test_an_empty_block_of_theirs_stays() -> None:
    made = house(keymap='[{"context": "Editor", "bindings": {}}]')
    start = made.home
    made.apply(made.plan(bindings(block(bindings={"a": None}))))
    made.apply(made.plan({}))
    assert made.home == start


def test_further_blocks_for_keys_that_repeat_go_one_by_one() -> None:
    made = house(keymap='[\n  { "context": "Editor", "bindings": { "a": "mine" } }\n]\n')
    start = made.home
    three = [block(bindings={"a": str(n)}) for n in range(3)]
    made.apply(made.plan(bindings(*three)))
    two = made.home
    assert jsonc.loads(text(made)) == three
    assert {claim.item[2:] for claim in made.journal.made()} == {("bindings", "1"), ("bindings", "2")}
    made.apply(made.plan(bindings(*three[:2])))
    assert jsonc.loads(text(made)) == three[:2]
    assert {claim.item[2:] for claim in made.journal.made()} == {("bindings", "1")}
    made.apply(made.plan(bindings(*three)))
    assert made.home == two
    made.apply(made.plan({}))
    assert made.home == start
    assert not made.journal.made()


def test_what_was_made_for_the_first_block_stays_ours_when_a_further_one_goes() -> None:
    made = House({})
    made.apply(made.plan(bindings(block(bindings={"a": "1"}), block(bindings={"a": "2"}))))
    made.apply(made.plan(bindings(block(bindings={"a": "1"}))))
    ours = {("Editor", ""), ("Editor", "", "bindings")}
    assert {claim.item for claim in made.journal.made() if claim.item} == ours


def test_a_file_of_ours_goes_with_its_last_item_unless_somebody_wrote_into_it() -> None:
    said = git(tasks="- label: a\n  command: a\n")
    made = House({})
    made.apply(made.plan(said))
    made.hand_back()
    assert made.home == {} and not made.journal.made()
    made.apply(made.plan(said))
    made.edit({TASKS: "// mine\n" + text(made, TASKS)})
    made.hand_back()
    assert "".join(text(made, TASKS).split()) == "//mine[]"


def theirs_after(made: House) -> dict[str, bytes]:
    made.apply(made.plan(bindings(block(bindings={"a": "ours", "b": "ours"}))))
    made.edit(
        {KEYMAP: text(made).rstrip("]\n") + ',\n // theirs\n { "context": "Editor", "bindings": { "a": "theirs" } }]\n'}
    )
    return made.home


def test_an_item_goes_though_another_one_takes_its_name() -> None:
    made = House({})
    before = theirs_after(made)
    result = made.apply(made.plan({}))
    assert statuses(result) == {"/Editor/bindings/a": Status.DONE, "/Editor/bindings/b": Status.DONE}
    assert jsonc.loads(text(made)) == [block(bindings={"a": "theirs"})] and "// theirs" in text(made)
    assert not made.journal.recorded() and not made.plan({}).changes
    after = made.home
    back = made.take_back(result.run.id)  # type: ignore[union-attr]
    assert made.home == before and len(made.journal.recorded()) == 2
    again = made.take_back(back.run.id)  # type: ignore[union-attr]
    assert made.home == after and not made.journal.recorded()
    made.take_back(again.run.id)  # type: ignore[union-attr]
    assert made.home == before and len(made.journal.recorded()) == 2


def dropped(more: str = "") -> tuple[House, dict[str, bytes], Result]:
    """Of two tasks with one label the first was taken over equal and the second replaced; git names neither now."""
    standing = '[\n  {"label": "t", "command": "one"}, // first\n  {"label": "t", "command": "two"}' + more + "\n]\n"
    made = house(tasks=standing)
    made.apply(made.plan(git(tasks="- {label: t, command: one}\n- {label: t, command: three}\n")))
    return made, made.home, made.apply(made.plan({}))


@pytest.mark.parametrize("more", ["", ', // mine\n  {"label": "t", "command": "theirs"}'])
def test_one_goes_though_the_next_that_is_handed_back_takes_its_name(more: str) -> None:
    made, before, result = dropped(more)
    assert statuses(result) == {"/t": Status.DONE, "/t/1": Status.DONE}
    left = [task["command"] for task in jsonc.loads(text(made, TASKS))]  # type: ignore[index, union-attr, call-overload]
    assert left == ["two", "theirs"][: 1 + bool(more)]
    assert not made.journal.recorded() and not made.plan({}).changes
    after = made.home
    back = made.take_back(result.run.id)  # type: ignore[union-attr]
    assert made.home == before and len(made.journal.recorded()) == 2
    made.take_back(back.run.id)  # type: ignore[union-attr]
    assert made.home == after and not made.journal.recorded()


def test_one_goes_and_comes_back_before_another_just_like_it() -> None:
    made = house(tasks='[{"label": "t", "command": "x"}, {"label": "t", "command": "x"} /* theirs */]')
    start = made.home
    made.apply(made.plan(git(tasks="- {label: t, command: x}\n")))
    result = made.apply(made.plan({}))
    after = made.home
    assert text(made, TASKS) == '[{"label": "t", "command": "x"} /* theirs */]'
    back = made.take_back(result.run.id)  # type: ignore[union-attr]
    assert made.home == start and len(made.journal.recorded()) == 1
    made.take_back(back.run.id)  # type: ignore[union-attr]
    assert made.home == after and not made.journal.recorded()


def test_an_undo_writes_over_nothing_that_took_the_name_of_what_was_handed_back() -> None:
    made, _, result = dropped(', // mine\n  {"label": "t", "command": "theirs"}')
    made.edit({TASKS: text(made, TASKS).replace("[", '[ {"label": "new"},', 1)})
    here = text(made, TASKS)
    made.take_back(result.run.id)  # type: ignore[union-attr]
    assert '"theirs"' in text(made, TASKS) and '"two"' in text(made, TASKS), here


def test_what_was_handed_back_under_another_name_is_finished_after_a_stop() -> None:
    made = house(tasks='[{"label": "t", "command": "one"}, {"label": "t", "command": "two"}]')
    made.apply(made.plan(git(tasks="- {label: t, command: one}\n- {label: t, command: three}\n")))
    plan = made.plan({})

    def stop(edit: Edit) -> None:
        raise KeyboardInterrupt

    made.world.hook = stop
    with pytest.raises(KeyboardInterrupt):
        made.apply(plan)
    made.world.hook = None
    made.resume()
    assert jsonc.loads(text(made, TASKS)) == [{"label": "t", "command": "two"}]
    assert not made.journal.recorded()


def test_an_undo_never_writes_over_the_one_that_took_the_name() -> None:
    made = House({})
    theirs_after(made)
    result = made.apply(made.plan({}))
    made.edit({KEYMAP: text(made).replace("[", '[ { "bindings": { "x": "new" } },', 1)})
    here = text(made)
    back = made.take_back(result.run.id)  # type: ignore[union-attr]
    assert statuses(back)["/Editor/bindings/a"] is Status.STALE
    assert '"theirs"' in text(made) and '"new"' in text(made) and text(made).count('"a"') == here.count('"a"')


def test_no_item_goes_if_another_of_ours_would_take_its_name() -> None:
    """Held, it stays ours under a name that it would not have any more: said before anything is written."""
    made = House({})
    two = {"zed/tasks.yaml": "- {label: t, command: one}\n- {label: t, command: two}\n"}
    made.apply(made.plan(two))
    held = {"reconcile.yaml": "modes:\n  zed_tasks#/t/1: ignore\n"}
    result = made.apply(made.plan(held))
    [problem] = [str(o.problem) for _, o in result.outcomes if o.problem]
    assert problem == (
        "~/.config/zed/tasks.json: zed_tasks#/t: another one of the same name stands after it and would take its place"
        "\n  hint: remove either of them by hand, then apply again"
    )
    assert len(jsonc.loads(text(made, TASKS))) == 2  # type: ignore[arg-type]


def test_no_item_is_added_in_place_of_one_that_is_missing() -> None:
    made = House({})
    said = git(tasks="- {label: a, command: one}\n- {label: a, command: two}\n")
    plan = made.plan(said)
    second = replace(plan, changes=tuple(c for c in plan.changes if c.target.part == "/a/1"))
    [(_, outcome)] = made.apply(second).outcomes
    assert outcome.status is Status.FAILED and "belongs before it is not there" in str(outcome.problem)
    assert made.home == {}


def test_an_item_that_cannot_be_written_is_said() -> None:
    made = house(keymap='[{"context": "Editor", "bindings": {"a": "x"}}]')
    start = made.home
    for key in ("a", "b"):
        plan = made.plan(bindings(block(bindings={key: "y"})))
        [change] = plan.due
        assert change.after is not None
        broken = replace(plan, changes=(replace(change, after=change.after._replace(value=float("nan"))),))
        [(_, outcome)] = made.apply(broken).outcomes
        assert outcome.status is Status.FAILED and "cannot be written as JSON" in str(outcome.problem)
        assert made.home == start


def test_a_task_is_changed_inside_and_its_lists_stay_on_one_line() -> None:
    made = house(
        tasks="""
        [
          {
            "label": "t", // name
            "env": { "B": "2", /* b */ "A": "1" },
            "args": ["-v", /* why */ "x"],
          },
        ]
        """
    )
    said = {"label": "t", "args": ["-v", "y"], "env": {"A": "1", "B": "2"}, "tags": ["a", "b"]}
    plan = made.plan({"zed/tasks.jsonc": json.dumps([said])})
    assert [tuple(field) for field in plan.changes[0].diff.fields] == [
        ("/t/args/1", "x", "y"),
        ("/t/tags", None, ["a", "b"]),
    ]
    before = text(made, TASKS)
    made.apply(plan)
    assert text(made, TASKS) == before.replace('"x"],', '"y"],\n    "tags": ["a", "b"],')


# Import


def imported(made: House, *, native: bool = False, include: tuple[str, ...] = ()) -> tuple[dict[str, str], Description]:
    layout = survey.survey(registry.ROOTS, made.world)
    layout = replace(layout, native=native, include=frozenset(include))
    said = describe(layout, registry.KINDS, made.world, known=frozenset(), include=include)
    sources = [s for found in said.found for s in found.sources]
    return {s.path.removeprefix("desired-state/"): s.file.content.decode() for s in sources}, said


def left(said: Description) -> dict[str, str]:
    return {f"{entry.claim.path}#{jsonc.pointer(entry.claim.item)}": entry.reason for entry in said.left}


def test_import_keeps_the_comments_and_the_next_plan_is_empty() -> None:
    made = house(
        keymap="""
        // Zed keymap
        [
          {
            "context": "Editor",
            "bindings": {
              "ctrl-a": null, // free
              // "ctrl-b": "off",
              "f5": ["x::A", "x"]
            }
          },
          { "context": "Workspace", "bindings": { /* "none": "yet" */ } },
        ]
        """,
        tasks='[ { "label": "a", "command": "b", /* why */ "env": {} } ]',
    )
    said, description = imported(made)
    assert said["zed/keymap.yaml"] == dedent("""\
        # Zed keymap

        - context: Editor
          bindings:
            ctrl-a: null  # free
            # "ctrl-b": "off",
            f5: [x::A, x]
        - context: Workspace
          bindings: {}  # "none": "yet"
        """)
    assert yaml.load(said["zed/tasks.yaml"], "") == [{"label": "a", "command": "b", "env": {}}]
    assert "# why" in said["zed/tasks.yaml"]
    assert not description.left
    before = made.home
    made.apply(made.plan(said))
    assert not made.plan(said).changes
    made.hand_back()
    assert made.home == before


def test_import_in_the_programs_own_format_is_the_file_itself() -> None:
    keymap = '// mine\n[ { "context": "Editor", "bindings": { "a": null, /* x */ }, }, {} ]\n'
    said, _ = imported(house(keymap=keymap), native=True)
    assert said == {"zed/keymap.jsonc": keymap}


SECRETIVE = """
[
  { "context": "A", "bindings": { "a": "x::A", "b": ["x::Send", "sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6"] } },
  { "context": "B", "bindings": { "b": "api_key=sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6" } },
  { "context": "B", "bindings": { "b": "harmless" } },
  { "context": "C", "binding": { "c": 1 }, "bindings": { "c": 2, "d": "x::D" } },
  { "context": null, "bindings": { "c": "x::C" } },
  "nothing",
  { "context": "D", "bindings": null }
]
"""


@pytest.mark.parametrize("native", [False, True])
def test_what_cannot_be_imported_is_named(native: bool) -> None:
    made = house(keymap=SECRETIVE)
    said, description = imported(made, native=native)
    [name] = said
    secret = "looks like a secret: it stays here, unowned"
    assert left(description) == {
        "keymap.json#/A//bindings/0/b": secret,
        "keymap.json#/B//bindings/0/b": secret,
        "keymap.json#/B//bindings/1/b": "one of the same name before it is not taken, and would be mistaken for it",
        "keymap.json#/3/binding": "unknown key `binding`",
        "keymap.json#/3/bindings/c": "`c`: an action is a text, a list or null",
        "keymap.json#/4": "`context` is not a text",
        "keymap.json#/5": "not a block of bindings",
        "keymap.json#/6/bindings": "`bindings` is not a map of keys",
    }
    data = jsonc.loads(said[name]) if native else yaml.load(said[name], "")
    assert data == [block("A", bindings={"a": "x::A"}), block("C", bindings={"d": "x::D"})]
    before = made.home
    made.apply(made.plan(said))
    assert made.home == before and not made.plan(said).changes


def test_a_false_alarm_is_taken_when_told() -> None:
    made = house(tasks='[{"label": "t", "env": {"API_KEY": "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7b"}}]')
    said, description = imported(made)
    assert said == {} and list(left(description)) == ["tasks.json#/t/0"]
    said, description = imported(made, include=("~/.config/zed/tasks.json#/t/0",))
    assert list(said) == ["zed/tasks.yaml"] and not description.left


def test_what_another_repository_owns_is_not_imported_nor_what_it_would_be_mistaken_for() -> None:
    made = house(tasks='[{"label": "t", "command": "1"}, {"label": "t", "command": "2"}, {"label": "u"}]')
    layout = survey.survey(registry.ROOTS, made.world)
    theirs = frozenset({Claim("zed", "tasks.json", ("t", "0"))})
    said = describe(layout, registry.KINDS, made.world, known=theirs)
    assert [found.claims for found in said.found] == [(Claim("zed", "tasks.json", ("u", "0")),)]
    assert list(left(said)) == ["tasks.json#/t/1"]


@pytest.mark.parametrize(
    ("standing", "reason", "problem"),
    [
        ("[ oops", "not valid JSON: `oops` is not a JSON value", True),
        ("// nothing\n", "not valid JSON: the file holds only comments", False),
        ("{}", "not a list: nothing in it can be named", False),
    ],
)
def test_a_file_that_cannot_be_imported_is_named(standing: str, reason: str, problem: bool) -> None:
    said, description = imported(house(tasks=standing))
    [entry] = description.left
    assert said == {}
    assert isinstance(entry, Left) and (entry.reason, entry.problem is not None) == (reason, problem)


def test_why_knows_where_an_item_stands() -> None:
    made = house(keymap='[\n  { "bindings": {\n "a": [ 1 ] } }\n]')
    layout = survey.survey(registry.ROOTS, made.world)
    [layer] = zed_keymap.FILE.layers(Claim("zed", "keymap.json", ("", "", "bindings", "0", "a")), layout)
    assert layer == ("~/.config/zed/keymap.json:3", "[ 1 ]", True)
    [layer] = zed_keymap.FILE.layers(Claim("zed", "keymap.json", ("", "", "bindings", "1", "a")), layout)
    assert not layer.present


# Real files


def real() -> list[Path]:
    return [home for home in homes.real() if any((home / path).is_file() for path in PATHS)]


corpus = pytest.mark.skipif(not homes.real(), reason=homes.REASON)


def of(home: Path) -> House:
    made = House({})
    for path in PATHS:
        if (home / path).is_file():
            made.world.files["zed", path.removeprefix("zed/")] = File((home / path).read_bytes())
    return made


@corpus
def test_the_corpus_has_keymaps() -> None:
    assert len(real()) == 4


@corpus
@pytest.mark.parametrize("native", [False, True], ids=["yaml", "native"])
@pytest.mark.parametrize("home", real(), ids=lambda p: p.name)
def test_import_of_a_real_file_changes_nothing(home: Path, native: bool) -> None:
    made = of(home)
    start = made.home
    said, description = imported(made, native=native)
    assert [(e.claim.item, e.problem) for e in description.left] == [] if said else [((), None)]
    made.apply(made.plan(said))
    assert not made.plan(said).changes
    assert made.home == start
    made.hand_back()
    assert made.home == start


@corpus
@pytest.mark.parametrize("home", real(), ids=lambda p: p.name)
def test_each_binding_of_a_real_file_alone(home: Path) -> None:
    made = of(home)
    start = made.home
    said, _ = imported(made)
    made.apply(made.plan(said))
    number = 0
    for desired, place in each_changed(said):
        plan = made.plan(desired)
        [change] = plan.changes
        old = text(made)
        node = jsonc.find(jsonc.parse(old), place)
        assert node is not None and change.action is Action.UPDATE
        result = made.apply(plan)
        new = text(made)
        assert result.run and new != old
        assert (new[: node.start], new[len(new) - len(old) + node.end :]) == (old[: node.start], old[node.end :])
        made.take_back(result.run.id)
        assert made.home == start
        number += 1
    assert number == len(made.journal.recorded())


def each_changed(said: dict[str, str]) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    """What git would say with one binding changed, and where that stands in the program's file."""
    if "zed/keymap.yaml" not in said:
        return
    blocks = yaml.load(said["zed/keymap.yaml"], "")
    for place in zed_keymap.named(blocks).values():
        index, section, key = place
        changed = copy.deepcopy(blocks)
        old = changed[int(index)][section][key]
        changed[int(index)][section][key] = [*old, "one more"] if isinstance(old, list) else f"{old} é"
        yield bindings(*changed), place


# Any file, any wish


KEYS = st.sampled_from(["a", "b", "c"])
ACTIONS = st.one_of(st.none(), st.sampled_from(["x::A", "y::B"]), st.lists(st.sampled_from(["x", 1, None]), max_size=2))
SECTION = st.dictionaries(KEYS, ACTIONS, max_size=3)
BLOCK = st.fixed_dictionaries(
    {},
    optional={
        "context": st.sampled_from(["E", "P"]),
        "use_key_equivalents": st.booleans(),
        "bindings": SECTION,
        "unbind": SECTION,
    },
)
BLOCKS = st.lists(BLOCK, max_size=4)
ODD = st.lists(st.one_of(BLOCK, st.sampled_from([1, {"context": 1}, {"bindings": None}, {"other": {}}])), max_size=4)
STYLES = st.sampled_from(["tight", "inline", "spread", "tabs", "commented"])


def styled(value: Any, style: str) -> str:
    if style == "tight":
        return json.dumps(value, separators=(",", ":"))
    spread = json.dumps(value, indent={"tabs": "\t", "inline": None}.get(style, 2))
    return spread if style != "commented" else spread.replace(",\n", ", // c\n").replace("{\n", "{ /* d */\n") + "\n"


COMMAND = st.sampled_from(["x", "y"])
TASK = st.fixed_dictionaries(
    {"label": st.sampled_from(["a", "b"]), "command": COMMAND},
    optional={"args": st.lists(COMMAND, max_size=2), "env": st.dictionaries(KEYS, COMMAND, max_size=2)},
)
TASK_LIST = st.lists(TASK, max_size=4)
ODD_TASKS = st.lists(st.one_of(TASK, st.sampled_from([1, {}, {"label": 1}])), max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(standing=st.one_of(st.none(), ODD), style=STYLES, first=BLOCKS, then=BLOCKS)
def test_any_keymap_comes_about_and_goes_again(standing: Any, style: str, first: Any, then: Any) -> None:
    made = house(keymap=styled(standing, style)) if standing is not None else House({})
    comes_and_goes(made, KEYMAP, zed_keymap.FILE, first, then)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(standing=st.one_of(st.none(), ODD_TASKS), style=STYLES, first=TASK_LIST, then=TASK_LIST)
def test_any_tasks_come_about_and_go_again(standing: Any, style: str, first: Any, then: Any) -> None:
    made = house(tasks=styled(standing, style)) if standing is not None else House({})
    comes_and_goes(made, TASKS, zed_tasks.FILE, first, then)


def comes_and_goes(made: House, path: str, file: ItemsFile, first: Any, then: Any) -> None:
    """Two wishes, one after the other; the second taken back and done again; all handed back."""
    start = made.home
    converged(made, file, first)
    adopted = any(row.standing == "adopted" for row in made.journal.recorded())
    between = made.home
    result = converged(made, file, then)
    assert strangers(start, path, file, first + then) == strangers(made.home, path, file, first + then)
    if result.run:
        after, back = made.home, made.take_back(result.run.id)
        if len(back.outcomes) == len(result.outcomes) and back.run:
            assert made.home == between
            made.take_back(back.run.id)
            assert made.home == after
    released = made.hand_back()
    if not adopted and {o.status for _, o in (*result.outcomes, *released.outcomes)} <= {Status.DONE}:
        assert made.home == start
        assert not made.journal.recorded()


def converged(made: House, file: ItemsFile, wish: Any) -> Result:
    """What git asks for stands there."""
    said = {f"{file.stem}.jsonc": json.dumps(wish)}
    result = made.apply(made.plan(said, force=["*"]))
    assert {o.status for _, o in result.outcomes} <= {Status.DONE}
    assert not made.plan(said, force=["*"]).due
    return result


def strangers(home: dict[str, bytes], path: str, file: ItemsFile, wishes: Any) -> list[Any]:
    """What git never named, in its order."""
    asked = {unnumbered(name) for name in file.items.named(wishes)}
    here = file.items.standing(home.get(path, b"[]").decode())
    return [(name, leaf.value) for name, leaf in here.items() if unnumbered(name) not in asked]


def unnumbered(name: tuple[str, ...]) -> tuple[str, ...]:
    """The name of a binding or a task, less its number among equals."""
    return name[:3] + name[4:] if len(name) == 5 else name[:1]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(standing=ODD, style=STYLES)
def test_any_keymap_can_be_imported(standing: Any, style: str) -> None:
    made = house(keymap=styled(standing, style))
    start = made.home
    said, _ = imported(made)
    made.apply(made.plan(said))
    assert not made.plan(said).changes and made.home == start
    held = {row.claim.item for row in made.journal.recorded()}
    odd = {f.spoils for f in zed_keymap.faults(standing)}
    assert held == {n for n, p in zed_keymap.named(standing).items() if not {p[:1], p[:2], p} & odd}
    made.hand_back()
    assert made.home == start


def test_an_appended_block_goes_without_a_trace() -> None:
    """What hand-back leans on: the editor takes an item out of a list as it put it in."""
    for old in ("[]", "[ ]", "[\n]", "[\n\n]\n", "[1]", "[1,]", "[\n  1\n]", "[\n  1, // one\n]", "[ // here\n]"):
        new = jsonc_edit.edit(old, [jsonc_edit.Append((), {"a": {"b": 1}})])
        index = len(jsonc.loads(old))  # type: ignore[arg-type]
        assert jsonc_edit.edit(new, [jsonc_edit.Delete((str(index),))]) == old
