"""What an apply does with secrets: asked when, kept where, readable by whom, and what becomes of them afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.cli import render
from reconciler.formats import plan_json
from reconciler.model.change import Action, Cause, Plan
from reconciler.model.outcome import Status
from reconciler.model.world import Bitless
from tests.support.house import House

GITHUB = "mcp/github.yaml"
BOTH = "command: [npx, github]\nenvironment: {TOKEN: !secret env:TOKEN}\n"
ZED = ("zed", "settings.json")
CODE = ("opencode", "opencode.jsonc")


def house(**more: Any) -> House:
    return House(more.pop("home", {}), secrets={"env:TOKEN": "hunter2", "keyring:a/b": "swordfish", **more})


def shown(house: House, plan: Plan) -> str:
    return render.plan(plan, house.world.show)


def test_a_new_secret_is_written_where_the_old_one_stood_and_said_to_be_final() -> None:
    one = house()
    one.apply(one.plan({GITHUB: BOTH}))
    one.secrets.known["env:TOKEN"] = "correct horse"
    plan = one.plan({GITHUB: BOTH})
    assert [(c.action, c.cause, c.reversible) for c in plan.due] == [(Action.UPDATE, Cause.COMMIT, False)] * 2
    assert "secret changed" in shown(one, plan) and "the old secret is kept nowhere" in shown(one, plan)
    run = one.apply(plan).run
    assert b"correct horse" in one.home["zed/settings.json"]
    assert not one.plan({GITHUB: BOTH}).changes
    assert run is not None and [o.status for _, o in one.take_back(run.id).outcomes] == []
    assert b"correct horse" in one.home["zed/settings.json"]


def test_a_secret_that_was_set_back_lets_its_change_be_taken_back() -> None:
    one = house()
    one.apply(one.plan({GITHUB: BOTH}))
    before = one.home
    one.secrets.known["env:TOKEN"] = "correct horse"
    run = one.apply(one.plan({GITHUB: BOTH})).run
    one.secrets.known["env:TOKEN"] = "hunter2"
    assert run is not None and {o.status for _, o in one.take_back(run.id).outcomes} == {Status.DONE}
    assert one.home == before


def test_a_secret_that_is_not_there_stops_its_object_and_no_other() -> None:
    one = house()
    git = {
        GITHUB: "command: [npx]\nenvironment: {A: x, TOKEN: !secret env:MISSING}\n",
        "mcp/other.yaml": "command: [other]\n",
        "zed/settings.yaml": "buffer_font_size: 14\nproxy: !secret env:MISSING\n",
    }
    outcomes = {(str(c.ref), c.target.part): o for c, o in one.apply(one.plan(git)).outcomes}
    stopped = {at for at, outcome in outcomes.items() if outcome.status is not Status.DONE}
    assert {ref for ref, _ in stopped} == {"mcp_server/github", "zed_settings"}
    assert outcomes["zed_settings", "/buffer_font_size"].status is Status.DONE
    problem = outcomes["mcp_server/github", "/mcp/github/environment/TOKEN"].problem
    assert problem is not None and problem.hint and str(problem.origin) == "desired-state/mcp/github.yaml:2:21"
    assert b"github" not in one.home["zed/settings.json"] + one.home["opencode/opencode.jsonc"]


def test_a_plan_asks_no_keyring_and_an_apply_only_for_what_it_writes() -> None:
    one = house()
    git = {GITHUB: "command: [npx]\nenvironment: {A: x, TOKEN: !secret keyring:a/b}\n"}
    one.apply(one.plan(git))
    one.secrets.asked.clear()
    git[GITHUB] = git[GITHUB].replace("A: x", "A: y")
    one.apply(one.plan(git))
    assert one.secrets.asked == [] and b'"A": "y"' in one.home["zed/settings.json"]
    one.edit({"/".join(ZED): one.home["/".join(ZED)].decode().replace("swordfish", "by hand")})
    one.apply(one.plan(git))
    assert set(one.secrets.asked) == {"keyring:a/b"} and b"swordfish" in one.home["zed/settings.json"]


def test_what_a_keyring_turns_out_to_have_is_written_only_where_it_differs() -> None:
    one = house(home={"zed/settings.json": '{"proxy": "swordfish"}\n'})
    one.world.modes[ZED] = 0o600
    plan = one.plan({"zed/settings.yaml": "proxy: !secret keyring:a/b\n"})
    assert [c.action for c in plan.due] == [Action.UPDATE]
    one.world.frozen = True
    [(change, outcome)] = one.apply(plan).outcomes
    assert (change.action, outcome.status) == (Action.RECORD, Status.DONE)
    one.world.frozen = False
    assert not one.plan({"zed/settings.yaml": "proxy: !secret keyring:a/b\n"}).changes
    one.hand_back()
    assert one.home == {"zed/settings.json": b'{"proxy": "swordfish"}\n'}


def test_files_with_secrets_are_nobody_elses_until_they_hold_none() -> None:
    one = house(home={"opencode/opencode.jsonc": '{\n  "model": "a/b"\n}\n'})
    one.world.modes[CODE] = 0o664
    one.apply(one.plan({GITHUB: BOTH}))
    assert (one.world.mode(*CODE), one.world.mode(*ZED)) == (0o600, 0o600)
    one.world.modes[ZED] = 0o644
    plan = one.plan({GITHUB: BOTH})
    assert [(c.action, c.cause, c.diff.note) for c in plan.due] == [
        (Action.UPDATE, Cause.DRIFT, "others may read this file: it becomes yours alone")
    ]
    one.apply(plan)
    assert one.world.mode(*ZED) == 0o600 and not one.plan({GITHUB: BOTH}).changes
    one.apply(one.plan({GITHUB: "command: [npx, github]\n"}))
    assert one.world.mode(*CODE) == 0o664


def test_the_journal_and_saved_plans_hold_references_and_no_secret() -> None:
    one = house(home={"zed/settings.json": '{"proxy": "before-all"}\n'})
    git = {GITHUB: BOTH, "zed/settings.yaml": "proxy: !secret env:TOKEN\n"}
    codecs = {kind.name: kind.codec for kind in one.kinds}
    texts = ["".join(plan_json.lines(one.plan(git), codecs, lambda clear: b"sealed"))]
    run = one.apply(one.plan(git)).run
    one.edit({"zed/settings.json": one.home["zed/settings.json"].decode().replace("hunter2", "by-hand-now")})
    texts += ["".join(plan_json.lines(one.plan(git), codecs, lambda clear: b"sealed")), shown(one, one.plan(git))]
    texts += ["".join(plan_json.lines(one.plan({}), codecs, lambda clear: b"sealed")), shown(one, one.plan({}))]
    assert run is not None
    for table in ("steps", "owned", "blobs", "runs"):
        for row in one.journal._file.rows(f"SELECT * FROM {table}"):
            texts += [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row]
    kept = one.journal._file.rows("SELECT id, sealed FROM blobs WHERE sealed >= 0")
    texts += [one.journal.content(name).decode() for name, sealed in kept if not sealed]
    for secret in ("hunter2", "before-all", "by-hand-now"):
        assert not [text for text in texts if secret in text]


def test_taking_back_what_made_a_file_spares_a_secret_that_is_another_one_by_now() -> None:
    for by_hand in (False, True):
        one = house(home={"zed/settings.json": "{}\n"})
        run = one.apply(one.plan({GITHUB: BOTH})).run
        if by_hand:
            one.edit({"zed/settings.json": one.home["zed/settings.json"].decode().replace("hunter2", "correct horse")})
        else:
            one.secrets.known["env:TOKEN"] = "correct horse"
            one.apply(one.plan({GITHUB: BOTH}))
        assert run is not None
        one.take_back(run.id)
        assert b"correct horse" in one.home["zed/settings.json"] and b"npx" not in one.home["zed/settings.json"]


def test_what_turns_a_file_back_holds_no_secret_that_we_put_there_even_sealed() -> None:
    one = house(home={"zed/settings.json": '{"theme": "x"}\n', "zed/tasks.json": "[]\n"})
    tasks = '- {label: a, command: x, env: {K: !secret env:TOKEN}}\n- {label: b, command: "1"}\n'
    git = {GITHUB: BOTH, "zed/tasks.yaml": tasks}
    one.apply(one.plan(git))
    one.secrets.known["env:TOKEN"] = "correct horse"
    one.apply(one.plan(git))
    one.apply(one.plan({"zed/tasks.yaml": '- {label: b, command: "2"}\n'}))
    names = [name for (name,) in one.journal._file.rows("SELECT id FROM blobs WHERE id GLOB 'reverse/*'")]
    kept = [one.journal.content(name).decode() for name in names]
    assert len(kept) >= 4 and not [text for text in kept if "hunter2" in text or "correct horse" in text]
    assert any("env:TOKEN" in text for text in kept)


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("at", [0, 1])
def test_a_run_that_was_stopped_is_finished_with_its_secrets_and_taken_back(at: int) -> None:
    one = house(home={"zed/settings.json": '{"proxy": "mine"}\n'})
    git = {GITHUB: BOTH, "zed/settings.yaml": "proxy: !secret keyring:a/b\n"}
    first, edits = one.home, []

    def stop(edit: object) -> None:
        edits.append(edit)
        if len(edits) > at:
            raise Stopped

    one.world.hook = stop
    with pytest.raises(Stopped):
        one.apply(one.plan(git))
    one.world.hook = None
    result = one.resume()
    assert {o.status for _, o in result.outcomes} <= {Status.DONE} and not one.plan(git).changes
    assert b"swordfish" in one.home["zed/settings.json"] and b"hunter2" in one.home["opencode/opencode.jsonc"]
    assert one.world.mode(*ZED) == 0o600 and result.run is not None
    one.take_back(result.run.id)
    assert one.home == first and one.world.mode(*ZED) == 0o644


def test_a_secret_that_changed_after_the_plan_is_not_written() -> None:
    one = house()
    plan = one.plan({GITHUB: BOTH})
    one.secrets.known["env:TOKEN"] = "correct horse"
    outcomes = one.apply(plan).outcomes
    stale = {c.target.part for c, o in outcomes if o.status is Status.STALE}
    assert stale == {"/mcp/github/environment/TOKEN", "/context_servers/github/env/TOKEN"}


@pytest.mark.parametrize(
    "home", [{}, {"zed/settings.json": "{}", "opencode/opencode.jsonc": "{}"}], ids=["new", "there"]
)
def test_a_file_system_without_permission_bits_is_told_of_and_nothing_is_tried_in_vain(home: dict[str, str]) -> None:
    one = house(home=home)
    one.world.without_bits = Bitless("vfat", False)
    plan = one.plan({GITHUB: BOTH})
    assert "its file system (`vfat`) keeps no permission bits" in shown(one, plan)
    assert {p.origin.path for p in plan.problems} == {
        "~/.config/zed/settings.json",
        "~/.config/opencode/opencode.jsonc",
    }
    assert {o.status for _, o in one.apply(plan).outcomes} == {Status.DONE}
    again = one.plan({GITHUB: BOTH})
    assert not again.changes and len(again.problems) == 2


def test_a_mount_that_keeps_others_out_by_itself_needs_no_word() -> None:
    one = house()
    one.world.without_bits = Bitless("vfat", True)
    plan = one.plan({GITHUB: BOTH})
    assert not plan.problems
    one.apply(plan)
    assert not one.plan({GITHUB: BOTH}).changes
