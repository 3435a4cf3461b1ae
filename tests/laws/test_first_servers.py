"""Where there are servers, first.py answers as the whole program does, or not at all, whatever happened to them."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler import first_servers
from reconciler.world import processes
from tests.support import histories
from tests.support.histories import VERBS
from tests.support.served_homes import HAPPENS, QUIET, ServedHome

HOMES = 3
SLOW = ("it hangs", "it is slow")
"""Of these a whole look waits for an answer, several times."""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looked at at once on Linux alone")


def settled(homes: list[ServedHome]) -> None:
    """Looked at once all is older than the second in which that is."""
    time.sleep(1.1)
    for home in homes:
        for verb in VERBS:
            home.slow(*verb)


def agrees(home: ServedHome, told: str, verbs: Sequence[tuple[str, ...]] = VERBS) -> int:
    """How many answers were given at once."""
    given = 0
    for verb in verbs:
        fast, slow = home.fast(*verb), home.slow(*verb)
        assert fast is None or (fast, 0) == slow, f"{' '.join(verb)} after {told}"
        given += fast is not None
    return given


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ServedHome]]:
    """Homes enough for everything, that waited together."""
    homes = {told: ServedHome(tmp_path_factory.mktemp("home")) for told in ("", *HAPPENS)}
    try:
        settled([*homes.values()])
        yield homes
    finally:
        for home in homes.values():
            home.end()


def test_servers_that_go_on_are_answered_at_once(ready: dict[str, ServedHome]) -> None:
    assert agrees(ready[""], "nothing") == len(VERBS)


def test_no_password_is_kept(ready: dict[str, ServedHome]) -> None:
    home = ready[""]
    words = Path(f"/proc/{home.pid('locked')}/environ").read_bytes().split(b"\0")
    password = next(w for w in words if w.startswith(b"OPENCODE_SERVER_PASSWORD=")).partition(b"=")[2]
    kept = [path for path in home.cache.rglob("*") if path.is_file()]
    assert len(password) > 20
    assert not [path for path in kept if password in path.read_bytes()]


def test_where_the_kernel_has_no_files_ps_is_asked(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS. Nobody's variables are looked at there: one with a password is for the program itself."""
    monkeypatch.setattr(processes, "LINUX", False)
    monkeypatch.setattr(first_servers, "LINUX", False)
    home = ServedHome(tmp_path_factory.mktemp("home"))
    try:
        settled([home])
        assert agrees(home, "nothing, beside a password") == 0
        (home.repo / "desired-state/servers/locked.yaml").unlink()
        home.commit()
        assert home.slow("apply", "--yes")[1] == 0
        settled([home])
        assert agrees(home, "nothing") == len(VERBS)
        HAPPENS["it is started by hand in its place"](home)
        assert agrees(home, "another one in its place", VERBS[:1]) == 0
    finally:
        home.end()


@pytest.mark.parametrize("told", HAPPENS)
def test_each_thing_that_may_happen_to_servers(told: str, ready: dict[str, ServedHome]) -> None:
    home = ready[told]
    HAPPENS[told](home)
    verbs = VERBS[:1] if told in SLOW else VERBS
    given = agrees(home, told, verbs)
    assert (given == len(verbs)) == (told in QUIET), f"{given} answers"


@pytest.mark.parametrize("seed", [1, 2])
def test_random_histories_of_servers(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    homes = [ServedHome(tmp_path_factory.mktemp("home")) for _ in range(HOMES)]
    chance = random.Random(seed)
    told: dict[str, list[str]] = {str(home.repo): [] for home in homes}
    try:
        for _ in range(3):
            settled(homes)
            for home in homes:
                for _ in range(chance.randrange(1, 3)):
                    with suppress(OSError, AssertionError, ValueError):
                        what = chance.choice([*HAPPENS, ""])
                        told[str(home.repo)].append(what or histories.happen(home, chance))
                        HAPPENS.get(what, lambda home: None)(home)
                agrees(home, "; ".join(told[str(home.repo)]))
                home.slow("apply", "--yes")
    finally:
        for home in homes:
            home.end()
