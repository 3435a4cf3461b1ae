"""Runs, problems, status and the rest as people read them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from reconciler.app.checks.finding import Finding
from reconciler.cli.render_check import check_record, check_text
from reconciler.cli.render_run import Past, history_text, past, result_text, run_text
from reconciler.cli.render_status import Overview, findings_text, status_record, status_text
from reconciler.cli.style import Style
from reconciler.model.change import Action, Cause, Verdict
from reconciler.model.outcome import Outcome, Run, Status, Step
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, Ref
from tests.support.plans import AT, change, page, plan

A, C = Action, Cause
RUN = Run(
    14, "apply", "repo", AT, "laptop", "2026-11-22T08:01:12+00:00", "2026-11-22T08:01:13+00:00", 13, {"created": 1}
)
NEW = change("agent/new", A.CREATE, C.COMMIT, None, "a\n")
OPEN = Run(15, "apply", "repo", AT, "laptop", "2026-11-22T09:00:00+00:00")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


def test_all_was_done() -> None:
    repaired = change("agent/d", A.UPDATE, C.DRIFT)
    outcomes = [(c, Outcome(c.claim, Status.DONE)) for c in (NEW, repaired, change("agent/e", A.RECORD, C.ADOPT))]
    assert result_text(RUN, outcomes, Style()) == (
        "run 14, generation 13: 1 created, 1 recorded as they stand, 1 repaired\n"
    )


def test_what_was_not_done_says_why() -> None:
    stale = Problem(Origin("~/.config/opencode/agents/new.md"), "changed since the plan was made", "plan again")
    outcomes = [(NEW, Outcome(NEW.claim, Status.STALE, stale))]
    assert result_text(RUN, outcomes, Style()) == (
        "! stale agent/new\n"
        "  ~/.config/opencode/agents/new.md: changed since the plan was made\n"
        "    hint: plan again\n"
        "run 14, generation 13: 1 stale\n"
    )


def test_history_is_a_table() -> None:
    assert history_text([Past(OPEN, "interrupted"), Past(RUN, "1 created")], Style()) == (
        "run  generation  when                 verb   commit   did\n"
        "15               2026-11-22 09:00:00  apply  3f2c1ab  interrupted\n"
        "14   13          2026-11-22 08:01:12  apply  3f2c1ab  1 created\n"
    )
    assert history_text([], Style()) == "no runs yet: `reconcile import` or `reconcile apply` makes the first\n"


def test_what_a_run_did_counts_resources() -> None:
    steps = [
        Step(Ref("skill", "r"), part, Claim("opencode", part), A.UPDATE, cause, "a", "b", None, status)
        for part, cause, status in (
            ("SKILL.md", C.DRIFT, Status.DONE),
            ("a.md", C.DRIFT, Status.DONE),
            ("b.md", C.COMMIT, Status.FAILED),
        )
    ]
    assert past(RUN, steps).did == "1 repaired"
    assert past(OPEN, []).did == "nothing · interrupted"


def test_one_run() -> None:
    failed = change("agent/f", A.UPDATE, C.COMMIT, "a\n", "b\n", verdict=Verdict(False, "failed: no room"))
    assert run_text(RUN, [NEW, failed], page()) == (
        "run 14, generation 13 · apply · 2026-11-22 08:01:12\n"
        "desired-state at 3f2c1ab (main) · on `laptop`\n"
        "\n"
        "  + agent/new  ~/.config/opencode/agents/new.md · 1 line\n"
        "  ! agent/f    failed: no room\n"
        "      ~/.config/opencode/agents/f.md\n"
        "      @@ line 1\n"
        "      -a\n"
        "      +b\n"
        "\n"
        "1 created\n"
    )


def test_check_is_short() -> None:
    drift = change("agent/drift", A.UPDATE, C.DRIFT, "a\n", "b\n")
    clash = change("agent/clash", A.UPDATE, C.CONFLICT, "a\n", "b\n", verdict=Verdict(False, "both changed"))
    assert check_text(plan(drift, clash, NEW), Style()) == (
        "! agent/clash  in conflict\n"
        "! agent/drift  changed here\n"
        "2 objects drifted: `reconcile plan` shows how\n"
        "1 change pending at 3f2c1ab (main): see `reconcile plan`\n"
    )
    assert check_text(plan(unchanged=3), Style()) == "in step with 3f2c1ab (main): 3 objects\n"
    assert check_record(plan(drift, NEW))["drifted"] == ["agent/drift"]
    assert check_record(plan(drift, NEW))["pending"] == ["agent/new"]


def overview(*runs: Run, pinned: tuple[str, str] | None = None) -> Overview:
    drift = change("agent/a", A.UPDATE, C.DRIFT, "a\n", "b\n")
    refs = tuple(Ref.parse(ref) for ref in ("agent/a", "agent/b", "agent/c", "agent/new", "command/x", "command/y"))
    waiting = tuple(run for run in runs if not run.ended)
    last = Past(runs[0], "1 created") if runs else None
    return Overview("/home/u/dots", plan(drift, NEW, unchanged=4), refs, last, waiting, pinned)


def test_status_at_a_glance() -> None:
    assert status_text(overview(RUN), Style()) == (
        "/home/u/dots at 3f2c1ab (main) · this is `laptop`\n"
        "\n"
        "  agent    4  2 in step, 1 changed here, 1 to apply\n"
        "  command  2  in step\n"
        "\n"
        "last: run 14 · apply · 2026-11-22 08:01:12 · 1 created\n"
        "`reconcile plan` shows what differs\n"
    )


def test_status_names_what_waits_for_somebody() -> None:
    said = status_text(overview(OPEN, RUN, pinned=("3f2c1ab5d0e1", "Takes back run 14")), Style())
    ways = "`reconcile resume` finishes it, `reconcile rollback 15` takes it back, `reconcile apply` plans anew"
    assert f"run 15 (apply) was interrupted: {ways}\n" in said
    assert "3f2c1ab is held back (Takes back run 14) until git moves on or you apply\n" in said
    assert status_record(overview(OPEN))["open"] == [15]
    assert status_record(overview(RUN))["kinds"]["command"] == {"in step": 2}


def test_nothing_is_managed_yet() -> None:
    empty = Overview("/home/u/dots", plan(), (), None, (), None)
    assert "nothing is managed yet: `reconcile import`" in status_text(empty, Style())


def test_the_doctor() -> None:
    assert findings_text(
        [Finding(True, "git: /usr/bin/git"), Finding(False, "no repository", "make one")], Style()
    ) == ("✓ git: /usr/bin/git\n✗ no repository\n  hint: make one\n\n1 thing to mend\n")
    assert findings_text([Finding(True, "git: /usr/bin/git")], Style(unicode=False)) == (
        "ok git: /usr/bin/git\n\nall is well\n"
    )
