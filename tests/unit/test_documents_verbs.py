"""Documents under the verbs that everything has: status, why, history, rollback, release; `orchestrate --docs`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.histories import Home

LIST = "# Agents\n\n{% for a in resources('agent') %}- [{{ a.name }}]({{ a.link }})\n{% endfor %}"
README = "# Mine\r\n\r\n<!-- reconcile:begin agents -->\r\n<!-- reconcile:end agents -->\r\nBy hand: é\r\n"
OUTPUT = "docs/agents.md"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    (made.repo / "templates").mkdir()
    (made.repo / "templates" / "list.md.j2").write_text(LIST)
    (made.repo / "README.md").write_bytes(README.encode())
    made.say(
        "documents/agents.yaml", f"template: list.md.j2\noutputs: [{OUTPUT}, {{path: README.md, region: agents}}]\n"
    )
    made.commit()
    return made


def bytes_of(home: Home) -> tuple[bytes, bytes]:
    return (home.repo / OUTPUT).read_bytes(), (home.repo / "README.md").read_bytes()


def test_rollback_brings_back_the_bytes_of_every_output(home: Home) -> None:
    assert home.slow("docs", "render", "--yes")[1] == 0
    first = bytes_of(home)
    home.say("agents/zoe.md", "---\ndescription: Z\n---\n")
    assert home.slow("docs", "render", "--yes")[1] == 0
    second = bytes_of(home)
    assert b"zoe" in second[0] and b"zoe" in second[1] and b"zoe" not in b"".join(first)
    runs = json.loads(home.slow("history", "--json")[0])
    assert runs[0]["generation"] == runs[1]["generation"] + 1, "which generation rendered it is recorded"
    assert home.slow("rollback", str(runs[0]["id"]), "--yes")[1] == 0
    assert bytes_of(home) == first
    assert home.slow("rollback", str(runs[1]["id"]), "--yes")[1] == 0
    assert not (home.repo / OUTPUT).exists() and (home.repo / "README.md").read_bytes() == README.encode()


def test_rendering_lets_go_of_no_rollback(home: Home) -> None:
    """What a rollback holds back stays so: documents alone were rendered, and that is no apply of the commit."""
    home.say("agents/zoe.md", "---\ndescription: Z\n---\n")
    home.commit()
    assert home.slow("apply", "--yes", "--no-preflight")[1] == 0
    assert home.slow("rollback", "2", "--yes")[1] == 0
    held = "a rollback holds this commit back"
    assert held in home.slow("plan", "--no-preflight")[0]
    assert home.slow("docs", "render", "--yes")[1] == 0
    assert b"zoe" in bytes_of(home)[0] and held in home.slow("plan", "--no-preflight")[0]


def test_release_hands_back_what_stood_there(home: Home) -> None:
    (home.repo / "docs").mkdir()
    (home.repo / OUTPUT).write_bytes(b"written by hand\r\n")
    assert home.slow("docs", "render", "--yes")[1] == 0
    assert b"written by hand" not in bytes_of(home)[0]
    assert home.slow("release", "document/agents", "--yes")[1] == 0
    assert bytes_of(home) == (b"written by hand\r\n", README.encode())


def test_status_and_why_know_documents(home: Home) -> None:
    assert home.slow("docs", "render", "--yes")[1] == 0
    home.commit()
    assert "document" not in home.slow("plan", "--no-preflight")[0]
    (home.repo / OUTPUT).write_text("edited\n")
    assert json.loads(home.slow("status", "--json")[0])["kinds"]["document"] == {"changed here": 1}
    [why] = json.loads(home.slow("why", "document/agents", "--json")[0])
    parts = {part["path"].rpartition("/")[2]: part for part in why["parts"]}
    assert parts["agents.md"]["here"] == "changed since the last apply"
    assert parts["agents.md"]["change"]["cause"] == "drift" and parts["agents.md"]["recorded"]["run"]
    assert parts["README.md"]["change"] is None and parts["README.md"]["here"] == "as it was last applied"
    assert all(part["desired"].startswith("desired-state/documents/agents.yaml:2:") for part in parts.values())


def test_the_hook_judges_what_is_staged(home: Home) -> None:
    assert home.slow("check", "--staged")[1] == 1
    assert home.slow("docs", "render", "--yes")[1] == 0
    assert home.slow("check", "--staged")[1] == 1, "rendered, and not added"
    home.commit()
    assert home.slow("check", "--staged")[1] == 0
    (home.repo / OUTPUT).write_text("edited\n")
    subprocess.run(["git", "-C", str(home.repo), "add", "-A"], check=True)
    said, status = home.slow("check", "--staged")
    assert status == 1 and f"{OUTPUT}: stale: document/agents renders it otherwise now" in said


def test_orchestrate_docs_update_all(home: Home) -> None:
    assert home.slow("orchestrate", "--docs", "--update-all")[1] == 1, "nobody to ask"
    assert not (home.repo / OUTPUT).exists()
    assert home.slow("orchestrate", "--docs", "--update-all", "--yes")[1] == 0
    assert b"[ada]" in bytes_of(home)[0]


def test_orchestrate_says_what_it_did_as_json(home: Home) -> None:
    assert json.loads(home.slow("orchestrate", "--docs", "--update-all", "--json")[0]) == {"ok": False, "runs": []}
    said = json.loads(home.slow("orchestrate", "--docs", "--update-all", "--json", "--yes")[0])
    assert said["ok"] and [run["verb"] for run in said["runs"]] == ["docs"]
    assert {step["ref"] for step in said["runs"][0]["steps"]} == {"document/agents"}
    (home.config / "agents" / "ada.md").unlink()
    said = json.loads(home.slow("orchestrate", "--init", "--json", "--yes")[0])
    assert said["ok"] and "agent/ada" in {step["ref"] for step in said["runs"][0]["steps"]}
    assert json.loads(home.slow("orchestrate", "--setup", "--json", "--yes")[0]) == {"ok": True, "runs": []}


def test_orchestrate_does_not_pretend_to_integrate(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for path in ("zed/settings.yaml", "hosts/other/zed/settings.yaml"):
        (home.repo / "desired-state" / path).unlink()
    home.slow("apply", "--yes", "--no-preflight")
    assert "there is nothing to apply" in home.slow("orchestrate", "--integrate", "--sync-zed", "--yes")[0]


def test_orchestrate_docs_cross_reference(home: Home) -> None:
    home.slow("docs", "render", "--yes")
    assert home.slow("orchestrate", "--docs", "--cross-reference")[1] == 0
    (home.repo / "NOTES.md").write_text("[a](none.md)\n")
    said, status = home.slow("orchestrate", "--docs", "--cross-reference")
    assert status == 1 and "NOTES.md:1:1: `none.md` leads to no file" in said
    found = json.loads(home.slow("orchestrate", "--docs", "--cross-reference", "--json")[0])
    assert [one["text"] for one in found["problems"]] == ["`none.md` leads to no file"]


def test_orchestrate_docs_standardize(home: Home) -> None:
    home.slow("docs", "render", "--yes")
    page = home.repo / "RUN.md"
    page.write_text("<!-- reconcile:type runbook -->\n# Run\n")
    said, status = home.slow("orchestrate", "--docs", "--standardize")
    assert status == 1 and page.read_text() == "<!-- reconcile:type runbook -->\n# Run\n"
    assert "+## First look" in said and "RUN.md:1:1: a runbook has a section `First look`" in said
    found = json.loads(home.slow("orchestrate", "--docs", "--standardize", "--json")[0])
    assert len(found["problems"]) == 3 and "+##" not in str(found)
    said, status = home.slow("orchestrate", "--docs", "--standardize", "--yes")
    assert status == 0 and "## Going back" in page.read_text()


def test_orchestrate_docs_says_what_is_to_be_chosen(home: Home) -> None:
    for wrong in ((), ("--standardize", "--update-all")):
        assert home.slow("orchestrate", "--docs", *wrong)[1] == 1
    assert not (home.repo / OUTPUT).exists()


def test_what_is_known_to_be_in_step_hides_no_edit(home: Home) -> None:
    """Where a plan found nothing, the next one is answered at once: unless an output, a template or an input moved."""
    assert home.slow("docs", "render", "--yes")[1] == 0
    home.slow("apply", "--yes", "--no-preflight")
    home.commit()
    output, template = home.repo / OUTPUT, home.repo / "templates" / "list.md.j2"

    def says(text: str) -> bool:
        return text in home.run("plan", "--no-preflight").stdout

    assert says("in step") and says("in step")
    text = output.read_text()
    output.write_text(text + "mine\n")
    assert says("1 to repair")
    output.write_text(text)
    assert says("in step") and says("in step")
    template.write_text("# Other\n")
    assert says("document/agents")
    template.write_text(LIST)
    assert says("in step") and says("in step")
    home.say("agents/zoe.md", "---\ndescription: Z\n---\n")
    assert says("document/agents")
