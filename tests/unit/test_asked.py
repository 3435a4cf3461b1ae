"""Settings files of desired state as they are read: what JSON cannot say, and where."""

from __future__ import annotations

import pytest

from reconciler.model.problem import Invalid
from reconciler.shapes.asked import from_yaml


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("- .nan\n", (1, 3), "`.nan` is no number that JSON knows"),
        ("a:\n  - 1\n  - -.inf\n", (3, 5), "`-.inf` is no number that JSON knows"),
        ("a:\n  - b: 1\n  - b: .inf\n", (3, 5), "`.inf` is no number that JSON knows"),
        ('- 1\n- "\\ud800"\n', (2, 3), "half of a character (`\\ud800` and the like) stands here"),
    ],
)
def test_what_json_cannot_say_is_named_where_it_stands(text: str, place: tuple[int, int], says: str) -> None:
    with pytest.raises(Invalid) as error:
        from_yaml(text, "x.yaml")
    [problem] = error.value.problems
    assert (problem.origin.line, problem.origin.column, problem.text) == (*place, says)
