"""Documents beyond their golden cases: links, what is rendered again, wrong marks, what never leaks or escapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli import render
from reconciler.model.problem import Invalid
from reconciler.model.resource import Claim, File
from reconciler.shapes import document_rendering, document_state, owned_region
from reconciler.world.local import LocalWorld
from tests.support.house import House

LIST = "{% for a in resources('agent') %}\n- [{{ a.name }}]({{ a.link }}): {{ a.description }}\n{% endfor %}\n"
AGENT = "---\ndescription: {}\n---\nAsk @b.\n"


def said(text: str, **more: str) -> dict[str, str]:
    return {"documents/d.yaml": text, "../templates/t.md.j2": LIST, "agents/a.md": AGENT.format("A"), **more}


def wrong(git: dict[str, str], home: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(Invalid) as caught:
        House(home or {}).plan(git)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("output", "link"),
    [
        ("docs/list.md", "agents/a.md"),
        ("list.md", "docs/agents/a.md"),
        ("docs/agents/deep/list.md", "../a.md"),
        ("{in: opencode, path: x/list.md}", "../../../repo/docs/agents/a.md"),
    ],
)
def test_a_link_is_right_from_where_each_output_lies(output: str, link: str) -> None:
    house = House({})
    git = said(f"template: t.md.j2\noutputs: [{output}]\n")
    git["documents/pages.yaml"] = "template: p.md.j2\neach: agent\noutputs: ['docs/agents/{name}.md']\n"
    git["../templates/p.md.j2"] = "# {{ item.name }}\n"
    house.apply(house.plan(git))
    assert any(f"- [a]({link}): A".encode() in content for content in house.home.values())


def test_without_a_page_a_link_leads_to_the_source() -> None:
    house = House({})
    house.apply(house.plan(said("template: t.md.j2\noutputs: [docs/list.md]\n")))
    assert b"- [a](../desired-state/agents/a.md): A" in house.home["repository/docs/list.md"]


def test_only_what_asked_for_a_changed_input_is_rendered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    real = document_rendering._anew
    monkeypatch.setattr(document_rendering, "MEMORY", {})
    monkeypatch.setattr(document_rendering, "_anew", lambda ref, *rest: rendered.append(str(ref)) or real(ref, *rest))
    git = said(
        "template: t.md.j2\noutputs: [l.md]\n",
        **{
            "documents/names.yaml": "template: n.j2\noutputs: [names.md]\n",
            "../templates/n.j2": "{% for a in resources('agent') %}{{ a.name }}{% endfor %}",
            "documents/one.yaml": "template: o.j2\noutputs: [one.md]\n",
            "../templates/o.j2": "{{ resource('agent/a').body }}",
        },
    )
    house = House({})
    house.plan(git)
    assert sorted(rendered) == ["document/d", "document/names", "document/one"]
    rendered.clear()
    house.plan(git)
    assert rendered == []
    house.plan({**git, "agents/a.md": AGENT.format("B")})
    assert rendered == ["document/d"]
    rendered.clear()
    house.plan({**git, "agents/a.md": AGENT.format("B"), "agents/c.md": AGENT.format("C")})
    assert sorted(rendered) == ["document/d", "document/names"]


def test_a_file_without_the_marks_is_left_and_the_rest_goes_on() -> None:
    house = House({"repository/README.md": "# Hi\n"})
    git = said("template: t.md.j2\noutputs: [{path: README.md, region: agents}, docs/agents.md]\n")
    plan = house.plan(git)
    text = render.plan(plan, house.world.show)
    assert "~/repo/README.md:1:1: warning: the file has no region `agents`" in text
    assert len(plan.held) == 1
    house.apply(plan)
    assert house.home["repository/README.md"] == b"# Hi\n"
    assert "repository/docs/agents.md" in house.home
    house.apply(house.plan({}))
    assert house.home == {"repository/README.md": b"# Hi\n"}


BEGIN, END = "<!-- reconcile:begin {} -->\n", "<!-- reconcile:end {} -->\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BEGIN.format("a"), "1:1: region `a` has no end"),
        ("x\n" + END.format("a"), "2:1: region `a` ends, and no region is open here"),
        (2 * (BEGIN + END).format("a", "a"), "3:1: region `a` stands here a second time"),
        (BEGIN.format("a") + BEGIN.format("b") + END.format("b"), "2:1: region `b` begins inside of region `a`"),
        (BEGIN.format("a") + END.format("b"), "2:1: region `b` ends, and region `a` is open here"),
    ],
)
def test_broken_marks_are_named_with_their_line(text: str, told: str) -> None:
    git = said("template: t.md.j2\noutputs: [{path: README.md, region: a}]\n")
    house = House({"repository/README.md": text})
    plan = house.plan(git)
    [problem] = [str(problem) for problem in plan.problems]
    assert problem.replace("warning: ", "").startswith(f"~/repo/README.md:{told}\n  hint: ")
    assert [str(change.ref) for change in plan.held] == ["document/d"]
    house.apply(plan)
    assert house.home["repository/README.md"] == text.encode() and "opencode/agents/a.md" in house.home


def test_marks_that_broke_lose_nothing() -> None:
    """Not when the document goes from git, is forced or handed back: the file is left until they are mended."""
    house = House({"repository/README.md": (BEGIN + "mine\n" + END).format("a", "a")})
    git = said("template: t.md.j2\noutputs: [{path: README.md, region: a}]\n")
    house.apply(house.plan(git))
    rendered = house.home["repository/README.md"].decode()
    broken = rendered.replace(END.format("a"), "")
    house.edit({"repository/README.md": broken})
    less = {path: text for path, text in git.items() if not path.startswith("documents/")}
    for says, force in ((git, ()), (git, ("document/d",)), (less, ()), (less, ("document/d",))):
        plan = house.plan(says, force)
        assert [str(change.ref) for change in plan.held] == ["document/d"], plan.changes
        house.apply(plan)
        assert house.home["repository/README.md"] == broken.encode()
    house.hand_back()
    house.edit({"repository/README.md": rendered})
    house.apply(house.plan(less))
    assert house.home["repository/README.md"] == (BEGIN + "mine\n" + END).format("a", "a").encode()


def test_a_script_can_be_run() -> None:
    house, git = House({}), said("template: s.j2\noutputs: [run.sh]\n", **{"../templates/s.j2": "#!/bin/sh\nls\n"})
    house.apply(house.plan(git))
    assert house.world.files["repository", "run.sh"].executable and not house.plan(git).due


def test_marks_in_code_blocks_and_in_a_line_are_no_marks() -> None:
    text = f"```\n{BEGIN.format('a')}```\n    {BEGIN.format('a')}say `<!-- reconcile:begin a -->`\n"
    assert owned_region.find(text.encode()) == {}


@pytest.mark.parametrize("text", ["```\\nopen\\n", "<!-- reconcile:end x -->\\n"])
def test_a_region_cannot_hide_its_own_marks(text: str) -> None:
    git = said(
        "template: x.j2\noutputs: [{path: README.md, region: a}]\n", **{"../templates/x.j2": text.replace("\\n", "\n")}
    )
    assert len(wrong(git)) == 1


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("../out.md", "leads out of its folder"),
        ("/etc/passwd", "leads out of its folder"),
        ("~/x.md", "is written from its folder on"),
        (".git/hooks/pre-commit", "lies in git's own folder"),
        ("desired-state/agents/a.md", "lies among the sources"),
        ("Templates/a.md", "lies among the sources"),
        ("docs/{name}.md", "`{name}` is not known in a path"),
        ("{in: project/none, path: a.md}", "there is no `project/none` here"),
        ("{in: elsewhere, path: a.md}", "can't be `elsewhere`"),
        ("{path: a.json, region: x}", "a region can stand in Markdown and HTML only"),
    ],
)
def test_an_output_that_cannot_be_is_a_mistake(output: str, told: str) -> None:
    [problem] = wrong(
        said(
            f"template: t.md.j2\noutputs: ['{output}']\n"
            if output[:3] != "{in" and output[:3] != "{pa"
            else f"template: t.md.j2\noutputs: [{output}]\n"
        )
    )
    assert told in problem
    assert problem.startswith("desired-state/documents/d.yaml:2:")


def test_no_link_leads_an_output_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "list.md").write_text("theirs\n")
    (tmp_path / "repo" / "docs").symlink_to(tmp_path / "out")
    (tmp_path / "repo" / "link.md").symlink_to(tmp_path / "out" / "list.md")
    world = LocalWorld({"repository": str(tmp_path / "repo")}, str(tmp_path))
    for path in ("docs/list.md", "docs/new.md", "link.md"):
        [seen] = document_state.observe([Claim("repository", path)], world, b"k" * 32)
        assert seen.problem is not None and "a link on the way leads elsewhere" in seen.problem.text
    [seen] = document_state.observe([Claim("repository", "plain.md")], world, b"k" * 32)
    assert seen.problem is None


def test_what_looks_like_a_secret_is_no_word_of_a_document() -> None:
    key = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
    git = {
        "documents/d.yaml": f"template: t.j2\ndata: {{note: {key}}}\noutputs: [a.md]\n",
        "../templates/t.j2": "{{ data | tojson }}"
        "{% for x in resources('agent') %}{{ x.body }} {{ x.spec | tojson }}{% endfor %}"
        "{% for x in resources('mcp_server') %}{{ x.spec | tojson }}{% endfor %}",
        "agents/a.md": f"---\ndescription: {key}\n---\nUse {key} always.\n",
        "mcp/m.yaml": "url: https://example.com\nheaders: {Authorization: !secret 'env:TOKEN'}\n",
    }
    house = House({}, secrets={"env:TOKEN": "Bearer hidden-hidden-hidden"})
    house.apply(house.plan(git, force=["*"]))
    text = house.home["repository/a.md"].decode()
    assert key not in text and "hidden-hidden" not in text and text.count("•••") >= 4


def test_a_template_that_fails_is_named_and_nothing_is_planned() -> None:
    git = said("template: t.md.j2\noutputs: [a.md]\n", **{"../templates/t.md.j2": "x\n{{ ref('agent/aa') }}\n"})
    [problem] = wrong(git)
    assert problem == "templates/t.md.j2:2:1: git names no `agent/aa`\n  hint: did you mean `agent/a`?"
    [problem] = wrong(said("template: none.j2\noutputs: [a.md]\n"))
    assert problem.startswith("desired-state/documents/d.yaml:1:1: document/d: there is no template `none.j2`")


@pytest.mark.parametrize("written", ["\\ud800", "\\x00"])
def test_a_character_that_no_file_holds_is_a_mistake(written: str) -> None:
    git = said("template: t.md.j2\noutputs: [l.md]\n", **{"../templates/t.md.j2": f'{{{{ "{written}" }}}}\n'})
    assert wrong(git) == ["templates/t.md.j2: it writes a character that no text holds\n  hint: take it out"]


def test_the_executable_bit_and_the_bytes_of_others_stay() -> None:
    house = House({"repository/tool.md": "#!x\n" + BEGIN.format("a") + END.format("a")})
    house.apply(house.plan(said("template: t.md.j2\noutputs: [{path: tool.md, region: a}]\n")))
    assert house.world.files["repository", "tool.md"].executable
    assert isinstance(house.world.files["repository", "tool.md"], File)


@pytest.mark.parametrize(
    ("folder", "place", "link"),
    [
        ("~/project", ("projects", "home/me/project/docs/list.md"), "../../repo/docs/agents/a.md"),
        ("/srv/p", ("projects", "srv/p/docs/list.md"), "../../../home/me/repo/docs/agents/a.md"),
        ("~/repo/inner", ("repository", "inner/docs/list.md"), "../../docs/agents/a.md"),
    ],
)
def test_an_output_in_the_folder_of_a_server(folder: str, place: tuple[str, str], link: str) -> None:
    git = said("template: t.md.j2\noutputs: [{in: project/p, path: docs/list.md}]\n")
    git["documents/pages.yaml"] = "template: p.md.j2\neach: agent\noutputs: ['docs/agents/{name}.md']\n"
    git["../templates/p.md.j2"] = "# {{ item.name }}\n"
    git["servers/p.yaml"] = f"port: 55999\npath: {folder}\nstate: stopped\n"
    house = House({})
    house.apply(house.plan(git))
    assert f"- [a]({link}): A".encode() in house.world.files[place].content
    assert not house.plan(git).due
    house.hand_back()
    assert place not in house.world.files


@pytest.mark.parametrize(
    ("folder", "output", "told"),
    [
        ("~/repo", "path: desired-state/agents/a.md, region: r", "`desired-state/agents/a.md` is never written"),
        ("~/repo/templates", "path: b.md, region: r", "`templates/b.md` is never written"),
        ("~/repo/.git", "path: b.md", "`.git/b.md` is never written"),
        ("~/.config/opencode", "path: opencode.json", "`opencode.json` is never written"),
        ("'~'", "path: .config/zed/settings.json", "`settings.json` is never written"),
        ("~/.config/opencode", "path: agents/a.md", "document/d and agent/a (`desired-state/agents/a.md`) both ask"),
    ],
)
def test_the_folder_of_a_server_is_no_way_around_what_a_root_keeps(folder: str, output: str, told: str) -> None:
    git = said(f"template: t.md.j2\noutputs: [{{in: project/p, {output}}}]\n")
    git["servers/p.yaml"] = f"port: 55999\npath: {folder}\nstate: stopped\n"
    [problem] = wrong(git)
    assert told in problem


def test_a_server_of_the_whole_file_system_has_paths_too() -> None:
    git = said("template: t.md.j2\noutputs: [{in: project/p, path: srv/x.md}]\n")
    git["servers/p.yaml"] = "port: 55999\npath: /\nstate: stopped\n"
    house = House({})
    house.apply(house.plan(git))
    assert house.world.files["projects", "srv/x.md"]


@pytest.mark.parametrize(
    ("template", "text", "told"),
    [
        ("t.md.j2", "{{ seen('agent/a') }}", "hint: add `observed: true` to `desired-state/documents/d.yaml`"),
        ("t.md.j2", "{{ unmanaged('zed') }}", "hint: add `observed: true` to `desired-state/documents/d.yaml`"),
        ("../desired-state/agents/a.md", "", "hint: write its path below `templates/`"),
        ("/etc/passwd", "", "hint: write its path below `templates/`"),
        ("none.j2", "", "hint: add `templates/none.j2`"),
    ],
)
def test_a_mistake_says_what_mends_it(template: str, text: str, told: str) -> None:
    git = said(f"template: {template}\noutputs: [l.md]\n", **{"../templates/t.md.j2": text})
    [problem] = wrong(git)
    assert told in problem


def test_outputs_without_a_folder_in_common_are_each_named_whole() -> None:
    git = said("template: t.md.j2\noutputs: [l.md, {in: project/s, path: README.md, region: r}]\n")
    git["servers/s.yaml"] = "port: 55996\npath: /p\nstate: stopped\n"
    house = House({"projects/p/README.md": (BEGIN + END).format("r", "r")})
    text = render.plan(house.plan(git), house.world.show)
    assert "+ document/d  2 files\n      /p/README.md (r), ~/repo/l.md\n" in text
