"""Changes of servers done to servers that only note what is done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.formats.serving_json import CODEC
from reconciler.model.change import ABSENT, FORCED, Action, Cause, Change, Seen, Verdict
from reconciler.model.fingerprint import fingerprint
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Origin, invalid
from reconciler.model.resource import PORT, Claim, Ref, Target
from reconciler.model.serving import (
    Care,
    Deed,
    Difference,
    Health,
    Launch,
    Now,
    Orphan,
    Probe,
    Process,
    Serving,
    Sitting,
)
from reconciler.shapes import server_acting
from reconciler.world.no_servers import NoServers

PROCESS = Process("boot", 12, 1.0)
OLD = (Difference("agents/a.md", "edited"),)


class Noting(NoServers):
    """`did`: everything that was done, in order."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.sittings = Sitting()
        self.first = False
        self.within = False
        self.lacks = ""
        self.unready: dict[int, str] = {}
        self.left: list[Orphan] = []

    @property
    def servers(self) -> Noting:
        return self

    def sitting(self, now: Now) -> Sitting:
        return self.sittings

    def inside(self, now: Now) -> bool:
        return self.within

    def first_start(self, launches: Sequence[Launch]) -> bool:
        return self.first

    def prepare(self, launch: Launch) -> str:
        return self.lacks

    def start(self, serving: Serving) -> Now:
        if self.lacks:
            raise invalid("server", self.lacks)
        self.did.append(f"start {serving.launch.port}")
        return Now(serving.launch, PROCESS, "")

    def wait(self, servings: Sequence[Serving]) -> Mapping[int, str]:
        if servings:
            self.did.append(f"wait {' '.join(str(serving.launch.port) for serving in servings)}")
        return {s.launch.port: self.unready.get(s.launch.port, "") for s in servings}

    def dispose(self, now: Now) -> str:
        self.did.append(f"dispose {now.launch.port}")
        return ""

    def stop(self, now: Now) -> str:
        self.did.append(f"stop {now.launch.port}")
        return ""

    def orphans(self) -> Sequence[Orphan]:
        return self.left

    def remove(self, orphans: Sequence[Orphan]) -> Sequence[Orphan]:
        self.did += [f"end {one.process.pid}" for one in orphans]
        return ()


def launch(port: int) -> Launch:
    return Launch(f"s{port}", port, "127.0.0.1", "/x")


def running(port: int, **now: Any) -> Serving:
    return Serving(launch(port), now=Now(launch(port), PROCESS, "", **{"ours": True, "differs": OLD, **now}))


def change(port: int, before: Serving | None, after: Serving | None, rule: str = "") -> Change[Serving]:
    claim = Claim(PORT, str(port))
    target = Target(Ref("server", f"s{port}"), "", claim, after, Origin("x"))
    seen = Seen(claim, before, fingerprint(before, CODEC, b"k"))
    return Change(target, Action.UPDATE, Cause.COMMIT, seen, after, ABSENT, None, verdict=Verdict(rule=rule))


def to(port: int, deed: Deed = Deed.NOTHING, **care: Any) -> Serving:
    return Serving(launch(port), Care(**care), deed)


def act(servers: Noting, *changes: Change[Serving]) -> list[Outcome]:
    return list(server_acting.act(changes, servers))  # type: ignore[arg-type]


def test_a_wave_starts_at_once() -> None:
    servers = Noting()
    outcomes = act(servers, change(2, None, to(2)), change(1, None, to(1)))
    assert servers.did == ["start 1", "start 2", "wait 1 2"]
    assert [outcome.status for outcome in outcomes] == [Status.DONE, Status.DONE]
    assert [outcome.claim.path for outcome in outcomes] == ["2", "1"]


def test_the_first_start_of_a_database_is_alone() -> None:
    servers = Noting()
    servers.first = True
    act(servers, *(change(port, None, to(port)) for port in (1, 2, 3)))
    assert servers.did == ["start 1", "wait 1", "start 2", "start 3", "wait 2 3"]


def test_one_that_does_not_get_ready_fails_alone() -> None:
    servers = Noting()
    servers.unready = {2: "ended with status 1: bad configuration"}
    one, two = act(servers, change(1, None, to(1)), change(2, None, to(2)))
    assert one.status is Status.DONE and two.status is Status.FAILED
    assert two.problem and two.problem.text == "not ready: ended with status 1: bad configuration"


def test_nobody_at_work_is_disturbed_unasked() -> None:
    for deed in (Deed.DISPOSE, Deed.RESTART):
        servers = Noting()
        servers.sittings = Sitting(unknown="slow")
        [outcome] = act(servers, change(1, running(1), to(1, deed)))
        assert outcome.status is Status.WAITING and servers.did == []
        assert act(servers, change(1, running(1), to(1, deed), FORCED))[0].status is Status.DONE
        assert act(servers, change(1, running(1), to(1, deed, when="now")))[0].status is Status.DONE
    servers = Noting()
    servers.sittings = Sitting(busy=("ses_1",))
    assert act(servers, change(1, running(1), None))[0].status is Status.WAITING and servers.did == []


def test_this_very_session_is_never_ended() -> None:
    servers = Noting()
    servers.within = True
    for after in (to(1, Deed.RESTART), to(1, Deed.DISPOSE), None):
        assert act(servers, change(1, running(1), after, FORCED))[0].status is Status.HELD
    assert servers.did == []


def test_nothing_is_stopped_for_a_start_that_cannot_succeed() -> None:
    servers = Noting()
    servers.lacks = "opencode 2.0.0 is installed"
    [outcome] = act(servers, change(1, running(1), to(1, Deed.RESTART)))
    assert outcome.status is Status.FAILED and servers.did == []
    assert act(servers, change(2, None, to(2)))[0].status is Status.FAILED


def test_what_somebody_else_has_brought_about_is_left() -> None:
    servers = Noting()
    assert act(servers, change(1, running(1, differs=()), to(1, Deed.RESTART)))[0].status is Status.DONE
    assert act(servers, change(1, running(1, differs=()), to(1, Deed.DISPOSE)))[0].status is Status.DONE
    assert servers.did == []
    poisoned = running(1, differs=(), probe=Probe(Health.POISONED))
    act(servers, change(1, poisoned, to(1, Deed.RESTART)))
    assert servers.did == ["stop 1", "start 1", "wait 1"]


def test_a_dispose_is_waited_for_too() -> None:
    servers = Noting()
    servers.unready = {1: "poisoned: x"}
    assert act(servers, change(1, running(1), to(1, Deed.DISPOSE)))[0].status is Status.FAILED
    assert servers.did == ["dispose 1", "wait 1"]


def test_only_what_we_started_is_stopped() -> None:
    servers = Noting()
    assert act(servers, change(1, running(1, ours=False), None))[0].status is Status.DONE
    assert act(servers, change(1, running(1, ours=False), to(1)))[0].status is Status.DONE
    assert servers.did == []
    moved = replace(to(1), launch=replace(launch(1), path="/y"))
    act(servers, change(1, running(1), moved))
    assert servers.did == ["stop 1", "start 1", "wait 1"]


def test_what_a_dead_server_left_goes_where_policy_says_so() -> None:
    servers = Noting()
    servers.left = [Orphan(PROCESS._replace(pid=7), "s1", "sleep"), Orphan(PROCESS._replace(pid=8), "s2", "sleep")]
    act(servers, change(1, None, to(1)), change(2, None, to(2, orphans="remove")))
    assert servers.did == ["start 1", "end 8", "start 2", "wait 1 2"]
