"""The loop and documents: what lies in the repository is reported, what lies in the home is kept."""

from __future__ import annotations

from pathlib import Path

from tests.support.looping import Kept, agent, looping, until

LIST = "{% for a in resources('agent') %}- {{ a.name }}: {{ a.description }}\n{% endfor %}"


def test_outputs_in_the_repository_are_reported_and_those_in_the_home_are_written(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    (box.repo / "templates").mkdir()
    (box.repo / "templates" / "list.md.j2").write_text(LIST)
    here, there = box.repo / "docs" / "agents.md", box.home / ".config" / "opencode" / "AGENTS.md"
    text = "template: list.md.j2\noutputs: [docs/agents.md, {in: opencode, path: AGENTS.md}]\n"
    box.say("documents/agents.yaml", text)
    box.commit()
    with looping(box) as loop:
        until(there.exists, "the output in the home")
        told = loop.wait("held", "document/agents")
        assert "a file of this repository: to write it is for a person" in str(told)
        box.say("agents/new.md", agent("New."))
        box.commit()
        until(lambda: "- new: one of several" in there.read_text(), "rendered again")
        assert not here.exists()
    assert not here.exists() and box.git("status", "--short") == ""
