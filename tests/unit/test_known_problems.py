"""Problems that stood in an object when it was imported are warnings until somebody edits it; and what only this
machine can tell of references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler import app as application
from reconciler import registry
from reconciler.app import planning
from reconciler.model.problem import Invalid, Severity
from reconciler.model.resource import Loaded, Revision, Source
from reconciler.model.world import Tree
from reconciler.pipeline.load import at_fault, load
from reconciler.pipeline.references import Around, unmet
from tests.support.house import file
from tests.support.sandbox import Sandbox

OPEN = "---\ndescription: d\npermissions:\n  bash: deny\n---\nReview.\n"


def tree(**texts: str) -> Tree:
    paths = {"settings": "opencode/settings.yaml", "known": "reconcile.yaml", "agent": "agents/a.md"}
    sources = (Source(f"desired-state/{paths[name]}", file(text)) for name, text in texts.items())
    return Tree(Revision("work", ""), tuple(sources))


def loaded(**texts: str) -> Loaded:
    return load(tree(**texts), registry.KINDS, registry.PENDING)


def test_a_known_problem_is_a_warning_until_its_object_is_edited() -> None:
    with pytest.raises(Invalid):
        loaded(agent=OPEN)
    (fault,) = at_fault(tree(agent=OPEN), registry.KINDS, registry.PENDING)
    known = f"known_problems:\n  - object: {fault.ref}\n    digest: {fault.digest}\n"
    (problem,) = loaded(agent=OPEN, known=known).problems
    assert problem.severity is Severity.WARNING and "permissions" in problem.text
    assert not at_fault(tree(agent=OPEN, known=known), registry.KINDS, registry.PENDING)
    with pytest.raises(Invalid):
        loaded(agent=OPEN + "More.\n", known=known)


def test_an_import_writes_them_down(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    config = sandbox.home / ".config" / "opencode"
    (config / "agents").mkdir(parents=True)
    (config / "agents" / "a.md").write_text(OPEN)
    (config / "opencode.json").write_text('{\n  "share": "auto",\n  "username": "{file:nowhere.txt}"\n}\n')
    env = application.environment(sandbox.variables)
    imported = application.import_home(env, str(sandbox.repo))
    assert [p.severity for p in imported.problems] == [Severity.WARNING]
    settings = (sandbox.repo / "desired-state" / "reconcile.yaml").read_text()
    assert "- object: agent/a" in settings and "- object: opencode_settings" in settings
    app = application.open_app(env, str(sandbox.repo))
    assert planning.read(app).problems and not planning.plan(app).changes
    agent = sandbox.repo / "desired-state" / "agents" / "a.md"
    agent.write_text(OPEN + "More.\n")
    with pytest.raises(Invalid, match="permissions"):
        planning.read(app)


@pytest.mark.parametrize("more", [{"timeout": 5}, {"enabled": True}])
def test_an_address_that_was_left_out_as_a_secret(more: dict[str, object], tmp_path: Path) -> None:
    """`add url:` would put the secret into git."""
    sandbox = Sandbox(tmp_path)
    config = sandbox.home / ".config" / "opencode" / "opencode.json"
    config.parent.mkdir(parents=True)
    url = "https://x.org/?key=ghp_" + "a8Fk2LmQ9xZ7vB3nC5dE1gH4jK6pR0sT2uW"
    config.write_text(json.dumps({"mcp": {"a": {"type": "remote", **more, "url": url}}}))
    env = application.environment(sandbox.variables)
    application.import_home(env, str(sandbox.repo))
    (problem,) = planning.read(application.open_app(env, str(sandbox.repo))).problems
    assert "`mcp/a` has no `url`" in problem.text and problem.severity is Severity.WARNING
    assert "looks like a secret" in problem.hint and "{env:NAME}" in problem.hint


def test_references_that_only_this_machine_can_judge() -> None:
    said = "username: '{file:~/there}{file:./gone.txt}{env:SET}{env:UNSET}'\n"
    around = Around("/home/me", {"SET": "x"}, lambda path: path == "/home/me/there")
    found = [p for _, p in unmet(loaded(settings=said).resources, "/c/opencode", around)]
    assert [(p.severity, p.origin.line) for p in found] == [(Severity.ERROR, 1), (Severity.WARNING, 1)]
    assert "{file:./gone.txt}" in found[0].text and "/c/opencode/gone.txt" in found[0].hint
    assert "{env:UNSET}" in found[1].text


def test_a_known_problem_stays_known_below_an_overlay() -> None:
    """The overlay is an edit of its own: only what stands in the file for all was there before."""
    (fault,) = at_fault(tree(agent=OPEN), registry.KINDS, registry.PENDING)
    known = f"known_problems:\n  - object: {fault.ref}\n    digest: {fault.digest}\n"
    over = Source("desired-state/hosts/laptop/agents/a.md", file("---\ntemperature: 0.5\n---\n"))
    merged = Tree(Revision("work", ""), (*tree(agent=OPEN, known=known).sources, over))
    (problem,) = load(merged, registry.KINDS, registry.PENDING, "laptop").problems
    assert problem.severity is Severity.WARNING and problem.origin.path == "desired-state/agents/a.md"
    wrong = over._replace(file=file("---\nmode: subagnet\n---\n"))
    with pytest.raises(Invalid, match="hosts/laptop") as raised:
        load(Tree(Revision("work", ""), (*merged.sources[:-1], wrong)), registry.KINDS, registry.PENDING, "laptop")
    assert [p.severity for p in raised.value.problems] == [Severity.WARNING, Severity.ERROR]
    edited = Tree(Revision("work", ""), (*tree(agent=OPEN + "More.\n", known=known).sources, over))
    with pytest.raises(Invalid, match="permissions"):
        load(edited, registry.KINDS, registry.PENDING, "laptop")
