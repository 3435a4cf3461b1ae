"""A state that is damaged, of an earlier version or from elsewhere: what it cannot tell is never guessed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.outcome import Intent, Outcome, Status
from reconciler.model.problem import Invalid
from reconciler.model.resource import Claim
from reconciler.world import store_origin
from reconciler.world.store import Store, known_repositories
from reconciler.world.store_schema import VERSION
from tests.support import old_states
from tests.unit.test_store import Home, began, change, problem, run


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def filled(home: Home, many: int = 1) -> bytes:
    """The bytes of a state that knows something."""
    store = home.open()
    run(store, *(change(store, f"{n}.md", None, b"A" * n) for n in range(many)))
    store.close()
    return home.db.read_bytes()


def table_gone(name: str) -> Callable[[Home], None]:
    def drop(home: Home) -> None:
        db = sqlite3.connect(home.db)
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute(f"DROP TABLE {name}")
        db.commit()
        db.close()

    return drop


def rewritten(change_: Callable[[bytes], bytes]) -> Callable[[Home], None]:
    return lambda home: home.db.write_bytes(change_(home.db.read_bytes())) and None


NOISE = random.Random(1)
DAMAGES: dict[str, Callable[[Home], None]] = {
    "garbage": rewritten(lambda b: NOISE.randbytes(len(b))),
    "cut": rewritten(lambda b: b[:6000]),
    "cut at a page": rewritten(lambda b: b[: len(b) // 8192 * 4096]),
    "noise after the first page": rewritten(lambda b: b[:4096] + NOISE.randbytes(len(b) - 4096)),
    "zeros after the first page": rewritten(lambda b: b[:4096] + bytes(len(b) - 4096)),
    "zeros": rewritten(lambda b: bytes(len(b))),
    "first page of zeros": rewritten(lambda b: bytes(4096) + b[4096:]),
    **{f"no table {name}": table_gone(name) for name in ("meta", "owned", "runs", "steps", "made", "blobs", "pins")},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_counts_as_lost_and_is_moved_aside_by_the_first_write(home: Home, damage: str) -> None:
    filled(home, 200)
    DAMAGES[damage](home)
    broken = home.db.read_bytes()
    store = home.open()
    assert list(store.recorded()) == [] and list(store.runs()) == [] and store.made() == frozenset()
    assert store.lost("repo")
    [trouble] = store.troubles()
    assert trouble.text.startswith("the state is damaged") and "moves the state aside" in trouble.hint
    assert known_repositories(str(home.db)) == []
    assert home.db.read_bytes() == broken
    store.close()
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    assert len(store.recorded()) == 1 and store.lost("repo") and not store.troubles()
    store.close()
    [aside] = [
        path for path in home.state.iterdir() if ".aside-" in path.name and not path.name.endswith(("wal", "shm"))
    ]
    assert aside.read_bytes() == broken and aside.stat().st_mode & 0o777 == 0o600
    assert len(home.open().recorded()) == 1


def test_every_page_zeroed_by_itself_is_never_a_traceback_and_never_a_wrong_row(home: Home) -> None:
    whole = filled(home, 60)
    store = home.open()
    known = set(store.recorded())
    store.close()
    for page in range(len(whole) // 4096):
        home.db.write_bytes(whole[: page * 4096] + bytes(4096) + whole[(page + 1) * 4096 :])
        store = home.open()
        rows = set(store.recorded())
        assert rows == known or (not rows and store.lost("repo"))
        for row in rows:
            try:
                store.content(row.value)
            except (Invalid, KeyError):
                continue
        store.close()


@pytest.mark.parametrize("shape", old_states.SHAPES)
def test_an_earlier_version_is_read_as_it_stands_and_brought_up_to_date_by_the_first_write(
    home: Home, shape: str
) -> None:
    home.open().regain("")  # makes the key
    key = (home.data / "key").read_bytes()
    home.db.unlink()
    old_states.make(home.db, shape, key)
    before = home.db.read_bytes()
    store = home.open()
    [row] = store.recorded()
    assert row.claim == Claim("opencode", "agents/a.md") and store.content(row.value) == b"-A\n"
    assert not store.lost("repo") and not store.troubles()
    assert known_repositories(str(home.db)) == ["/repo"]
    assert home.db.read_bytes() == before, "looking changes nothing"
    assert [(run.id, bool(run.ended)) for run in store.runs()] == [(2, False), (1, True)]
    [step] = store.steps(2)
    assert step.status is Status.OPEN and step.recorded is None
    run(store, change(store, "c.md", None, b"C"))
    store.close()
    db = sqlite3.connect(home.db)
    assert db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall() == [(str(VERSION),)]
    db.close()
    store = home.open()
    assert [r.claim.path for r in store.recorded()] == ["agents/a.md", "c.md"]
    assert [one.status for one in store.steps(1)] == [Status.DONE]


def test_two_processes_may_bring_it_up_to_date_at_once(home: Home) -> None:
    home.open().regain("")
    key = (home.data / "key").read_bytes()
    home.db.unlink()
    old_states.make(home.db, "1", key)
    one, other = home.open(), home.open()
    assert len(one.recorded()) == len(other.recorded()) == 1
    run(one, change(one, "c.md", None, b"C"))
    run(other, change(other, "d.md", None, b"D"))
    assert len(one.recorded()) == len(other.recorded()) == 3


@pytest.mark.parametrize(
    "name, words",
    [("machine", "another machine"), ("home", "for the home `/home/you`"), ("uid", "the number /home/you")],
)
def test_a_state_from_elsewhere_counts_as_lost(
    home: Home, name: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_origin, "machine", lambda: "here")
    filled(home)
    db = sqlite3.connect(home.db)
    db.execute("UPDATE meta SET value = '/home/you' WHERE name = ?", (name,))
    db.commit()
    db.close()
    store = home.open()
    assert not store.recorded() and store.lost("repo")
    [trouble] = store.troubles()
    assert words in trouble.text and trouble.text.startswith("the state is not of this home")
    store.close()
    began(home.open())
    assert home.open().lost("repo") and not home.open().troubles()


def test_a_machine_without_an_id_keeps_its_state(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(home)
    monkeypatch.setattr(store_origin, "machine", lambda: "")
    assert home.open().recorded()


def test_a_state_without_any_key_came_from_elsewhere(home: Home) -> None:
    filled(home)
    for path in home.data.iterdir():
        path.unlink()
    store = home.open()
    assert not store.recorded() and store.lost("repo")
    assert "the key that belongs to it was never here" in store.troubles()[0].text
    began(store)
    assert home.open().lost("repo")


def test_somebody_else_s_state_is_not_touched(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(home)
    monkeypatch.setattr(store_origin.os, "geteuid", lambda: 4711)
    for act in (Store.recorded, began):
        with pytest.raises(Invalid) as error:
            act(home.open())
        assert "belongs to the user with the number" in problem(error)


# ---- gone, or another one, while it is open


def moved(home: Home) -> Callable[[], None]:
    return lambda: home.db.rename(home.state / "elsewhere")


def folder_moved(home: Home) -> Callable[[], None]:
    return lambda: home.state.rename(home.folder / "elsewhere") and None


@pytest.mark.parametrize("go", [lambda home: home.db.unlink, moved, folder_moved], ids=["removed", "moved", "folder"])
def test_a_state_that_goes_while_it_is_open_is_lost_and_what_comes_next_is_found_again(
    home: Home, go: Callable[[Home], Callable[[], None]]
) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    go(home)()
    assert not store.recorded() and store.lost("repo") and not store.runs()
    run(store, change(store, "b.md", None, b"B"))
    for one in (store, home.open()):
        assert [row.claim.path for row in one.recorded()] == ["b.md"] and one.lost("repo") and not one.troubles()
    store.close()
    assert [row.claim.path for row in home.open().recorded()] == ["b.md"]


def test_another_state_put_in_its_place_while_it_is_open_is_the_one_that_counts(home: Home) -> None:
    """Not with what was written beside the old one in it: SQLite tells the two by their names alone."""
    backup = home.folder / "backup"
    backup.write_bytes(filled(home, 50))
    store = home.open()
    run(store, *(change(store, f"{n}.md", None, b"B" * n) for n in range(100, 150)))
    assert len(store.recorded()) == 100
    backup.rename(home.db)
    assert len(store.recorded()) == 50 and not store.lost("repo") and not store.troubles()
    run(store, change(store, "c.md", None, b"C"))
    store.close()
    assert len(home.open().recorded()) == 51 and not home.open().troubles()
    assert [path.name for path in home.state.glob("*.aside-*-wal")] or not (home.state / "state.db-wal").exists()


@pytest.mark.parametrize("again", [False, True], ids=["removed", "another"])
def test_a_run_does_not_go_on_in_another_state(home: Home, again: bool) -> None:
    store = home.open()
    made = change(store, "a.md", None, b"A")
    number = began(store)
    store.intend(number, [Intent(made, None, b"A")])
    home.db.unlink()
    if again:
        began(home.open())
    for go_on in (
        lambda: store.settle(number, [(made, Outcome(made.claim, Status.DONE))]),
        lambda: store.intend(number, [Intent(made, None, b"A")]),
        lambda: store.finish(number),
    ):
        with pytest.raises(Invalid) as error:
            go_on()
        assert "was removed or replaced during a run" in problem(error)
    assert not store.recorded() and store.lost("repo")
    run(store, made)
    assert len(home.open().recorded()) == 1
