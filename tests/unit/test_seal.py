"""The user's own key and identity: made once, for them alone, and never replaced in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.problem import Invalid
from reconciler.world.seal import Seal, private_folder

CLEAR = b"hunter2 " * 40


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "share" / "reconciler"


def seal(folder: Path) -> Seal:
    return Seal(str(folder), str(folder.parents[1]))


def problem(error: pytest.ExceptionInfo[Invalid]) -> str:
    (found,) = error.value.problems
    assert found.hint
    return str(found)


def test_looking_makes_nothing(folder: Path) -> None:
    one = seal(folder)
    assert len(one.key()) == 32
    assert one.key() == one.key()
    assert not one.marked
    assert not folder.parent.exists()


def test_the_key_that_was_made_up_is_the_one_that_is_kept(folder: Path) -> None:
    one = seal(folder)
    before = one.key()
    one.keep()
    assert one.key() == before == seal(folder).key() == (folder / "key").read_bytes()


def test_two_users_have_two_keys(folder: Path, tmp_path: Path) -> None:
    assert seal(folder).key() != seal(tmp_path / "other").key()


def test_folder_and_files_are_for_their_user_alone(folder: Path) -> None:
    old = os.umask(0)
    try:
        one = seal(folder)
        one.keep()
        one.mark("~/state.db")
    finally:
        os.umask(old)
    assert mode(folder) == mode(folder.parent) == 0o700
    names = {"key", "identity", "marker", ".gitignore"}
    assert {path.name: mode(path) for path in folder.iterdir()} == dict.fromkeys(names, 0o600)


def test_a_folder_that_stood_open_is_closed(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    seal(folder).keep()
    assert mode(folder) == 0o700


def test_what_is_sealed_is_opened_by_the_same_user_only(folder: Path, tmp_path: Path) -> None:
    sealed = seal(folder).seal(CLEAR)
    assert CLEAR[:8] not in sealed
    assert seal(folder).unseal(sealed) == CLEAR
    other = seal(tmp_path / "other")
    other.keep()
    with pytest.raises(Invalid) as error:
        other.unseal(sealed)
    assert "does not open what was sealed" in problem(error)


def test_sealing_twice_shows_nobody_that_it_is_the_same(folder: Path) -> None:
    assert seal(folder).seal(CLEAR) != seal(folder).seal(CLEAR)


def test_what_was_tampered_with_stays_shut(folder: Path) -> None:
    sealed = seal(folder).seal(CLEAR)
    for broken in (sealed[:-3], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", b"not sealed at all"):
        with pytest.raises(Invalid):
            seal(folder).unseal(broken)


def test_a_seal_in_memory_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = Seal.in_memory(b"k" * 32)
    one.keep()
    one.mark("nowhere")
    assert one.key() == b"k" * 32
    assert not one.marked
    assert one.unseal(one.seal(CLEAR)) == CLEAR
    assert list(tmp_path.iterdir()) == []


def test_the_marker_stays_as_it_was_first_written(folder: Path) -> None:
    seal(folder).mark("~/one.db")
    first = (folder / "marker").read_text()
    seal(folder).mark("~/other.db")
    assert "~/one.db" in first
    assert (folder / "marker").read_text() == first
    assert seal(folder).marked


@pytest.mark.parametrize("name", ["key", "identity"])
def test_nothing_new_takes_the_place_of_what_a_state_needs(folder: Path, name: str) -> None:
    one = seal(folder)
    one.keep()
    one.mark("~/state.db")
    (folder / name).unlink()
    with pytest.raises(Invalid) as error:
        seal(folder).keep()
    assert f"~/reconciler/{name}" in problem(error).replace("share/", "")
    with pytest.raises(Invalid):
        seal(folder).seal(CLEAR)
    assert not (folder / name).exists()


def test_the_key_of_a_state_must_be_there(folder: Path) -> None:
    with pytest.raises(Invalid) as error:
        seal(folder).key(of_state=True)
    assert "is gone" in problem(error)
    assert not folder.exists()


def test_with_the_state_gone_one_may_begin_anew(folder: Path) -> None:
    seal(folder).mark("~/state.db")
    seal(folder).keep(anew=True)
    assert len(seal(folder).key()) == 32


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_said_and_stays(folder: Path, content: bytes) -> None:
    seal(folder).keep()
    (folder / "key").write_bytes(content)
    acts: list[Callable[[], object]] = [lambda: seal(folder).key(), lambda: seal(folder).keep(anew=True)]
    for act in acts:
        with pytest.raises(Invalid) as error:
            act()
        assert f"damaged: {len(content)} bytes, not 32" in problem(error)
    assert (folder / "key").read_bytes() == content


def test_a_damaged_identity_is_said_and_stays(folder: Path) -> None:
    sealed = seal(folder).seal(CLEAR)
    (folder / "identity").write_text("AGE-SECRET-KEY-WHAT")
    acts: list[Callable[[], object]] = [lambda: seal(folder).unseal(sealed), lambda: seal(folder).seal(CLEAR)]
    for act in acts:
        with pytest.raises(Invalid) as error:
            act()
        assert "damaged" in problem(error)
    assert (folder / "identity").read_text() == "AGE-SECRET-KEY-WHAT"


def test_a_lost_identity_is_said_when_something_must_be_opened(folder: Path) -> None:
    sealed = seal(folder).seal(CLEAR)
    (folder / "identity").unlink()
    with pytest.raises(Invalid) as error:
        seal(folder).unseal(sealed)
    assert "is gone" in problem(error)


def test_another_key_made_meanwhile_is_not_mixed_with_ours(folder: Path) -> None:
    late, early = seal(folder), seal(folder)
    late.key()
    early.keep()
    with pytest.raises(Invalid) as error:
        late.keep()
    assert "at the same time" in problem(error)
    late.keep()
    assert late.key() == early.key()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_said(folder: Path) -> None:
    seal(folder).keep()
    (folder / "key").chmod(0)
    with pytest.raises(Invalid) as error:
        seal(folder).key()
    assert "cannot be read" in problem(error)


def test_a_file_in_the_folder_s_place_is_said(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    folder.chmod(0o644)
    with pytest.raises(Invalid):
        seal(folder).keep()
    assert folder.read_text() == "in the way"
    assert mode(folder) == 0o644


def test_private_folders_leave_their_parents_alone(tmp_path: Path) -> None:
    open_one = tmp_path / "open"
    open_one.mkdir(mode=0o755)
    private_folder(str(open_one / "a" / "b"))
    assert (mode(open_one), mode(open_one / "a"), mode(open_one / "a" / "b")) == (0o755, 0o700, 0o700)


def test_the_file_of_a_faster_process_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(folder).keep()
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    late = seal(folder)
    with monkeypatch.context() as patch:
        patch.setattr(late, "_read", lambda name: None)
        patch.setattr(late, "key", lambda: None)
        late.keep()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


RACE = """
import sys
from reconciler.model.problem import Invalid
from reconciler.world.seal import Seal
seal = Seal(sys.argv[1])
sys.stdin.readline()
seal.keep()
print(seal.key().hex(), seal.unseal(seal.seal(b"x")) == b"x")
"""


def test_processes_that_begin_at_once_agree_on_one_key(folder: Path) -> None:
    command = [sys.executable, "-c", RACE, str(folder)]
    root = Path(__file__).parents[2]
    racers = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True, cwd=root) for _ in range(6)]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = {racer.communicate(timeout=60)[0].strip() for racer in racers}
    assert len(said) == 1
    assert said.pop().endswith("True")
    assert {path.name for path in folder.iterdir()} == {"key", "identity", ".gitignore"}
