# ruff: noqa: E501
"""What is done about a server, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.change import Cause
from reconciler.model.serving import (
    Care,
    Deed,
    Difference,
    Health,
    Launch,
    Note,
    Now,
    Probe,
    Process,
    Serving,
    Sitting,
    Suspension,
)
from reconciler.shapes import server_decisions, server_loading
from reconciler.shapes.server_decisions import Case, decide

LAUNCH = Launch("a", 7000, "127.0.0.1", "/a")
PROCESS = Process("boot", 12, 1.0)
WANTED = Serving(LAUNCH)
OURS = Now(LAUNCH, PROCESS, "", ours=True, tag="t")
BY_HAND = Now(replace(LAUNCH, name=""), PROCESS, "opencode serve --port 7000")
FOREIGN = Now(Launch("", 7000, "127.0.0.1", ""), PROCESS, "nginx", serves=False)
NOTE = Note(LAUNCH, PROCESS, "t")
AGENT, GLOBAL = Difference("agents/x.md", "edited"), Difference("opencode.json", "edited")
STOPPED = Suspension("stopped", "for the night", 0.0)
TARGETED = replace(BY_HAND, differs=(AGENT,))


def cared(**care: object) -> Serving:
    return Serving(LAUNCH, Care(**care))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "deed", "cause", "held"),
    [
        (Case(WANTED, None), Deed.START, Cause.COMMIT, ""),
        (Case(WANTED, None, owned=True), Deed.START, Cause.DRIFT, ""),
        (Case(WANTED, OURS, owned=True), Deed.NOTHING, Cause.ADOPT, ""),
        (Case(WANTED, None, hindrance="no opencode found"), Deed.START, Cause.COMMIT, "no opencode found"),
        (Case(WANTED, FOREIGN), Deed.START, Cause.COMMIT, "port 7000 is taken by process 12 (`nginx`)"),
        (Case(WANTED, FOREIGN, owned=True, told=True), Deed.START, Cause.COMMIT, "port 7000 is taken by process 12 (`nginx`)"),
        (Case(cared(restart="never"), None, owned=True), Deed.START, Cause.DRIFT, "it ended, and `restart: never` leaves it so"),
        (Case(cared(lifecycle="adopted"), None), Deed.NOTHING, Cause.COMMIT, ""),
        (Case(cared(lifecycle="external"), None, owned=True), Deed.NOTHING, Cause.COMMIT, ""),
        # a new launch
        (Case(replace(WANTED, launch=replace(LAUNCH, path="/b")), OURS, owned=True), Deed.RESTART, Cause.COMMIT, ""),
        # what it holds
        (Case(WANTED, OURS, owned=True, coming=[AGENT]), Deed.DISPOSE, Cause.COMMIT, ""),
        (Case(WANTED, OURS, owned=True, coming=[GLOBAL]), Deed.RESTART, Cause.COMMIT, ""),
        (Case(WANTED, replace(OURS, differs=(AGENT,)), owned=True), Deed.DISPOSE, Cause.DRIFT, ""),
        (Case(WANTED, replace(OURS, differs=(AGENT,)), owned=True, coming=[GLOBAL]), Deed.RESTART, Cause.COMMIT, ""),
        (Case(WANTED, replace(OURS, differs=(GLOBAL,)), owned=True, coming=[AGENT]), Deed.RESTART, Cause.DRIFT, ""),
        (Case(cared(when="never"), OURS, owned=True, coming=[AGENT]), Deed.DISPOSE, Cause.COMMIT, "`on_config_change: never`: agents changed"),
        (Case(cared(when="never"), OURS, owned=True, coming=[AGENT], named=True), Deed.DISPOSE, Cause.COMMIT, ""),
        # health
        (Case(WANTED, replace(OURS, probe=Probe(Health.POISONED, "x")), owned=True), Deed.RESTART, Cause.DRIFT, ""),
        (Case(WANTED, replace(OURS, probe=Probe(Health.SLOW)), owned=True), Deed.RESTART, Cause.DRIFT, ""),
        (Case(WANTED, replace(OURS, probe=Probe(Health.LOCKED)), owned=True), Deed.RESTART, Cause.DRIFT, "it answers 401: its password is not the one that is known here"),
        # this very session
        (Case(WANTED, OURS, owned=True, coming=[AGENT], inside=True), Deed.DISPOSE, Cause.COMMIT, "this very session runs on it: left for later"),
        (Case(None, OURS, owned=True, inside=True), Deed.STOP, Cause.COMMIT, "this very session runs on it: left for later"),
        # only what we started is stopped
        (Case(None, None), Deed.NOTHING, Cause.ORPHAN, ""),
        (Case(None, OURS, owned=True), Deed.STOP, Cause.COMMIT, ""),
        (Case(None, OURS, owned=True, listed=False), Deed.STOP, Cause.ORPHAN, ""),
        (Case(None, OURS), Deed.NOTHING, Cause.COMMIT, ""),
        (Case(None, BY_HAND), Deed.NOTHING, Cause.ORPHAN, ""),
        (Case(None, BY_HAND, owned=True, told=True), Deed.NOTHING, Cause.ORPHAN, ""),
        (Case(None, FOREIGN, owned=True, told=True), Deed.NOTHING, Cause.ORPHAN, ""),
        # what was started by hand
        (Case(WANTED, BY_HAND), Deed.NOTHING, Cause.ADOPT, ""),
        (Case(WANTED, replace(BY_HAND, launch=replace(BY_HAND.launch, path="/b"))), Deed.RESTART, Cause.ADOPT, "runs already (process 12), with another path"),
        (Case(WANTED, TARGETED, owned=True), Deed.DISPOSE, Cause.DRIFT, "adopted, so it is left as it is: holds an older configuration: agents changed"),
        (Case(WANTED, TARGETED, owned=True, named=True), Deed.DISPOSE, Cause.DRIFT, ""),
        (Case(WANTED, TARGETED, named=True), Deed.NOTHING, Cause.ADOPT, ""),
        (Case(cared(lifecycle="external"), TARGETED, named=True), Deed.NOTHING, Cause.COMMIT, ""),
        # by hand for now
        (Case(WANTED, None, replace(NOTE, suspended=STOPPED), owned=True), Deed.START, Cause.DRIFT, "stopped by hand: for the night"),
        (Case(WANTED, None, replace(NOTE, suspended=STOPPED), owned=True, told=True), Deed.START, Cause.DRIFT, ""),
        (Case(None, OURS, replace(NOTE, suspended=Suspension("running", "a try", 0)), owned=True), Deed.STOP, Cause.COMMIT, "running by hand: a try"),
    ],
)  # fmt: skip
def test_what_is_done(case: Case, deed: Deed, cause: Cause, held: str) -> None:
    found = decide(case)
    assert (found.deed, found.cause, found.held) == (deed, cause, held)


def test_what_people_chose_fails_nothing() -> None:
    assert decide(Case(WANTED, TARGETED, owned=True)).chosen
    assert decide(Case(WANTED, None, replace(NOTE, suspended=STOPPED), owned=True)).chosen
    assert not decide(Case(WANTED, FOREIGN)).chosen
    assert not decide(Case(WANTED, OURS, owned=True, coming=[AGENT], inside=True)).chosen


def test_ownership_is_noted_and_given_up() -> None:
    assert decide(Case(WANTED, BY_HAND)).record
    assert decide(Case(None, BY_HAND, owned=True)).record
    assert not decide(Case(None, BY_HAND)).record
    assert not decide(Case(WANTED, OURS, owned=True)).record


def test_the_generations_are_told() -> None:
    old = replace(OURS, differs=(AGENT,))
    assert (
        decide(Case(WANTED, old, owned=True, generations=(41, 43))).why
        == "holds generation 41, disk is 43: agents changed"
    )


def test_a_server_that_ends_again_and_again_is_left() -> None:
    case = Case(WANTED, None, replace(NOTE, starts=(91.0, 92.0, 93.0, 94.0, 95.0)), owned=True, clock=100.0)
    assert decide(case).held == "started 5 times within 10m, and it ended each time"
    assert not decide(replace(case, clock=800.0)).held
    assert not decide(replace(case, told=True)).held


def test_the_pause_doubles() -> None:
    note = replace(NOTE, starts=(100.0, 101.0, 103.0))
    assert [server_decisions.pause(note, clock) for clock in (103.0, 105.0, 110.0)] == [4.0, 2.0, 0.0]


def test_memory_goes_to_those_that_matter_most() -> None:
    servers = [Serving(replace(LAUNCH, port=port), Care(priority=level)) for port, level in ((1, 2), (2, 0), (3, 1))]
    assert server_decisions.too_many(servers, 1000 << 20) == {1}
    assert server_decisions.too_many(servers, 0) == {1, 2, 3}


def test_limits_are_told_where_they_are_passed() -> None:
    limited = cared(cpu=50.0, memory=1_000_000_000)
    assert server_decisions.over_limits(limited, 50.0, 1_000_000_000) == []
    assert server_decisions.over_limits(limited, 81.4, 1_200_000_000) == [
        "CPU 81% of at most 50%",
        "memory 1200 MB of at most 1000 MB",
    ]
    assert server_decisions.over_limits(WANTED, 900.0, 1 << 40) == []


def test_what_cannot_be_known_counts_as_busy() -> None:
    assert not Sitting(unknown="slow").idle and Sitting().idle
    assert not Sitting(permissions=1).idle and not Sitting(questions=1).idle and not Sitting(busy=("s",)).idle
    assert server_decisions.told(Sitting(("a", "b"), 1)) == "2 busy sessions, 1 open permission"
    assert server_decisions.told(Sitting(unknown="slow")) == "nobody can say who is busy (slow)"


@pytest.mark.parametrize(
    ("path", "sort", "deed"),
    [
        ("opencode.json", "edited", Deed.RESTART),
        ("opencode.jsonc", "new", Deed.RESTART),
        ("config.json", "gone", Deed.RESTART),
        ("agent/a.md", "new", Deed.DISPOSE),
        ("agents/team/b.md", "gone", Deed.DISPOSE),
        ("commands/ship.md", "edited", Deed.DISPOSE),
        ("skills/release/SKILL.md", "edited", Deed.DISPOSE),
        ("skills/release/check.sh", "edited", Deed.NOTHING),
        ("tool/x.ts", "new", Deed.DISPOSE),
        ("tool/x.ts", "gone", Deed.DISPOSE),
        ("tool/x.ts", "edited", Deed.RESTART),
        ("plugins/p.js", "edited", Deed.RESTART),
        ("AGENTS.md", "edited", Deed.NOTHING),
        ("tui.json", "edited", Deed.NOTHING),
        ("./opencode.json", "edited", Deed.DISPOSE),
        ("./.opencode/opencode.json", "edited", Deed.DISPOSE),
        ("./.opencode/agents/a.md", "edited", Deed.DISPOSE),
        ("./.opencode/tool/x.ts", "edited", Deed.RESTART),
    ],
)
def test_the_mildest_thing_that_makes_it_true(path: str, sort: str, deed: Deed) -> None:
    assert server_loading.deed(Difference(path, sort)) is deed
    if not path.startswith("./"):
        assert server_loading.relevant(path) is (deed is not Deed.NOTHING)
