"""first.py answers as the whole program does, or not at all, whatever happened since the last look."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from reconciler import first
from tests.support import histories
from tests.support.histories import VERBS, Home

HOMES = 12


def settled(homes: list[Home]) -> None:
    """Looked at once all is older than the second in which that is."""
    time.sleep(1.1)
    for home in homes:
        for verb in VERBS:
            home.slow(*verb)


def _kept(home: Home, name: str) -> dict[str, Any]:
    with home.inside():
        said: dict[str, Any] = first.read(name)
        return said


def agrees(home: Home, told: str) -> None:
    for verb in VERBS:
        fast, slow = home.fast(*verb), home.slow(*verb)
        assert fast is None or (fast, 0) == slow, f"{' '.join(verb)} after {told}"


@pytest.fixture(scope="module")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("first"))


def test_nothing_moved_is_answered_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert [home.fast(*verb) for verb in VERBS] == [None] * len(VERBS)
    settled([home])
    for verb in VERBS:
        assert (home.fast(*verb), 0) == home.slow(*verb)
        assert (home.fast("-C", str(home.repo), *verb)) is None
    assert home.fast("plan", "agent") is None


def test_verify_believes_no_number_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    (home.config / "agents" / "bob.md").rename(home.home / "bob.md")
    (home.config / "agents" / "bob.md").symlink_to(home.home / "bob.md")
    settled([home])
    said = _kept(home, "verified")
    stood = dict(said["watched"]) | {said["index"]: said["written"]}
    monkeypatch.setattr(first, "state", stood.get)
    for path in ("agents/ada.md", "agents/bob.md", "opencode.jsonc", "../zed/settings.json"):
        histories.same_size(home.config / path)
        assert home.fast("plan", "--verify") is None, path
        histories.same_size(home.config / path)
        assert home.fast("plan", "--verify") is not None, path


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    home = Home(tmp_path)
    settled([home])
    for path in (home.config / "agents" / "ada.md", home.repo / "desired-state" / "agents" / "ada.md"):
        path.unlink()
        os.mkfifo(path)
        agrees(home, str(path))


def test_nothing_is_kept_of_files_of_which_only_the_index_says_that_they_are_unmodified(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.git("config", "core.autocrlf", "true")
    home.git("rm", "-rq", "--cached", ".")
    home.git("reset", "-q", "--hard")
    time.sleep(1.1)
    home.git("update-index", "--force-write-index")
    home.git("config", "core.autocrlf", "false")
    settled([home])
    home.git("read-tree", "--empty")
    home.git("read-tree", "HEAD")
    agrees(home, "an index that remembers nothing")
    assert home.narrow("plan") is None


def test_an_index_that_is_written_anew_and_says_the_same_is_the_same(tmp_path: Path) -> None:
    """git writes it whenever somebody asks how things stand, and before each hook of a commit."""
    home = Home(tmp_path)
    settled([home])
    home.git("update-index", "--force-write-index")
    for verb in VERBS:
        assert (home.fast(*verb), 0) == home.slow(*verb)
    home.git("update-index", "--force-write-index")
    assert None not in [home.fast(*verb) for verb in VERBS]


@pytest.mark.parametrize("number", range(len(histories.ON_HOMES)))
def test_each_thing_that_may_happen(tmp_path: Path, number: int, ready: dict[int, Home]) -> None:
    home = ready[number]
    histories.ON_HOMES[number](home)
    agrees(home, str(number))


@pytest.mark.parametrize("number", range(len(histories.ON_FILES)))
def test_each_thing_that_may_happen_to_a_file(number: int, ready: dict[int, Home]) -> None:
    for turn, top in enumerate((".config/opencode/agents/ada.md", "desired-state/agents/ada.md")):
        home = ready[len(histories.ON_HOMES) + 2 * number + turn]
        histories.ON_FILES[number]((home.repo if turn else home.home) / top)
        agrees(home, f"{number} {top}")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Home]:
    """Homes enough for everything, that waited together."""
    count = len(histories.ON_HOMES) + 2 * len(histories.ON_FILES)
    homes = [Home(tmp_path_factory.mktemp("home")) for _ in range(count)]
    settled(homes)
    return dict(enumerate(homes))


@pytest.mark.parametrize("seed", [1, 2])
def test_random_histories(tmp_path: Path, seed: int) -> None:
    homes = [Home(tmp_path / str(number)) for number in range(HOMES)]
    chance = random.Random(seed)
    told: dict[Path, list[str]] = {home.repo: [] for home in homes}
    for _ in range(2):
        settled(homes)
        for home in list(homes):
            for _ in range(chance.randrange(1, 3)):
                try:
                    told[home.repo].append(histories.happen(home, chance))
                except (OSError, AssertionError):
                    continue  # it cannot happen twice, or after the one before
            agrees(home, "; ".join(told[home.repo]))


def test_what_others_wrote_into_the_cache_is_not_believed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    settled([home])
    kept = home.cache / "first" / "plan"
    good = kept.read_bytes()
    assert home.fast("plan") is not None
    for bad in (b"", b"x", good[:-1], good[:40], b"reconcile witness 0\n" + good[20:], good + b"x"):
        kept.write_bytes(bad)
        assert home.fast("plan") is None
    kept.write_bytes(good)
    assert home.fast("plan") is not None
    kept.chmod(0o644)
    assert home.fast("plan") is None
    kept.chmod(0o600)
    shutil.rmtree(home.cache / "first" / "git")
    assert home.fast("plan") is None
    home.slow("plan")
    assert home.fast("plan") is not None
