"""What opencode 1.18.33 says when it refuses (taken from it), and what we understand of that."""

from __future__ import annotations

import pytest

from reconciler.formats.opencode_refusal import refusal
from reconciler.model.programs import Refusal

FOLDER = "~/.config/opencode"
INVALID = f"\x1b[91m\x1b[1mError: \x1b[0mConfiguration is invalid at {FOLDER}"
SYNTAX = f"\x1b[91m\x1b[1mError: \x1b[0mConfig file at {FOLDER}"


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        (
            f'{INVALID}/agents/a b.md\n↳ Expected "a" | "b", got "bogus" mode\n'
            '↳ Expected PermissionActionConfig, got "no" permission.edit\n'
            '↳ Expected PermissionActionConfig, got "no" permission.edit\n',
            Refusal(
                "agents/a b.md",
                (
                    'Expected "a" | "b", got "bogus" mode',
                    'Expected PermissionActionConfig, got "no" permission.edit',
                ),
            ),
        ),
        (
            f'{INVALID}/commands/x.md: SchemaError: Expected string | undefined, got [1]\n  at ["agent"]',
            Refusal("commands/x.md", ("Expected string | undefined, got [1] agent",)),
        ),
        (
            f'{INVALID}/opencode.json: bad file reference: "{{file:./n.txt}}" {FOLDER}/n.txt does not exist',
            Refusal("opencode.json", (f'bad file reference: "{{file:./n.txt}}" {FOLDER}/n.txt does not exist',)),
        ),
        (
            f"{SYNTAX}/opencode.jsonc is not valid JSON(C): \n--- JSONC Input ---\n"
            '{"share":"manual"\n "x":1}\n--- Errors ---\n'
            'CommaExpected at line 2, column 2\n   Line 2:  "x":1}\n           ^\n--- End ---',
            Refusal("opencode.jsonc", ("CommaExpected at line 2, column 2",)),
        ),
        ("Error: Unexpected error  ServeError\nmore", Refusal("", ("Unexpected error  ServeError",))),
        ("", Refusal("", ())),
    ],
)
def test_a_refusal_names_the_file_and_each_mistake_once(said: str, understood: Refusal) -> None:
    assert refusal(said, FOLDER) == understood
