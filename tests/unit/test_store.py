"""The journal: what is written stays, reading makes nothing, and no secret stands in it in clear."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.change import Action, Cause, Change, Recorded, Seen, Standing
from reconciler.model.fingerprint import Codec, fingerprint
from reconciler.model.outcome import Intent, Outcome, Status
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import Claim, Ref, Revision, Target
from reconciler.world import store_opening
from reconciler.world.seal import Seal
from reconciler.world.store import Store, known_repositories

HERE = Path(__file__).parents[2]
ROOTS = {"opencode": "/home/me/.config/opencode", "zed": "/home/me/.config/zed"}
REVISION = Revision("work", "3f2c1ab" * 5, "main", 2)
BYTES: Codec[bytes] = Codec(bytes, bytes)
SECRET = "q7Jx2VbN9sKd4" + "TzLw8YpRf3Gm6HcB1Xv"
PROFILE = Problem(Origin("a.md"), "cannot be written: the disk is full", "free some space")


class Home:
    """A place for a state and a key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state" / "reconciler"
        self.db = self.state / "state.db"
        self.data = folder / "share" / "reconciler"

    def open(self, roots: dict[str, str] | None = None) -> Store:
        return Store(str(self.db), Seal(str(self.data), str(self.folder)), roots or ROOTS, str(self.folder))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, home: Home) -> Iterator[Store]:
    one = home.open() if request.param == "file" else Store.memory(b"k" * 32, ROOTS, "/home/me")
    yield one
    one.close()


def change(
    store: Store, path: str, before: bytes | None, after: bytes | None, *, item: tuple[str, ...] = (), **more: Any
) -> Change[bytes]:
    """A change as a plan would make it; `after` None deletes."""
    claim, ref, key = Claim("opencode", path, item), Ref("agent", path), store.key()
    was, is_ = (fingerprint(state, BYTES, key) for state in (before, after))
    row = None
    if after is not None:
        standing = Standing.CREATED if before is None else Standing.REPLACED
        needs = (Ref("mcp_server", "x"),)
        row = Recorded(claim, ref, "p", "repo", is_, standing, None if before is None else was, needs, "3f2c1ab")
    action = Action.CREATE if before is None else Action.DELETE if after is None else Action.UPDATE
    made = Change(
        Target(ref, "p", claim, after, Origin("x")), action, Cause.COMMIT, Seen(claim, before, was), after, is_, row
    )
    return replace(made, **more)


def run(store: Store, *changes: Change[bytes], status: Status = Status.DONE, problem: Problem | None = None) -> int:
    """One whole run over these changes."""
    number = began(store)
    store.intend(number, [Intent(c, c.before.state, c.after) for c in changes])
    store.settle(number, [(c, Outcome(c.claim, status, problem)) for c in changes])
    store.finish(number)
    return number


def began(store: Store) -> int:
    return store.begin("apply", "repo", "/src/repo", REVISION, "laptop")


def problem(error: pytest.ExceptionInfo[Invalid]) -> str:
    (found,) = error.value.problems
    assert found.hint
    assert found.text == found.text.rstrip(".")
    return str(found)


# ---- reading makes nothing


def test_without_a_state_the_answers_are_empty_and_nothing_is_made(home: Home) -> None:
    store = home.open()
    assert (list(store.recorded()), store.made(), list(store.runs()), list(store.steps(1))) == ([], frozenset(), [], [])
    assert (store.pinned("repo"), store.repository("repo"), store.lost("repo")) == (None, "repo", False)
    assert len(store.key()) == 32
    with pytest.raises(KeyError):
        store.content("0" * 32)
    store.pin("repo", "", "")
    assert known_repositories(str(home.db)) == []
    assert list(home.folder.iterdir()) == []


def test_reading_a_state_changes_no_file(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    before = {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}
    assert home.db in before
    reader = home.open()
    assert len(reader.recorded()) == len(reader.runs()) == len(reader.steps(1)) == 1
    reader.content(reader.recorded()[0].value)
    del reader
    assert {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()} == before


def test_the_key_before_the_first_write_is_the_key_after_it(home: Home) -> None:
    store = home.open()
    key = store.key()
    run(store, change(store, "a.md", None, b"A"))
    assert store.key() == key == home.open().key()


def test_files_are_for_their_user_alone(home: Home) -> None:
    old = os.umask(0)
    try:
        store = home.open()
        run(store, change(store, "a.md", None, b"A"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.folder.rglob("*")}
    finally:
        os.umask(old)
    folders = {name: modes.pop(name) for name in ("state", "share", "reconciler")}
    assert set(folders.values()) == {0o700}
    assert {"state.db", "state.db-wal", "key", "identity", "marker"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_a_state_that_stood_open_is_closed_with_the_next_write(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    home.db.chmod(0o644)
    home.state.chmod(0o755)
    again = home.open()
    run(again, change(again, "b.md", None, b"B"))
    assert (home.db.stat().st_mode & 0o777, home.state.stat().st_mode & 0o777) == (0o600, 0o700)


# ---- a run


def test_what_was_done_is_owned_and_kept(store: Store) -> None:
    one = change(store, "agents/a.md", b"before", b"after", item=("mcp", "a/b", 'x"y'))
    number = run(store, one)
    assert one.becomes
    assert list(store.recorded()) == [replace(one.becomes, run=number)]
    assert store.content(one.fingerprint) == b"after"
    assert store.content(one.before.fingerprint) == b"before"
    with pytest.raises(KeyError):
        store.content("0" * 32)


def test_a_step_says_enough_to_take_it_back(store: Store) -> None:
    first = change(store, "a.md", None, b"one")
    run(store, first)
    (row,) = store.recorded()
    second = change(store, "a.md", b"one", b"two", recorded=row, cause=Cause.DRIFT)
    (step,) = store.steps(run(store, second))
    assert (step.ref, step.part, step.claim) == (second.ref, "p", second.claim)
    assert (step.action, step.cause, step.status, step.message) == (Action.UPDATE, Cause.DRIFT, Status.DONE, "")
    assert (store.content(step.before), store.content(step.after)) == (b"one", b"two")
    assert step.recorded == row


def test_until_it_is_settled_a_step_is_open_and_nothing_is_owned(store: Store) -> None:
    one = change(store, "a.md", None, b"A")
    number = began(store)
    store.intend(number, [Intent(one, None, b"A")])
    assert [step.status for step in store.steps(number)] == [Status.OPEN]
    assert list(store.recorded()) == []
    assert store.content(one.fingerprint) == b"A"
    (found,) = store.runs()
    assert (found.ended, found.generation, found.counts) == ("", None, None)


@pytest.mark.parametrize("status", [Status.STALE, Status.FAILED, Status.HELD, Status.SKIPPED])
def test_what_was_not_done_is_not_owned(store: Store, status: Status) -> None:
    number = run(store, change(store, "a.md", None, b"A"), status=status, problem=PROFILE)
    assert list(store.recorded()) == []
    (step,) = store.steps(number)
    assert (step.status, step.message) == (status, PROFILE.text)
    assert store.runs()[0].counts == {str(status): 1}
    assert store.runs()[0].generation is None


def test_what_was_refused_before_it_was_intended_is_in_the_history(store: Store) -> None:
    one, two = change(store, "a.md", None, b"A"), change(store, "b.md", None, b"B")
    number = began(store)
    store.intend(number, [Intent(one, None, b"A")])
    store.settle(number, [(one, Outcome(one.claim, Status.DONE)), (two, Outcome(two.claim, Status.STALE, PROFILE))])
    assert [(s.claim.path, s.status) for s in store.steps(number)] == [("a.md", Status.DONE), ("b.md", Status.STALE)]


def test_what_was_planned_and_never_begun_is_skipped_when_the_run_is_closed(store: Store) -> None:
    one, two = (change(store, f"{n}.md", None, b"A") for n in "ab")
    number = store.begin("apply", "repo", "/", REVISION, "laptop", planned=[Intent(c, None, b"A") for c in (one, two)])
    assert [step.status for step in store.steps(number)] == [Status.PLANNED] * 2
    assert store.content(two.fingerprint) == b"A"
    store.intend(number, [Intent(one, None, b"A")])
    assert sorted(step.status for step in store.steps(number)) == [Status.OPEN, Status.PLANNED]
    store.settle(number, [(one, Outcome(one.claim, Status.DONE))])
    assert store.finish(number).counts == {"create": 1, "skipped": 1}
    assert {step.claim: step.status for step in store.steps(number)} == {
        one.claim: Status.DONE,
        two.claim: Status.SKIPPED,
    }


def test_a_run_begins_with_what_its_first_wave_intends_and_all_that_is_planned_in_one_commit(home: Home) -> None:
    with closing(home.open()) as store:
        store.regain("repo")
        one, two, three = (change(store, f"{n}.md", None, n.encode()) for n in "abc")
        said = {c: Intent(c, None, c.after) for c in (one, two, three)}
        commits: list[str] = []
        db = store._file._db
        assert db is not None
        db.set_trace_callback(lambda query: commits.append(query) if query == "COMMIT" else None)
        number = store.begin(
            "apply", "repo", "/", REVISION, "laptop", opened=[said[two]], planned=[said[one], said[three]]
        )
        assert len(commits) == 1
        steps = [(step.claim.path, step.status) for step in store.steps(number)]
        assert steps == [("a.md", Status.PLANNED), ("b.md", Status.OPEN), ("c.md", Status.PLANNED)]
        assert [store.content(c.fingerprint) for c in said] == [b"a", b"b", b"c"]


def test_what_changes_with_any_row_changes_with_another_process_s_too(home: Home) -> None:
    with closing(home.open()) as store, closing(home.open()) as other:
        run(other, change(other, "a.md", None, b"A"))
        digests = [store.digest(), store.digest()]
        run(other, change(other, "b.md", None, b"B"))
        digests.append(store.digest())
        run(store, change(store, "c.md", None, b"C"))
        assert digests[0] == digests[1]
        assert len({*digests, store.digest()}) == 3


def test_steps_stand_in_the_order_they_were_intended(store: Store) -> None:
    paths = [f"{n}.md" for n in (3, 1, 2)]
    number = run(store, *(change(store, path, None, b"A") for path in paths))
    assert [step.claim.path for step in store.steps(number)] == paths


def test_what_is_removed_is_no_longer_owned(store: Store) -> None:
    run(store, change(store, "a.md", None, b"A"))
    run(store, change(store, "a.md", b"A", None, recorded=store.recorded()[0]))
    assert list(store.recorded()) == []
    assert store.content(fingerprint(b"A", BYTES, store.key())) == b"A"


def test_ownership_moves_with_the_value(store: Store) -> None:
    run(store, change(store, "opencode.json", None, b'"dark"', item=("theme",)))
    (old,) = store.recorded()
    moved = change(store, "tui.json", None, b'"dark"', item=("theme",), recorded=old)
    run(store, moved)
    assert [row.claim for row in store.recorded()] == [moved.claim]


def test_a_value_spelled_anew_between_plan_and_apply_is_kept_as_it_stands(store: Store) -> None:
    one = change(store, "a.json", b"14.5", b"15")
    assert one.becomes
    planned = replace(
        one, before=replace(one.before, fingerprint="v.one"), becomes=replace(one.becomes, before="v.one")
    )
    applied = replace(planned, before=replace(one.before, state=b"14.50", fingerprint="v.two"))
    run(store, applied)
    (row,) = store.recorded()
    assert row.before == "v.two"
    assert store.content("v.two") == b"14.50"


def test_nothing_is_owned_whose_contents_are_not_kept(store: Store) -> None:
    one = change(store, "a.md", None, b"A")
    number = began(store)
    with pytest.raises(sqlite3.IntegrityError):
        store.settle(number, [(one, Outcome(one.claim, Status.DONE))])
    assert list(store.recorded()) == []
    assert list(store.steps(number)) == []


def test_what_had_to_be_made_is_remembered_until_it_goes(store: Store) -> None:
    one = change(store, "agents/team/a.md", None, b"A")
    folders = (Claim("opencode", "agents"), Claim("opencode", "agents/team"), Claim("zed", "settings.json", ("a", "b")))
    number = began(store)
    store.intend(number, [Intent(one, None, b"A")])
    store.settle(number, [(one, Outcome(one.claim, Status.FAILED, PROFILE, made=folders))])
    store.settle(number, [(one, Outcome(one.claim, Status.DONE, made=folders))])
    assert store.made() == set(folders)
    store.settle(number, [(one, Outcome(one.claim, Status.DONE, unmade=folders[1:2]))])
    assert store.made() == {folders[0], folders[2]}


def test_generations_count_the_runs_that_changed_something(store: Store) -> None:
    same = change(store, "a.md", b"A", b"A", action=Action.RECORD, cause=Cause.ADOPT)
    for one, status in (
        (change(store, "b.md", None, b"B"), Status.DONE), (same, Status.DONE),
        (change(store, "c.md", None, b"C"), Status.FAILED), (change(store, "c.md", None, b"C"), Status.DONE),
    ):  # fmt: skip
        run(store, one, status=status)
    assert [r.generation for r in store.runs()] == [2, None, None, 1]
    assert [r.counts for r in store.runs()] == [{"create": 1}, {"failed": 1}, {"record": 1}, {"create": 1}]
    assert store.finish(4).generation == 2


def test_a_run_says_who_when_and_what(store: Store) -> None:
    number = run(store, change(store, "a.md", None, b"A"))
    (found,) = store.runs()
    assert (found.id, found.verb, found.repo, found.revision, found.host) == (
        number,
        "apply",
        "repo",
        REVISION,
        "laptop",
    )
    for stamp in (found.started, found.ended):
        assert len(stamp) == 25
        assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(stamp) < timedelta(minutes=1)


def test_repositories_are_known_by_the_folder_last_seen(home: Home) -> None:
    store = home.open()
    for repo, folder in (("one", "/a"), ("two", "/b"), ("one", "/c")):
        store.begin("apply", repo, folder, REVISION, "laptop")
    assert (store.repository("one"), store.repository("two"), store.repository("three")) == ("/c", "/b", "three")
    assert sorted(known_repositories(str(home.db))) == ["/b", "/c"]


def test_a_pin_holds_until_it_is_let_go(store: Store) -> None:
    store.pin("repo", "abc", "run 3 was taken back")
    store.pin("repo", "def", "run 4 was taken back")
    assert store.pinned("repo") == ("def", "run 4 was taken back")
    assert store.pinned("other") is None
    store.pin("repo", "", "")
    assert store.pinned("repo") is None


def test_rows_count_below_the_roots_of_now_only(home: Home) -> None:
    store = home.open()
    one = change(store, "agents/a.md", None, b"A")
    run(store, one)
    store.settle(1, [(one, Outcome(one.claim, Status.DONE, made=(Claim("opencode", "agents"),)))])
    moved = home.open({"opencode": "/elsewhere", "zed": ROOTS["zed"]})
    assert list(moved.recorded()) == []
    assert moved.made() == frozenset()
    run(moved, change(moved, "agents/a.md", None, b"B"))
    assert len(moved.recorded()) == len(store.recorded()) == 1
    assert moved.recorded()[0].value != store.recorded()[0].value


# ---- secrets


SECRETS = {
    "a file": ("agents/a.md", (), f"---\nx: 1\n---\nuse sk-{SECRET}\n", f"sk-{SECRET}"),
    "a key's value": ("opencode.json", ("mcp", "x", "environment", "GITHUB_TOKEN"), '"swordfish1"', "swordfish1"),
    "a word under a key": ("opencode.json", ("provider", "x", "options", "apiKey"), '"plainwords"', "plainwords"),
    "a list of arguments": (
        "opencode.json",
        ("mcp", "x", "command"),
        f'["npx", "--api-key", "{SECRET[:12]}"]',
        SECRET[:12],
    ),
}


def raw(home: Home) -> bytes:
    files = [path for path in home.state.rglob("*") if path.is_file()]
    assert any(path.name == "state.db-wal" for path in files)
    return b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("name", SECRETS)
def test_no_byte_of_a_secret_stands_in_the_state_in_clear(home: Home, name: str) -> None:
    path, item, text, value = SECRETS[name]
    store = home.open()
    one = change(store, path, text.encode(), f"{text} ".encode(), item=item)
    refused = Problem(Origin(path), f"the server refused {value}, and so did ghp_{SECRET}", f"not {value}")
    number = run(store, one)
    run(store, one, status=Status.FAILED, problem=refused)
    store.pin("repo", "abc", f"because of {value}")
    for kept in (raw(home), _closed(home, store)):
        assert value.encode() not in kept
        assert SECRET.encode() not in kept
        assert b"opencode" in kept
    again = home.open()
    assert again.content(again.steps(number)[0].before).decode() == text
    assert again.steps(number + 1)[0].message.count("•••#") == 2


def _closed(home: Home, store: Store) -> bytes:
    store.close()
    return home.db.read_bytes()


def test_what_turns_out_to_be_a_secret_later_is_sealed_then(home: Home) -> None:
    store = home.open()
    value = "Vq" + "wordfish1"
    run(store, change(store, "opencode.json", None, f'"{value}"'.encode(), item=("theme",)))
    run(store, change(store, "opencode.json", None, f'"{value}"'.encode(), item=("password",)))
    db = sqlite3.connect(home.db)
    assert db.execute("SELECT count(*), sum(sealed) FROM blobs").fetchone() == (1, 1)
    db.close()
    assert store.content(store.recorded()[0].value) == f'"{value}"'.encode()


def test_in_memory_too_secrets_are_sealed() -> None:
    store = Store.memory(b"k" * 32, ROOTS, "/home/me")
    assert store.key() == b"k" * 32
    assert not store.lost("repo")
    run(store, change(store, "a.md", None, f"sk-{SECRET}".encode()))
    assert store.content(store.recorded()[0].value) == f"sk-{SECRET}".encode()
    with store._file.reading() as db:
        assert db
        assert db.execute("SELECT sealed FROM blobs").fetchall() == [(1,)]
        assert SECRET.encode() not in db.serialize()


def test_without_the_identity_the_rest_is_still_there(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"clear"), change(store, "b.md", None, f"sk-{SECRET}".encode()))
    store.close()
    (home.data / "identity").unlink()
    again = home.open()
    clear, sealed = again.recorded()
    assert again.content(clear.value) == b"clear"
    with pytest.raises(Invalid) as error:
        again.content(sealed.value)
    assert "~/share/reconciler/identity" in problem(error)
    with pytest.raises(Invalid):
        run(again, change(again, "c.md", None, f"sk-{SECRET}!".encode()))


# ---- a state that is lost, damaged, of another version or key


def test_a_first_time_and_a_loss_are_told_apart(home: Home) -> None:
    store = home.open()
    assert not store.lost("repo")
    run(store, change(store, "a.md", None, b"A"))
    key = store.key()
    assert not store.lost("repo")
    store.close()
    home.db.unlink()
    assert home.open().lost("repo")
    assert home.open().key() == key
    assert not home.state.joinpath("state.db").exists()


def test_a_loss_lasts_until_each_repository_has_nothing_unknown(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    home.db.unlink()
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    assert store.lost("repo") and home.open().lost("repo")
    store.regain("repo")
    assert not home.open().lost("repo")
    assert home.open().lost("another")


def test_a_run_stopped_while_it_made_the_state_leaves_no_loss_behind(home: Home) -> None:
    home.state.mkdir(parents=True)
    home.db.touch()
    store = home.open()
    assert not store.lost("repo")
    assert list(store.recorded()) == []
    run(store, change(store, "a.md", None, b"A"))
    assert len(home.open().recorded()) == 1


def test_an_emptied_file_is_a_loss(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    home.db.write_bytes(b"")
    assert home.open().lost("repo")


def test_with_key_and_state_gone_one_begins_anew(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    home.db.unlink()
    (home.data / "key").unlink()
    (home.data / "identity").unlink()
    again = home.open()
    assert again.lost("repo")
    run(again, change(again, "a.md", None, f"sk-{SECRET}".encode()))
    assert len(home.open().recorded()) == 1


@pytest.mark.parametrize("act", [Store.recorded, Store.key, began])
def test_without_its_key_a_state_is_not_read_wrongly(home: Home, act: Callable[[Store], object]) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    (home.data / "key").unlink()
    with pytest.raises(Invalid) as error:
        act(home.open())
    assert "the key of this user's fingerprints is gone" in problem(error)
    assert not (home.data / "key").exists()


def test_a_state_of_another_key_is_refused(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    (home.data / "key").write_bytes(b"o" * 32)
    with pytest.raises(Invalid) as error:
        home.open().recorded()
    assert "~/state/reconciler/state.db: the state was made with another key" in problem(error)


def test_a_newer_state_is_refused_and_left_alone(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    db = sqlite3.connect(home.db)
    db.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    db.commit()
    db.close()
    before = home.db.read_bytes()
    acts: list[Callable[[], object]] = [
        lambda: home.open().recorded(),
        lambda: home.open().pin("repo", "abc", ""),
        lambda: known_repositories(str(home.db)),
    ]
    for act in acts:
        with pytest.raises(Invalid) as error:
            act()
        assert "the state has format 99, this version knows 3" in problem(error)
    assert home.db.read_bytes() == before


def test_another_program_s_database_is_refused(home: Home) -> None:
    home.state.mkdir(parents=True)
    db = sqlite3.connect(home.db)
    db.execute("CREATE TABLE theirs(x)")
    db.commit()
    db.close()
    with pytest.raises(Invalid) as error:
        began(home.open())
    assert "another program's" in problem(error)


def test_a_damaged_content_is_said(home: Home) -> None:
    store = home.open()
    one = change(store, "a.md", None, b"A" * 100)
    run(store, one)
    db = sqlite3.connect(home.db)
    db.execute("UPDATE blobs SET content = x'00112233'")
    db.commit()
    db.close()
    with pytest.raises(Invalid) as error:
        store.content(one.fingerprint)
    assert "damaged" in problem(error)


def test_a_folder_in_the_state_s_place_is_said(home: Home) -> None:
    home.db.mkdir(parents=True)
    acts: list[Callable[[Store], object]] = [Store.recorded, began]
    for act in acts:
        with pytest.raises(Invalid) as error:
            act(home.open())
        assert "cannot be" in problem(error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_that_may_not_be_written_is_said(home: Home) -> None:
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    store.close()
    home.db.chmod(0o400)
    home.state.chmod(0o500)
    with pytest.raises(Invalid):
        began(home.open())


# ---- several processes


def test_a_reader_is_not_held_up_by_a_writer_and_a_second_writer_says_why(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_opening, "PATIENCE", 0.2)
    store = home.open()
    run(store, change(store, "a.md", None, b"A"))
    writer = _child(home, HOLDING)
    assert writer.stdout
    assert writer.stdout.readline() == "in a transaction\n"
    try:
        reader = home.open()
        assert [row.claim.path for row in reader.recorded()] == ["a.md"]
        assert len(reader.runs()) == 1
        with pytest.raises(Invalid) as error:
            began(reader)
        assert "is being written by another run" in problem(error)
    finally:
        writer.communicate("done\n", timeout=30)
    assert writer.returncode == 0
    assert len(reader.runs()) == 2
    assert began(reader) == 3


HOLDING = """
from tests.unit.test_store import *
store = Home(Path(sys.argv[1])).open()
with store._file.writing() as db:
    db.execute("INSERT INTO runs VALUES (NULL, 'x', 'r', 'work', '', '', 0, 'h', '', '', NULL, NULL, '')")
    print("in a transaction", flush=True)
    sys.stdin.readline()
"""

WORKING = """
from tests.unit.test_store import *
store = Home(Path(sys.argv[1])).open()
for n in range(10_000):
    changes = [change(store, f"{n}-{m}.md", None, f"{n} {m} sk-{SECRET}".encode()) for m in range(5)]
    number = began(store)
    store.intend(number, [Intent(c, None, c.after) for c in changes])
    print("intended", number, flush=True)
    store.settle(number, [(c, Outcome(c.claim, Status.DONE)) for c in changes])
    print("settled", number, flush=True)
    store.finish(number)
"""


def _child(home: Home, program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(home.folder)]
    return subprocess.Popen(command, stdin=-1, stdout=-1, text=True, cwd=HERE)


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.05, 0.11])
def test_a_writer_that_is_killed_leaves_what_it_said_was_done(home: Home, wait: float) -> None:
    writer = _child(home, WORKING)
    assert writer.stdout
    said = [writer.stdout.readline().split()]
    time.sleep(wait)
    writer.send_signal(signal.SIGKILL)
    said += [line.split() for line in writer.communicate()[0].splitlines() if line.count(" ") == 1]
    store = home.open()
    for word, number in said:
        steps = store.steps(int(number))
        assert len(steps) == 5
        assert word == "intended" or {step.status for step in steps} == {Status.DONE}
    for found in store.runs():
        statuses = {step.status for step in store.steps(found.id)}
        assert len(statuses) <= 1
        owned = [row for row in store.recorded() if row.run == found.id]
        assert len(owned) == (5 if statuses == {Status.DONE} else 0)
        assert all(store.content(row.value).endswith(SECRET.encode()) for row in owned)
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in home.state.iterdir())
    last = store.runs()[0].id
    assert run(store, change(store, "after.md", None, b"A")) == last + 1


@pytest.mark.bench
def test_ten_thousand_steps_are_not_felt(home: Home) -> None:
    store, draw = home.open(), random.Random(1)
    words = Path(__file__).read_text().split()
    texts = [" ".join(draw.choices(words, k=250)).encode()[:2048] for _ in range(20_000)]
    changes = [change(store, f"agents/{n}.md", texts[2 * n], texts[2 * n + 1]) for n in range(10_000)]
    number = began(store)
    started = time.perf_counter()
    store.intend(number, [Intent(c, c.before.state, c.after) for c in changes])
    store.settle(number, [(c, Outcome(c.claim, Status.DONE)) for c in changes])
    assert time.perf_counter() - started < 2.5
