"""The README's two commands: marked, and the one for the tests is what CI runs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

MARKED = re.compile(r"^<!-- (\w+) -->\n+```\w*\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def test_the_readme_marks_what_to_try_and_how_to_test() -> None:
    assert [mark for mark, _ in _marked()] == ["try", "test"]


def test_ci_runs_the_readme_s_test_command_verbatim() -> None:
    command = dict(_marked())["test"]
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def _marked() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = MARKED.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return found
