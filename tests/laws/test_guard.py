"""Too many deletions at once are held until somebody says their number."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.pipeline import cycle
from tests.support.house import House
from tests.support.sandbox import Sandbox


@pytest.mark.parametrize(
    ("owned", "kept", "allow", "held"),
    [
        (1, 0, 0, 0),  # one alone is not everything
        (2, 0, 0, 2), (2, 0, 1, 2), (2, 0, 2, 0), (2, 1, 0, 0), (9, 1, 0, 0), (9, 0, 0, 9),
        (10, 5, 0, 0), (10, 4, 0, 6), (10, 4, 5, 6), (10, 4, 6, 0), (11, 5, 0, 6), (10, 0, 9, 10), (10, 0, 99, 0),
    ],
)  # fmt: skip
def test_more_than_half_of_ten_or_everything(owned: int, kept: int, allow: int, held: int) -> None:
    house = House({})
    git = {f"agents/a{n}.md": f"{n}\n" for n in range(owned)}
    house.apply(house.plan(git))
    loaded = house.loaded({f"agents/a{n}.md": f"{n}\n" for n in range(kept)})
    plan = cycle.propose(loaded, house.eyes, allow_delete=allow)
    assert len(plan.held) == held and len(plan.due) == owned - kept - held
    if held:
        assert plan.held[0].verdict.rule == f"would delete {held} of {owned} objects"
        assert f"`reconcile apply --allow-delete {held}`" in plan.held[0].verdict.hint
    house.apply(plan)
    assert len(house.home) == kept + held


def test_what_comes_back_and_what_only_loses_a_part_is_no_deletion() -> None:
    house = House({f"opencode/agents/a{n}.md": "mine\n" for n in range(10)})
    git: dict[str, str | None] = {f"agents/a{n}.md": f"{n}\n" for n in range(10)}
    git["skills/s/SKILL.md"] = "---\nname: s\ndescription: d\n---\n"
    git["skills/s/more.md"] = "more\n"
    house.apply(house.plan(git))
    loaded = house.loaded({"skills/s/SKILL.md": git["skills/s/SKILL.md"]})
    assert not cycle.propose(loaded, house.eyes, allow_delete=0).held


def test_the_rest_is_done_and_the_command_is_named(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    agents = sandbox.repo / "desired-state/agents"
    agents.mkdir(parents=True)
    for n in range(12):
        (agents / f"a{n}.md").write_text(f"{n}\n")
    assert sandbox.run("apply", "--yes").returncode == 0
    for n in range(12):
        (agents / f"a{n}.md").unlink()
    (agents / "new.md").write_text("new\n")
    assert sandbox.run("check").returncode == 0, "git asks for it: that is pending, and no drift"
    assert sandbox.run("check", "--fail-on", "changes").returncode == 2
    done = sandbox.run("apply", "--yes")
    assert done.returncode == 1 and "`reconcile apply --allow-delete 12`" in done.stdout
    live = sandbox.home / ".config/opencode/agents"
    assert len(list(live.iterdir())) == 13
    assert sandbox.run("apply", "--yes", "--allow-delete", "11").returncode == 1
    assert sandbox.run("apply", "--yes", "--allow-delete", "12").returncode == 0
    assert [path.name for path in live.iterdir()] == ["new.md"]
