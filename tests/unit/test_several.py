"""One file that describes several resources: what stands below `files:` and `skills:` is text, as it is."""

from __future__ import annotations

import pytest

from reconciler import registry
from reconciler.model.problem import Invalid
from reconciler.model.resource import Loaded, Revision, Source
from reconciler.model.world import Tree
from reconciler.pipeline.load import load
from tests.support.house import file


def loaded(text: str, *others: Source) -> Loaded:
    sources = (Source("desired-state/many.yaml", file(text)), *others)
    return load(Tree(Revision("work", ""), sources), registry.KINDS, registry.PENDING)


MANY = """\
agents:
  team/b: {description: d, prompt: Review.}
files:
  opencode/AGENTS.md: |
    # Rules
skills:
  ship/SKILL.md: |
    ---
    name: ship
    description: d
    ---
    Ship.
"""


def test_texts_are_files_as_they_are() -> None:
    found = {str(r.ref): r for r in loaded(MANY).resources}
    assert [*found] == ["agent/team/b", "file/opencode/AGENTS.md", "skill/ship"]
    assert found["file/opencode/AGENTS.md"].sources[0].file.content == b"# Rules\n"
    assert found["file/opencode/AGENTS.md"].origin.line == 4


def test_what_is_no_text_is_no_file() -> None:
    with pytest.raises(Invalid) as raised:
        loaded("files:\n  opencode/x.json: {a: 1}\n")
    [problem] = raised.value.problems
    assert str(problem.origin) == "desired-state/many.yaml:2:3"
    assert problem.text == "`files/opencode/x.json` is a file, and this is no text"


def test_twice_is_once_too_often() -> None:
    with pytest.raises(Invalid, match="described twice"):
        loaded("files:\n  opencode/AGENTS.md: x\n", Source("desired-state/files/opencode/AGENTS.md", file("y")))
