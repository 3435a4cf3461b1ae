"""How opencode reads an agent's file, a command's and a skill's: what docs/opencode-facts.md says, kept true.

Each case is a project of its own with one `.opencode/agents/x.md`; one server answers for all of them
(one per worker, under `pytest -n`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.opencode import Sandbox, Server

HEAD = b"---\ndescription: d\nmode: subagent\npermission:\n  bash: deny\n"
WHOLE = HEAD + b"---\nbody\n"
BUILT_IN = {"build", "plan", "general", "explore", "compaction", "title", "summary"}
SANITISED = "---\ndescription: a: b\nmode: subagent\npermission:\n  bash: deny\n---\nbody {}\n"


@pytest.fixture(scope="module")
def server(shared_sandbox: Sandbox) -> Iterator[Server]:
    with shared_sandbox.serve() as running:
        yield running


@dataclass(frozen=True)
class Read:
    """An agent that is what its file says: mode, description and a denied bash."""

    prompt: str = "body"
    description: str | None = "d"


@dataclass(frozen=True)
class Open:
    """An agent without what its file says: mode all, no description, everything allowed."""

    prompt: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """Every route of the directory answers 400."""

    key: str
    message: str


Three = tuple[Read | Open | Refused, list[Any], list[Any]]


def as_text(content: bytes) -> Open:
    """Fail-open: the whole file is the prompt, front matter and all."""
    return Open(content.decode().strip())


def given(content: bytes, outcome: Read | Open | Refused | None = None) -> tuple[bytes, Read | Open | Refused]:
    return content, outcome or as_text(content)


def spelled(text: str) -> dict[str, str]:
    return {str(place): letter for place, letter in enumerate(text)}


CASES: dict[str, tuple[bytes, Read | Open | Refused]] = {
    # encodings and line ends
    "plain": given(WHOLE, Read()),
    "BOM": given(b"\xef\xbb\xbf" + WHOLE, Read()),
    "CRLF": given(WHOLE.replace(b"\n", b"\r\n"), Read()),
    "BOM and CRLF": given(b"\xef\xbb\xbf" + WHOLE.replace(b"\n", b"\r\n"), Read()),
    "CR alone": given(WHOLE.replace(b"\n", b"\r"), Open("")),
    "not UTF-8 in the body": given(WHOLE + b"caf\xe9\n", Read("body\ncaf\ufffd")),
    "not UTF-8 in front matter": given(WHOLE.replace(b" d\n", b" caf\xe9\n"), Read(description="caf\ufffd")),
    "NUL in the body": given(WHOLE + b"a\0b\n", Read("body\na\0b")),
    "NUL in front matter": given(WHOLE.replace(b" d\n", b" a\0b\n")),
    "a control character in front matter": given(WHOLE.replace(b" d\n", b" a\x07b\n")),
    # nothing, or nothing that is a map
    "empty file": given(b"", Open("")),
    "no front matter": given(b"body\n", Open("body")),
    "empty front matter": given(b"---\n---\nbody\n", Open("body")),
    "only a comment": given(b"---\n# c\n---\nbody\n", Open("body")),
    "a list": given(b"---\n- a\n- b\n---\nbody\n", Open("body", {"0": "a", "1": "b"})),
    "a scalar": given(b"---\ntext\n---\nbody\n", Open("body", spelled("text"))),
    "no space after the colons": given(b"---\nmode:all\n---\nbody\n", Open("body", spelled("mode:all"))),
    "a number": given(b"---\n42\n---\nbody\n", Open("body")),
    # where front matter begins and ends
    "a blank line first": given(b"\n" + WHOLE),
    "a space first": given(b" " + WHOLE),
    "a comment first": given(b"# c\n" + WHOLE),
    "`----` opens": given(b"-" + WHOLE),
    "`---` and a space open": given(WHOLE.replace(b"---\n", b"--- \n", 1), Read()),
    "`---yaml` opens": given(WHOLE.replace(b"---\n", b"---yaml\n", 1), Read()),
    "never closed, with a body": given(HEAD + b"body\n"),
    "never closed, nothing after": given(HEAD, Read("")),
    "`---` and spaces close": given(HEAD + b"---  \nbody\n", Read()),
    "`----` closes": given(HEAD + b"----\nbody\n", Read("-\nbody")),
    "`--- text` closes": given(HEAD + b"--- text\nbody\n", Read("text\nbody")),
    "an indented `---` does not close": given(HEAD + b"  ---\nbody\n"),
    "`...` does not close": given(HEAD + b"...\nbody\n"),
    "`...`, then `---`": given(HEAD + b"...\n---\nbody\n", Read()),
    "`---` in the body": given(WHOLE + b"---\nx\n---\n", Read("body\n---\nx\n---")),
    "space around the body": given(HEAD + b"---\n\n\n  body\n \n\n", Read()),
    # YAML that does not parse
    "a key twice": given(WHOLE.replace(b"description: d", b"description: c\ndescription: d")),
    "a nested key twice": given(WHOLE.replace(b"  bash: deny", b"  bash: allow\n  bash: deny")),
    "[ not closed": given(WHOLE.replace(b"mode:", b"key: [open\nmode:")),
    '" not closed': given(WHOLE.replace(b" d\n", b' "open\n')),
    "bad indentation": given(WHOLE.replace(b"  bash: deny\n", b"  bash: deny\n edit: deny\n")),
    "a colon in a nested value": given(WHOLE.replace(b" deny", b"\n    git: x: deny")),
    "a value with @": given(WHOLE.replace(b" d\n", b" @x\n")),
    "a value with %": given(WHOLE.replace(b" d\n", b" %x\n")),
    "a key *": given(WHOLE.replace(b"bash:", b"*:")),
    "an unknown tag": given(WHOLE.replace(b" d\n", b" !secret d\n")),
    # YAML that parses
    "a tab before a value": given(WHOLE.replace(b": d\n", b":\td\n"), Read()),
    "an anchor": given(WHOLE.replace(b" d\n", b" &a d\n"), Read()),
    "a merge key": given(WHOLE.replace(b"  bash: deny", b"  <<: {bash: deny}"), Read()),
    "flow style": given(b"---\n{description: d, mode: subagent, permission: {bash: deny,},}\n---\nbody\n", Read()),
    "a word that was a boolean once": given(WHOLE.replace(b" d\n", b" yes\n"), Read(description="yes")),
    # values of a wrong type
    "a tab as indentation": given(
        WHOLE.replace(b"  bash", b"\tbash"),
        Refused("permission", "Expected PermissionActionConfig | object | undefined, got null"),
    ),
    'disable: "true"': given(
        WHOLE.replace(b"mode:", b'disable: "true"\nmode:'),
        Refused("disable", 'Expected boolean | undefined, got "true"'),
    ),
    "hidden: yes": given(
        WHOLE.replace(b"mode:", b"hidden: yes\nmode:"), Refused("hidden", 'Expected boolean | undefined, got "yes"')
    ),
    "description: 12": given(
        WHOLE.replace(b" d\n", b" 12\n"), Refused("description", "Expected string | undefined, got 12")
    ),
    "description without a value": given(
        WHOLE.replace(b" d\n", b"\n"), Refused("description", "Expected string | undefined, got null")
    ),
    "description: a date": given(
        WHOLE.replace(b" d\n", b" 2024-01-01\n"),
        Refused("description", "Expected string | undefined, got 2024-01-01T00:00:00.000Z"),
    ),
    "permission without a value": given(
        WHOLE.replace(b"  bash: deny\n", b""),
        Refused("permission", "Expected PermissionActionConfig | object | undefined, got null"),
    ),
    "bash: Deny": given(
        WHOLE.replace(b" deny", b" Deny"), Refused("permission/bash", 'Expected PermissionActionConfig, got "Deny"')
    ),
    "steps: 0": given(
        WHOLE.replace(b"mode:", b"steps: 0\nmode:"), Refused("steps", "Expected a value greater than 0, got 0")
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_agent_s_file_is_read_as(case: str, server: Server, shared_sandbox: Sandbox) -> None:
    content, expected = CASES[case]
    project = shared_sandbox.project(f"case-{list(CASES).index(case)}")
    shared_sandbox.write(f"{project}/.opencode/agents/x.md", content)
    assert _outcome(server, project) == expected


def test_an_unquoted_colon_is_mended_only_the_first_time(sandbox: Sandbox) -> None:
    """The second read of the same text fails open, as if the parser cached each text before it parsed it."""
    sandbox.write("agents/x.md", SANITISED.format("agent"))
    sandbox.write("commands/x.md", SANITISED.format("command").replace("mode: subagent", "agent: plan"))
    sandbox.write("skills/x/SKILL.md", SANITISED.format("skill").replace("mode: subagent", "name: by-skill"))
    first, second = sandbox.project("first"), sandbox.project("second")
    with sandbox.serve() as server:
        mended: Three = (Read("body agent", "a: b"), [("a: b", "plan")], ["a: b"])
        lost: Three = (as_text(SANITISED.format("agent").encode()), [(None, None)], [])
        assert _three(server, first) == mended
        assert _three(server, second) == lost
        server.post("/global/dispose")
        assert _three(server, first) == lost


def test_of_two_agents_with_the_same_mended_text_one_is_open(server: Server, shared_sandbox: Sandbox) -> None:
    project = shared_sandbox.project("twins")
    for name in ("one", "two"):
        shared_sandbox.write(f"{project}/.opencode/agents/{name}.md", SANITISED.format("twin"))
    modes = [_agents(server, project)[name]["mode"] for name in ("one", "two")]
    assert sorted(modes) == ["all", "subagent"]


@pytest.mark.parametrize("kind", ["agent", "command", "skill"])
def test_singular_and_plural_folder_name_one_thing_and_either_wins(
    kind: str, server: Server, shared_sandbox: Sandbox
) -> None:
    """Which one is a race (about even over 96 loads), so all that holds is: one, whole, not merged."""
    project = shared_sandbox.project(f"both-{kind}")
    file = "x/SKILL.md" if kind == "skill" else "x.md"
    for folder in (kind, f"{kind}s"):
        text = f"---\nname: x\ndescription: in {folder}\n---\nbody in {folder}\n"
        shared_sandbox.write(f"{project}/.opencode/{folder}/{file}", text)
    found = [one for one in server.get(f"/{kind}", directory=project) if one["name"] == "x"]
    body = {"agent": "prompt", "command": "template", "skill": "content"}[kind]
    read = [(one["description"], one[body].strip()) for one in found]
    assert read in [[(f"in {folder}", f"body in {folder}")] for folder in (kind, f"{kind}s")]


@pytest.mark.parametrize(("kind", "folder"), [("agent", "agents"), ("command", "commands")])
def test_which_files_are_read_and_under_which_name(
    kind: str, folder: str, server: Server, shared_sandbox: Sandbox
) -> None:
    names = {
        "README.md": "README",
        "AGENTS.md": "AGENTS",
        ".dot.md": ".dot",
        ".hidden/y.md": ".hidden/y",
        ".md": ".md",
        "node_modules/n.md": "node_modules/n",
        "team/b.md": "team/b",
        "team/agents/c.md": "team/agents/c",
        "x.md.md": "x.md",
        "a b.md": "a b",
        "ünï.md": "ünï",
        "U.MD": None,
        "m.markdown": None,
        "t.txt": None,
        "noext": None,
    }
    project = shared_sandbox.project(f"names-{kind}")
    for file in names:
        shared_sandbox.write(f"{project}/.opencode/{folder}/{file}", f"---\ndescription: {file}\n---\nbody\n")
    found = {one["name"]: one.get("description") for one in server.get(f"/{kind}", directory=project)}
    ours = {name: description for name, description in found.items() if description in names}
    assert ours == {name: file for file, name in names.items() if name is not None}


def test_which_skills_are_read(server: Server, shared_sandbox: Sandbox) -> None:
    project = shared_sandbox.project("skills")
    texts = {
        "good/SKILL.md": "name: good\ndescription: d",
        "elsewhere/SKILL.md": "name: other-name\ndescription: d",
        "team/nested/SKILL.md": "name: nested\ndescription: d",
        "SKILL.md": "name: at-the-root\ndescription: d",
        "plain/SKILL.md": "name: no-description",
        "extra/SKILL.md": "name: extra\ndescription: d\nunknown: 1",
        ".dot/SKILL.md": "name: dot\ndescription: d",
        ".hidden/y/SKILL.md": "name: hidden\ndescription: d",
        "lower/skill.md": "name: lower\ndescription: d",
        "nameless/SKILL.md": "description: d",
        "number/SKILL.md": "name: 12\ndescription: d",
        "broken/SKILL.md": 'name: broken\ndescription: "open',
    }
    for file, head in texts.items():
        shared_sandbox.write(f"{project}/.opencode/skills/{file}", f"---\n{head}\n---\nbody\n")
    found = {one["name"] for one in server.get("/skill", directory=project) if one["location"] != "<built-in>"}
    assert found == {"good", "other-name", "nested", "at-the-root", "no-description", "extra"}


@pytest.mark.parametrize("kind", ["agent", "command"])
def test_a_name_in_front_matter_wins_over_the_file_s(kind: str, server: Server, shared_sandbox: Sandbox) -> None:
    project = shared_sandbox.project(f"named-{kind}")
    shared_sandbox.write(f"{project}/.opencode/{kind}s/x.md", "---\nname: other\n---\nnamed\n")
    names = {one["name"] for one in server.get(f"/{kind}", directory=project)}
    assert names & {"x", "other"} == {"other"}


@pytest.mark.parametrize("line", ["name: 12", "unknown: .inf"])
def test_some_values_pass_the_config_and_break_the_list_of_agents(
    line: str, server: Server, shared_sandbox: Sandbox
) -> None:
    project = shared_sandbox.project(f"unlisted-{line[0]}")
    shared_sandbox.write(f"{project}/.opencode/agents/x.md", f"---\n{line}\n---\nbody\n")
    assert server.request("GET", "/config", directory=project).status == 200
    assert server.request("GET", "/agent", directory=project).status == 400


SCALARS = {
    "yes": "yes",
    "off": "off",
    "True": True,
    "~": None,
    "NULL": None,
    "017": 15,
    "08": "08",
    "0o17": "0o17",
    "0x1F": 31,
    "0b11": 3,
    "1_000": 1000,
    "12:30": 750,
    "1e3": 1000,
    ".5": 0.5,
    "5.": 5,
    "+.5": "+.5",
    "1.2.3": "1.2.3",
    "2024-01-01": "2024-01-01T00:00:00.000Z",
    "2024-1-1": "2024-1-1",
    "=": "=",
    "!!str 12": "12",
    "'it''s'": "it's",
    r'"\x41\u0042\/"': "AB/",
}


def test_scalars_are_those_of_yaml_1_1_without_its_booleans(server: Server, shared_sandbox: Sandbox) -> None:
    project = shared_sandbox.project("scalars")
    lines = "".join(f"k{place}: {text}\n" for place, text in enumerate(SCALARS))
    shared_sandbox.write(f"{project}/.opencode/agents/x.md", f"---\n{lines}---\nbody\n")
    options = _agents(server, project)["x"]["options"]
    assert {text: options[f"k{place}"] for place, text in enumerate(SCALARS)} == SCALARS


def _agents(server: Server, project: Path) -> dict[str, dict[str, Any]]:
    listed = server.get("/agent", directory=project)
    return {agent["name"]: agent for agent in listed if agent["name"] not in BUILT_IN}


def _outcome(server: Server, project: Path, name: str = "x") -> Read | Open | Refused:
    answer = server.request("GET", "/config", directory=project)
    if answer.status == 400:
        issue = answer.body["data"]["issues"][0]
        return Refused("/".join(issue["path"]), issue["message"])
    agent = _agents(server, project)[name]
    denied = {"permission": "bash", "pattern": "*", "action": "deny"} in agent["permission"]
    if agent["mode"] == "subagent" and denied:
        return Read(agent["prompt"], agent["description"])
    assert (agent["mode"], agent["description"], denied) == ("all", None, False)
    return Open(agent["prompt"], agent["options"])


def _three(server: Server, project: Path) -> Three:
    """The agent, the command and the skill of the mended text, as this directory has them."""
    commands = server.get("/command", directory=project)
    skills = server.get("/skill", directory=project)
    return (
        _outcome(server, project),
        [(one["description"], one["agent"]) for one in commands if one["name"] == "x"],
        [one["description"] for one in skills if one["name"] == "by-skill"],
    )
