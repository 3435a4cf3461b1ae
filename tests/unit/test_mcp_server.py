"""MCP servers: what a declaration becomes in each program, what is wrong with one, what an import makes of a home."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.formats import jsonc, yaml, yaml_edit
from reconciler.kinds.mcp_server import MCP_SERVER, TOPS
from reconciler.model.kind import Found, Left
from reconciler.model.problem import Invalid, Origin
from reconciler.model.resource import Claim, Ref, Resource, Target
from reconciler.pipeline import aim, survey
from reconciler.pipeline.describe import Description, describe
from reconciler.registry import KINDS, ROOTS
from reconciler.shapes import mcp_declared, mcp_described
from reconciler.shapes.asked import Asked, from_yaml
from reconciler.shapes.mcp_declared import McpServer
from reconciler.shapes.mcp_entry import KEYS
from reconciler.shapes.shared_json import Leaf
from tests.support import homes
from tests.support.house import House

PATH = "desired-state/mcp/x.yaml"


def declared(text: str) -> McpServer:
    return mcp_declared.server("x", from_yaml(text, PATH))


def problems(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        House({}).loaded({"mcp/x.yaml": text})
    return [
        f"{p.origin.line}:{p.origin.column} {p.text.removeprefix('mcp_server/x: ')} | {p.hint}"
        for p in caught.value.problems
    ]


# What a declaration becomes.

OPENCODE, ZED = "opencode", "zed"
RENDERED = {
    "command: [npx, -y, x]": (
        {"type": "local", "command": ["npx", "-y", "x"]},
        {"command": "npx", "args": ["-y", "x"]},
    ),
    "command: npx\nargs: [-y, x]": (
        {"type": "local", "command": ["npx", "-y", "x"]},
        {"command": "npx", "args": ["-y", "x"]},
    ),
    "command: npx": ({"type": "local", "command": ["npx"]}, {"command": "npx", "args": []}),
    "command: [npx]\nargs: []": None,
    "command: [x]\nenvironment: {A: b}": (
        {"type": "local", "command": ["x"], "environment": {"A": "b"}},
        {"command": "x", "args": [], "env": {"A": "b"}},
    ),
    "command: [x]\nenv: {A: b}": (
        {"type": "local", "command": ["x"], "environment": {"A": "b"}},
        {"command": "x", "args": [], "env": {"A": "b"}},
    ),
    "command: [x]\nenvironment: {}": (
        {"type": "local", "command": ["x"], "environment": {}},
        {"command": "x", "args": [], "env": {}},
    ),
    "command: [x]\nenabled: false\ntimeout: 30000": (
        {"type": "local", "command": ["x"], "enabled": False, "timeout": 30000},
        {"command": "x", "args": [], "enabled": False, "timeout": 30},
    ),
    "command: [x]\ncwd: /srv\ntargets: [opencode]": ({"type": "local", "command": ["x"], "cwd": "/srv"}, None),
    "command: [x]\nopencode: {cwd: /srv}": (
        {"type": "local", "command": ["x"], "cwd": "/srv"},
        {"command": "x", "args": []},
    ),
    "url: https://x.example\nheaders: {A: b}": (
        {"type": "remote", "url": "https://x.example", "headers": {"A": "b"}},
        {"url": "https://x.example", "headers": {"A": "b"}},
    ),
    "url: https://x.example\ntimeout: 1000\nenabled: true": (
        {"type": "remote", "url": "https://x.example", "timeout": 1000, "enabled": True},
        {"url": "https://x.example", "timeout": 1, "enabled": True},
    ),
    "url: '{env:MCP_URL}'\noauth: {clientId: a}\ntargets: [opencode]": (
        {"type": "remote", "url": "{env:MCP_URL}", "oauth": {"clientId": "a"}},
        None,
    ),
    "url: https://x.example\noauth: false\nzed: {oauth: {client_id: a}}": (
        {"type": "remote", "url": "https://x.example", "oauth": False},
        {"url": "https://x.example", "oauth": {"client_id": "a"}},
    ),
    "command: [x]\ntargets: [zed]": (None, {"command": "x", "args": []}),
    "command: [x]\nenv: {A: '{env:A}', B: b}\nzed: {env: {A: c}}": (
        {"type": "local", "command": ["x"], "environment": {"A": "{env:A}", "B": "b"}},
        {"command": "x", "args": [], "env": {"A": "c", "B": "b"}},
    ),
    "command: [x, '{file:a}']\nzed: {args: [a]}": (
        {"type": "local", "command": ["x", "{file:a}"]},
        {"command": "x", "args": ["a"]},
    ),
    "command: [x]\ntimeout: 1500\nzed: {timeout: 2}": (
        {"type": "local", "command": ["x"], "timeout": 1500},
        {"command": "x", "args": [], "timeout": 2},
    ),
    "command: [x]\nopencode: {command: [y, z]}\nzed: {remote: false}": (
        {"type": "local", "command": ["y", "z"]},
        {"command": "x", "args": [], "remote": False},
    ),
    # A program's own key may name the other form: nothing of this one is left for it.
    "url: https://x.example\nheaders: {A: '{env:A}'}\nenabled: true\nzed: {command: npx}": (
        {"type": "remote", "url": "https://x.example", "headers": {"A": "{env:A}"}, "enabled": True},
        {"command": "npx", "args": [], "enabled": True},
    ),
    "command: [x]\nenv: {A: b}\nopencode: {url: https://x.example}": (
        {"type": "remote", "url": "https://x.example"},
        {"command": "x", "args": [], "env": {"A": "b"}},
    ),
}


@pytest.mark.parametrize("text", [text for text, made in RENDERED.items() if made])
def test_each_program_gets_its_own_shape(text: str) -> None:
    made = RENDERED[text]
    assert made is not None
    want = {program: entry for program, entry in zip((OPENCODE, ZED), made, strict=True) if entry is not None}
    entries = declared(text).entries
    assert entries == want
    assert json.dumps(entries, sort_keys=True) == json.dumps(want, sort_keys=True)  # which tells 1 from true


def test_what_an_entry_says_leads_back_to_its_line() -> None:
    spec = declared("timeout: 1000\ncommand:\n  - npx\nenv:\n  A: b\nzed:\n  env: {A: c}\n  remote: true\n")
    where = lambda program, *steps: str(spec.origin(program, steps)).removeprefix(PATH)  # noqa: E731
    assert where(OPENCODE, "timeout") == ":1:1"
    assert where(OPENCODE, "environment", "A") == ":5:3"
    assert where(ZED, "env", "A") == ":7:9"
    assert where(ZED, "remote") == ":8:3"
    assert where(ZED, "command") == ":2:1"
    assert spec.origin(ZED, ("command",)) < spec.origin(ZED, ("args",)), "so that it is written first"
    assert str(spec.origin(OPENCODE, ("type",))) == str(spec.origin(OPENCODE, ("command",)))
    assert spec.origin(OPENCODE, ("type",)) < spec.origin(OPENCODE, ("command",))


PLACES = [
    ("{}", None, "opencode.json"),
    (None, None, "opencode.jsonc"),
    ("{}", "{}", "opencode.jsonc"),
    ('{"mcp": {"x": {"type": "local", "command": ["x"]}}}', "{}", "opencode.json"),
    ('{"mcp": {"x": {"type": "local", "command": ["x"]}}}', '{"mcp": {"x": {"enabled": true}}}', "opencode.json"),
    ('{"mcp": {"x": {"enabled": true}}}', '{"mcp": {"y": {"enabled": true}}}', "opencode.json"),
    ('{"mcp": {"x": {"type": "local"}}}', '{"mcp": {"x": {"type": "local"}}}', "opencode.jsonc"),
    ('{"mcp": {"x": {"timeout": 1}}}', '{"mcp": {"x": {"type": "local"}}}', "opencode.json"),
]


@pytest.mark.parametrize(("json_", "jsonc_", "path"), PLACES)
def test_a_key_stands_in_the_file_that_has_the_entry(json_: str | None, jsonc_: str | None, path: str) -> None:
    """OpenCode refuses a file with part of an entry (`{"timeout": 9000}`), although it would merge two wholes."""
    files = {"opencode/opencode.json": json_, "opencode/opencode.jsonc": jsonc_}
    house = House({name: text for name, text in files.items() if text is not None})
    plan = house.plan({"mcp/x.yaml": "command: [x]\ntimeout: 5000\ntargets: [opencode]\n"})
    [claim] = [change.claim for change in plan.changes if change.claim.item[-1] == "timeout"]
    assert claim.path == path


# What is wrong with one.

NEITHER = "1:1 neither `command` nor `url` | `command: [npx, -y, package]` starts one, `url: …` reaches one"
WRONG = {
    "": [NEITHER],
    "enabled: true": [NEITHER],
    "command: [x]\nurl: https://x.example": [
        "2:1 both `command` and `url` | keep one; a program that needs the other has it under its name"
    ],
    "command: []": ["1:1 `command` is empty | write the program and its arguments: `[npx, -y, package]`"],
    "command: ['']": ["1:1 `command` is empty | write the program and its arguments: `[npx, -y, package]`"],
    "command: ''": ["1:1 `command` is empty | write the program to start"],
    "command: {a: b}": ["1:1 `command` is a map, and must be text | "],
    "command: [npx, 8080]": ["1:16 `command.1` is the number 8080, and must be text | put it in quotes"],
    "command: npx\nargs: -y": ["2:1 `args` is text, and must be a list | write `args: [one, two]`"],
    "command: [npx]\nargs: [-y]": [
        "2:1 `args` goes with a `command` that is text | put them into the list of `command`"
    ],
    "command: x\nenvironments: {A: b}": ["2:1 unknown key `environments` | did you mean `environment`?"],
    "command: x\ntype: stdio": [
        "2:1 unknown key `type` | leave it out: `command` makes a local server, `url` a remote one"
    ],
    "command: x\nremote: true": ["2:1 unknown key `remote` | only Zed knows it: put it under `zed:`"],
    "command: x\ndisabled: true": ["2:1 unknown key `disabled` | write `enabled: false`"],
    "command: x\nenv: {PORT: 80, ON: true}": [
        "2:7 `env.PORT` is the number 80, and must be text | put it in quotes",
        "2:17 `env.ON` is true, and must be text | put it in quotes",
    ],
    "command: x\nenv: [A=b]": ["2:1 `env` is a list, and must be a map | write `key: value` lines below it"],
    "command: x\nenv: {A: b}\nenvironment: {A: b}": [
        "2:1 both `environment` and `env`, which are the same | keep one of them"
    ],
    "command: x\nenabled: 'true'": ["2:1 `enabled` is text, and must be true or false | write it without quotes"],
    "command: x\ntimeout: '5000'": ["2:1 `timeout` is text, and must be a whole number | write it without quotes"],
    "command: x\ntimeout: true": ["2:1 `timeout` is true, and must be a whole number | write it without quotes"],
    "command: x\ntimeout: 0": ["2:1 `timeout` is 0, and must be more than 0 | "],
    "command: x\ntimeout: 1500": [
        "2:1 Zed counts whole seconds, and 1500 milliseconds are none | write `2000`, or Zed's own under `zed:`, in "
        "seconds: `timeout: 2`"
    ],
    "url: mcp.example.com": ["1:1 `url` is no http or https address | it begins with `https://` or `http://`"],
    "url: ftp://x.example": ["1:1 `url` is no http or https address | it begins with `https://` or `http://`"],
    "url: https://": ["1:1 `url` is no http or https address | it begins with `https://` or `http://`"],
    "url: https://x.example\nenv: {A: b}": [
        "2:1 `env` goes with `command`, and this server has `url` | remove it"
    ],
    "command: x\nheaders: {A: b}": ["2:1 `headers` goes with `url`, and this server has `command` | remove it"],
    "command: x\ncwd: /srv": [
        "2:1 Zed has no such `cwd` | leave Zed out with `targets: [opencode]`, or put it under `opencode:`"
    ],
    "url: https://x.example\noauth: false": [
        "2:1 Zed has no such `oauth` | leave Zed out with `targets: [opencode]`, or put it under `opencode:`"
    ],
    "url: https://x.example\noauth: {client_id: a, callbackPort: x}\ntargets: [opencode]": [
        "2:9 unknown key `oauth.client_id` | did you mean `clientId`?",
        "2:23 `oauth.callbackPort` is text, and must be a whole number | write it without quotes",
    ],
    "url: https://x.example\noauth: true\ntargets: [opencode]": [
        "2:1 `oauth` is true, and must be `false` or a map | "
    ],
    "command: x\nenv:\n  TOKEN: 'a {env:TOKEN}'": [
        "3:3 Zed has no interpolation: it would take `{env:TOKEN}` as it is written | leave Zed out with "
        "`targets: [opencode]`, or put the value under `zed:`"
    ],
    "command: [x, '{file:~/a}']": [
        "1:1 Zed has no interpolation: it would take `{file:~/a}` as it is written | leave Zed out with "
        "`targets: [opencode]`, or put the value under `zed:`"
    ],
    "command: x\nzed: {env: {A: '{env:A}'}}": [
        "2:13 Zed has no interpolation: it would take `{env:A}` as it is written | leave Zed out with "
        "`targets: [opencode]`"
    ],
    "command: x\ntargets: zed": [
        "2:1 `targets` must be a list of programs | write `targets: [opencode, zed]`, or one of them"
    ],
    "command: x\ntargets: []": [
        "2:1 `targets` must be a list of programs | write `targets: [opencode, zed]`, or one of them"
    ],
    "command: x\ntargets: [opencod]": [
        "2:11 `targets` names `opencod`, which is no program known here | did you mean `opencode`?"
    ],
    "command: x\ntargets: [opencode]\nzed: {timeout: 3}": [
        "3:1 `zed:` says something, and `targets` leaves Zed out | remove it, or add `zed` to `targets`"
    ],
    "command: x\nzed: -y": ["2:1 `zed` is text, and must be a map | write `key: value` lines below it"],
    "command: x\nzed: {args: -y}": ["2:7 `zed.args` is text, and must be a list | write `args: [one, two]`"],
    "command: x\nopencode: {command: npx}": [
        "2:12 `opencode.command` is text, and must be a list | write `command: [one, two]`"
    ],
    "command: x\nzed: {command: y, url: https://x.example}": [
        "2:19 both `zed.command` and `zed.url` | keep one of them"
    ],
    "command: x\nzed: {headers: {A: b}}": [
        "2:7 `zed.headers` goes with `url`, and this server has `command` | remove it"
    ],
    "command: x\nopencode: {type: local}": [
        "2:12 `opencode.type` follows from the rest | leave it out: `command` makes a local server, `url` a remote one"
    ],
    "[npx]": ["1:0 mcp_server/x is not a map of keys | write `key: value` lines"],
    "comand: x\nargs: [1]\ntimeout: 500\nenv: {A: '{env:A}'}": [
        NEITHER,
        "1:1 unknown key `comand` | did you mean `command`?",
        "2:8 `args.0` is the number 1, and must be text | put it in quotes",
        "3:1 Zed counts whole seconds, and 500 milliseconds are none | write `1000`, or Zed's own under `zed:`, in "
        "seconds: `timeout: 1`",
        "4:7 Zed has no interpolation: it would take `{env:A}` as it is written | leave Zed out with "
        "`targets: [opencode]`, or put the value under `zed:`",
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_every_mistake_is_said_at_once_where_it_stands(text: str) -> None:
    assert problems(text) == WRONG[text]


def test_a_mistake_in_one_of_several_is_said_where_that_stands() -> None:
    with pytest.raises(Invalid) as caught:
        House({}).loaded({"all.yaml": "mcp:\n  fine: {url: 'https://x.example'}\n  x: {}\n"})
    assert [str(p.origin) for p in caught.value.problems] == ["desired-state/all.yaml:3:3"]


# Claims of settings on the same keys.


def refused(*claims: tuple[str, ...]) -> list[str]:
    """What is said where `one`, `two`… ask for these keys of one file."""
    house, kinds, resources = House({}), [], []
    for name, item in zip(("one", "two", "three"), claims, strict=False):
        target = Target(Ref(name, ""), jsonc.pointer(item), Claim("zed", "settings.json", item), None, Origin(name))
        kinds.append(replace(MCP_SERVER, name=name, targets=lambda resource, loaded, layout: resource.spec))
        resources.append(Resource(target.ref, (target,), target.origin))
    loaded = replace(house.loaded({}), resources=tuple(resources))
    try:
        aim.aim(loaded, survey.survey(ROOTS, house.world), kinds, ROOTS)
    except Invalid as error:
        return [p.text for p in error.problems]
    return []


def test_a_key_has_one_owner_and_so_has_what_lies_in_it() -> None:
    assert refused(("a", "b"), ("a", "c"), ("a", "bb")) == []
    assert refused(("a", "b"), ("a", "b")) == ["two and one (`one`) both ask for `settings.json#/a/b`"]
    lies = "asks for `settings.json#/a/b/c`, which lies in `settings.json#/a`"
    assert refused(("a",), ("a", "b", "c")) == [f"two {lies}"]
    assert refused(("a", "b", "c"), ("a",)) == [f"one {lies}"]
    assert len(refused(("a",), ("a", "b"), ("a", "b", "c"))) == 3


def test_the_refusal_names_both_places() -> None:
    git = {"mcp/x.yaml": "command: [x]\ntargets: [opencode]\n", "opencode/settings.yaml": "model: a/b\nmcp: {}\n"}
    with pytest.raises(Invalid) as caught:
        House({}).plan(git)
    assert str(caught.value) == (
        "desired-state/mcp/x.yaml:1:1: mcp_server/x asks for `opencode.jsonc#/mcp/x/type`, which lies in "
        "`opencode.jsonc#/mcp`\n"
        "  hint: remove one of them: opencode_settings asks for that (`desired-state/opencode/settings.yaml:2:1`)"
    )


# Import.


def described(home: dict[str, str], **more: Any) -> Description:
    house = House(dict(home))
    layout = survey.survey(ROOTS, house.world)
    return describe(replace(layout, **more), KINDS, house.world, known=frozenset())


def servers(home: dict[str, str], **more: Any) -> dict[str, str]:
    found = [f for f in described(home, **more).found if f.ref.kind == "mcp_server"]
    return {f.ref.name: f.sources[0].file.content.decode() for f in found}


def home(opencode: str = "{}", zed: str = "{}") -> dict[str, str]:
    return {
        "opencode/opencode.jsonc": f'{{"mcp": {opencode}}}',
        "zed/settings.json": f'{{"context_servers": {zed}}}',
    }


IMPORTED = [
    ('{"type":"local","command":["npx","x"]}', None, "command: [npx, x]\ntargets: [opencode]\n"),
    (None, '{"command":"npx","args":["x"],"timeout":5}', "command: npx\nargs: [x]\ntimeout: 5000\ntargets: [zed]\n"),
    (None, '{"command":"x","args":[],"remote":false}', "command: x\nargs: []\nzed:\n  remote: false\ntargets: [zed]\n"),
    (None, '{"url":"https://x.example","env":{}}', None),
    (
        '{"type":"local","command":["npx","x"],"environment":{"A":"b"},"timeout":5000,"enabled":true}',
        '{"command":"npx","args":["x"],"env":{"A":"b"},"timeout":5,"enabled":true}',
        "command: [npx, x]\nenvironment:\n  A: b\ntimeout: 5000\nenabled: true\n",
    ),
    (
        '{"type":"local","command":["npx","x"],"environment":{"A":"{env:A}","O":"o"},"cwd":"/srv","timeout":500}',
        '{"command":"/usr/bin/npx","args":["x"],"env":{"A":"b","Z":"z"},"timeout":1,"enabled":false}',
        "command: [npx, x]\nenvironment:\n  A: \"{env:A}\"\ntimeout: 500\nopencode:\n  environment:\n    O: o\n"
        "  cwd: /srv\nzed:\n  command: /usr/bin/npx\n  env:\n    A: b\n    Z: z\n  timeout: 1\n  enabled: false\n",
    ),
    (
        '{"type":"remote","url":"https://x.example","oauth":{},"enabled":true}',
        '{"command":"npx","args":["mcp-remote"],"enabled":true}',
        "url: https://x.example\noauth: {}\nenabled: true\nzed:\n  command: npx\n  args: [mcp-remote]\n",
    ),
    # What no declaration can say stays with the settings.
    ('{"enabled":false}', None, None),
    ('{"type":"local","command":["x"],"env":{"A":"b"}}', None, None),
    ('{"type":"stdio","command":["x"]}', None, None),
    ('{"command":["x"]}', None, None),
    ('{"type":"local","command":"x"}', None, None),
    ('{"type":"local","command":["x"],"timeout":5.5}', None, None),
    ('{"type":"remote","url":"x.example"}', None, None),
    ('["x"]', None, None),
    (None, '{"enabled":false,"settings":{}}', None),
    (None, '{"command":"x"}', None),
    (None, '{"command":{"path":"x","args":[]}}', None),
    (None, '{"source":"custom","command":"x","args":[]}', None),
    (None, '{"command":"x","args":[],"env":{"A":"{env:A}"}}', None),
    (None, '{"command":"x","args":[],"timeout":1.5}', None),
    # One program's entry may be one, and the other's not.
    ('{"type":"local","command":["x"]}', '{"enabled":true,"settings":{}}', "command: [x]\ntargets: [opencode]\n"),
]  # fmt: skip


@pytest.mark.parametrize(("opencode", "zed", "text"), IMPORTED)
def test_import_says_what_stands_there(opencode: str | None, zed: str | None, text: str | None) -> None:
    files = home(*(f'{{"x": {entry}}}' if entry else "{}" for entry in (opencode, zed)))
    assert servers(files) == ({"x": text} if text else {})
    agrees(described(files), files)


def agrees(said: Description, files: dict[str, str]) -> None:
    """Every leaf below the two keys is claimed once or left; and a plan over what was written finds all of it equal."""
    ours = [f for f in said.found if f.ref.kind == "mcp_server"]
    git = {s.path.removeprefix("desired-state/"): s.file.content.decode() for f in ours for s in f.sources}
    plan = House(dict(files)).plan(git)
    assert not plan.due and not plan.held
    assert {c.claim for c in plan.changes} == {claim for f in ours for claim in f.claims}
    stand = {claim for claim in leaves(files) if claim.item[0] in TOPS.values()}
    claims = [claim for f in said.found for claim in f.claims] + [left.claim for left in said.left]
    assert stand <= set(claims)
    assert len(claims) == len(set(claims))


def leaves(files: dict[str, str]) -> set[Claim]:
    found = set()
    for path, text in files.items():
        root, _, inside = path.partition("/")
        if inside in ("opencode.json", "opencode.jsonc", "config.json", "settings.json"):
            tree = jsonc.loads(text)
            found |= {Claim(root, inside, steps) for steps, _ in KEYS.leaves(tree)} if isinstance(tree, dict) else set()
    return found


def test_comments_of_an_entry_come_along() -> None:
    files = {
        "opencode/opencode.jsonc": """\
{
  // servers

  "mcp": {
    "first": { "type": "remote", "url": "https://a.example" }, // beside the first
    // not its own

    // Browser tests.
    /* and
       more */
    "browser": {
      "type": "local", // always
      // from npm
      "command": ["npx", "-y", "browser"], // latest
      "environment": {
        "A": "b", // why
      },
    }, // off on Fridays
  },
}
""",
        "zed/settings.json": """\
{
  "context_servers": {
    // Zed's
    "only": { "command": "only", "args": [], /* soon */ "timeout": 5 }
  }
}
""",
    }
    assert servers(files) == {
        "browser": (
            "# Browser tests.\n# and\n# more\n# off on Fridays\n\n"
            '# from npm\ncommand: [npx, "-y", browser]  # latest\nenvironment:\n  A: b  # why\ntargets: [opencode]\n'
        ),
        "first": "# beside the first\n\nurl: https://a.example\ntargets: [opencode]\n",
        "only": "# Zed's\n\ncommand: only\nargs: []\n# soon\ntimeout: 5000\ntargets: [zed]\n",
    }
    agrees(described(files), files)


def test_a_secret_leaves_its_entry_to_the_settings() -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    files = home(
        f'{{"x": {{"type":"local","command":["x"],"environment":{{"GITHUB_TOKEN":"{token}"}}}}}}',
        '{"x": {"command":"x","args":[]}}',
    )
    assert servers(files) == {"x": "command: x\nargs: []\ntargets: [zed]\n"}
    said = described(files)
    agrees(said, files)
    assert [left.claim.item for left in said.left] == [("mcp", "x", "environment", "GITHUB_TOKEN")]
    assert token not in str(said.found)
    include = frozenset({"~/.config/opencode/opencode.jsonc#/mcp/x/environment/GITHUB_TOKEN"})
    assert token in servers(files, include=include)["x"]


def test_a_secret_in_a_comment_stays_behind() -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    files = {"opencode/opencode.jsonc": f'{{"mcp": {{\n// {token}\n"x": {{"type":"local","command":["x"]}}}}}}'}
    assert servers(files) == {"x": "command: [x]\ntargets: [opencode]\n"}


@pytest.mark.parametrize("name", ["", "..", "a/../b", "a//b", "/a", "a\\\\b", "a\\u0007", "a\\ud800", "x" * 241])
def test_what_cannot_be_a_file_stays_in_settings(name: str) -> None:
    files = home(f'{{"{name}": {{"type":"local","command":["x"]}}}}')
    assert servers(files) == {}
    assert any(claim.item[:1] == ("mcp",) for f in described(files).found for claim in f.claims) or "ud800" in name


@pytest.mark.parametrize("name", ["a b", "@scope/pkg", "名前", "a.b", "x:y", "no", "x.yaml"])
def test_odd_names_are_ids_all_the_same(name: str) -> None:
    files = home(f'{{"{name}": {{"type":"local","command":["x"]}}}}')
    assert list(servers(files)) == [name]
    agrees(described(files), files)


def test_names_that_differ_in_case_only_stay_in_settings() -> None:
    files = home('{"GitHub": {"type":"local","command":["x"]}}', '{"github": {"command":"x","args":[]}}')
    assert servers(files) == {}
    agrees(described(files), files)


def test_what_others_own_of_an_entry_leaves_it_to_them() -> None:
    files = home('{"x": {"type":"local","command":["x"]}}', '{"x": {"command":"x","args":[]}}')
    inside = Claim("opencode", "opencode.jsonc", ("mcp", "x", "enabled"))
    assert servers(files, taken=frozenset({inside})) == {}
    assert servers(files, taken=frozenset({inside._replace(item=("mcp",))})) == {}
    assert servers(files, taken=frozenset({inside._replace(item=("mcp", "y", "enabled"))})) != {}


def test_no_servers_are_no_setting() -> None:
    """`mcp: {}` in settings would claim what lies above every server."""
    said = described(home())
    assert not said.found
    assert {left.claim.item for left in said.left} == {("mcp",), ("context_servers",)}


def test_an_entry_of_several_files_is_taken_as_it_is_merged() -> None:
    files = {
        "opencode/config.json": '{"mcp": {"x": {"type": "local", "command": ["old"], "timeout": 5000}}}',
        "opencode/opencode.json": '{"mcp": {"x": {"type": "local", "command": ["new"]}}}',
    }
    assert servers(files) == {"x": "command: [new]\ntimeout: 5000\ntargets: [opencode]\n"}
    agrees(described(files), files)


@pytest.mark.parametrize("folder", homes.real(), ids=lambda p: p.name)
def test_import_of_real_homes(folder: Path) -> None:
    paths = [f"opencode/{p}" for p in ("config.json", "opencode.json", "opencode.jsonc")] + ["zed/settings.json"]
    files = {path: (folder / path).read_text() for path in paths if (folder / path).is_file()}
    files = {path: text for path, text in files.items() if parses(text)}
    agrees(described(files), files)
    plain = {
        n for path in files if path.startswith("opencode/") for n, e in entries(files[path]).items() if "type" in e
    }
    assert plain == servers(files).keys()


def parses(text: str) -> bool:
    try:
        jsonc.parse(text)
    except jsonc.JsoncError:
        return False
    return True


def entries(text: str) -> dict[str, dict[str, Any]]:
    tree: Any = jsonc.loads(text)
    found: dict[str, dict[str, Any]] = tree.get("mcp", {})
    return found


@pytest.mark.skipif(not homes.real(), reason=homes.REASON)
def test_real_homes_have_servers() -> None:
    assert len(homes.real()) == 24


# Any declaration, there and back.

WORD = st.text("ab/{} :#'\"\n-é", min_size=1, max_size=4)
WORDS = st.lists(WORD, max_size=3)
MAP = st.dictionaries(WORD, WORD, max_size=2)
URL = WORD.map("https://x{}".format)
SHARED = {"enabled": st.booleans(), "timeout": st.integers(1, 4000) | st.integers(1, 9).map(lambda n: n * 1000)}
OPENCODE_LOCAL = {"command": st.lists(WORD, min_size=1, max_size=3), "environment": MAP, "cwd": WORD, **SHARED}
ZED_LOCAL = {"command": WORD, "args": WORDS, "env": MAP, "remote": st.booleans(), **SHARED}
OAUTH = st.just(False) | st.fixed_dictionaries({}, optional={"clientId": WORD, "callbackPort": st.integers(1, 9)})
OPENCODE_REMOTE = {"url": URL, "headers": MAP, "oauth": OAUTH, **SHARED}
ZED_REMOTE = {"url": URL, "headers": MAP, "oauth": MAP, "remote": st.booleans(), **SHARED}


def entry(fields: dict[str, Any], needed: tuple[str, ...], **fixed: str) -> st.SearchStrategy[dict[str, Any]]:
    must = {key: fields[key] for key in needed}
    may = {key: value for key, value in fields.items() if key not in needed}
    return st.fixed_dictionaries({**{k: st.just(v) for k, v in fixed.items()}, **must}, optional=may)


IN_OPENCODE = entry(OPENCODE_LOCAL, ("command",), type="local") | entry(OPENCODE_REMOTE, ("url",), type="remote")
IN_ZED = entry(ZED_LOCAL, ("command", "args")) | entry(ZED_REMOTE, ("url",))


@settings(deadline=None, max_examples=40)
@given(IN_OPENCODE, IN_ZED)
def test_any_two_entries_are_one_declaration(opencode: dict[str, Any], zed: dict[str, Any]) -> None:
    for pair in ({OPENCODE: opencode, ZED: zed}, {OPENCODE: opencode}, {ZED: zed}):
        said = mcp_described.declare("x", pair)
        assert said is not None
        again = mcp_declared.server("x", Asked(said, PATH, {})).entries
        assert json.dumps(again, sort_keys=True) == json.dumps(pair, sort_keys=True)


@settings(deadline=None, max_examples=40)
@given(IN_OPENCODE, IN_ZED)
def test_any_home_is_imported_so_that_the_plan_is_empty(opencode: dict[str, Any], zed: dict[str, Any]) -> None:
    files = home(json.dumps({"x": opencode}), json.dumps({"x": zed}))
    assert list(servers(files)) == ["x"]
    agrees(described(files), files)


# Adopting what stands there.

GIT = "# mine\ncommand: npx # from npm\nargs: [-y, x]\nenv: {A: b}\nenabled: true\ntimeout: 5000\n"
ADOPTED = [
    (GIT, {"/context_servers/x/enabled": False}, GIT + "zed:\n  enabled: false\n"),
    (GIT, {"/mcp/x/command": ["bunx", "x"]}, GIT + "opencode:\n  command:\n    - bunx\n    - x\n"),
    (
        GIT,
        {"/mcp/x/enabled": False, "/context_servers/x/enabled": False},
        GIT.replace("enabled: true", "enabled: false"),
    ),
    (
        GIT,
        {"/mcp/x/timeout": None, "/context_servers/x/timeout": None},
        GIT.replace("timeout: 5000\n", ""),
    ),
    (GIT, {"/mcp/x/enabled": None}, GIT.replace("enabled: true\n", "") + "zed:\n  enabled: true\n"),
    (
        "# mine\ntargets: [zed]\ncommand: npx # npm\nenvironment: {A: b}\n",
        {"/context_servers/x/command": "bunx", "/context_servers/x/env/A": None},
        "# mine\ntargets: [zed]\ncommand: bunx # npm\n",
    ),
    (
        "command: [x] # all\ntargets: [opencode]\n",
        {"/mcp/x/command": ["x", "y"]},
        "command:     # all\n  - x\n  - y\ntargets: [opencode]\n",
    ),
    (
        "command: [x]\n",
        {"/mcp/x/type": None, "/mcp/x/command": None},
        "command: [x]\ntargets:\n  - zed\n",
    ),
]  # fmt: skip


def adopted(text: str, observed: dict[str, Any]) -> str | None:
    house = House({})
    [resource] = house.loaded({"mcp/x.yaml": text}).resources
    leaves = {part: None if value is None else Leaf(value) for part, value in observed.items()}
    [(path, file)] = MCP_SERVER.adopt(resource, leaves).items()
    assert path == PATH
    return None if file is None else file.content.decode()


@pytest.mark.parametrize(("text", "observed", "after"), ADOPTED)
def test_what_stands_here_is_written_into_git(text: str, observed: dict[str, Any], after: str) -> None:
    now = adopted(text, observed)
    assert now == after
    before, here = declared(text), declared(now)
    for program, top in TOPS.items():
        for steps, leaf in KEYS.leaves(dict(before.entries.get(program, {}))):
            part = jsonc.pointer((top, "x", *steps))
            found = dict(KEYS.leaves(dict(here.entries.get(program, {})))).get(steps)
            wanted = observed.get(part, leaf.value)
            assert (found.value if found else None) == wanted


def test_a_server_that_is_gone_goes_from_git_too() -> None:
    assert (
        adopted(
            "command: x\ntargets: [zed]\n", dict.fromkeys(["/context_servers/x/command", "/context_servers/x/args"])
        )
        is None
    )


def test_what_no_declaration_makes_is_not_adopted() -> None:
    with pytest.raises(Invalid, match="no declaration makes what stands there"):
        adopted("command: x\n", {"/context_servers/x/args": None})


@settings(deadline=None, max_examples=40)
@given(IN_OPENCODE, IN_ZED, IN_OPENCODE, IN_ZED)
def test_any_entries_can_be_adopted(one: Any, two: Any, three: Any, four: Any) -> None:
    first = mcp_described.declare("x", {OPENCODE: one, ZED: two})
    assert first is not None
    server = mcp_declared.server("x", Asked(first, PATH, {}))
    for entries in ({OPENCODE: three, ZED: four}, {OPENCODE: one, ZED: four}, {OPENCODE: three, ZED: two}, {ZED: two}):
        said = mcp_described.restated("x", server, entries)
        assert said is not None
        assert mcp_described.alike(mcp_declared.server("x", Asked(said, PATH, {})).entries, entries)
        text = yaml_edit.edit(yaml.dump(first), mcp_described.edits(first, said))
        assert yaml.load(text, "") == said


def test_the_kind_yields_only_what_it_is() -> None:
    assert MCP_SERVER.name == "mcp_server" and MCP_SERVER.folder == "mcp"
    house = House(home('{"x": {"type":"local","command":["x"]}}'))
    items = list(MCP_SERVER.describe(survey.survey(ROOTS, house.world), house.world))
    assert [type(item) for item in items] == [Left, Found]
    assert yaml.load(items[1].sources[0].file.content.decode(), "") == {"command": ["x"], "targets": ["opencode"]}
