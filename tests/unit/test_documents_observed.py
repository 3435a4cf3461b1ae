"""Documents of observed facts: one look counts for all plans, until somebody looks anew or it is too old."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.model.problem import Invalid
from reconciler.model.resource import Sight
from tests.support.histories import Home
from tests.support.house import House

TEMPLATE = """\
Looked at {{ looked() }}
{% for one in resources() if seen(one).drifted %}
- {{ one.ref }} was changed here
{% endfor %}
{% for server in resources("server") %}
- {{ server.name }} {{ seen(server).state }} {{ seen(server).port }} {{ seen(server).sessions }}
{% endfor %}
{{ seen("agent/ada").standing }}
"""
OUTPUT = "docs/now.md"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.say("documents/now.yaml", f"template: now.md.j2\nobserved: true\noutputs: [{OUTPUT}]\n")
    made.say("servers/notes.yaml", "port: 55998\npath: '~'\nstate: stopped\n")
    (made.repo / "templates").mkdir()
    (made.repo / "templates" / "now.md.j2").write_text(TEMPLATE)
    assert made.slow("docs", "render", "--yes")[1] == 0
    return made


def stands(home: Home) -> str:
    return (home.repo / OUTPUT).read_text()


def still(home: Home) -> bool:
    return "~ document/now" not in home.slow("plan", "--no-preflight")[0]


def test_it_says_what_was_seen_and_when_it_is_looked_at_again(home: Home) -> None:
    text = stands(home)
    assert "- notes stopped 55998 0\n" in text and "\ncreated\n" in text and "was changed here" not in text
    assert (
        "rendered from desired-state/documents/now.yaml and from what was seen of this machine, "
        "which is looked at again by `reconcile docs render`; inputs " in text
    )
    assert text.startswith("Looked at 20")


def test_a_plan_does_not_follow_what_moves_and_docs_render_does(home: Home) -> None:
    before = stands(home)
    assert still(home)
    (home.config / "agents" / "ada.md").write_text("---\ndescription: mine\n---\n")
    assert still(home), "drift of an agent is its own line, and no change of the document"
    assert home.slow("docs", "check")[1] == 0
    assert home.slow("docs", "render", "--yes")[1] == 0
    assert "- agent/ada was changed here" in stands(home) != before
    assert still(home)
    home.slow("apply", "--yes", "--no-preflight", "agent")
    assert still(home), "apply then plan: nothing to do"
    assert home.slow("docs", "render", "--yes")[1] == 0
    assert "was changed here" not in stands(home)


def test_what_is_too_old_is_looked_at_again(home: Home) -> None:
    home.say("documents/now.yaml", f"template: now.md.j2\nobserved: true\nrefresh: 1h30m\noutputs: [{OUTPUT}]\n")
    home.say("documents/other.yaml", "template: now.md.j2\nobserved: true\noutputs: [docs/other.md]\n")
    assert home.slow("docs", "render", "--yes")[1] == 0
    assert "by `reconcile docs render`, and once that is 1h30m old; inputs" in stands(home)
    (home.config / "agents" / "ada.md").write_text("---\ndescription: mine\n---\n")
    assert still(home)
    older(home, 5000)
    assert still(home)
    older(home, 5500)
    said, _ = home.slow("plan", "--no-preflight")
    assert "document/now" in said and "agent/ada was changed here" in said
    assert "~ document/other" not in said, "another one says for itself when"
    assert home.slow("apply", "--yes", "--no-preflight", "document")[1] == 0
    assert still(home)


def test_an_apply_looks_again_at_what_it_changed(home: Home) -> None:
    def edited() -> None:
        (home.config / "agents" / "ada.md").write_text("---\ndescription: mine\n---\n")
        assert home.slow("docs", "render", "--yes")[1] == 0
        assert "- agent/ada was changed here" in stands(home)

    edited()
    said, _ = home.slow("plan", "--no-preflight")
    assert "document/now shows agent/ada as seen before this plan" in said
    said, status = home.slow("apply", "--yes", "--no-preflight")
    assert status == 0 and "was changed here" not in stands(home) and still(home)
    assert said.index("1 repaired") < said.index("looked at again") < said.index("-- agent/ada was changed here")
    runs = [run["verb"] for run in json.loads(home.slow("history", "--json")[0])]
    assert runs[:2] == ["apply", "apply"]
    home.say("agents/bob.md", "---\ndescription: another\n---\n")
    before = stands(home)
    said, status = home.slow("apply", "--yes", "--no-preflight")
    assert status == 0 and "looked at again" not in said and stands(home) == before, (
        "nothing that it shows is otherwise"
    )
    edited()
    assert home.slow("apply", "--yes", "--no-preflight", "agent/ada")[1] == 0
    assert "was changed here" in stands(home), "it is no TARGET"
    edited()
    assert home.slow("plan", "--no-preflight", "-o", "p.json")[1] == 0
    before = stands(home)
    assert home.slow("apply", "p.json")[1] == 0
    assert stands(home) == before and still(home), "a saved plan is done, and nothing beside it"


def older(home: Home, seconds: float) -> None:
    """As if every look had been made so long ago."""
    at = home.cache / "seen.json"
    said = json.loads(at.read_text())
    for one in said["kept"]["mine"][0].values():
        one[0] -= seconds
    at.write_text(json.dumps(said))


@pytest.mark.parametrize(
    "damage", ["", "[]", '{"format": 2, "kept": {"mine": [{"now": [1]}]}}', '{"format": 2, "kept": {"mine": 3}}']
)
def test_a_lost_look_costs_another_one(home: Home, damage: str) -> None:
    (home.cache / "seen.json").write_text(damage)
    assert home.slow("plan", "--no-preflight")[1] == 0
    assert home.slow("apply", "--yes", "--no-preflight")[1] == 0
    assert still(home)
    assert (home.cache / "seen.json").stat().st_mode & 0o777 == 0o600


def test_refresh_is_about_observed_facts(home: Home) -> None:
    home.say("documents/now.yaml", f"template: now.md.j2\nrefresh: 1h\noutputs: [{OUTPUT}]\n")
    assert home.slow("validate")[1] == 1
    home.say("documents/now.yaml", f"template: now.md.j2\nobserved: true\nrefresh: soon\noutputs: [{OUTPUT}]\n")
    assert home.slow("validate")[1] == 1


def test_of_what_nobody_looked_at_it_is_said_that_it_is_unknown() -> None:
    git = {
        "documents/d.yaml": "template: t.md.j2\nobserved: true\noutputs: [d.md]\n",
        "../templates/t.md.j2": "{{ seen('server/s').state }} {{ seen('agent/a').drifted }}{{ looked() }}\n",
        "servers/s.yaml": "port: 55997\npath: /\nstate: stopped\n",
        "agents/a.md": "---\ndescription: A\n---\n",
    }
    house = House({})
    house.apply(house.plan(git))
    assert house.home["repository/d.md"].startswith(b"unknown false\n")
    assert not house.plan(git).due
    assert Sight().at == ""


def test_the_shipped_page_of_servers_and_drift(home: Home) -> None:
    shipped = Path(__file__).parents[2] / "templates" / "now.md.j2"
    (home.repo / "templates" / "now.md.j2").write_text(shipped.read_text())
    (home.config / "agents" / "ada.md").write_text("mine\n")
    assert home.slow("docs", "render", "--yes")[1] == 0
    lines = stands(home).splitlines()
    assert lines[0] == "# As it was seen"
    assert "| [notes](../desired-state/servers/notes.yaml) | stopped | 55998 |  |  | 0 | 0 | 0 |" in lines
    assert "- [`agent/ada`](../desired-state/agents/ada.md)" in lines and "Nothing." not in lines
    assert lines[-1].startswith("<!-- rendered from desired-state/documents/now.yaml and from what was seen")


OBSERVED = "template: t.j2\nobserved: true\noutputs: [{}]\n"


def rendered(output: str, template: str, more: str = "") -> bytes:
    git = {"documents/d.yaml": OBSERVED.format(output) + more, "../templates/t.j2": template, "agents/a.md": "A\n"}
    house = House({})
    house.apply(house.plan(git))
    assert not house.plan(git).due
    return house.home[f"repository/{output}"]


def test_json_says_when_it_is_rendered_again_where_the_template_wants_it() -> None:
    template = """{"_": {{ stamp() | tojson }}, "drifted": {{ seen("agent/a").drifted | tojson }}}"""
    for output in ("d.json", "d.txt"):
        said = json.loads(rendered(output, template, "refresh: 1h\n"))
        assert said["_"].startswith(
            "rendered from desired-state/documents/d.yaml and from what was seen of this machine"
        )
        assert "and once that is 1h old; inputs " in said["_"] and said["drifted"] is False
    page = rendered("d.md", "> {{ stamp() }}\n\n# T\n").decode()
    assert page.startswith("> rendered from ") and page.count("rendered from") == 1, "it stands once"


@pytest.mark.parametrize(
    ("output", "template", "said"),
    [
        (
            "d.json",
            '{"drifted": {{ seen("agent/a").drifted | tojson }}}',
            "nothing in it would say when it is rendered",
        ),
        ("d", "x", "nothing in it would say when it is rendered"),
        ("d.json", '"{{ stamp() | upper }}"', "changed by a filter"),
        ("d.md", "{{ stamp() }}{{ stamp() }}", "written twice"),
    ],
)
def test_what_could_not_say_it_is_refused(output: str, template: str, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        rendered(output, template)
    [problem] = caught.value.problems
    assert said in problem.text and "stamp()" in problem.hint
