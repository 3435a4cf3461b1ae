"""Links, anchors and standards of Markdown, by hand and over the corpus of real homes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.app import documents
from reconciler.formats import markdown_page
from reconciler.shapes import document_standards
from reconciler.shapes.document_types import TYPES
from tests.support.histories import Home
from tests.support.homes import CORPUS, REASON


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Hello World", "hello-world"),
        ("What's `new` in 2.0?", "whats-new-in-20"),
        ("Über die Straße", "über-die-straße"),
        ("日本語 の 見出し", "日本語-の-見出し"),
        ("a_b - c -- d", "a_b---c----d"),
        ("[A link](x.md) & *more*", "a-link--more"),
        ("  Spaces  ", "spaces"),
        ("🎉 Party", "-party"),
        ("![logo](x.png) Name", "-name"),
        ("हिन्दी में", "हिन्दी-में"),
        ("Cafe\u0301", "cafe\u0301"),
        ("½ of ² Ⅳ", "-of--ⅳ"),
    ],
)
def test_an_anchor_is_githubs(heading: str, anchor: str) -> None:
    [found] = markdown_page.parse(f"# {heading}\n").headings
    assert found.anchor == anchor


def test_equal_headings_are_numbered() -> None:
    page = markdown_page.parse("# a\n## a\n## a\n## a-1\n")
    assert [heading.anchor for heading in page.headings] == ["a", "a-1", "a-2", "a-1-1"]


def test_a_heading_in_html_is_one_too() -> None:
    text = (
        "<h1 align='center'>\n  My <em>Tool</em> &amp; I\n</h1>\n\n# My Tool\n\n"
        "<div>\n<h2>Use</h2>\n</div>\n<!-- <h2>no</h2> -->\n"
    )
    page = markdown_page.parse(text)
    assert [(heading.text, heading.line) for heading in page.headings] == [("My Tool & I", 1), ("My Tool", 5)]
    assert page.anchors == {"my-tool--i", "my-tool", "use"}


def test_a_link_is_named_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n[1](%zz.md) [2](<b c.md>) [3](ü.md) [4](#a:~:text=A) [5](a.md#:~:text=A)\n")
    assert found(tmp_path) == [f"a.md:2:1: `{name}` leads to no file" for name in ("%zz.md", "b c.md", "ü.md")]


def test_a_hint_names_what_is_like_it(tmp_path: Path) -> None:
    """A long folder in common makes no likeness, and a page is no answer to a link of its own."""
    folder = tmp_path / "opencode" / "skills" / "a-very-long-name-of-a-skill"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text("# S\n[1](DEEPENING.md)\n[2](refrence.md)\n")
    (folder / "reference.md").write_text("# R\n")
    [deepening, reference] = documents.check_paths([str(tmp_path)])
    assert "did you mean" not in deepening.hint and reference.hint == "did you mean `reference.md`?"


def test_links_have_their_line_and_code_has_none() -> None:
    text = (
        "---\ntitle: x\n---\n# T\n\none [a](a.md)\ntwo [b][r] `[c](c.md)`\n\n```\n[d](d.md)\n```\n\n"
        "| x |\n|---|\n| [e](e.md) |\n\n![f](f.png)\n\n[r]: b.md\n<a id='here'></a>\n"
    )
    page = markdown_page.parse(text)
    assert [(link.target, link.line) for link in page.links] == [("a.md", 6), ("b.md", 7), ("e.md", 15), ("f.png", 17)]
    assert page.front == {"title": "x"} and page.headings[0].line == 4


def found(folder: Path) -> list[str]:
    return [str(p).removeprefix(f"{folder}/").partition("\n")[0] for p in documents.check_paths([str(folder)])]


def test_a_broken_link_is_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# A\n\n## Über uns\n\n<a name='old'></a>\n")
    (tmp_path / "docs" / "with space.md").write_text("# W\n")
    (tmp_path / "docs" / "x.py").write_text("")
    (tmp_path / "README.md").write_text(
        "# R\n[1](docs/a.md#über-uns) [2](docs/a.md#%C3%BCber-uns) [3](docs/a.md#old) [4](#r)"
        " [5](docs/with%20space.md)\n"
        "[6](https://example.com/none.md) [7](mailto:a@b) [8](docs/x.py#L10) [9](/docs/a.md) [10](docs/) [11](//x/y)\n"
        "[12](docs/b.md)\n[13](docs/a.md#none)\n[14](#none)\n[15](A.md)\n[16](docs/x.md#a)\n"
    )
    assert found(tmp_path) == [
        "README.md:4:1: `docs/b.md` leads to no file",
        "README.md:5:1: `docs/a.md#none` leads to no heading",
        "README.md:6:1: `#none` leads to no heading",
        "README.md:7:1: `A.md` leads to no file",
        "README.md:8:1: `docs/x.md#a` leads to no file",
    ]


def test_links_of_every_form(tmp_path: Path) -> None:
    for name in ("with space.md", "ünï.md", "b(1).md", "a/b.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# B\n")
    (tmp_path / "README.md").write_text(
        "# One Two\n# One Two\n\nSetext\n===\n<a id='here'></a>\n\n"
        "[1](<with space.md>) [2](%C3%BCn%C3%AF.md) [3](b(1).md) [4](#one-two-1) [5](#setext) [6](#here) [7](a/)\n"
        "[1](#one-two-2) [2][r] [r][] and [undefined][]\n"
        "<a href='none.md'>x</a> <img alt='' src=\"none.png\"> `<a href='code.md'>`\n"
        "\n<p>\n<!-- <a href='no.md'> -->\n<A HREF='block.md'>\n</p>\n\n> - [in a list](list.md)\n\n"
        "    [code](code.md)\n\n~~~\n[code](code.md)\n~~~\n\n[near](A/B.md) [r]: none.md\n\n[r]: reference.md\n"
    )
    assert found(tmp_path) == [
        "README.md:9:1: `#one-two-2` leads to no heading",
        "README.md:9:1: `reference.md` leads to no file",
        "README.md:10:1: `none.md` leads to no file",
        "README.md:10:1: `none.png` leads to no file",
        "README.md:14:1: `block.md` leads to no file",
        "README.md:17:1: `list.md` leads to no file",
        "README.md:25:1: `A/B.md` leads to no file",
        "README.md:25:1: `reference.md` leads to no file",
    ]
    assert "did you mean `a/b.md`?" in str(documents.check_paths([str(tmp_path)]))


def test_a_broken_mark_of_a_region_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n<!-- reconcile:begin x -->\n")
    assert found(tmp_path) == ["a.md:2:1: region `x` has no end"]


def test_a_page_that_says_its_type_is_held_to_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "<!-- reconcile:type runbook -->\n# A\n\n## Going back\n\n## First look\n\n# Again\n"
    )
    (tmp_path / "b.md").write_text("<!-- reconcile:type nonsense -->\n# B\n")
    (tmp_path / "c.md").write_text("# C\n\n```\n<!-- reconcile:type runbook -->\n```\n")
    assert found(tmp_path) == [
        "a.md:4:1: `Going back` stands before `First look`",
        "a.md:6:1: a runbook has a section `Symptoms`",
        "a.md:8:1: a runbook has one title, and `Again` is a second one",
        "b.md: there is no document type `nonsense`",
    ]


@pytest.mark.parametrize("kind", TYPES)
def test_a_draft_of_each_type_departs_from_nothing(kind: str) -> None:
    page = markdown_page.parse(document_standards.draft(kind, "Title", TYPES[kind]))
    assert page.type == kind
    assert list(document_standards.departures(page, kind, "x.md", TYPES)) == []


def test_nothing_that_is_no_markdown_stops_it(tmp_path: Path) -> None:
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe# \x00\n[a](\x00)[b](%00)[c](%ff)\n" + b"> " * 500 + b"[" * 5000)
    (tmp_path / "dir.md").mkdir()
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "front.md").write_text("---\n: [\n---\n# x\n")
    (tmp_path / "long.md").write_text("[a](" + "x" * 5000 + ")\n")
    assert all(": " in line for line in found(tmp_path))


@pytest.mark.skipif(not CORPUS.is_dir(), reason=REASON)
def test_the_findings_over_real_homes_are_right() -> None:
    """Each of these was looked at: the file is not there, or the link stands in a code block and is none."""
    said = {line.partition("\n")[0] for line in found(CORPUS)}
    assert {
        "home-03/opencode/skills/web-animation-design/SKILL.md:306:1: `PRACTICAL-TIPS.md` leads to no file",
        "home-08/opencode/skills/tdd/SKILL.md:16:1: `mocking.md` leads to no file",
        "home-08/opencode/skills/tdd/SKILL.md:16:1: `tests.md` leads to no file",
        "home-08/opencode/skills/wizard/SKILL.md:10:1: `template.sh` leads to no file",
        "home-08/opencode/commands/teach.md:11:1: `~/.config/opencode/flows/teach/MISSION-FORMAT.md` leads to no file",
    } <= said
    assert not [line for line in said if line.startswith("home-22/opencode/agents/mdbook.md")]
    assert len(said) == 22


def test_a_draft_is_written_where_nothing_stands(tmp_path: Path) -> None:
    home = Home(tmp_path)
    said, status = home.slow("docs", "render", "--draft", "runbook", "docs/run.md")
    assert status == 0 and said.endswith(": 1 created\ndocs/run.md: a runbook to fill in\n")
    text = (home.repo / "docs" / "run.md").read_text()
    assert text.startswith("<!-- reconcile:type runbook -->\n# run\n\n## First look\n")
    assert home.slow("docs", "check") == ("documents, links and standards: nothing is amiss\n", 0)
    assert home.slow("docs", "render", "--draft", "readme", "docs/run.md")[1] == 1
    assert home.slow("docs", "render", "--draft", "readme", "../out.md")[1] == 1
    assert (home.repo / "docs" / "run.md").read_text() == text
    assert not (tmp_path / "out.md").exists()


def test_what_a_server_s_folder_lies_in_is_checked_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    project = home.home / "project"
    (project / "inner").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    (project / "README.md").write_text("# P\n[a](none.md)\n")
    (project / "ignored.md").write_text("[a](none.md)\n")
    (project / ".gitignore").write_text("ignored.md\n")
    home.say("servers/p.yaml", "port: 55999\npath: ~/project/inner\nstate: stopped\n")
    said, status = home.slow("docs", "check")
    assert status == 1
    assert said.startswith("~/project/README.md:2:1: `none.md` leads to no file\n") and said.endswith("1 problem\n")


def test_what_was_rendered_is_known_to_the_next_process(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.say("documents/d.yaml", "template: t.md.j2\noutputs: [docs/list.md]\n")
    (home.repo / "templates").mkdir()
    (home.repo / "templates" / "t.md.j2").write_text("{% for a in resources('agent') %}{{ a.name }} {% endfor %}")
    assert loads_jinja(home) and not loads_jinja(home)
    home.say("agents/eve.md", "---\ndescription: E\n---\n")
    assert loads_jinja(home)
    kept = home.cache / "rendered.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    for damaged in ("", "[]", "{", '{"format": 1, "kept": {"x": 1}}', kept.read_text().replace("names", "nonsense")):
        kept.write_text(damaged)
        assert loads_jinja(home), damaged


def loads_jinja(home: Home) -> bool:
    """Whether a plan, in a process of its own, renders anything."""
    code = "import sys; from reconciler.__main__ import main; main(); print('jinja2' in sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "plan", "--no-preflight"], cwd=home.repo, capture_output=True, text=True,
        env={**home.variables, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 0 and "docs/list.md" in done.stdout
    return done.stderr.split()[-1] == "True"
