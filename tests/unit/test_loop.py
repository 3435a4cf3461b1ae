"""The loop's decisions: what is held, what is at war, what is news, what is told when. All pure."""

from __future__ import annotations

import itertools
import json
import os
import plistlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reconciler.app import environment, open_app, service
from reconciler.app.checks import service as checks
from reconciler.formats import duration, units
from reconciler.loop import conditions, grouping, guard, patience, restraint, suspects, tending, weighing
from reconciler.loop.following import Place
from reconciler.loop.heart import Heart
from reconciler.loop.telling import Teller
from reconciler.loop.turn import Memory, Turned, turn
from reconciler.loop.waking import counts, stamp
from reconciler.model.backoff import Backoff, among, failed, resting, soonest, worked
from reconciler.model.change import FORCED, Action, Cause, Change, Disruption, Plan, Seen, Verdict
from reconciler.model.event import Condition, Event, Level, Suspension, Watched
from reconciler.model.loop import Channel, LoopSettings
from reconciler.model.problem import Origin, invalid
from reconciler.model.resource import Claim, Ref, Revision, Target
from reconciler.model.sampling import Sample
from reconciler.model.serving import Care, Launch, Note, Now, Process, Serving
from reconciler.world import named_processes, notices, scopes, services
from reconciler.world.logbook import Book
from reconciler.world.readiness import notifier
from reconciler.world.store import Store
from tests.support.looping import Kept, until


def change(name: str = "a", cause: Cause = Cause.DRIFT, action: Action = Action.UPDATE, **more: Any) -> Change[Any]:
    claim = Claim("opencode", f"agents/{name}.md")
    target: Target[Any] = Target(Ref("agent", name), "", claim, "x", Origin(""))
    return Change(target, action, cause, Seen(claim, None, "y"), "x", "z", None, **more)


def plan(*changes: Change[Any]) -> Plan:
    return Plan("r", "h", "/home", Revision("commit", "c" * 40), changes)


def rule(known: restraint.Known, one: Change[Any]) -> str:
    verdict = restraint.restrained(plan(one), known).changes[0].verdict
    return "" if verdict.allowed else verdict.rule


@pytest.mark.parametrize(
    ("cause", "known", "said"),
    [
        (Cause.DRIFT, restraint.Known(), ""),
        (Cause.COMMIT, restraint.Known(), ""),
        (Cause.ADOPT, restraint.Known(), "something else stands there"),
        (Cause.COMMIT, restraint.Known(by_hand=frozenset({Claim("opencode", "agents/a.md")})), "set by hand"),
        (Cause.DRIFT, restraint.Known(by_hand=frozenset({Claim("opencode", "agents/a.md")})), ""),
        (Cause.ORPHAN, restraint.Known(by_hand=frozenset({Claim("opencode", "agents/a.md")})), "set by hand"),
        (Cause.COMMIT, restraint.Known(pinned="Takes back run 3"), "held back by a rollback (Takes back run 3)"),
        (Cause.DRIFT, restraint.Known(pinned="Takes back run 3"), ""),
        (Cause.DRIFT, restraint.Known(gone={"opencode": "~/.config/opencode"}), "~/.config/opencode is gone"),
        (Cause.DRIFT, restraint.Known(gone={"zed": "~/.config/zed"}), ""),
        (Cause.COMMIT, restraint.Known(behind="abc can't be applied"), "abc can't be applied"),
        (Cause.DRIFT, restraint.Known(behind="abc can't be applied"), ""),
    ],
)
def test_what_is_not_the_loops_to_decide(cause: Cause, known: restraint.Known, said: str) -> None:
    found = rule(known, change(cause=cause))
    assert found.startswith(said) and bool(found) == bool(said)


def test_a_document_of_this_repository_is_only_reported() -> None:
    one = change(cause=Cause.COMMIT)
    here = replace(one, target=replace(one.target, claim=Claim("repository", "docs/a.md")))
    assert rule(restraint.Known(), here) == "a file of this repository: to write it is for a person"


def test_what_failed_rests_ever_longer_and_success_forgets() -> None:
    backoff = Backoff(1.0, 2.0, 5.0)
    faults = failed({}, "agent/a", "no room", 100.0, backoff)
    assert resting(faults, "agent/a", 100.5) and not resting(faults, "agent/a", 101.0)
    faults = failed(faults, "agent/a", "no room", 101.0, backoff)
    assert faults["agent/a"].again == 103.0
    for _ in range(2000):
        faults = failed(faults, "agent/a", "no room", 200.0, backoff)
    assert faults["agent/a"].again == 205.0 and soonest(faults, 201.0) == 4.0
    assert "failed 2002 times (no room): tried again in 4s" in rule(restraint.Known(now=201.0, faults=faults), change())
    assert worked(faults, "agent/a") == {} and soonest({}, 0.0) is None
    assert soonest(faults, 205.0) is None, "what may be tried is tried now, or held for another reason: no hurry"
    assert among(faults, ["agent/b"]) == {} and among(faults, ["agent/a"]) == faults


def test_a_war_is_more_corrections_than_allowed_within_the_time() -> None:
    limit = guard.Limit(2, 10.0)
    times: guard.Times = {}
    for now in (0.0, 1.0, 2.0):
        assert not guard.at_war(times, limit)
        times = guard.counted(times, ["agent/a"], now, limit)
    assert guard.at_war(times, limit) == ["agent/a"]
    assert guard.counted(times, [], 30.0, limit) == {}
    assert guard.counted(times, [], -100.0, limit) == {}, "a clock that was set back starts anew"


def test_who_may_be_writing_is_told_by_what_runs() -> None:
    writers = ["Zed's settings page", "AI agents", "AI agents"]
    assert {"zed-editor", "claude", "prettier"} <= suspects.programs(writers)
    assert "opencode" not in suspects.programs(["Zed"]) and "zed" not in suspects.programs(["`opencode mcp add`"])
    one = suspects.sentence(writers, {"zed-editor": [7]})
    assert one == "of those known to write it, `zed-editor` (process 7) runs"
    assert suspects.sentence(writers, {"zed": [9, 7]}).endswith("`zed` (processes 7, 9) run")
    assert suspects.sentence(writers, {}) == "none of those known to write it runs (Zed's settings page, AI agents)"
    for words, name in (
        (["/usr/lib/zed/zed-editor"], "zed-editor"),
        (["node", "/x/node_modules/prettier/bin/prettier.cjs", "--watch"], "prettier"),
        (["/x/bin/.opencode", "serve"], "opencode"),
        (["grep", "-r", "x", "opencode"], ""),
        (["vim", "prettier"], ""),
        (["/usr/bin/python3.11", "/home/me/bin/prettier"], "prettier"),
        ([], ""),
    ):
        assert named_processes.named(words, {"zed-editor", "prettier", "opencode"}) == name, words


def test_a_condition_is_told_when_it_begins_and_when_it_is_over() -> None:
    held = change("a", verdict=Verdict(False, "why", "do this"))
    excused = change("b", verdict=Verdict(False, "reported only", chosen=True))
    lasting = conditions.of_plan(plan(held, held, excused), {}, [])
    assert [c.text for c in lasting] == ["agent/a: why; do this"]
    first = conditions.compared({}, lasting)
    assert [e.what for e in conditions.events(first)] == ["held"]
    again = conditions.compared({c.key: c for c in lasting}, lasting)
    assert not again.begun and not again.over
    over = conditions.events(conditions.compared({c.key: c for c in lasting}, []))
    assert [(e.what, e.level) for e in over] == [("resolved", Level.RESOLVED)]


@pytest.mark.parametrize(
    ("key", "first", "then", "news"),
    [
        ("waiting server/s", "waits since 03:04:05 UTC for 1 busy session", "waits since … for 2 busy sessions", False),
        ("fault agent/a", "agent/a: no space left", "agent/a: permission is denied", False),
        ("held agent/a", "would delete 3 of 9 objects", "would delete 4 of 9 objects", False),
        ("held server/s", "port 5000 is taken by process 7 (`nc`)", "port 5000 is taken by process 812 (`nc`)", False),
        ("held agent/a", "would delete 3 of 9 objects", "edited here, and changed in git", True),
        ("machine", "~/x/.reconcile-1a2b.tmp: disk full", "~/x/.reconcile-9f8e.tmp: disk full", False),
        ("machine", "x: `.git` leads to no repository", "x: no such file or directory", False),
        ("fetch", "origin can't be asked: timed out", "origin can't be asked: no route to host", False),
        ("watch", "no space left on device", "too many open files", True),
        ("commit", "abc1234 has mistakes", "abc1235 has mistakes", True),
        ("commit", "unknown key `•••#1`", "unknown key `•••#3`", False),
    ],
)
def test_what_lasts_is_told_again_where_it_is_another_and_not_where_its_numbers_are(
    key: str, first: str, then: str, news: bool
) -> None:
    said = conditions.compared({key: Condition(key, first)}, [Condition(key, then)])
    assert bool(said.begun) == news and not said.over
    assert conditions.compared({key: Condition(key, then, Level.NOTE)}, [Condition(key, then)]).begun, "it got worse"


def test_a_turn_that_sees_nothing_ends_nothing() -> None:
    before = {key: Condition(key, key) for key in ("held agent/a", "commit", "machine", "fetch")}
    now = [Condition("machine", "another")]
    assert {c.key for c in conditions.unseen(before, now, None)} == {"machine"}
    assert {c.key for c in conditions.unseen(before, now, conditions.HEADS)} == {"held agent/a", "machine"}
    found = conditions.unseen(before, now, conditions.MACHINE)
    assert {c.key: c.text for c in found} == {
        "held agent/a": "held agent/a", "commit": "commit", "machine": "another"
    }  # fmt: skip


def test_news_are_told_at_once_and_then_together() -> None:
    bag = grouping.collected(grouping.Mailbag(), [Event("held", "a", Level.WARNING), Event("applied", "b")])
    assert [e.text for e in bag.waiting] == ["a"] and grouping.due(bag, 5.0, 60.0) == 0.0
    bag = grouping.collected(grouping.emptied(5.0), [Event("held", "c", Level.ERROR, "agent/c")])
    assert grouping.due(bag, 10.0, 60.0) == 55.0 and grouping.due(grouping.Mailbag(), 0.0, 60.0) is None
    title, text = grouping.message([*bag.waiting, Event("resolved", "over: c", Level.RESOLVED, "agent/c")])
    assert (title, text) == ("reconcile: 1 resolved", "over: c")


def test_news_that_come_while_others_are_sent_are_sent_too(tmp_path: Path) -> None:
    out, go = tmp_path / "out", tmp_path / "go"
    script = f"cat >> {out}; until test -e {go}; do sleep 0.02; done"
    settings = LoopSettings(notify=(Channel("command", ("sh", "-c", script)),), notify_every=0.0)
    shown: list[str] = []
    teller = Teller(environment({"HOME": str(tmp_path), "PATH": os.environ["PATH"]}), shown.append, as_json=True)
    teller.tell([Event("held", "first", Level.WARNING, "agent/a")], settings)
    until(lambda: out.exists() and "first" in out.read_text())
    teller.tell([Event("held", "second", Level.WARNING, "agent/b")], settings)
    go.touch()
    until(lambda: "second" in out.read_text())
    teller.tell([Event("held", "third", Level.WARNING)], replace(settings, notify=(Channel("command", ("false",)),)))
    teller.close()
    assert [json.loads(one)["what"] for one in shown] == ["held", "held", "held", "untold"]


def test_what_can_not_be_written_down_is_said_once_and_written_when_it_can_be(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    opened = open_app(environment(box.variables), str(box.repo))

    class Full(Book):
        full = True

        def tell(self, repo: str, events: Sequence[Event]) -> Sequence[Event]:
            if self.full:
                raise invalid("the state", "the disk is full")
            return super().tell(repo, events)

    assert isinstance(opened.book, Book)
    book = Full(opened.book._file)
    opened, memory = replace(opened, book=book), Memory(Place("main"))
    box.live("a0").write_text("mine\n")
    first = turn(opened, memory)
    assert [(e.what, e.level) for e in first.events] == [("machine", Level.ERROR)] and first.again == 1.0
    assert "Agent 0." in box.live("a0").read_text(), "repairs go on"
    again = turn(opened, memory)
    assert again.events == () and again.again == 2.0
    book.full = False
    assert [e.what for e in turn(opened, memory).events] == ["corrected"]
    assert turn(opened, memory) == Turned(LoopSettings())


def test_our_own_write_is_no_reason_to_look(tmp_path: Path) -> None:
    path = str(tmp_path / "a.md")
    watched = Watched(frozenset({str(tmp_path)}), frozenset({"/x/poke"}), frozenset({"/repo/.git"}))
    Path(path).write_text("ours")
    echo = {path: stamp(path)}
    assert not counts(path, watched, echo)
    Path(path).write_text("theirs!")
    assert counts(path, watched, echo)
    assert not counts(f"{tmp_path}/.reconcile-1.tmp", watched, {})
    assert counts("/x/poke", watched, {}) and not counts("/x/state.db", watched, {})
    assert counts("/repo/.git/HEAD", watched, {}) and not counts("/repo/.git/index.lock", watched, {})


@pytest.mark.parametrize(
    ("said", "seconds"), [(5, 5.0), ("90", 90.0), ("250ms", 0.25), ("1h30m", 5400.0), ("2d", 172800.0), ("1.5m", 90.0)]
)
def test_spans_of_time(said: str | int, seconds: float) -> None:
    assert duration.seconds(said) == seconds


@pytest.mark.parametrize("said", ["", "soon", "5 minutes", "-3", "1h!", True, float("inf")])
def test_what_is_no_span_of_time(said: Any) -> None:
    with pytest.raises(ValueError, match="write a number of seconds"):
        duration.seconds(said)


@pytest.mark.parametrize(
    ("span", "said"), [(0.25, "250ms"), (5, "5s"), (5400, "1h30m"), (86400, "1d"), (90061, "1d1h")]
)
def test_spans_as_people_read_them(span: float, said: str) -> None:
    assert duration.shown(span) == said


def book() -> Book:
    return Store.memory(b"k" * 32).book


def test_what_stays_for_days_keeps_little_of_a_state_that_grows(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    env = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    (tmp_path / "repo/desired-state").mkdir()
    for _ in range(2):
        found = open_app(environment(env), str(tmp_path / "repo")).book
        assert isinstance(found, Book)
        found.stay()
        found.tell("r", [Event("applied", "one")])
        assert found._file.rows("PRAGMA cache_size") == [(-4096,)]


def test_the_book_keeps_events_suspensions_and_what_lasts() -> None:
    found = book()
    told = found.tell("r", [Event("applied", "one"), Event("held", "token: ghp_" + "a1B2" * 9, Level.WARNING)])
    assert [e.id for e in told] == [1, 2] and "ghp_a1B2" not in told[1].text
    assert [e.text for e in found.events("r", after=0, most=1)] == [told[1].text]
    assert found.events("other") == []
    found.suspend("r", Suspension("agent/a", "because"))
    found.suspend("r", Suspension("agent/b", "over", until="2001-01-01T00:00:00+00:00"))
    assert [s.scope for s in found.suspensions("r")] == ["agent/a"]
    assert found.unsuspend("r", "agent/a") and not found.unsuspend("r", "agent/a")
    found.last("r", [Condition("held agent/a", "text", about="agent/a")])
    assert found.conditions("r")["held agent/a"].about == "agent/a"
    found.remember("r", {"place": {"head": "c"}})
    assert found.recall("r") == {"place": {"head": "c"}}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd verifies its own units")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = units.systemd(["/bin/sh", "-c", "a $HOME 100% \"q\" \\ 'x'"], "/home/me/50% $dots", {"A": 'b "c" $D %h'})
    unit = tmp_path / "reconcile-test.service"
    unit.write_text(text)
    place = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    command = ["systemd-analyze", "--user", "verify", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, env=place)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "KillMode=process" in text


def test_launchd_reads_the_list() -> None:
    said = plistlib.loads(units.launchd("dev.x", ["python", "-m", "x & y"], {"A": "<b>"}, "/log"))
    assert said["ProgramArguments"] == ["python", "-m", "x & y"] and said["AbandonProcessGroup"] is True
    assert said["StandardOutPath"] == "/dev/null" and said["StandardErrorPath"] == "/log"


def test_what_a_service_says_its_errors_to_is_cut_and_nobody_elses_file(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.log", tmp_path / "theirs.log"
    for path in (ours, theirs):
        path.write_bytes(b"x" * (services.LONGEST + 1))
    with theirs.open("ab") as file:
        services.cut(str(ours), file.fileno())
    assert len(ours.read_bytes()) == len(theirs.read_bytes()) == services.LONGEST + 1
    with ours.open("ab") as file:
        services.cut(str(ours), file.fileno())
        assert not ours.read_bytes()
        file.write(b"short")
        file.flush()
        services.cut(str(ours), file.fileno())
    assert ours.read_bytes() == b"short"


def test_readiness_is_told_to_who_asked(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})("READY=1")
        assert line.recv(100) == b"READY=1"
    notifier({})("READY=1")
    notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})("READY=1")


STOPPED = """
import threading
from reconciler.loop.stopping import stops
rung, stopping = threading.Event(), threading.Event()
def stop():
    stopping.set()
    rung.set()
stops(stop)
print(flush=True)
while not stopping.is_set():  # it holds the lock of what is set nearly all the time
    rung.clear()
    rung.set()
"""


def test_a_signal_stops_whatever_is_in_hand() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with subprocess.Popen([sys.executable, "-c", STOPPED], stdout=subprocess.PIPE) as process:
            assert process.stdout and process.stdout.readline()
            process.send_signal(number)
            try:
                assert process.wait(60) == 0
            finally:
                process.kill()


def test_a_long_turn_is_no_dead_loop_and_an_endless_one_is() -> None:
    said: list[str] = []
    now, looks = [0.0], itertools.count()
    looked = [0]

    def clock() -> float:
        looked[0] = next(looks)
        return now[0]

    def beats(many: int) -> int:
        """How much was said once it has looked at the clock so often."""
        after = looked[0] + many
        until(lambda: looked[0] >= after)
        return len(said)

    heart = Heart(said.append, 0.001, clock)
    heart.start()
    until(lambda: "WATCHDOG=1" in said)
    now[0] = 1801.0
    assert beats(2) == beats(20)
    silent = len(said)
    heart.stir()
    until(lambda: len(said) > silent)
    heart.stop()
    assert said[0] == "READY=1" and said[-1] == "STOPPING=1"


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    assert "no answer" in notices.send(Channel("webhook", ("http://127.0.0.1:9/",)), "t", "x", [], {})
    assert notices.send(Channel("webhook", ("env:HOOK",)), "t", "x", [], {}) == "HOOK is not set"
    assert "ended with 1" in notices.send(Channel("command", ("false",)), "t", "x", [], {"PATH": "/usr/bin:/bin"})
    assert "nor osascript" in notices.send(Channel("desktop"), "t", "x", [], {"PATH": str(tmp_path)})
    out = tmp_path / "out"
    assert (
        notices.send(Channel("command", ("tee", str(out))), "t", "/dev/null", [{"a": 1}], {"PATH": "/usr/bin:/bin"})
        == ""
    )
    assert json.loads(out.read_text()) == {"title": "t", "events": [{"a": 1}]}


def test_a_webhook_is_sent_the_whole_and_its_refusal_is_said() -> None:
    got: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204 if self.path == "/well" else 500)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        event = Event("held", "x", Level.WARNING, "agent/a").record
        well = Channel("webhook", ("env:HOOK",))
        assert notices.send(well, "title", "text", [event], {"HOOK": f"{url}/well"}) == ""
        assert got == [{"title": "title", "text": "text", "events": [event]}]
        assert notices.send(Channel("webhook", (f"{url}/ill",)), "t", "x", [], {}) == "answered 500"
        server.shutdown()


def test_samples_are_rolled_up_as_they_age_and_dropped_in_the_end() -> None:
    found = book().samples
    day = 86400.0
    for n in range(60):
        found.keep({"s": Sample(n * 60.0, cpu=float(n), memory=n, most_memory=n, busy=n % 2)}, n * 60.0)
    found.keep({"s": Sample(day, 1.0, 1, 1)}, day)
    coarse = found.since("s", 0.0)
    assert [(one.at, one.number, one.most_memory) for one in coarse] == [
        *((n * 600.0, 10, n * 10 + 9) for n in range(6)), (day, 1, 1)
    ]  # fmt: skip
    assert coarse[0].cpu == 4.5 and coarse[0].busy == 1
    found.keep({}, 30 * day)
    assert [(one.at, one.number) for one in found.since("s", 0.0)] == [(0.0, 60), (day, 1)]
    found.keep({}, 500 * day)
    assert not found.since("s", 0.0)


def test_a_limit_matters_once_it_is_passed_for_long_and_until_it_is_kept_for_as_long() -> None:
    care = Care(memory=100, cpu=50.0)
    above = [Sample(float(n), 60.0, 101, 101) for n in range(5)]
    below = Sample(9.0, 0.0, 99, 99)
    keys = ["memory server/s", "cpu server/s"]

    def told(looks: list[Sample], stood: list[str]) -> list[str]:
        return [c.key for c in weighing.over("s", looks, care, stood)]

    assert told(above, []) == keys and not told(above[1:], [])
    assert not told([*above[1:], below], [])
    assert told([*above[1:], below], keys) == keys, "it hovers about its limit, which is no news each time"
    assert told([], keys) == keys, "another life of the loop has not looked yet"
    assert not told([below] * 5, keys)
    assert not list(weighing.over("s", above, Care())) and len(list(weighing.over("s", above, care, (), True))) == 1


def test_a_server_that_ended_is_started_again_ever_later() -> None:
    claim = Claim("port", "5000")
    target: Target[Any] = Target(Ref("server", "s"), "", claim, None, Origin(""))
    wanted = Serving(Launch("s", 5000, "127.0.0.1", "/"), Care(backoff=1.0))
    ended: Change[Any] = Change(target, Action.CREATE, Cause.DRIFT, Seen(claim, None, "absent"), wanted, "z", None)
    note = Note(wanted.launch, None, "t", starts=(100.0, 101.0), care=wanted.care)
    held = tending.tended(plan(ended), {5000: note}, 102.0)
    assert held.again == 1.0 and held.plan.changes[0].verdict.rule == "it ended: started again in 1s"
    assert tending.tended(plan(ended), {5000: note}, 103.0) == (plan(ended), None)
    assert tending.tended(plan(ended), {5000: note}, 50.0).again is None, "the clock was set back"
    assert tending.tended(plan(replace(ended, cause=Cause.COMMIT)), {5000: note}, 102.0).again is None


FIRST = Process("boot", 7, 1.0)


def busy(care: Care, process: Process = FIRST, by: str = "1 busy session") -> Change[Any]:
    """A restart that somebody is in the way of."""
    claim, launch = Claim("port", "5000"), Launch("s", 5000, "127.0.0.1", "/")
    target: Target[Any] = Target(Ref("server", "s"), "", claim, None, Origin(""))
    seen = Seen(claim, Serving(launch, now=Now(launch, process, "", True)), "y")
    disturbs = (Disruption(target.ref, "restart, when idle", "agents changed", by),)
    return Change(target, Action.UPDATE, Cause.COMMIT, seen, Serving(launch, care), "z", None, disturbs=disturbs)


def waited(one: Change[Any], waits: patience.Waits, now: float) -> patience.Patient:
    return patience.patient(plan(one), waits, {}, now, "2026-01-02T03:04:05+00:00")


def test_who_is_at_work_is_waited_for_as_long_as_policy_says() -> None:
    leave, force = Care(deadline=600.0), Care(deadline=600.0, then="force")
    first = waited(busy(leave), {}, 1000.0)
    [said] = first.lasting
    assert not first.plan.due and first.again == 600.0
    assert "restart waits since 03:04:05 UTC for 1 busy session (agents changed)" in said.text
    assert said.level is Level.NOTE
    late = waited(busy(leave), first.waits, 1600.0)
    assert not late.plan.due and late.again is None and late.lasting[0].level is Level.WARNING
    assert "longer than 10m" in late.lasting[0].text
    told = waited(busy(force), {}, 1000.0)
    assert "at 03:14:05 UTC it is done all the same" in told.lasting[0].text
    assert not waited(busy(force), told.waits, 1599.9).plan.due
    [forced] = (over := waited(busy(force), told.waits, 1600.0)).plan.due
    assert forced.verdict.rule == FORCED and not over.lasting


def test_a_wait_is_for_one_process_and_counts_on_no_clock_that_is_set() -> None:
    force = Care(deadline=600.0, then="force")
    waits = waited(busy(force), {}, 1000.0).waits
    assert not waited(busy(force, Process("boot", 8, 2.0)), waits, 1700.0).plan.due
    assert not waited(busy(force), waits, 10.0).plan.due, "before it began: another boot's clock"
    assert waited(busy(force, by="idle"), waits, 1100.0).plan.due and not waited(busy(force, by="idle"), waits, 1).waits
    assert waited(busy(Care(when="now")), {}, 0.0).plan.due
    kept = json.loads(json.dumps(waits))
    assert {ref: patience.Wait.of(fact) for ref, fact in kept.items()} == waits


def test_one_that_git_names_no_more_is_waited_for_as_it_was_noted() -> None:
    gone = replace(busy(Care()), after=None)
    note = Note(Launch("s", 5000, "127.0.0.1", "/"), None, "t", care=Care(deadline=5.0, then="force"))
    found = patience.patient(plan(gone), {}, {5000: note}, 0.0, "2026-01-02T03:04:05+00:00")
    assert found.again == 5.0
    assert patience.patient(plan(gone), found.waits, {5000: note}, 5.0, "").plan.due


def test_a_server_runs_in_a_scope_of_its_own_where_systemd_makes_one(tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = tmp_path / "systemd-run"
    program.write_text(f'#!/bin/sh\necho "$@" > {said}\nwhile [ "$1" != -- ] && [ $# -gt 1 ]; do shift; done\n'
                       '[ "$1" = -- ] && shift\nexec "$@"\n')  # fmt: skip
    program.chmod(0o755)
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd/private").touch()
    place = {"PATH": f"{tmp_path}:/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)}
    command = scopes.scoped(["echo", "x"], "reconcile-server-a b/c", 50.0, place)
    assert subprocess.run(command, capture_output=True, text=True).stdout == "x\n"
    told = said.read_text().split()
    assert {"--user", "--scope", "--unit=reconcile-server-a-b-c", "--property=CPUQuota=50%"} <= set(told)
    assert scopes.scoped(["echo", "x"], "u", 0.0, {**place, "XDG_RUNTIME_DIR": "/nowhere"}) == ["echo", "x"]
    program.write_text("#!/bin/sh\nexit 1\n")
    assert scopes.scoped(["echo", "x"], "u", 0.0, place) == ["echo", "x"]


def test_doctor_tells_what_ends_the_loop_at_logout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    (tmp_path / "repo/desired-state").mkdir()
    app = open_app(
        environment({"HOME": str(tmp_path), "USER": "me", "PATH": os.environ["PATH"]}), str(tmp_path / "repo")
    )
    app = replace(app, env=replace(app.env, platform="linux"))
    assert not list(checks.check(app)), "nothing is installed"
    ours = service.service(app)
    Path(ours.path).parent.mkdir(parents=True)
    Path(ours.path).write_bytes(ours.content)
    monkeypatch.setattr(checks, "LINGER", str(tmp_path))
    monkeypatch.setattr(checks, "LOGIND", str(tmp_path / "logind.conf"))
    assert [(one.ok, one.remedy) for one in checks.check(app)] == [(False, "`loginctl enable-linger me` keeps it on")]
    (tmp_path / "me").touch()
    (tmp_path / "logind.conf.d").mkdir()
    (tmp_path / "logind.conf").write_text("#KillUserProcesses=no\nKillUserProcesses=no\n")
    assert [one.ok for one in checks.check(app)] == [True]
    (tmp_path / "logind.conf.d/50.conf").write_text("[Login]\nKillUserProcesses=yes\n")
    assert [one.ok for one in checks.check(app)] == [True, False]
