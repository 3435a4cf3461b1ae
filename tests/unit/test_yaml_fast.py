"""The fast YAML parser is asked only where it says what ruamel.yaml says."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reconciler.formats import yaml
from reconciler.model.problem import Invalid

KEYS = ["a", "'*'", '"git *"', "'rm -rf *'", "<<", "b.c", "1", "yes", "'it''s'", "? k", "*x", "&x y"]
VALUES = [
    'allow', "'*'", '"*"', '0.3', '10', '-1.5', '007', '1_000', '12:30', '1e3', '0x1F', '.5', '1.', 'yes', 'null',
    '~', '', '*x', '&x 1', '!t 1', "'don''t'", "don't", 'say "x"', "[a, 'b*', 3]", '[a, *x]', "{a: '*'}", '| ', '>-',
    "'a", '"a', 'a: b', 'a #b', "a - 'b", 'x, y', '[a', 'b]', '@x', '`x`', '%x', '2024-01-01', '1.0.0', '+1', '0.1e5',
    '-', 'true', '-0', "- 'q", '\\t', '{', '}', "'a' b", '"\\x41"', "'*' #c", '...', '---', "*x 'y'",
    "a 'b, y: *z, w: 'c'", "9" * 20,
]  # fmt: skip
KEY = st.sampled_from([*KEYS, ""])
LINE = st.tuples(
    st.integers(0, 3), st.sampled_from(["", "- ", "- - "]), st.sampled_from([*KEYS, ""]), st.sampled_from(VALUES)
)


def text_of(lines: list[tuple[int, str, str, str]]) -> str:
    return "".join(f"{'  ' * deep}{dash}{key + ': ' if key else ''}{value}\n" for deep, dash, key, value in lines)


def by_ruamel(text: str) -> object:
    parser = YAML(typ="safe", pure=True)
    parser.allow_duplicate_keys = False
    try:
        return yaml.plain(parser.load(text), "x")
    except (YAMLError, ValueError, TypeError):
        return YAMLError


def by_us(text: str) -> object:
    try:
        return yaml.load(text, "x")
    except Invalid:
        return YAMLError


def same(text: str) -> None:
    ours, theirs = by_us(text), by_ruamel(text)
    assert repr(ours) == repr(theirs), text


@settings(max_examples=400, deadline=None)
@given(st.lists(LINE, max_size=6))
def test_lines_of_all_sorts(lines: list[tuple[int, str, str, str]]) -> None:
    same(text_of(lines))


def test_each_value_alone_and_beside_a_quoted_star() -> None:
    for value in VALUES:
        for key in KEYS:
            same(f"{key}: {value}\n")
            same(f"a: '*'\n{key}: {value}\n")
            same(f"list:\n  - {value}\n  - '*'\n")


@pytest.mark.soak
def test_many_more() -> None:
    chance = random.Random(1)
    for _ in range(50_000):
        lines = [
            (chance.randrange(3), chance.choice(["", "", "- "]), chance.choice(KEYS), chance.choice(VALUES))
            for _ in range(chance.randrange(1, 5))
        ]
        same(text_of(lines))


PLAIN = """\
description: Reviews "all" changes, don't worry
mode: subagent
temperature: 0.3
steps: 12
permission:
  edit: deny
  bash:
    '*': ask
    "git log *": allow
tools: [read, 'x*']
"""


def test_usual_front_matter_is_read_by_the_fast_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quoted patterns stand in most agents: asking ruamel.yaml for each costs a second per thousand files."""
    monkeypatch.setattr(yaml, "_careful", lambda *args, **kwargs: pytest.fail("asked ruamel.yaml"))
    assert yaml.load(PLAIN, "x")["permission"]["bash"] == {"*": "ask", "git log *": "allow"}


@pytest.mark.parametrize("nested", ["[", "{a: ", "- ", "[a, ", "[\n", "[{a: ", "{'a': ["])
def test_bottomless_nesting_is_refused_after_little_work(monkeypatch: pytest.MonkeyPatch, nested: str) -> None:
    from ruamel.yaml.scanner import Scanner

    work = 0
    real = Scanner.next_possible_simple_key

    def counted(scanner: Scanner) -> object:
        nonlocal work
        work += len(scanner.possible_simple_keys)
        return real(scanner)

    monkeypatch.setattr(Scanner, "next_possible_simple_key", counted)
    with pytest.raises(Invalid, match="levels deeper than 200"):
        yaml.load("a:\n " + nested * 100_000, "x")
    assert work < 300_000


def test_many_brackets_in_a_text_are_no_nesting() -> None:
    brackets = "[" * 300
    for text in (f'a: "{brackets}"\n', f"a: |\n  {brackets}\n", f"a: b # {brackets}\n"):
        assert str(yaml.load(text, "x")["a"]).strip() in (brackets, "b")
