"""Where keys stand: read line by line it is what ruamel.yaml says, or not said at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.formats import yaml, yaml_places

KEYS = (
    "a",
    "b c",
    "tab_size",
    "'q'",
    '"d.e"',
    "x/y-z",
    "1",
    "- a",
    "?",
    "a b",
    "@scope/x",
    "",
    "a:b",
    "null",
    "'it''s'",
    "<<",
)
VALUES = (
    "", " 1", " x", " 'q'", ' "d"', " x # c", " #c", " a: b", " [1]", " []", " {}", " |", " > ", " *x", " &a", " !t x",
    " -", " -1", " 'a''b'", ' "a\\"b"', " 'open", " http://x:1/y", " a#b", " x:", "\tx", " x\ty", " \x85", " ~",
    "x", "  two  ",
    " [a, 'b c', \"d\"]", " [ a , {p: q, 'r s': [t]} ]  # c", " {a: b}", " {a: {b: c}, d: [1, x y]}", " [a, ]",
    " [a,, b]", " [a, b", " [a]]", " {a:b}", " {a: b: c}", " [a: b]", " [a#b]", " [a #b]", " [-, a]", " [- a]",
    " [-1, -x]", " [a] b", " {a: }", " {a, b: c}", " {'a':b}", " [http://x]", " ['it''s']", " {a: 1, a: 2}", " [*x]",
    " {<<: x}", " {? a: b}", " [[a, b], [c]]", " [a,b]", " {a: [}", " []x", " [a]#c", " {1: a}", " {null: a}",
    " [\tx]", " [a,\tb]",
)  # fmt: skip
LINES = st.one_of(
    st.tuples(st.integers(0, 3), st.sampled_from(KEYS), st.sampled_from(VALUES)).map(
        lambda p: " " * p[0] + f"{p[1]}:{p[2]}"
    ),
    st.tuples(st.integers(0, 4), st.sampled_from(VALUES)).map(lambda p: " " * p[0] + f"-{p[1]}"),
    st.sampled_from(["", "  ", "# c", "  # c", "- x", "---", "  text", "...", "%x", "\ufeffa: 1", "a: 1\r"]),
)


def carefully(text: str, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, ...], tuple[int, int]]:
    with monkeypatch.context() as patch:
        patch.setattr(yaml, "places", lambda text, line: None)
        return yaml.positions(text, 3)


@settings(max_examples=600, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=7).map("\n".join))
def test_it_is_what_the_careful_way_says(text: str) -> None:
    said = yaml_places.places(text, 3)
    try:
        yaml.load(text, "x")
    except yaml.Invalid:
        return  # whoever reads it says what is wrong
    with pytest.MonkeyPatch.context() as patch:
        assert said is None or said == carefully(text, patch)


def test_settings_as_people_write_them_are_read_line_by_line() -> None:
    text = (
        "# mine\ntheme: One Dark\nlanguages:\n  Python:\n    tab_size: 4\n\n"
        "  'C++':\n    hard_tabs: true  # yes\nvim_mode: false\n"
    )
    assert yaml_places.places(text, 1) == {
        ("theme",): (2, 1), ("languages",): (3, 1), ("languages", "Python"): (4, 3),
        ("languages", "Python", "tab_size"): (5, 5), ("languages", "C++"): (7, 3),
        ("languages", "C++", "hard_tabs"): (8, 5), ("vim_mode",): (9, 1),
    }  # fmt: skip


def test_lists_as_people_write_them_are_read_line_by_line() -> None:
    text = (
        "template: a.j2\noutputs:\n  - docs/a.md  # whole\n  - {path: README.md, region: 'a b'}\n"
        "command: [npx, \"-y\", 'x']\ndata: {kinds: {agent: Agents}}\nsame:\n- one\n-   two\nlast: 1\n"
    )
    assert yaml_places.places(text, 1) == {
        ("template",): (1, 1), ("outputs",): (2, 1), ("outputs", "0"): (3, 5), ("outputs", "1"): (4, 5),
        ("outputs", "1", "path"): (4, 6), ("outputs", "1", "region"): (4, 23), ("command",): (5, 1),
        ("command", "0"): (5, 11), ("command", "1"): (5, 16), ("command", "2"): (5, 22), ("data",): (6, 1),
        ("data", "kinds"): (6, 8), ("data", "kinds", "agent"): (6, 16), ("same",): (7, 1), ("same", "0"): (8, 3),
        ("same", "1"): (9, 5), ("last",): (10, 1),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        careful = carefully(text, patch)
    assert yaml_places.places(text, 3) == careful
