"""`docs render --complete`: what the type of a page asks for is added between its lines, and every byte of it stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.formats import markdown_page
from reconciler.shapes import document_standards
from reconciler.shapes.document_completing import Unfit, completed
from reconciler.shapes.document_types import TYPES
from tests.support.histories import Home

RUNBOOK = "<!-- reconcile:type runbook -->\n# Night\n\n## symptoms\n\nIt is dark.\n\n### Moon\n\nNone.\n"
FIRST = "## First look\n\n*To write: commands that show how things are and change nothing.*\n\n"
BACK = "\n## Going back\n\n*To write: how a change is taken back.*\n"
GOLDEN = {
    "before what follows, and at the end": (
        RUNBOOK,
        RUNBOOK.replace("## symptoms", FIRST + "## symptoms") + BACK,
    ),
    "after the section before it, whose own sections stay with it": (
        RUNBOOK + "\n## Notes\n\nMine.\n",
        RUNBOOK.replace("## symptoms", FIRST + "## symptoms") + BACK + "\n## Notes\n\nMine.\n",
    ),
    "several in a row": (
        "# N\n\n## First look\n\nx\n\n## Notes\n",
        "# N\n\n## First look\n\nx\n\n## Symptoms\n\n*To write: what is seen, what it means, and what mends it.*\n"
        + BACK
        + "\n## Notes\n",
    ),
    "carriage returns and no last line feed": (
        "\ufeff# N\r\n\r\n## First look\r\n\r\n## Symptoms\r\nx",
        "\ufeff# N\r\n\r\n## First look\r\n\r\n## Symptoms\r\nx\r\n" + BACK.replace("\n", "\r\n"),
    ),
    "a title": (
        "## First look\n\n## Symptoms\n\n## Going back\n",
        "# night\n\n## First look\n\n## Symptoms\n\n## Going back\n",
    ),
    "never inside of a region": (
        "# N\n## First look\n## Symptoms\n<!-- reconcile:begin x -->\n## Notes\n<!-- reconcile:end x -->\nend\n",
        "# N\n## First look\n## Symptoms\n<!-- reconcile:begin x -->\n## Notes\n<!-- reconcile:end x -->\n"
        + BACK
        + "\nend\n",
    ),
    "a heading in a code block is none": (
        "# N\n\n## First look\n\n```sh\n## Symptoms\n```\n\n## Symptoms\n\n## Going back\n",
        "# N\n\n## First look\n\n```sh\n## Symptoms\n```\n\n## Symptoms\n\n## Going back\n",
    ),
}


@pytest.mark.parametrize("before", GOLDEN)
def test_what_a_runbook_lacks(before: str) -> None:
    text, made = GOLDEN[before]
    assert completed(text, TYPES["runbook"], "night")[0] == made


@pytest.mark.parametrize(
    ("front", "made"),
    [
        ("", "---\nstatus:  # {}\ndate:  # {}\n---\n"),
        ("---\ndate: 2026-01-31 # fixed\n---\n", "---\ndate: 2026-01-31 # fixed\nstatus:  # {}\n---\n"),
        ("---\n---\n", "---\nstatus:  # {}\ndate:  # {}\n---\n"),
    ],
)
def test_keys_of_front_matter(front: str, made: str) -> None:
    body = "# D\n\n## Decision\n\n## Why\n"
    abouts = [TYPES["decision"].front[key] for key in ("status", "date")]
    text, added = completed(front + body, TYPES["decision"], "d")
    assert text == made.format(*abouts) + body and added
    assert not list(document_standards.departures(markdown_page.parse(text), "decision", "d.md", TYPES))


@pytest.mark.parametrize(
    "text",
    [
        "---\n: [\n---\n# D\n",
        "---\na: 1\n",
        "# D\n\n```\nopen\n",
        "# D\n<!-- reconcile:begin x -->\n",
        "# D\n\n<!-- open\n",
    ],
)
def test_what_cannot_be_added_is_left(text: str) -> None:
    with pytest.raises(Unfit):
        completed(text, TYPES["decision"], "d")


MARKDOWN = st.lists(
    st.sampled_from(
        ["# T", "## Symptoms", "## First look", "### x", "Symptoms\n---", "> ## q", "- ## l", "```", "~~~", "---",
         "a: 1", "", "text", "<!-- reconcile:begin a -->", "<!-- reconcile:end a -->", "<!--", "-->", "\t## y",
         "| a |\n|---|", "é\u2028z"]
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(MARKDOWN, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(sorted(TYPES)), st.booleans(), st.booleans())
def test_every_byte_stays_and_once_is_enough(lines: list[str], newline: str, kind: str, ends: bool, mark: bool) -> None:
    text = ("\ufeff" if mark else "") + newline.join(lines).replace("\n", newline) + (newline if ends else "")
    try:
        made, added = completed(text, TYPES[kind], "t")
    except Unfit:
        return
    rest = iter(made)
    assert all(letter in rest for letter in text)
    assert len(made) == len(text) or added
    assert completed(made, TYPES[kind], "t") == (made, ())


def test_it_shows_what_it_adds_and_asks(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.say("documents/list.yaml", "template: l.md.j2\ntype: runbook\noutputs: [docs/list.md]\n")
    (home.repo / "templates").mkdir()
    (home.repo / "templates" / "l.md.j2").write_text("<!-- reconcile:type runbook -->\n# {{ document }}\n")
    (home.repo / "docs").mkdir()
    page, broken = home.repo / "docs" / "night.md", home.repo / "docs" / "open.md"
    page.write_text(RUNBOOK)
    broken.write_text(RUNBOOK + "```\n")
    (home.repo / "docs" / "link.md").symlink_to("night.md")
    home.slow("docs", "render", "--yes")
    rendered = (home.repo / "docs" / "list.md").read_bytes()
    said, status = home.slow("docs", "render", "--complete")
    assert status == 1 and page.read_text() == RUNBOOK, "nobody to ask"
    assert "section `First look`, section `Going back`\n" in said and "+## Going back" in said
    assert "docs/open.md: nothing is added: `Going back` would not be read where it belongs" in said
    said, status = home.slow("docs", "render", "--complete", "--yes", "docs/night.md")
    assert status == 0 and said.endswith(": 1 updated\n")
    assert page.read_text() == GOLDEN["before what follows, and at the end"][1]
    assert broken.read_text() == RUNBOOK + "```\n"
    assert (home.repo / "docs" / "list.md").read_bytes() == rendered, "what is rendered is its template's to mend"
    assert home.slow("docs", "render", "--complete", "docs/night.md") == ("every page has what its type asks for\n", 0)
    assert home.slow("docs", "render", "--complete", "none.md")[1] == 1


def test_it_is_a_run_that_rollback_takes_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    page = home.repo / "night.md"
    page.write_bytes(RUNBOOK.replace("\n", "\r\n").encode())
    page.chmod(0o755)
    before = page.read_bytes()
    assert home.slow("docs", "render", "--complete", "--yes")[1] == 0
    after = page.read_bytes()
    last = json.loads(home.slow("history", "--json")[0])[0]
    assert after != before and last["verb"] == "docs" and last["generation"]
    assert "+## Going back" in home.slow("show", str(last["id"]), "--full")[0]
    assert home.slow("status", "--json")[0].count("night.md") == 0, "the page stays its writer's"
    page.write_bytes(after + b"mine\r\n")
    assert home.slow("rollback", str(last["id"]), "--yes")[1] == 1
    assert page.read_bytes() == after + b"mine\r\n", "what was written since is not lost"
    page.write_bytes(after)
    assert home.slow("rollback", str(last["id"]), "--yes")[1] == 0
    assert page.read_bytes() == before and page.stat().st_mode & 0o777 == 0o755
    assert home.slow("docs", "render", "--draft", "runbook", "new/a.md", "new/b.md")[1] == 0
    last = json.loads(home.slow("history", "--json")[0])[0]
    assert home.slow("rollback", str(last["id"]), "--yes")[1] == 0
    assert not (home.repo / "new").exists()


def test_a_repository_has_standards_of_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.say(
        "reconcile.yaml",
        "id: mine\nstandards:\n  review:\n    sections: {Found: what was found, Done: what was done about it}\n"
        "    front: {by: who reviewed it}\n  runbook:\n    sections: {Steps: what to do}\n",
    )
    page = home.repo / "R.md"
    page.write_text("<!-- reconcile:type review -->\n# R\n\n## Done\n\n## Found\n")
    said, status = home.slow("docs", "check")
    assert status == 1
    assert "R.md:1:1: a review has `by` in its front matter\n  hint: write `by:` who reviewed it" in said
    assert "R.md:4:1: `Done` stands before `Found`\n  hint: the order of a review: Found, Done" in said
    page.write_text("<!-- reconcile:type review -->\n# R\n")
    assert home.slow("docs", "check", str(home.repo))[1] == 1
    assert home.slow("docs", "render", "--complete", "--yes")[1] == 0
    assert page.read_text() == (
        "---\nby:  # who reviewed it\n---\n<!-- reconcile:type review -->\n# R\n"
        "\n## Found\n\n*To write: what was found.*\n\n## Done\n\n*To write: what was done about it.*\n"
    )
    assert home.slow("docs", "check")[1] == 0 and home.slow("docs", "check", str(home.repo))[1] == 0
    assert home.slow("docs", "render", "--draft", "runbook", "run.md")[1] == 0
    assert "## Steps\n" in (home.repo / "run.md").read_text(), "its own one comes before a shipped one"
    assert home.slow("docs", "render", "--draft", "reviw", "x.md")[1] == 1
    (home.repo / "templates").mkdir()
    (home.repo / "templates" / "t.j2").write_text("# T\n")
    home.say("documents/d.yaml", "template: t.j2\ntype: reviw\noutputs: [d.md]\n")
    assert home.slow("validate")[1] == 1
    home.say("documents/d.yaml", "template: t.j2\ntype: page\noutputs: [d.md]\n")
    assert home.slow("validate")[1] == 0
