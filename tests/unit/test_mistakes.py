"""Mistakes made by people and agents: each is found, at its line, with a hint that mends it.

The table is tests/cases/mistakes.yaml. What the real program does with each stands beside it, and
tests/real/test_mistakes.py keeps that true.
"""

from __future__ import annotations

import pytest

from tests.support import mistakes
from tests.support.mistakes import Case

CASES = mistakes.cases()
HARD = ("refuses", "400", "open", "dropped")

# Errors of ours that the real program takes, each with the reason.
STRICTER: dict[str, str] = {
    "the configuration is an empty file": "OpenCode takes an empty file for `{}`; nothing in it could be owned",
}


@pytest.fixture(scope="session", autouse=True)
def updated(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        mistakes.write(mistakes.read())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_mistake_is_found(case: Case) -> None:
    assert mistakes.found(case.files) == [dict(problem) for problem in case.problems]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_severity_says_what_the_program_does(case: Case) -> None:
    severe = any(problem["severity"] == "error" for problem in case.problems)
    if case.opencode != "not asked" and case.name not in STRICTER:
        assert severe == (case.opencode in HARD)


def test_there_are_enough() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert all(case.problems for case in CASES)
    assert all(problem.get("hint") for case in CASES for problem in case.problems)


def test_the_list_of_what_we_take_harder_is_true() -> None:
    severe = {c.name for c in CASES if any(p["severity"] == "error" for p in c.problems)}
    assert STRICTER.keys() <= {c.name for c in CASES if c.opencode == "loads"} & severe
