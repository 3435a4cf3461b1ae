"""Values and pointers in words."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.cli.phrase import field, key_path, literal
from reconciler.cli.style import Style
from reconciler.model.change import FieldChange


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("build", "build"),
        ("anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("two words", "two words"),
        ("", '""'),
        (" edge ", '" edge "'),
        ("true", '"true"'),
        ("12", '"12"'),
        ("unset", '"unset"'),
        ("a → b", "a → b"),
        ("line\nbreak", '"line\\nbreak"'),
        (True, "true"),
        (None, "unset"),
        (0.2, "0.2"),
        ({"a": [1]}, '{"a": [1]}'),
    ],
)
def test_literal(value: Any, said: str) -> None:
    assert literal(value) == said


def test_key_path() -> None:
    assert key_path("/permission/bash/git push *") == 'permission.bash."git push *"'
    assert key_path("/a~1b/c~0d") == '"a/b"."c~d"'
    assert key_path("/tools/mcp_*") == "tools.mcp_*"


def test_long_values_keep_the_difference_in_sight() -> None:
    head, tail = "the same beginning " * 6, " the same end" * 6
    said = field(FieldChange("/prompt", f"{head}ONE{tail}", f"{head}TWO{tail}"), Style())
    assert "ONE" in said and "TWO" in said and len(said) < 140


def test_a_long_new_value_is_cut() -> None:
    said = field(FieldChange("/prompt", None, "word " * 60), Style())
    assert said.startswith("prompt: unset → ") and said.endswith("…") and len(said) < 90


def test_a_secret_is_masked_before_it_is_cut() -> None:
    secret = "sk-ant-api03-" + "aB3dE5gH7jK9mN1p" * 5
    assert field(FieldChange("/key", None, secret), Style()) == "key: unset → •••#1"
