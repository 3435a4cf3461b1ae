"""Whatever order people, git, crashes and we act in: the table of three states holds after every step, no edit is lost,
and what git never named keeps its bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from reconciler.formats import jsonc
from reconciler.model.change import ABSENT, Plan
from reconciler.model.outcome import Status
from reconciler.model.resource import File
from tests.support.house import House

AGENTS, KEYS = ("a", "deep/c"), ("tab_size", "lsp/x/y")
SETTINGS = ("zed", "settings.json")
TEXTS = st.sampled_from(["x\n", "y\n", "z\n"])
VALUES = st.sampled_from([1, 2, 3])
MINE = '  // keep me\n  "mine": [1, 2.50, /* odd */ "x",]'
X, Y = "x", "y"
# recorded, observed, desired (the same letter: the same value) → action and cause; None: nothing to do
TABLE: dict[tuple[str, str, str], tuple[str, str] | None] = {
    ("-", "-", "x"): ("create", "commit"), ("-", "x", "x"): ("record", "adopt"), ("-", "y", "x"): ("update", "adopt"),
    ("x", "x", "x"): None, ("x", "x", "y"): ("update", "commit"), ("x", "y", "x"): ("update", "drift"),
    ("x", "-", "x"): ("create", "drift"), ("x", "y", "y"): ("record", "adopt"), ("x", "y", "z"): ("update", "conflict"),
    ("x", "-", "y"): ("create", "conflict"), ("x", "-", "-"): ("forget", "orphan"),
}  # fmt: skip


class Stopped(BaseException):
    """A crash."""


class Machine(RuleBasedStateMachine):
    """A house in memory, and what its people know of it."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House({"zed/settings.json": "{\n" + MINE + ',\n  "tab_size": 1\n}\n'})
        self.agents: dict[str, str] = {}
        self.keys: dict[str, int] = {}
        self.open = False
        self.hand: dict[tuple[str, str], bytes] = {}

    # ---- what git says

    @rule(name=st.sampled_from(AGENTS), text=st.one_of(TEXTS, TEXTS, st.none()), applied=st.booleans())
    def edit_desired(self, name: str, text: str | None, applied: bool) -> None:
        self.agents.pop(name, None)
        if text is not None:
            self.agents[name] = text
        if applied:
            self.apply(False)

    @rule(key=st.sampled_from(KEYS), value=st.one_of(VALUES, VALUES, st.none()), applied=st.booleans())
    def edit_desired_key(self, key: str, value: int | None, applied: bool) -> None:
        self.keys.pop(key, None)
        if value is not None:
            self.keys[key] = value
        if applied:
            self.apply(False)

    @property
    def git(self) -> dict[str, str]:
        said = {f"agents/{name}.md": text for name, text in self.agents.items()}
        if self.keys:
            nested: dict[str, Any] = {}
            for key, value in self.keys.items():
                *way, last = key.split("/")
                at = nested
                for step in way:
                    at = at.setdefault(step, {})
                at[last] = value
            said["zed/settings.jsonc"] = json.dumps(nested)
        return said

    # ---- what people do here

    @rule(name=st.sampled_from(AGENTS), text=st.one_of(TEXTS, TEXTS, st.none()))
    def edit_by_hand(self, name: str, text: str | None) -> None:
        at = ("opencode", f"agents/{name}.md")
        self.house.world.files.pop(at, None)
        self.hand.pop(at, None)
        if text is not None:
            self.house.world.files[at] = File(text.encode())
            self.hand[at] = text.encode()

    @rule(value=VALUES)
    def edit_key_by_hand(self, value: int) -> None:
        """Writes the file anew as an editor would, with a key of ours, and one of its own as ever."""
        text = self.text
        found = jsonc.find(jsonc.parse(text), ("tab_size",))
        if found is not None:
            text = f"{text[: found.start]}{value}{text[found.end :]}"
            self.house.world.files[SETTINGS] = File(text.encode())

    @property
    def text(self) -> str:
        return self.house.world.files[SETTINGS].content.decode()

    # ---- what we do

    def settled(self) -> None:
        self.house.settle()
        self.open = False

    def planned(self, force: bool) -> Plan:
        ours = self.git or self.house.journal.recorded()
        return self.house.plan(self.git, force=["*"] if force and ours else [])

    @rule(force=st.booleans())
    def apply(self, force: bool) -> None:
        self.settled()
        plan = self.planned(force)
        self.taken(plan)
        result = self.house.apply(plan)
        assert {outcome.status for _, outcome in result.outcomes} <= {Status.DONE}
        again = self.house.plan(self.git)
        assert not again.due and not again.bookkeeping
        assert {c.claim for c in again.held} == {c.claim for c in plan.held}

    @rule(after=st.integers(0, 5), force=st.booleans())
    def crash(self, after: int, force: bool) -> None:
        self.settled()
        plan = self.planned(force)
        left = [after]

        def stop(edit: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Stopped

        self.house.world.hook = stop
        try:
            self.house.apply(plan)
        except Stopped:
            self.open = True
        self.house.world.hook = None
        self.taken(plan)

    @precondition(lambda self: self.open)
    @rule()
    def resume(self) -> None:
        before = dict(self.house.world.files)
        result = self.house.resume()
        self.open = False
        for change, outcome in result.outcomes:
            if outcome.status is not Status.DONE and not change.claim.item:
                at = change.claim[:2]
                assert self.house.world.files.get(at) == before.get(at), "what was edited meanwhile is left"
            else:
                self.hand.pop(change.claim[:2], None)

    @precondition(lambda self: len(self.house.journal.runs()) > 3)
    @rule()
    def rollback(self) -> None:
        self.settled()
        done = [run for run in self.house.journal.runs() if run.generation is not None]
        if done:
            before = dict(self.house.world.files)
            result = self.house.take_back(done[0].id)
            self.touched(before, {c.claim[:2] for c, o in result.outcomes if o.status is Status.DONE})

    @precondition(lambda self: len(self.house.journal.runs()) > 5)
    @rule()
    def release(self) -> None:
        self.settled()
        before = dict(self.house.world.files)
        result = self.house.hand_back()
        assert not self.house.journal.recorded()
        self.touched(before, {c.claim[:2] for c, o in result.outcomes if o.status is Status.DONE})

    def touched(self, before: dict[tuple[str, str], File], claimed: set[tuple[str, str]]) -> None:
        """Nothing but what a verb was about is another one now."""
        after = self.house.world.files
        differing = {at for at in {*before, *after} if before.get(at) != after.get(at)}
        assert differing <= claimed
        for at in differing:
            self.hand.pop(at, None)

    def taken(self, plan: Any) -> None:
        """What a plan was allowed to write over is no hand edit any more, if it is kept."""
        for change in plan.due:
            at = change.claim[:2]
            if at in self.hand and not change.claim.item:
                del self.hand[at]

    # ---- what always holds

    @invariant()
    def no_hand_edit_is_lost(self) -> None:
        for at, content in self.hand.items():
            found = self.house.world.files.get(at)
            assert found is not None and found.content == content

    @invariant()
    def what_git_never_named_keeps_its_bytes(self) -> None:
        assert MINE in self.text
        assert jsonc.loads(self.text)["mine"] == [1, 2.5, "x"]

    @invariant()
    def the_table_holds(self) -> None:
        if self.open:
            return
        rows = {row.claim: row for row in self.house.journal.recorded()}
        plan = self.house.plan(self.git)
        changes = {change.claim: (str(change.action), str(change.cause)) for change in plan.changes}
        held = {change.claim for change in plan.held}
        for claim, observed, desired in self.all_three():
            row = rows.get(claim)
            recorded = None if row is None else self.value(row.value)
            letters = {None: "-"}
            for value in (recorded, observed, desired):
                letters.setdefault(value, "xyz"[len(letters) - 1])
            if recorded is None and desired is not None:  # the table calls what git says x
                letters = {None: "-", desired: "x", **({observed: "y"} if observed not in (None, desired) else {})}
            key = (letters[recorded], letters[observed], letters[desired])
            if desired is None:
                self.removed(row, observed, recorded, changes.get(claim), claim in held)
            else:
                assert changes.get(claim) == TABLE[key], (claim, key)
                assert (claim in held) == (TABLE[key] is not None and TABLE[key][1] == "conflict")

    def removed(self, row: Any, observed: Any, recorded: Any, change: tuple[str, str] | None, held: bool) -> None:
        """What git does not name: nothing, if it is not ours; else it goes, or what stood there comes back."""
        if row is None:
            assert change is None
            return
        back = self.value(row.before) if row.standing == "replaced" else None
        if observed in (None, back):
            assert change == ("forget", "orphan")
            return
        action = "restore" if back is not None else "delete"
        assert change == (action, "orphan" if observed == recorded else "conflict")
        assert held == (observed != recorded)

    def value(self, fingerprint: str) -> Any:
        if fingerprint == ABSENT:
            return None
        kept = self.house.journal.content(fingerprint)
        try:
            return jsonc.loads(kept[1:].decode())
        except jsonc.JsoncError:
            return kept[1:]

    def all_three(self) -> list[tuple[Any, Any, Any]]:
        """Each place that may be ours: its claim, what stands there, what git says."""
        from reconciler.model.resource import Claim

        found: list[tuple[Any, Any, Any]] = []
        for name in AGENTS:
            claim = Claim("opencode", f"agents/{name}.md")
            file = self.house.world.files.get(claim[:2])
            asked = self.agents.get(name)
            found.append((claim, file and file.content, None if asked is None else asked.encode()))
        tree = jsonc.parse(self.text)
        for key in KEYS:
            steps = tuple(key.split("/"))
            node = tree
            for step in steps:
                node = jsonc.find(node, (step,)) if node is not None else None  # type: ignore[assignment]
            found.append((Claim(*SETTINGS, steps), None if node is None else jsonc.value(node), self.keys.get(key)))
        return found


def run(examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=examples < 100,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
    )  # fmt: skip
    run_state_machine_as_test(Machine, settings=chosen)  # type: ignore[no-untyped-call]


def test_any_history() -> None:
    run(60, 30)


@pytest.mark.soak
def test_many_histories() -> None:
    run(600, 40)
