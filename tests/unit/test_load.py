"""Files of desired state that no kind takes."""

from __future__ import annotations

import pytest

from reconciler.model.problem import Invalid
from tests.support.house import House


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("mcp/x.json", "an MCP server is a `.yaml` file"),
        ("agents/x.txt", "agents are `.md` or `.yaml` files"),
        ("skills/x.md", "a skill is a folder with a SKILL.md"),
        ("zed/theme.yaml", "`zed/` holds `settings`, `keymap` and `tasks`, as `.yaml` or `.jsonc`"),
        ("agent/x.md", "did you mean `agents`?"),
        ("themes/x.json", "any other file below a root goes to `files/opencode/` or `files/zed/`"),
    ],
)
def test_a_file_that_no_kind_takes_is_told_where_it_belongs(path: str, hint: str) -> None:
    with pytest.raises(Invalid) as error:
        House({}).loaded({path: "x: 1\n"})
    assert [(p.text, p.hint) for p in error.value.problems] == [("no kind takes this file", hint)]
