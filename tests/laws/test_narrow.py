"""A narrow look answers as a whole one does, or not at all, whatever happened since all was in step."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from reconciler import registry
from reconciler.pipeline.load import at_fault
from reconciler.world.git import GitRepository
from tests.support import histories
from tests.support.histories import Home

VERBS = (("plan",), ("check",), ("plan", "--json"))
HOMES = 12


def settled(homes: list[Home]) -> None:
    """All looked at once everything is older than the second in which that is."""
    time.sleep(1.1)
    for home in homes:
        home.slow("plan")


def agrees(home: Home, told: str, more: Sequence[tuple[str, ...]] = ()) -> int:
    """How many answers a narrow look gave."""
    given = 0
    for verb in (*VERBS, *more):
        narrow, whole = home.narrow(*verb), home.whole(*verb)
        assert narrow is None or _less_sealed(*narrow) == _less_sealed(*whole), f"{' '.join(verb)} after {told}"
        given += narrow is not None
    return given


def _less_sealed(said: str, status: int) -> tuple[str, int]:
    """The same but for what is sealed anew each time."""
    return re.sub(r'"sealed": "[^"]*"', "", said), status


def _append(path: str) -> Callable[[Home], object]:
    def edit(home: Home) -> None:
        with (home.folder / path).open("a") as file:
            file.write("more\n")

    return edit


def _over(path: str) -> Callable[[Home], object]:
    """As an editor saves: another file takes its place."""

    def save(home: Home) -> None:
        at = home.folder / path
        other = at.with_name("other~")
        other.write_bytes(at.read_bytes() + b"more\n")
        other.rename(at)

    return save


def _all(*edits: Callable[[Home], object]) -> Callable[[Home], object]:
    return lambda home: [edit(home) for edit in edits]


def _commit(home: Home) -> None:
    home.commit()


def _reset(home: Home) -> None:
    home.git("reset", "-q", "--hard", "HEAD~1")


def _apply(home: Home) -> None:
    home.slow("apply", "--yes")


def _by_hand(path: str, text: str) -> Callable[[Home], object]:
    return lambda home: (home.folder / path).write_text(text)


AGENT = histories.AGENT.format("n", "n")
LIVE = "home/.config/opencode/agents/ada.md"
SAID = "repo/desired-state/agents/ada.md"
NARROW: dict[str, Callable[[Home], object]] = {
    "nothing": lambda home: None,
    "a live file": _append(LIVE),
    "a live file, saved by an editor": _over(LIVE),
    "a live file that is gone": lambda home: (home.folder / LIVE).unlink(),
    "a source": _append(SAID),
    "a source, saved by an editor": _over(SAID),
    "a source, committed": _all(_append(SAID), _commit),
    "a source, staged": _all(_append(SAID), lambda home: home.git("add", "-A")),
    "a source and its file, alike": _all(_append(SAID), _append(LIVE)),
    "a source and its file, each its way": _all(_append(SAID), _append(LIVE), _append(LIVE)),
    "a source, applied": _all(_append(SAID), _apply),
    "a source, applied, and edited again": _all(_append(SAID), _apply, _append(SAID)),
    "a drift, applied, and another": _all(_append(LIVE), _apply, _append("home/.config/opencode/agents/bob.md")),
    "a source, applied, and taken back": _all(_append(SAID), _commit, _apply, _reset),
    "another machine's settings": _by_hand("repo/desired-state/hosts/other/zed/settings.yaml", "tab_size: 9\n"),
    "settings": _by_hand("repo/desired-state/zed/settings.yaml", "tab_size: 8\n"),
    "live settings": _by_hand("home/.config/zed/settings.json", '{"tab_size": 3}\n'),
    "another branch": _all(_append(SAID), lambda home: home.git("checkout", "-q", "-b", "other"), _commit),
    "an empty commit": lambda home: home.git("commit", "-q", "--allow-empty", "-m", "x"),
    "a suspension": lambda home: home.slow("suspend", "agent/bob", "--reason", "x"),
    "a file of nobody's": _by_hand("home/.config/opencode/agents/notes.txt~", ""),
}  # fmt: skip
WARNED: dict[str, Callable[[Home], object]] = {
    "an agent": _append(SAID),
    "a live agent": _append(LIVE),
    "the one that is warned of, the same": _append("repo/desired-state/agents/bob.md"),
    "the one that is warned of, mended": lambda home: home.say("agents/bob.md", histories.AGENT.format("bob", "bob")),
    "the one that is warned of, elsewhere": lambda home: home.say("agents/bob.md", f"---\nmode: all\n{UNKNOWN[4:]}"),
    "settings that mend it": lambda home: home.say("opencode/settings.yaml", "provider: {x: {}, nowhere: {}}\n"),
}
UNKNOWN = "---\ndescription: b\nmodel: nowhere/b\n---\nYou.\n"
WIDE: dict[str, Callable[[Home], object]] = {
    "a source more": _by_hand("repo/desired-state/agents/eve.md", histories.AGENT.format("eve", "eve")),
    "a source less": lambda home: (home.folder / SAID).unlink(),
    "a broken source": _by_hand(SAID, "---\nmode: 7\n---\n"),
    "a warning": _by_hand(SAID, "---\ndescription: a\nmodel: nowhere/x\n---\n"),
    "another name": _by_hand(SAID, "---\nname: bob\ndescription: a\nmode: subagent\n---\n"),
    "another machine's mistake": _by_hand("repo/desired-state/hosts/other/zed/settings.yaml", "tab_size: [\n"),
    "another machine's agent": lambda home: home.say("hosts/other/agents/ada.md", "---\ndescription: o\n---\n"),
    "reconcile.yaml": _by_hand("repo/desired-state/reconcile.yaml", "id: mine\nmodes:\n  agent: ignore\n"),
    "a mode": lambda home: (home.folder / SAID).chmod(0o755),
    "attributes": _by_hand("repo/.gitattributes", "*.md filter=x\n"),
    "a live file more": _by_hand("home/.config/opencode/agents/eve.md", ""),
    "a release": lambda home: home.slow("release", "agent/ada", "--yes"),
    "the state": lambda home: shutil.rmtree(home.state),
}

SETTINGS = "model: x/b\nprovider:\n  x:\n    options:\n      apiKey: '{env:BENCH_TOKEN}'\n"
SERVERS = {"mcp": {f"s{number}": {"command": ["true"]} for number in range(12)}}


def _says(**texts: str) -> Callable[[Home], object]:
    """Files of desired state, with `__` for a slash; all of them `.yaml`, but for agents."""

    def say(home: Home) -> None:
        for name, text in texts.items():
            path = name.replace("__", "/")
            home.say(f"{path}{'.md' if path.startswith('agents/') else '.yaml'}", text)

    return say


def _stood(home: Home) -> None:
    """An agent stood here before git named it."""
    (home.config / "agents" / "eve.md").write_text(histories.AGENT.format("eve", "eve"))


def _linked_rival(home: Home) -> None:
    (home.config / "agent").mkdir()
    (home.config / "agent" / "ada.md").symlink_to(home.config / "agents" / "bob.md")


def _out_of_the_tree(home: Home) -> None:
    home.git("update-index", "--skip-worktree", "desired-state/agents/ada.md")
    (home.folder / SAID).unlink()


def _faulty(home: Home) -> None:
    """An agent whose mistake is known here, and nowhere else."""
    home.say("agents/bob.md", "---\ndescription: b\nmode: whatever\n---\nYou.\n")
    found = at_fault(GitRepository(str(home.repo)).tree("work"), registry.KINDS, registry.PENDING)
    known = "".join(f"  - object: {fault.ref}\n    digest: {fault.digest}\n" for fault in found)
    home.say("hosts/laptop/reconcile.yaml", f"known_problems:\n{known}")


def _ends_lines(home: Home) -> None:
    """A variable has git end lines as Windows does."""
    said = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.autocrlf", "GIT_CONFIG_VALUE_0": "true"}
    home.variables |= said
    home.git("rm", "-rq", "--cached", ".")
    home.git("reset", "-q", "--hard")


EVE = _says(agents__eve=histories.AGENT.format("eve", "eve"))
OF_X = _says(agents__bob="---\ndescription: b\nmodel: x/b\n---\nYou.\n")
# What all rests on, and what moves then: each of them told more than the resources that moved.
FAR: dict[str, tuple[Callable[[Home], object], Callable[[Home], object]]] = {
    "a subagent that settings take by default": (OF_X, _says(opencode__settings=f"{SETTINGS}default_agent: ada\n")),
    "a provider that settings have no more": (OF_X, _says(opencode__settings="model: openai/b\n")),
    "a provider that stands here no more": (
        _all(
            _by_hand("home/.config/opencode/opencode.json", '{"provider": {"here": {}}}'),
            _says(agents__bob="---\ndescription: b\nmodel: here/b\n---\nYou.\n"),
        ),
        _by_hand("home/.config/opencode/opencode.json", "{}"),
    ),
    "another machine's providers": (
        _all(OF_X, _says(hosts__other__opencode__settings="model: openai/b\nprovider: !remove\n")),
        lambda home: None,
    ),
    "another machine's providers, from now on": (
        _all(OF_X, _says(hosts__other__opencode__settings="small_model: openai/b\n")),
        _says(hosts__other__opencode__settings="model: openai/b\nprovider: !remove\n"),
    ),
    "a file of this machine's that is left alone": (
        _says(hosts__laptop__reconcile="modes:\n  agent: ignore\n"),
        _append(LIVE),
    ),
    "a problem that is known on one machine": (_faulty, lambda home: None),
    "a rival behind a link": (lambda home: None, _linked_rival),
    "a folder's attributes": (
        lambda home: None,
        _by_hand("repo/desired-state/agents/.gitattributes", "*.md filter=x\n"),
    ),
    "a folder's attributes, edited": (
        _by_hand("repo/desired-state/agents/.gitattributes", "\n"),
        _by_hand("repo/desired-state/agents/.gitattributes", "*.md filter=x\n"),
    ),
    "a source kept out of the work tree": (_out_of_the_tree, lambda home: None),
    "few of many objects that go": (
        _all(_says(opencode__settings="model: openai/b\n"), *(_says(**{f"agents__n{n}": AGENT}) for n in range(9))),
        _says(opencode__settings="{}\n", zed__settings="{}\n"),
    ),
    "many objects that go": (_says(all=json.dumps(SERVERS)), _says(all="{}\n")),
    "what stood here, released": (
        _all(_stood, EVE),
        lambda home: home.slow("release", "agent/eve", "--yes"),
    ),
    "what stood here, adopted, and named no more": (
        _stood,
        _all(EVE, _apply, lambda home: (home.repo / "desired-state/agents/eve.md").unlink()),
    ),
    "a setting of git's that a variable gives": (
        _ends_lines,
        _all(
            lambda home: home.variables.update({"GIT_CONFIG_VALUE_0": "false"}),
            lambda home: home.git("read-tree", "--empty"),
            lambda home: home.git("read-tree", "HEAD"),
        ),
    ),
    "a file in the repository": (lambda home: home.say("files/repository/NOTES.md", "x\n"), _append(SAID)),
}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """Homes enough for everything, that waited together."""
    homes = {told: Home(tmp_path_factory.mktemp("home")) for told in (*NARROW, *WIDE)}
    settled([*homes.values()])
    return homes


@pytest.mark.parametrize("told", NARROW)
def test_what_is_answered_narrowly(told: str, ready: dict[str, Home]) -> None:
    NARROW[told](ready[told])
    assert agrees(ready[told], told) == len(VERBS)
    assert applied(ready[told]), told


def applied(home: Home) -> bool:
    """Whether an apply does the same after either look."""
    before = home.folder.with_name(f"{home.folder.name}-before")
    shutil.copytree(home.folder, before, symlinks=True)
    narrow = home.narrow("apply", "--yes"), _left(home)
    shutil.rmtree(home.folder)
    before.rename(home.folder)
    return narrow == (home.whole("apply", "--yes"), _left(home))


def _left(home: Home) -> list[object]:
    """What stands below the roots, and what we own there."""
    with closing(sqlite3.connect(home.state / "state.db")) as db:
        rows = db.execute("SELECT * FROM owned ORDER BY root, path, item").fetchall()
    stands = sorted(path for path in (home.home / ".config").rglob("*") if path.is_file())
    return [*rows, *((path, path.stat().st_mode, path.read_bytes()) for path in stands)]


@pytest.mark.parametrize("told", WIDE)
def test_what_is_looked_at_whole(told: str, ready: dict[str, Home]) -> None:
    WIDE[told](ready[told])
    agrees(ready[told], told)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    homes = {told: Home(tmp_path_factory.mktemp("home")) for told in FAR}
    for told, home in homes.items():
        FAR[told][0](home)
        home.git("add", "-A")
        home.git("commit", "-q", "--allow-empty", "-m", "more")
        assert home.slow("apply", "--yes")[1] == 0, told
    settled([*homes.values()])
    return homes


@pytest.mark.parametrize("told", FAR)
def test_what_is_told_of_more_than_moved(told: str, far: dict[str, Home]) -> None:
    home = far[told]
    said, status = home.slow("plan")
    assert said.strip().rpartition("\n")[2].startswith("in step") and not status, told
    FAR[told][1](home)
    agrees(home, told, (("plan", "--allow-delete", "12"),))


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """Homes in step, of which one agent has a warning."""
    homes = {told: Home(tmp_path_factory.mktemp("home")) for told in WARNED}
    for home in homes.values():
        home.say("agents/bob.md", UNKNOWN)
        home.commit()
        home.slow("apply", "--yes")
    settled([*homes.values()])
    return homes


@pytest.mark.parametrize("told", WARNED)
def test_a_warning_is_told_as_long_as_it_stands(told: str, warned: dict[str, Home]) -> None:
    WARNED[told](warned[told])
    narrow = told in ("an agent", "a live agent", "the one that is warned of, the same")
    assert agrees(warned[told], told) == len(VERBS) * narrow


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_histories(tmp_path: Path, seed: int) -> None:
    homes = [Home(tmp_path / str(number)) for number in range(HOMES)]
    chance = random.Random(seed)
    told: dict[Path, list[str]] = {home.repo: [] for home in homes}
    given = 0
    for _ in range(2):
        settled(homes)
        for home in list(homes):
            for _ in range(chance.randrange(1, 4)):
                happened = chance.choice([*NARROW, *NARROW, ""])
                try:
                    told[home.repo].append(happened or histories.happen(home, chance))
                    NARROW.get(happened, lambda home: None)(home)
                except (OSError, AssertionError):
                    continue  # it cannot happen twice, or after the one before
            given += agrees(home, "; ".join(told[home.repo]))
    assert given > HOMES
