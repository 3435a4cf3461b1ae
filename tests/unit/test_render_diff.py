"""Diffs of foreign text: short, harmless, with the difference in sight."""

from __future__ import annotations

import pytest

from reconciler.cli.render_diff import diff_lines
from reconciler.cli.style import Style, columns
from reconciler.model.diff import text_diff


def shown(before: str, after: str, **style: object) -> list[str]:
    return list(diff_lines(text_diff(before, after), Style(**style), 0, "`more`"))  # type: ignore[arg-type]


def test_nothing_differs() -> None:
    assert shown("a\n", "a\n") == []


def test_a_long_diff_is_cut_and_says_by_how_much() -> None:
    lines = shown("", "x\n" * 30)
    assert len(lines) == 13
    assert lines[-1] == "… 19 more lines (`more`)"
    assert len(shown("", "x\n" * 30, full=True)) == 31


def test_one_line_too_many_is_shown_rather_than_counted() -> None:
    assert shown("", "x\n" * 12)[-1] == "+x"


def test_what_comes_is_seen_although_much_goes() -> None:
    assert shown("old\n" * 40, "new\n" * 40) == [
        "@@ line 1", *["-old"] * 5, "… 35 more", *["+new"] * 5, "… 35 more lines (`more`)",
    ]  # fmt: skip


def test_long_lines_are_cut_around_the_difference() -> None:
    head, tail = "so much is said before it " * 8, " and so much after it" * 8
    old, new = shown(f"{head}PUSH{tail}\n", f"{head}ASK{tail}\n", width=60)[1:]
    assert "PUSH" in old and "ASK" in new
    assert old.startswith("-…") and old.endswith("…")
    assert columns(old) <= 60 and columns(new) <= 60


def test_full_cuts_nothing() -> None:
    line = "word " * 60
    assert shown(f"{line}a\n", f"{line}b\n", full=True)[1] == f"-{line}a"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\tb\n", "a b\n", ["-a→b", "+a·b"]),
        ("a b\n", "a b  \n", ["-a b", "+a b··"]),
        ("\tx\n", "\ty\n", ["-   x", "+   y"]),
    ],
)
def test_blanks_are_visible_where_only_they_differ(before: str, after: str, expected: list[str]) -> None:
    assert shown(before, after)[1:] == expected


def test_line_ends() -> None:
    assert shown("a\r\nb\r\n", "a\r\nc\r\n") == ["@@ line 1", " a", "-b", "+c"]
    assert shown("a\r\n", "a\n")[1:] == ["-a\\r", "+a"]
    assert shown("a\n", "a")[1:] == [" a", "+\\ no newline at the end"]


def test_a_line_cannot_drive_the_terminal_or_hide() -> None:
    evil = "\x1b[31mred\x1b[0m \u202etxt\u202c a\u200bb \U000e0041 \x9b2J \ud800 caf\u00e9 \U0001f468\u200d\U0001f4bb"
    assert shown("", f"{evil}\n")[1] == (
        "+\\x1b[31mred\\x1b[0m \\u202etxt\\u202c a\\u200bb \\U000e0041 \\x9b2J \\ud800 "
        "caf\u00e9 \U0001f468\u200d\U0001f4bb"
    )


def test_colours_set_off_the_part_that_differs() -> None:
    assert shown("agent: build\n", "agent: plan\n", color=True)[1:] == [
        "\x1b[31m-agent: \x1b[0m\x1b[7;31mbuild\x1b[0m",
        "\x1b[32m+agent: \x1b[0m\x1b[7;32mplan\x1b[0m",
    ]


def test_a_cut_line_closes_its_colour() -> None:
    line = shown("", "x" * 100 + "\n", color=True, width=20)[1]
    assert line == "\x1b[32m+" + "x" * 18 + "\x1b[0m…"


def test_wide_characters_count_double() -> None:
    assert columns(shown("", "漢" * 50 + "\n", width=20)[1]) <= 20
