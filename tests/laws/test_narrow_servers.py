"""Where there are servers, a narrow look answers as a whole one does, or not at all: they are looked at each time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.served_homes import HAPPENS, ServedHome

VERBS = (("plan",), ("check",), ("plan", "--json"))
SAID = "agents/ada.md"
TEXT = "---\ndescription: other\nmode: subagent\n---\nYou are another.\n"


def _agent(home: ServedHome) -> None:
    home.say(SAID, TEXT)


def _live(home: ServedHome) -> None:
    (home.config / SAID).write_text(TEXT)


def _both(home: ServedHome) -> None:
    _agent(home)
    _live(home)


def _committed(home: ServedHome) -> None:
    _agent(home)
    home.commit()


def _applied(home: ServedHome) -> None:
    """Both servers load it anew; another agent moves then."""
    _committed(home)
    home.slow("apply", "--yes")
    home.say("agents/bob.md", TEXT)


def _and(what: str) -> Callable[[ServedHome], object]:
    return lambda home: (_agent(home), HAPPENS[what](home))


NARROW: dict[str, Callable[[ServedHome], object]] = {
    "an agent": _agent,
    "a live agent": _live,
    "both, alike": _both,
    "an agent, committed": _committed,
    "an agent, applied, and another": _applied,
    "a command that no server knows": lambda home: home.say("files/opencode/AGENTS.md", "# Other rules\n"),
    "a live file that is gone": lambda home: (home.config / SAID).unlink(),
    "its folder cannot be loaded": HAPPENS["its folder cannot be loaded"],
    "its project has an agent": HAPPENS["its project has an agent"],
    **{
        f"an agent, and {what}": _and(what)
        for what in (
            "a server is killed", "it is stopped", "it is restarted", "it is started by hand in its place", "it is ill",
            "a stranger takes its port", "a stranger takes the port of one that is stopped", "its note is lost",
            "it takes another password", "what it loaded is lost", "its note says that it is not ours",
            "git wants it stopped",
        )
    },
}  # fmt: skip
WIDE = ("it has too many sessions", "git wants another one", "an agent behind a link", "git wants fewer sessions")
"""What is looked at whole, or may be."""


def agrees(home: ServedHome, told: str) -> int:
    """How many answers a narrow look gave."""
    given = 0
    for verb in VERBS:
        narrow, whole = home.narrow(*verb), home.whole(*verb)
        assert narrow is None or _steady(*narrow) == _steady(*whole), f"{' '.join(verb)} after {told}"
        given += narrow is not None
    return given


def _steady(said: str, status: int) -> tuple[str, int]:
    """Less what is another with each look."""
    return re.sub(r'"(sealed|seconds)": ("[^"]*"|[0-9.e-]+)', "", said), status


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ServedHome]]:
    """Homes enough for everything, that waited together."""
    homes = {told: ServedHome(tmp_path_factory.mktemp("home")) for told in (*NARROW, *WIDE)}
    try:
        time.sleep(1.1)
        for home in homes.values():
            home.slow("plan")
        yield homes
    finally:
        for home in homes.values():
            home.end()


@pytest.mark.parametrize("told", NARROW)
def test_what_is_answered_narrowly_beside_servers(told: str, ready: dict[str, ServedHome]) -> None:
    NARROW[told](ready[told])
    assert agrees(ready[told], told) == len(VERBS)


@pytest.mark.parametrize("told", WIDE)
def test_what_is_told_of_more_than_moved_beside_servers(told: str, ready: dict[str, ServedHome]) -> None:
    HAPPENS[told](ready[told])
    agrees(ready[told], told)


@pytest.mark.parametrize("happens", [_agent, _live, NARROW["an agent, and a server is killed"]])
def test_an_apply_does_the_same_after_either_look(
    happens: Callable[[ServedHome], object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    twins = [ServedHome(tmp_path_factory.mktemp("home")) for _ in range(2)]
    try:
        time.sleep(1.1)
        said = []
        for home, way in zip(twins, (ServedHome.narrow, ServedHome.whole), strict=True):
            home.slow("plan")
            happens(home)
            pids = [home.pid("runs"), home.pid("locked")]
            told = way(home, "apply", "--yes")
            assert told is not None
            kept = [pid == home.pid(name) for name, pid in zip(("runs", "locked"), pids, strict=True)]
            said.append((_alike(home, told[0]), told[1], kept, _alike(home, home.slow("plan")[0])))
        assert said[0] == said[1]
    finally:
        for home in twins:
            home.end()


def _alike(home: ServedHome, said: str) -> str:
    """Without the numbers and commits of one home."""
    for name, port in home.ports.items():
        said = said.replace(str(port), name)
    return re.sub(r"process \d+|\b[0-9a-f]{7}\b", "", said)
