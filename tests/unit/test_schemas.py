"""Schemas for editors: they take what we take; scaffolds name them; one that was read from a binary counts while that
stays the same."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from reconciler import app as application
from reconciler.app import opencode_schema, planning, schemas
from reconciler.formats import openapi, yaml
from reconciler.formats.schema import Schema
from reconciler.model.problem import Invalid
from reconciler.model.world import Env
from tests.support import homes, kind_pages
from tests.support.house import House
from tests.support.sandbox import Sandbox

TOP = Path(__file__).parents[2]
EXAMPLES = [
    pytest.param(kind, text, id=kind)
    for kind, files in kind_pages.EXAMPLES.items()
    for path, text in files.items()
    if path.endswith(".yaml") and kind != "zed_keymap"  # our checker knows no `null`
]


MODELINE = re.compile(r"# yaml-language-server: \$schema=\S*?(\w+)\.json")


def shipped() -> list[str]:
    return [path.read_text() for path in sorted((TOP / "desired-state").rglob("*.yaml"))]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path)
    made.variables["RECONCILE_OPENCODE"] = ""
    return made


def environment(sandbox: Sandbox) -> Env:
    return application.environment(sandbox.variables)


def seen(text: str) -> Any:
    """As a YAML language server sees it that knows our tags: what is behind `!secret` is a text or a map."""
    parser = YAML(typ="safe", pure=True)
    parser.Constructor = type("Seen", (SafeConstructor,), {})
    parser.Constructor.add_constructor("!secret", _behind)
    return parser.load(text)


def _behind(constructor: Any, node: Any) -> Any:
    return constructor.construct_mapping(node, deep=True) if node.id == "mapping" else node.value


def objections(name: str, said: Any) -> list[str]:
    """What an editor would underline."""
    jsonschema = pytest.importorskip("jsonschema", reason="`pip install -e '.[test]'` brings it")
    checker = jsonschema.Draft202012Validator(schemas.schema(name, opencode_schema.packaged()))
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(said)]


def test_every_schema_is_one() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="`pip install -e '.[test]'` brings it")
    for name in schemas.names():
        jsonschema.Draft202012Validator.check_schema(schemas.schema(name, opencode_schema.packaged()))


SHIPPED = [
    *(
        (kind, text)
        for kind, files in kind_pages.EXAMPLES.items()
        for path, text in files.items()
        if path.endswith(".yaml")
    ),
    *((MODELINE.match(text)[1], text) for text in shipped() if MODELINE.match(text)),
]


@pytest.mark.parametrize(("kind", "text"), SHIPPED)
def test_an_editor_objects_to_nothing_that_is_shipped(kind: str, text: str) -> None:
    assert objections(kind, seen(text)) == []


REFERENCES = {
    "mcp_server": "command: [npx, --key, !secret env:A]\nenvironment: {B: !secret {from: age:b, in: 'Bearer {}'}}\n",
    "agent": "prompt: x\noptions: {key: !secret file:~/.x}\ndescription: !secret env:A\n",
    "opencode_settings": "provider: {x: {options: {apiKey: !secret {from: env:A}}}}\nshell: !secret env:A\n",
    "zed_settings": "proxy: !secret {from: env:A, in: 'http://{}@x'}\n",
    "zed_tasks": "- {label: x, env: {A: !secret {from: env:A}}, args: [{$secret: 'command:pass x'}]}\n",
    "zed_keymap": "- bindings: {a: ['x::Y', {$secret: env:A}]}\n",
    "server": "path: ~/x\nport: 4100\npassword: {$secret: keyring:a/b}\nenv: {A: !secret {from: env:A}}\n",
    "several": "mcp: {a: {url: 'https://x', headers: {Authorization: {$secret: env:A, in: 'Bearer {}'}}}}\n",
}


@pytest.mark.parametrize("name", REFERENCES)
def test_an_editor_takes_a_reference_where_a_text_may_stand(name: str) -> None:
    assert objections(name, seen(REFERENCES[name])) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mcp_server", {"command": ["x"], "enabled": {"$secret": "env:A"}}),
        ("mcp_server", {"command": ["x"], "cwd": {"$secret": "A"}}),
        ("mcp_server", {"command": ["x"], "cwd": {"$secret": "env:A", "im": "x"}}),
        ("agent", {"prompt": "x", "mode": {"$secret": "env:A"}}),
        ("document", {"template": {"$secret": "env:A"}, "outputs": ["x.md"]}),
        ("reconcile", {"id": {"$secret": "env:A"}}),
    ],
)
def test_an_editor_objects_to_a_reference_elsewhere(name: str, said: Any) -> None:
    assert objections(name, said)


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_the_examples_fit_their_schemas(kind: str, text: str) -> None:
    root = schemas.schema(kind, opencode_schema.packaged())
    said = yaml.load(text, "")
    item, values = (root["items"], said) if root["type"] == "array" else (root, [said])
    checked = Schema({**item, "$defs": root.get("$defs", {})})
    assert not [mistake for value in values for mistake in checked.mistakes(value)]


def test_a_file_of_several_fits_its_schema() -> None:
    checked = Schema(schemas.schema("several", opencode_schema.packaged()))  # type: ignore[arg-type]
    said = {
        "agents": {"team/b": {"mode": "subagent", "prompt": "x"}}, "mcp": {"github": {"command": ["gh-mcp"]}},
        "opencode": {"settings": {"share": "manual"}, "tui": {"theme": "x"}},
        "zed": {"tasks": [{"label": "build"}], "settings": {"theme": "One"}},
        "files": {"opencode/AGENTS.md": "# Rules"},
    }  # fmt: skip
    assert not checked.mistakes(said)
    agents = {"b": {"mode": "x", "prompt": "x"}}
    wrong = {"agents": agents, "agent": {}, "opencode": {"setings": {}}, "zed": {"tasks": {}}, "files": {"x": []}}
    assert sorted(m.steps for m in checked.mistakes(wrong)) == [
        ("agent",), ("agents", "b", "mode"), ("files", "x"), ("opencode", "setings"), ("zed", "tasks"),
    ]  # fmt: skip


def test_what_kinds_call_alike_is_alike() -> None:
    """The file of several has the definitions of all kinds under one roof."""
    found: dict[str, Any] = {}
    for name in schemas.names():
        for key, node in schemas.schema(name, opencode_schema.packaged()).get("$defs", {}).items():
            if name != "reconcile":
                assert found.setdefault(key, node) == node, f"{name}: {key}"


def test_every_reference_in_a_schema_leads_somewhere() -> None:
    for name in schemas.names():
        root = json.loads(schemas.written(name, opencode_schema.packaged()).content)
        assert {r.removeprefix("#/$defs/") for r in references(root)} <= root.get("$defs", {}).keys(), name


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for part in node for found in references(part)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for part in node.values() for found in references(part)]


def test_import_names_schemas_that_are_there_and_leaves_the_plan_empty(sandbox: Sandbox) -> None:
    homes.make(3, sandbox.home)
    zed = sandbox.home / ".config" / "zed"
    zed.mkdir(parents=True, exist_ok=True)
    (zed / "settings.json").write_text('{"theme": "One", "vim_mode": true}\n')
    application.import_home(environment(sandbox), str(sandbox.repo))
    top = sandbox.repo / "desired-state"
    written = [path for path in top.rglob("*.yaml") if path.read_text().startswith(schemas_line())]
    assert top / "zed" / "settings.yaml" in written and top / "reconcile.yaml" in written
    for path in written:
        named = path.read_text().splitlines()[0].removeprefix(schemas_line())
        assert (path.parent / named).is_file()
    assert not planning.plan(application.open_app(environment(sandbox), str(sandbox.repo))).changes


def schemas_line() -> str:
    return "# yaml-language-server: $schema="


def test_the_line_for_editors_stays_out_of_the_markdown() -> None:
    said = f"{schemas_line()}../.schemas/agent.json\n# kept\nmode: all\nprompt: Hi.\n"
    [resource] = House({}).loaded({"agents/a.yaml": said}).resources
    assert resource.spec.file.content == b"---\n# kept\nmode: all\n---\nHi."


def test_the_schema_of_a_server_s_document() -> None:
    inner = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Agent"}}}
    config = {"type": "object", "properties": {"agent": {"$ref": "#/components/schemas/Agent"}, "model": {}}}
    document = {"components": {"schemas": {"Config": config, "Agent": inner, "Other": {}}}}
    found = openapi.config_schema(document, {"properties": {"model": {"description": "which"}}})
    assert found["properties"] == {"agent": {"$ref": "#/$defs/Agent"}, "model": {"description": "which"}}
    assert found["$defs"] == {"Agent": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Agent"}}}}


@pytest.fixture
def installed(sandbox: Sandbox, tmp_path: Path) -> Path:
    """A binary that was asked, and what it said: `share` may be `never`."""
    binary = tmp_path / "opencode"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    sandbox.variables["RECONCILE_OPENCODE"] = str(binary)
    env = environment(sandbox)
    said = json.loads(json.dumps(dict(opencode_schema.packaged().schema)))
    said["properties"]["share"]["enum"] = ["never"]
    folder = Path(env.cache) / "reconciler"
    folder.mkdir(parents=True)
    text = json.dumps({**said, opencode_schema.STAMP: opencode_schema._stamp(env)})
    (folder / "opencode-config-1.19.0.json").write_text(text)
    return binary


def test_the_installed_schema_counts_while_the_binary_is_the_same(sandbox: Sandbox, installed: Path) -> None:
    env = environment(sandbox)
    application.init(env, str(sandbox.repo))
    settings = sandbox.repo / "desired-state" / "opencode" / "settings.yaml"
    settings.parent.mkdir()
    settings.write_text("share: never\n")
    app = application.open_app(env, str(sandbox.repo))
    assert planning.read(app).resources
    assert app.judged_by == f"of OpenCode 1.19.0, read from {installed}"
    os.utime(installed, (1, 1))
    assert app.judged_by == ""
    with pytest.raises(Invalid):
        planning.read(app)


def test_without_a_binary_there_is_nobody_to_ask(sandbox: Sandbox) -> None:
    with pytest.raises(Invalid, match="no `opencode` found"):
        opencode_schema.refresh(environment(sandbox))
