"""What people write for a secret is a text with a reference in it, wherever it stands, and comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler import registry
from reconciler.formats import secret_refs, yaml, yaml_edit
from reconciler.model.problem import Invalid
from reconciler.model.resource import File, Revision, Source
from reconciler.model.secret import filled, hidden, marked, references, veiled
from reconciler.model.world import Tree
from reconciler.pipeline.load import load
from reconciler.shapes import asked
from tests.support.house import House

A, B = marked("env:A"), marked("file:~/b")


@pytest.mark.parametrize(
    "text, value",
    [
        ("a: !secret env:A", {"a": A}),
        ("a: !secret 'env:A' # why", {"a": A}),
        ("a: [x, !secret env:A, {b: !secret file:~/b}]", {"a": ["x", A, {"b": B}]}),
        ('a: !secret {from: env:A, in: "Bearer {}"}', {"a": f"Bearer {A}"}),
        ("a: !secret\n  from: env:A\n  in: x{}y\n", {"a": f"x{A}y"}),
        ("a: !secret command:pass show x y", {"a": marked("command:pass show x y")}),
    ],
)
def test_yaml_reads_and_writes_them(text: str, value: Any) -> None:
    assert yaml.load(text, "x.yaml") == value
    assert yaml.load(yaml.dump(value), "x.yaml") == value
    assert "!secret" in yaml.dump(value) and "\ufdd0" not in yaml.dump(value)
    assert "!secret" not in yaml.veiled(text)
    assert references(yaml.veiled(text)) == references(value) and yaml.veiled("a: 1\n") == "a: 1\n"


@pytest.mark.parametrize(
    "reference", ["env:A_1", "file:/a b/c#d", "file:~/x:", "keyring:my service/a: b", "command:a 'b c'"]
)
def test_any_reference_comes_back_from_what_is_written(reference: str) -> None:
    for value in (marked(reference), f'Bearer "{marked(reference)}" \\'):
        written = secret_refs.in_yaml(value)
        assert written is not None and yaml.load(f"a: {written}", "") == {"a": value}
        assert yaml.load(f"[{written}]", "") == [value]
        assert secret_refs.from_json(json.loads(json.dumps(secret_refs.to_json([value])))) == [value]


@pytest.mark.parametrize(
    "text, words",
    [
        ("a: !secret vault:x", "names no source"),
        ("a: !secret env:1A", "no reference of this form"),
        ("a: !secret file:relative", "no reference of this form"),
        ("a: !secret", "names no source"),
        ("a: !secret {in: x}", "`from` is missing"),
        ("a: !secret {from: env:A, in: none}", "in which `{}` stands once"),
        ("? !secret env:A\n: b", "a key can't be a secret"),
        ("a: x\ufdd0env:A\ufdd1", "noncharacter"),
    ],
)
def test_what_is_no_reference_is_a_problem_with_a_hint(text: str, words: str) -> None:
    with pytest.raises(Invalid) as error:
        yaml.load(text, "x.yaml")
    assert words in str(error.value) and "hint:" in str(error.value)


def test_an_edit_keeps_the_tags_beside_it() -> None:
    text = "a: !secret env:A  # one\nb: {c: !secret file:~/b, d: 1}\n"
    edited = yaml_edit.edit(text, [yaml_edit.Set(("b", "d"), 2), yaml_edit.Set(("e",), f"Bearer {A}")])
    assert edited.startswith("a: !secret env:A  # one\nb: {c: !secret file:~/b, d: 2}\n")
    assert yaml.load(edited, "")["e"] == f"Bearer {A}"
    assert yaml_edit.edit("a: 1\n", [yaml_edit.Set(("a",), A)]) == "a: !secret env:A\n"


def test_json_says_them_by_a_key() -> None:
    said = asked.from_jsonc('{"a": {"$secret": "env:A"}, "b": [{"$secret": "env:A", "in": "x{}"}]} // c', "x.jsonc")
    assert said.value == {"a": A, "b": [f"x{A}"]}
    with pytest.raises(Invalid) as error:
        asked.from_jsonc('{\n  "a": {"$secret": "nowhere"}}', "x.jsonc")
    assert str(error.value).startswith("x.jsonc:2:3: `nowhere` names no source")


def test_states_are_filled_hidden_and_veiled_again() -> None:
    state = {"a": f"Bearer {A}", "b": ["x", B], "c": 1}
    secrets = {"env:A": "one", "file:~/b": "two"}
    whole = {"a": "Bearer one", "b": ["x", "two"], "c": 1}
    assert references(state) == frozenset(secrets) and filled(state, secrets.__getitem__) == whole
    assert veiled(whole, state, secrets.__getitem__) == state
    assert hidden(whole, state, lambda s: f"<{s}>") == {"a": "Bearer <one>", "b": ["x", "<two>"], "c": 1}
    assert hidden({"a": "other", "b": ["x", "y", "new"]}, state, lambda s: "<>") == {"a": "<>", "b": ["x", "<>", "<>"]}


def loaded(**files: str) -> House:
    house = House({}, secrets={"env:A": "one", "env:B": "two"})
    sources = tuple(Source(f"desired-state/{path}", File(text.encode())) for path, text in sorted(files.items()))
    said = load(Tree(Revision("commit", "3f2c1ab", "main"), sources), house.kinds, registry.PENDING, "laptop")
    from reconciler.pipeline import cycle

    house.apply(cycle.propose(said, house.eyes))
    return house


def test_overlays_and_files_of_several_carry_them() -> None:
    house = loaded(**{
        "zed/settings.yaml": "proxy: !secret env:A\nterminal: {env: {X: !secret env:A, Y: plain}}\n",
        "hosts/laptop/zed/settings.yaml": 'terminal: {env: {Y: !secret {from: env:B, in: "<{}>"}}}\n',
        "all.yaml": "agents: {a: {description: A, key: !secret env:B, prompt: Go.}}\n"
        "mcp: {m: {command: [x, !secret env:A]}}\n",
        "opencode/settings.jsonc": '{"provider": {"p": {"options": {"apiKey": "x"}}}}',
        "hosts/laptop/opencode/settings.jsonc": '{"provider": {"p": {"options": {"apiKey": {"$secret": "env:B"}}}}}',
    })  # fmt: skip
    zed = json.loads(house.home["zed/settings.json"])
    assert zed["proxy"] == "one" and zed["terminal"]["env"] == {"X": "one", "Y": "<two>"}
    assert zed["context_servers"]["m"]["args"] == ["one"]
    assert b'key: "two"' in house.home["opencode/agents/a.md"]
    assert json.loads(house.home["opencode/opencode.jsonc"])["provider"]["p"]["options"]["apiKey"] == "two"


def test_settings_of_the_repository_take_none() -> None:
    with pytest.raises(Invalid, match=r"reconcile\.yaml"):
        loaded(**{"reconcile.yaml": "id: !secret env:A\n"})
