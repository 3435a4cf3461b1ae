"""`validate` on this machine: what only it can tell of references; and `--portable`, without that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path)
    made.run("init")
    return made


def says(sandbox: Sandbox, path: str, text: str) -> None:
    at = sandbox.repo / "desired-state" / path
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text(text)


def test_files_and_variables_that_are_not_here(sandbox: Sandbox) -> None:
    says(sandbox, "opencode/settings.yaml", "username: '{env:NOT_SET}'\nmodel: '{file:~/model}'\n")
    done = sandbox.run("validate")
    assert done.returncode == 1
    assert "settings.yaml:1:1: warning: opencode_settings: `{env:NOT_SET}` is not set here" in done.stderr
    assert "settings.yaml:2:1: opencode_settings: `{file:~/model}` leads nowhere" in done.stderr
    assert "hint: make `~/model`, or" in done.stderr and str(sandbox.home) not in done.stderr
    assert sandbox.run("validate", "--portable").stdout == "1 object valid\n"
    (sandbox.home / "model").write_text("a/b")
    sandbox.variables["NOT_SET"] = "me"
    assert sandbox.run("validate").stdout == "1 object valid\n"


def test_a_missing_file_is_named_where_the_overlay_says_it(sandbox: Sandbox) -> None:
    says(sandbox, "opencode/settings.yaml", "share: manual\n")
    says(sandbox, "hosts/laptop/opencode/settings.yaml", "# mine\nusername: '{file:~/name}'\n")
    done = sandbox.run("validate")
    assert "hosts/laptop/opencode/settings.yaml:2:" in done.stderr, done.stderr
    assert "hosts/laptop/opencode/settings.yaml:2:" in sandbox.run("plan").stderr


def test_what_stands_on_this_machine_may_be_referred_to(sandbox: Sandbox) -> None:
    says(sandbox, "commands/ship.md", "---\nagent: local\nmodel: mine/big\n---\nShip.\n")
    warned = sandbox.run("validate").stdout
    assert "names no agent of git's or this machine's: `local`" in warned and "`mine`" in warned
    config = sandbox.home / ".config/opencode"
    (config / "agent").mkdir(parents=True)
    (config / "agent/local.md").write_text("---\ndescription: d\n---\nx\n")
    (config / "opencode.json").write_text('{"provider": {"mine": {}}}')
    assert sandbox.run("validate").stdout == "1 object valid\n"
    assert "warning" not in sandbox.run("plan").stdout
    assert "names no agent" in sandbox.run("validate", "--portable").stdout


def test_an_agent_that_goes_with_the_plan_does_not_count(sandbox: Sandbox) -> None:
    says(sandbox, "commands/ship.md", "---\nagent: local\n---\nShip.\n")
    says(sandbox, "agents/local.md", "---\ndescription: d\n---\nx\n")
    assert sandbox.run("apply", "--yes").returncode == 0
    (sandbox.repo / "desired-state/agents/local.md").unlink()
    assert "names no agent" in sandbox.run("plan").stdout


def test_mistakes_in_documents_and_templates(sandbox: Sandbox) -> None:
    """Named at their line, for every machine, with everything else that is wrong."""
    for name, text in {
        "unknown": "\n{{ nobody }}\n",
        "endless": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}\n",
        "open": "{% if 1 %}\n",
        "unused": "{{ \n",
        "sound": "# {{ title }}\n",
        "host": "{{ resource('agent/of-laptop').name }}\n",
    }.items():
        at = sandbox.repo / "templates" / f"{name}.md.j2"
        at.parent.mkdir(exist_ok=True)
        at.write_text(text)
    (sandbox.repo / "templates" / "notes.txt").write_text("{{ no template at all")
    for name in ("unknown", "endless", "open", "none", "host"):
        says(sandbox, f"documents/{name}.yaml", f"template: {name}.md.j2\noutputs: [docs/{name}.md]\n")
    says(
        sandbox,
        "documents/twice.yaml",
        "template: sound.md.j2\ntype: pge\ntitle: T\noutputs: [docs/none.md, docs/twice.md]\n",
    )
    says(sandbox, "documents/nowhere.yaml", "template: sound.md.j2\ntitle: T\noutputs: [{in: project/x, path: a.md}]\n")
    says(sandbox, "hosts/laptop/agents/of-laptop.md", "---\ndescription: D\n---\n")
    says(sandbox, "hosts/desk/agents/of-desk.md", "---\ndescription: D\n---\n")
    for options in ((), ("--portable",)):
        done = sandbox.run("validate", *options)
        assert done.returncode == 1
        assert [line for line in done.stderr.splitlines() if not line.startswith("  ")] == [
            "desired-state/documents/none.yaml:1:1: document/none: there is no template `none.md.j2`",
            "desired-state/documents/nowhere.yaml:3:11: document/nowhere: there is no `project/x` here",
            "desired-state/documents/twice.yaml:2:1: there is no document type `pge`",
            "desired-state/documents/twice.yaml:4:11: document/twice and document/none both ask for `docs/none.md`",
            "templates/endless.md.j2:1:1: the template is stopped: it goes round more than 200,000 times",
            "templates/host.md.j2:1:1: git names no `agent/of-laptop`",
            "templates/open.md.j2:1:1: unexpected end of template; jinja was looking for the following tags: `elif` or "
            "`else` or `endif`; the innermost block that needs to be closed is `if`",
            "templates/unknown.md.j2:2:1: `nobody` is not known here",
            "templates/unused.md.j2:1:1: warning: unexpected `end of template`",
            "8 problems; nothing was changed",
        ]
