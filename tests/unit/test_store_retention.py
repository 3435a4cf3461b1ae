"""How much of the past is kept: neither what ownership needs nor what is open ever goes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reconciler.model.outcome import Status
from reconciler.model.resource import History
from reconciler.world.store import Store
from tests.support.house import House
from tests.unit.test_store import Home, began, change, run


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def aged(home: Home, *runs: int) -> Store:
    """The state, in which some runs are of long ago."""
    db = sqlite3.connect(home.db)
    db.executemany("UPDATE runs SET started = '2001-01-01T00:00:00+00:00' WHERE id = ?", [(one,) for one in runs])
    db.commit()
    db.close()
    return home.open()


def blobs(home: Home) -> int:
    db = sqlite3.connect(home.db)
    found = db.execute("SELECT count(*) FROM blobs").fetchone()[0]
    db.close()
    return int(found)


def filled(home: Home, many: int) -> None:
    store = home.open()
    for n in range(many):
        row = next(iter(store.recorded()), None)
        run(store, change(store, "a.md", str(n).encode() if n else None, str(n + 1).encode(), recorded=row))
    store.close()


def test_a_run_goes_when_it_is_neither_among_the_newest_nor_young(home: Home) -> None:
    filled(home, 6)
    store = aged(home, 1, 2, 3, 4)
    store.thin(History(runs=6, days=1))
    assert [one.id for one in store.runs()] == [6, 5, 4, 3, 2, 1]
    store.thin(History(runs=3, days=1))
    assert [one.id for one in store.runs()] == [6, 5, 4]
    assert not store.steps(1) and store.steps(4)
    store.thin(History(runs=1, days=1))
    assert [one.id for one in store.runs()] == [6, 5], "the fifth is young"
    run(store, change(store, "a.md", b"6", b"7", recorded=store.recorded()[0]))
    assert [one.generation for one in store.runs()] == [7, 6, 5]


def test_contents_go_that_nothing_needs_and_no_others(home: Home) -> None:
    filled(home, 6)
    before = blobs(home)
    store = aged(home, 1, 2, 3, 4, 5)
    contents = [change(store, "a.md", None, str(n).encode()).fingerprint for n in range(1, 7)]
    [row] = store.recorded()
    store.thin(History(runs=1, days=1))
    assert store.content(row.value) == b"6" and row.before and store.content(row.before) == b"5"
    assert {step.status for step in store.steps(6)} == {Status.DONE}
    for gone in contents[:3]:
        with pytest.raises(KeyError):
            store.content(gone)
    store.close()
    assert blobs(home) == before - 3
    [step] = home.open().steps(6)
    assert step.recorded and step.recorded.before is not None
    home.open().content(step.recorded.before)


def test_what_is_open_stays(home: Home) -> None:
    store = home.open()
    number = began(store)
    store.close()
    filled(home, 3)
    store = aged(home, number, 2, 3, 4)
    store.thin(History(runs=1, days=0))
    assert [one.id for one in store.runs()] == [4, number]


def test_release_still_gives_the_first_bytes_back_and_what_is_kept_can_be_rolled_back() -> None:
    house = House(
        {"zed/settings.json": '{\n  // mine\n  "tab_size": 1, /* one */\n}\n', "opencode/agents/a.md": "mine\n"}
    )
    first = house.home
    for n in range(2, 8):
        house.apply(house.plan({"zed/settings.yaml": f"tab_size: {n}\nsoft_wrap: w{n}\n", "agents/a.md": f"{n}\n"}))
    with house.journal._file.writing() as db:
        db.execute("UPDATE runs SET started = '2001-01-01T00:00:00+00:00'")
    house.journal.thin(History(runs=2, days=1))
    assert sum(bool(house.journal.steps(one.id)) for one in house.journal.runs()) == 2
    kept = house.home
    newest = house.journal.runs()[0].id
    back = house.take_back(newest)
    assert back.run is not None and "6" in house.home["opencode/agents/a.md"].decode()
    house.take_back(back.run.id)
    assert house.home == kept
    house.hand_back()
    assert house.home == first
