"""An apply that has to wait for another one plans anew once it is its turn."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from reconciler.app import applying, planning
from reconciler.app.opening import environment, open_app
from reconciler.model.change import Plan
from reconciler.world.lock import held
from tests.support.sandbox import Sandbox


def test_what_the_other_run_did_is_not_stale(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    said = sandbox.repo / "desired-state/opencode/settings.yaml"
    said.parent.mkdir(parents=True)
    said.write_text("share: manual\nautoupdate: false\n")
    lock = sandbox.home / ".local/state/reconciler/lock"
    at = sandbox.home / ".config/opencode/opencode.json"
    at.parent.mkdir(parents=True)
    at.write_text("{}")
    with held(str(lock), "reconcile apply", True, lambda holder: None):
        second = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "apply", "--yes"], cwd=sandbox.repo, env=sandbox.variables,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert second.stderr is not None and second.stdout is not None
        for line in second.stderr:
            if line.startswith("waiting for"):
                break
        at.write_text('{ "share": "manual" }')  # as the run that holds the lock would
    talk, out = second.stderr.read(), second.stdout.read()
    assert second.wait() == 0, out + talk
    assert "planned anew" in talk and "stale" not in out
    assert at.read_text() == '{ "share": "manual", "autoupdate": false }'
    assert sandbox.run("plan", "--exit-code").returncode == 0
    assert os.path.exists(lock)


def test_a_run_that_came_and_went_since_the_plan_counts_too(tmp_path: Path) -> None:
    """Also where it is the first of all, and something must be sealed: by then the key is not the plan's."""
    sandbox = Sandbox(tmp_path)
    said, stands = sandbox.repo / "desired-state/agents/a.md", sandbox.home / ".config/opencode/agents/a.md"
    said.parent.mkdir(parents=True)
    said.write_text("one\n")
    app = open_app(environment(sandbox.variables), str(sandbox.repo))
    since, plan = app.newest_run, planning.plan(app)
    assert sandbox.run("apply", "--yes").returncode == 0
    stands.write_text("use ghp_16C7e42F292c6912E7710c838347Ae178B4a\n")
    fresh: list[Plan] = []

    def again() -> Plan:
        fresh.append(planning.plan(app))
        return fresh[-1]

    result = applying.do(app, plan, again=again, since=since)
    assert len(fresh) == 1 and [outcome.status for _, outcome in result.outcomes] == ["done"]
    assert stands.read_text() == "one\n"
    stands.write_text("two\n")
    applying.do(app, planning.plan(app), again=again, since=app.newest_run)
    assert len(fresh) == 1
