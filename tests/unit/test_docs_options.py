"""`docs` as people type it: in any folder, with options that go together, and where something is in the way."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.histories import Home

LIST = "# Agents\n{% for a in resources('agent') %}- [{{ a.name }}]({{ a.link }})\n{% endfor %}"
PAGE = "<!-- reconcile:type runbook -->\n# R\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    (made.repo / "templates").mkdir()
    (made.repo / "templates" / "l.md.j2").write_text(LIST)
    made.say("documents/d.yaml", "template: l.md.j2\noutputs: [docs/x.md]\n")
    return made


def test_paths_are_of_the_folder_they_are_typed_in(home: Home) -> None:
    (home.repo / "docs").mkdir()
    (home.repo / "docs" / "run.md").write_text(PAGE)
    home.here = home.repo / "docs"
    assert home.slow("docs", "render", "--draft", "readme", "new.md", "../top.md")[1] == 0
    assert (home.repo / "docs" / "new.md").exists() and (home.repo / "top.md").exists()
    assert home.slow("docs", "render", "--complete", "--yes", "run.md")[1] == 0
    assert "## Going back" in (home.repo / "docs" / "run.md").read_text()
    assert home.slow("docs", "render", "--draft", "readme", "../../out.md")[1] == 1
    home.here = home.home
    assert home.slow("-C", str(home.repo), "docs", "render", "--draft", "readme", "docs/more.md")[1] == 0
    assert (home.repo / "docs" / "more.md").exists()


def test_one_file_can_be_checked_and_none_is_a_mistake(home: Home) -> None:
    (home.repo / "run.md").write_text(PAGE + "[x](none.md)\n")
    said, status = home.slow("docs", "check", "run.md")
    assert status == 1 and "run.md:3:1: `none.md` leads to no file" in said and said.endswith("4 problems\n")
    assert home.slow("docs", "check", "nun.md")[1] == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("render", "--json"), ("check", "--yes"), ("check", "--branch", "x"), ("graph", "x"), ("render", "--dot"),
        ("render", "--branch", ""), ("render", "--branch", "b", "document/d"), ("render", "--draft", "readme"),
        ("render", "--draft", "", "x.md"), ("render", "--complete", "--draft", "readme", "x.md"),
        ("render", "agent/ada", "--yes"), ("render", "document/none", "--yes"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(home: Home, argv: tuple[str, ...]) -> None:
    assert home.slow("docs", *argv)[1] == 1
    assert not (home.repo / "docs").exists() and not (home.repo / "x.md").exists()


def test_the_last_document_goes_with_its_outputs(home: Home) -> None:
    assert home.slow("docs", "render", "--yes")[1] == 0
    (home.repo / "desired-state/documents/d.yaml").unlink()
    assert home.slow("docs", "render", "--yes")[1] == 0
    assert not (home.repo / "docs").exists()


def test_what_lies_elsewhere_is_named_and_its_links_are_checked(home: Home) -> None:
    home.say("documents/d.yaml", "template: l.md.j2\noutputs: [{in: opencode, path: TEAM.md}]\n")
    assert home.slow("docs", "render", "--yes")[0] == ""
    assert not (home.config / "TEAM.md").exists()
    assert home.slow("docs", "check") == ("documents, links and standards: nothing is amiss\n", 0)
    (home.repo / "templates" / "l.md.j2").write_text(LIST + "\n[x](none.md) [y](#agents) [z](#none)\n")
    said, status = home.slow("docs", "check")
    assert status == 1 and said.count("TEAM.md:") == 2
    assert "`none.md` leads to no file" in said and "`#none` leads to no heading" in said


def test_what_is_in_the_way_is_a_problem(home: Home, tmp_path: Path) -> None:
    (home.repo / "docs/x.md").mkdir(parents=True)
    assert home.slow("docs", "check")[1] == 1
    (home.repo / "docs/x.md").rmdir()
    (tmp_path / "mine.md").write_text("mine")
    (home.repo / "docs/x.md").symlink_to(tmp_path / "mine.md")
    said, status = home.slow("docs", "check")
    assert status == 1 and "a link on the way leads elsewhere" in said and said.endswith("1 problem\n")
    (home.repo / "docs/x.md").unlink()
    (home.repo / "docs/x.md").symlink_to("none.md")
    assert home.slow("docs", "check")[1] == 1


@pytest.mark.parametrize("above", ["a", "z"])
def test_a_file_where_another_document_needs_a_folder_is_found_by_validate(home: Home, above: str) -> None:
    home.say(f"documents/{above}.yaml", "template: l.md.j2\noutputs: [docs/x.md/y.md]\n")
    assert home.slow("validate")[1] == 1 and home.slow("plan")[1] == 1
    home.say(f"documents/{above}.yaml", "template: l.md.j2\noutputs: [docs/x/y.md]\n")
    assert home.slow("validate")[1] == 0 and home.slow("plan")[1] == 0


def test_marks_that_are_gone_are_named_so(home: Home) -> None:
    home.say("documents/d.yaml", "template: l.md.j2\noutputs: [{path: README.md, region: a}]\n")
    (home.repo / "README.md").write_text("# R\n")
    said, status = home.slow("docs", "check")
    assert status == 1 and said.startswith("README.md:1:1: the file has no region `a`\n")


def test_what_git_ignores_is_in_no_commit(home: Home) -> None:
    (home.repo / ".gitignore").write_text("docs/\n")
    assert home.slow("docs", "render", "--yes")[1] == 0
    home.commit()
    assert home.slow("check", "--staged")[1] == 0 and home.slow("docs", "check")[1] == 0
    assert "nothing" in home.slow("docs", "render", "--branch", "b")[0]


def test_what_lies_in_a_repository_of_its_own_is_in_no_commit(home: Home) -> None:
    subprocess.run(["git", "init", "-q", str(home.repo / "docs")], check=True)
    assert home.slow("docs", "render", "--yes")[1] == 0
    home.git("add", "desired-state", "templates")
    assert home.slow("check", "--staged")[1] == 0 and home.slow("docs", "check")[1] == 0


def test_a_branch_for_review_keeps_what_was_written_on_it(home: Home) -> None:
    home.say("documents/d.yaml", "template: l.md.j2\noutputs: [{path: README.md, region: a}]\n")
    (home.repo / "README.md").write_text("# R\n<!-- reconcile:begin a -->\n<!-- reconcile:end a -->\n")
    home.commit()
    assert home.slow("docs", "render", "--branch", "docs")[0].endswith("on docs: 1 file\n")
    assert home.slow("docs", "render", "--branch", "docs")[0] == "nothing that docs does not have already\n"
    home.git("checkout", "-q", "docs")
    (home.repo / "README.md").write_text((home.repo / "README.md").read_text() + "A reviewer's line.\n")
    home.git("commit", "-qam", "review")
    home.git("checkout", "-q", "main")
    home.say("agents/zoe.md", "---\ndescription: Z\n---\n")
    home.commit()
    assert home.slow("docs", "render", "--branch", "docs")[1] == 0
    text = subprocess.run(["git", "-C", home.repo, "show", "docs:README.md"], capture_output=True, text=True).stdout
    assert "[zoe]" in text and text.endswith("A reviewer's line.\n")


@pytest.mark.parametrize("way", ["link", "file"])
def test_a_branch_replaces_nothing_of_another_sort(home: Home, way: str) -> None:
    if way == "link":
        (home.repo / "docs").symlink_to("/etc")
    else:
        (home.repo / "docs").write_text("mine")
    home.commit()
    assert home.slow("docs", "render", "--branch", "b")[1] == 1
    assert subprocess.run(["git", "-C", home.repo, "rev-parse", "-q", "--verify", "b"], capture_output=True).returncode


def test_a_page_with_carriage_returns_gets_blank_lines_too(home: Home) -> None:
    page = home.repo / "P.md"
    page.write_bytes(PAGE.replace("\n", "\r\n").encode())
    assert home.slow("docs", "render", "--complete", "--yes")[1] == 0
    assert b"# R\r\n\r\n## First look\r\n" in page.read_bytes()
    assert b"\r\n\r\n\r\n" not in page.read_bytes()


def test_broken_marks_are_told_once_and_hold_what_would_take_them_back(home: Home) -> None:
    home.say("documents/d.yaml", "template: l.md.j2\noutputs: [{path: README.md, region: a}]\n")
    readme = home.repo / "README.md"
    readme.write_text("# R\n<!-- reconcile:begin a -->\n<!-- reconcile:end a -->\n")
    home.commit()
    assert home.slow("apply", "--yes", "--no-preflight")[1] == 0
    rendered = readme.read_text()
    readme.write_text(rendered.replace("<!-- reconcile:end a -->\n", ""))
    broken = readme.read_bytes()
    said, status = home.slow("docs", "check")
    assert status == 1 and said.count("has no end") == 1 and "stale" not in said
    said, status = home.slow("release", "document/d", "--yes")
    assert status == 1 and "no longer ours" not in said and "1 held" in said
    assert home.slow("rollback", "2", "--yes")[1] == 1 and readme.read_bytes() == broken
    assert "a rollback holds this commit back" not in home.slow("plan", "--no-preflight")[0], "it took nothing back"
    readme.write_text(rendered)
    assert home.slow("rollback", "2", "--yes")[1] == 0
    assert readme.read_text() == "# R\n<!-- reconcile:begin a -->\n<!-- reconcile:end a -->\n"
