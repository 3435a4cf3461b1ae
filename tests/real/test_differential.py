"""Validation alone refuses whatever `opencode debug config` refuses: on every corpus home, and on mutated ones.

`GET /config` and `GET /agent` of a running server ask the same code as `debug config`, in a tenth of the time.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import registry
from reconciler.formats import jsonc
from reconciler.model.problem import Invalid, Severity
from reconciler.model.resource import File, Revision, Source
from reconciler.model.world import Tree
from reconciler.pipeline.load import load
from tests.support import homes
from tests.support.opencode import Sandbox, Server

SHORT, LONG = range(12), range(12, 212)
HOMES = [home for home in homes.real() if (home / "opencode").is_dir()]

# Errors of ours that the program takes, each with the reason: it loads them with more allowed than they say.
STRICTER = {
    "nothing is denied": "a permission under a name that it does not ask for",
    "the agent stays on": "`disabled` is no key of its",
    "never counts": "a rule is undone by a later one",
    "never matches": "a pattern that no command can have",
    "matches no such command": "a pattern in another program's language",
    "with every permission allowed": "front matter that it can't read is part of the prompt",
    "would take the whole file for the prompt": "likewise, and the agent that the command names is lost",
    "OpenCode ignores it: name an agent with that `permission`": "a permission in a command, which has none",
    "did you mean `permission`? OpenCode ignores this one": "a permission under another name",
}
VALUES: list[Any] = ["true", "x", 0, -1, 1.5, True, None, [], {}, ["a"], {"a": "b"}, "ask", "Deny"]
LINES = (
    "mode: subagnet", "temperature: '0.3'", "steps: 0", "color: blue", "hidden: yes", "permission:\n  bash: no",
    "tools: [bash]", "description: 12:30", "disable: 'false'", "model: [a]", "permission:\n  bash:\n    '*': maybe",
    "variant: 3", "options: x", "permission:", "top_p: all", "subtask: 'no'", "agent: 3", "mode: all", "foo: 1",
)  # fmt: skip
"""Front matter that breaks some files and others not."""


@pytest.fixture(scope="module")
def server(shared_sandbox: Sandbox) -> Iterator[Server]:
    with shared_sandbox.serve(env={"OPENCODE_PURE": "1"}) as running:  # plugins would be fetched
        yield running


def refused(home: Path) -> list[str]:
    """Every error of ours in the files of a home, each taken as desired state as it stands."""
    texts = [path for kind in ("agent", "command") for path in sorted(home.glob(f"{kind}*/**/*.md")) if path.is_file()]
    errors: list[str] = []
    for path in texts:
        kind, _, name = str(path.relative_to(home)).partition("/")
        errors += _errors(f"{kind.removesuffix('s')}s/{name}", path)
    for name in ("config.json", "opencode.json", "opencode.jsonc"):
        errors += _errors("opencode/settings.json", home / name) if (home / name).is_file() else []
    return errors


def _errors(path: str, file: Path) -> list[str]:
    source = Source(f"desired-state/{path}", File(file.read_bytes()))
    try:
        load(Tree(Revision("work", ""), (source,)), registry.KINDS, registry.PENDING)
    except Invalid as error:
        return [str(problem) for problem in error.problems if problem.severity is Severity.ERROR]
    return []


def staged(home: Path, sandbox: Sandbox, name: str) -> Path:
    """The home's OpenCode folder as a project's own: merged and checked by the same code."""
    folder = sandbox.project(name)
    shutil.copytree(home, folder / ".opencode", dirs_exist_ok=True, ignore=shutil.ignore_patterns("plugin*", "tool*"))
    for config in (folder / ".opencode").glob("*.json*"):  # validation alone sees no file that `{file:…}` names
        for named in re.findall(r"\{file:([^}]+)\}", config.read_text(errors="replace")):
            at = folder / ".opencode" / named
            if not named.startswith(("~", "/")) and not at.exists():
                at.parent.mkdir(parents=True, exist_ok=True)
                at.write_text("x")
    return folder


def accepted(server: Server, folder: Path) -> tuple[bool, Any]:
    answers = [server.request("GET", route, directory=folder) for route in ("/config", "/agent")]
    return all(answer.status == 200 for answer in answers), [a.body for a in answers if a.status != 200]


def compare(home: Path, server: Server, sandbox: Sandbox, name: str) -> None:
    taken, said = accepted(server, staged(home, sandbox, name))
    ours = refused(home)
    if not taken:
        assert ours, f"{name}: the program says {said}"
    else:
        assert not [error for error in ours if not any(part in error for part in STRICTER)]


@pytest.mark.skipif(not HOMES, reason=homes.REASON)
@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_a_real_home(home: Path, server: Server, shared_sandbox: Sandbox, tmp_path: Path) -> None:
    copied = tmp_path / "opencode"
    shutil.copytree(home / "opencode", copied)
    compare(copied, server, shared_sandbox, home.name)


@pytest.mark.skipif(not HOMES, reason=homes.REASON)
@pytest.mark.parametrize("seed", [*SHORT, *(pytest.param(n, marks=pytest.mark.soak) for n in LONG)])
def test_a_mutated_home(seed: int, server: Server, shared_sandbox: Sandbox, tmp_path: Path) -> None:
    chance = random.Random(seed)
    copied = tmp_path / "opencode"
    shutil.copytree(chance.choice(HOMES) / "opencode", copied)
    mutate(copied, chance)
    compare(copied, server, shared_sandbox, f"mutated-{seed}")


def mutate(home: Path, chance: random.Random) -> None:
    """One change that a person or an agent might make by mistake."""
    texts = sorted([*home.glob("agent*/**/*.md"), *home.glob("command*/**/*.md")])
    configs = [path for name in ("opencode.json", "opencode.jsonc") if (path := home / name).is_file()]
    if texts and (not configs or chance.random() < 0.5):
        _in_front_matter(chance.choice(texts), chance)
    elif configs:
        _in_config(chance.choice(configs), chance)
    else:
        (home / "opencode.json").write_text(json.dumps({"share": chance.choice(VALUES)}))


def _in_front_matter(path: Path, chance: random.Random) -> None:
    """A line more, a line less, or a line out of its place."""
    lines = path.read_text(errors="replace").split("\n")
    end = next((n for n, line in enumerate(lines[1:], 1) if line.startswith("---")), 0)
    line = chance.choice(LINES)
    if not end:
        path.write_text(f"---\n{line}\n---\n" + "\n".join(lines))
        return
    key = line.partition(":")[0]
    at = next((n for n in range(1, end) if lines[n].startswith(key + ":")), None)
    if at is None:
        lines.insert(end, line)
    elif ":\n" not in line:
        lines[at] = line
    path.write_text("\n".join(lines))


def _in_config(path: Path, chance: random.Random) -> None:
    """One value that is another."""
    said = jsonc.loads(jsonc.decode(path.read_bytes()))
    places = list(_places(said))
    if chance.random() < 0.15 or not places:
        text = path.read_text()
        cut = chance.randrange(1, len(text))
        path.write_text(text[:cut] + text[cut + 1 :])
        return
    holder, key = chance.choice(places)
    holder[key] = chance.choice(VALUES)
    path.write_text(json.dumps(said, indent=2))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(entries):
        yield value, key
        yield from _places(item)
