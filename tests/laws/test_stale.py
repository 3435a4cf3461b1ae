"""What moved since the plan is refused by name, with what moved; secrets in it are masked."""

from __future__ import annotations

from reconciler.cli.render_run import result_text
from reconciler.cli.style import Style
from reconciler.model.outcome import Status
from tests.support.house import House

SECRET = "sk-ant-" + "q7Jx2VbN9sKd4TzLw8YpRf3Gm6HcB1Xv"


def test_the_difference_is_shown_and_masked() -> None:
    house = House({"opencode/agents/a.md": "one\n", "zed/settings.json": '{"tab_size": 1, "api_key": "old"}\n'})
    git = {"agents/a.md": "git\n", "zed/settings.yaml": "tab_size: 2\n", "agents/b.md": "b\n"}
    plan = house.plan(git)
    house.edit({"opencode/agents/a.md": f"token: {SECRET}\n", "zed/settings.json": '{"tab_size": 3}\n'})
    result = house.apply(plan)
    assert [o.status for _, o in result.outcomes].count(Status.STALE) == 2
    text = result_text(result.run, result.outcomes, Style())
    assert "! stale agent/a\n" in text and "-one" in text and "+token: •••" in text
    assert "! stale zed_settings#/tab_size\n" in text and "1 → 3" in text
    assert SECRET not in text and "1 created · 2 stale" in text
    assert house.home["opencode/agents/a.md"].startswith(b"token")
