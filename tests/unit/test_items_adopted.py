"""What stands in Zed's keymap and tasks → git's own file, comments kept."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from reconciler import registry
from reconciler.model.resource import Resource
from tests.support.house import House

KINDS: dict[str, Any] = {kind.name: kind for kind in registry.KINDS}

KEYMAP = """\
    # my keys
    - context: Editor
      bindings:
        # copy
        ctrl-a: "x::A" # beside a
        # paste
        ctrl-b: ["x::B", {deep: 1}]
    # the panel
    - context: Panel
      bindings: {ctrl-p: "x::P"}
    # everywhere
    - bindings:
        ctrl-z: "x::Z"
    """
NATIVE = """\
    [
      // my tasks
      { "label": "test", "command": "one" }, // beside
      // the build
      { "label": "build", "command": "make", "args": ["-j"] },
      { "label": "test", "command": "two" }
    ]
    """
TASKS = """\
    # the tests
    - label: test
      command: one # how
      env: {A: "1"}
    # the build
    - label: build
      command: make
      args: [-j]
    """


def adopted(kind: str, path: str, text: str, standing: str) -> str:
    """The file of git after all of `standing` was taken over."""
    git = {path: dedent(text)}
    house = House({})
    house.apply(house.plan(git))
    house.edit({f"zed/{kind.removeprefix('zed_')}.json": dedent(standing)})
    resource: Resource[Any] = next(r for r in house.loaded(git).resources if r.ref.kind == kind)
    observed = {change.target.part: change.before.state for change in house.plan(git).changes}
    [after] = KINDS[kind].adopt(resource, observed).values()
    said = after.content.decode()
    assert not house.plan({path: said}).due, said
    return said


@pytest.mark.parametrize(
    ("standing", "old", "new"),
    [
        pytest.param(
            """[{"context": "Editor", "bindings": {"ctrl-a": "y::A", "ctrl-b": ["x::B", {"deep": 1}]}},
                {"context": "Panel", "bindings": {"ctrl-p": "x::P"}}, {"bindings": {"ctrl-z": "x::Z"}}]""",
            'ctrl-a: "x::A" # beside a',
            'ctrl-a: "y::A" # beside a',
            id="another action",
        ),
        pytest.param(
            """[{"context": "Editor", "bindings": {"ctrl-b": ["x::B", {"deep": 1}]}},
                {"context": "Panel", "bindings": {"ctrl-p": "x::P"}}, {"bindings": {"ctrl-z": "x::Z"}}]""",
            '    ctrl-a: "x::A" # beside a\n',
            "",
            id="a binding that is gone",
        ),
        pytest.param(
            """[{"context": "Editor", "bindings": {"ctrl-a": "x::A", "ctrl-b": ["x::B", {"deep": 1}]}},
                {"bindings": {"ctrl-z": "x::Z"}}]""",
            '- context: Panel\n  bindings: {ctrl-p: "x::P"}\n',
            "",
            id="a block that is gone",
        ),
        pytest.param(
            """[{"context": "Editor", "bindings": {"ctrl-a": "x::A", "ctrl-b": null}},
                {"context": "Panel", "bindings": {"ctrl-p": "x::P"}}, {"bindings": {"ctrl-z": "x::Z"}}]""",
            'ctrl-b: ["x::B", {deep: 1}]',
            "ctrl-b: null",
            id="switched off",
        ),
    ],
)
def test_bindings_in_yaml(standing: str, old: str, new: str) -> None:
    assert adopted("zed_keymap", "zed/keymap.yaml", KEYMAP, standing) == dedent(KEYMAP).replace(old, new)


def test_tasks_in_yaml() -> None:
    standing = """[{"label": "test", "command": "1", "env": {"A": "1"}, "cwd": "/x"}]"""
    assert adopted("zed_tasks", "zed/tasks.yaml", TASKS, standing) == dedent(
        """\
        # the tests
        - label: test
          command: "1" # how
          env: {A: "1"}
          cwd: /x
        # the build
        """
    )


def test_tasks_in_zeds_own_format() -> None:
    standing = """[{"label": "test", "command": "two"}, {"label": "build", "command": "make", "args": ["-j", "4"]}]"""
    assert adopted("zed_tasks", "zed/tasks.jsonc", NATIVE, standing) == dedent(
        """\
        [
          // my tasks
          { "label": "test", "command": "two" }, // beside
          // the build
          { "label": "build", "command": "make", "args": ["-j", "4"] }
        ]
        """
    )
