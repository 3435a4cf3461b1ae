"""`reconcile run` with a real repository, a real HOME and a process of its own."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desktop import desktop
from tests.support.looping import PATIENCE, Kept, Loop, agent, looping, processor, replace, until


def test_what_is_committed_is_applied_and_nothing_else(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.say("agents/a0.md", agent("Edited, not committed."))
        box.say("agents/a1.md", agent("Committed."))
        box.git("add", "desired-state/agents/a1.md")
        box.git("commit", "-q", "-m", "one of two")
        until(lambda: "Committed." in box.live("a1").read_text())
        assert loop.wait("applied", "agent/a1")["run"] > 0
        assert "Agent 0." in box.live("a0").read_text()


def test_a_hand_edit_is_taken_back_and_a_removed_file_comes_back(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        replace(box.live("a0"), "mine\n")
        until(lambda: "Agent 0." in box.live("a0").read_text())
        box.live("a1").unlink()
        until(lambda: box.live("a1").exists())
        assert loop.wait("corrected", "agent/a1")
        assert len(loop.told("corrected")) == 2, "the echo of our own write is no reason to act"


def test_what_is_only_reported_stays(tmp_path: Path) -> None:
    box = Kept(tmp_path, settings="modes:\n  agent/a0: report\n")
    with looping(box) as loop:
        replace(box.live("a0"), "mine\n")
        box.live("a1").unlink()
        loop.wait("corrected", "agent/a1")
        assert box.live("a0").read_text() == "mine\n"
        assert not loop.told("held")


def test_a_conflict_waits_for_a_person_and_is_told_once(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.done("suspend", "agent/a0")
        replace(box.live("a0"), "mine\n")
        box.say("agents/a0.md", agent("Git's."))
        box.commit("both")
        box.done("unsuspend")
        loop.wait("held", "agent/a0")
        replace(box.live("a1"), "wake up\n")
        loop.wait("corrected", "agent/a1")
        assert box.live("a0").read_text() == "mine\n"
        assert len(loop.told("held", "agent/a0")) == 1
        box.done("apply", "--yes", "--force", "agent/a0")
        loop.wait("resolved", "agent/a0")
        assert "Git's." in box.live("a0").read_text()


def test_a_take_over_waits_for_a_person(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        replace(box.live("theirs"), "mine\n")
        box.say("agents/theirs.md", agent("Git's."))
        box.commit("take over")
        assert "for a person to say" in loop.wait("held", "agent/theirs")["text"]
        assert box.live("theirs").read_text() == "mine\n"


def test_what_was_applied_uncommitted_stays_until_the_branch_moves(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.say("agents/a0.md", agent("Tried out."))
        (box.repo / "desired-state/agents/a2.md").unlink()
        box.say("agents/new.md", agent("New."))
        box.done("apply", "--yes")
        replace(box.live("a1"), "wake up\n")
        loop.wait("corrected", "agent/a1")
        assert "Tried out." in box.live("a0").read_text()
        assert box.live("new").exists() and not box.live("a2").exists()
        box.git("stash", "-q", "-u")
        box.say("agents/a1.md", agent("Moves on."))
        box.commit("on")
        until(lambda: "Agent 0." in box.live("a0").read_text() and box.live("a2").exists())
        until(lambda: not box.live("new").exists())


def test_a_rolled_back_commit_stays_rolled_back_until_the_branch_moves(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.done("suspend", "agent/a2")
        box.say("agents/a0.md", agent("Bad idea."))
        box.say("agents/a2.md", agent("Bad too."))
        box.commit("bad")
        run = loop.wait("applied", "agent/a0")["run"]
        box.done("rollback", str(run), "--yes")
        box.done("unsuspend")
        replace(box.live("a1"), "wake up\n")
        loop.wait("corrected", "agent/a1")
        assert "Agent 0." in box.live("a0").read_text()
        assert "Agent 2." in box.live("a2").read_text(), "what that commit asks for beside it waits too"
        assert "held back" in box.done("status")
        box.say("agents/a2.md", agent("Better."))
        box.commit("on")
        until(lambda: "Bad idea." in box.live("a0").read_text())


def test_a_broken_commit_leaves_the_last_good_one_in_force(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        loop.wait("started")
        box.say("agents/a0.md", "---\ndescription: [\n---\nBroken.\n")
        box.say("agents/a1.md", agent("Beside it."))
        box.commit("broken")
        said = loop.wait("commit")
        assert said["level"] == "error" and "desired-state/agents/a0.md:" in said["text"]
        replace(box.live("a1"), "mine\n")
        until(lambda: "Agent 1." in box.live("a1").read_text())
        box.say("agents/a0.md", agent("Mended."))
        box.commit("mended")
        until(lambda: "Mended." in box.live("a0").read_text() and "Beside it." in box.live("a1").read_text())
        loop.wait("resolved")
        assert len(loop.told("commit")) == 1


def test_a_rebase_is_waited_out(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.git("branch", "side")
        box.say("agents/a0.md", agent("Main's."))
        box.commit("main")
        loop.wait("applied", "agent/a0")
        box.git("switch", "-q", "side")
        box.say("agents/a0.md", agent("Side's."))
        box.commit("side")
        assert subprocess.run(
            ["git", "rebase", "-q", "main"], cwd=box.repo, env=box.variables, capture_output=True
        ).returncode
        loop.wait("busy")
        box.git("update-ref", "refs/heads/main", box.git("rev-parse", "side").strip())
        replace(box.live("a1"), "wake up\n")
        loop.wait("corrected", "agent/a1")
        assert "Main's." in box.live("a0").read_text()
        box.git("rebase", "--abort")
        until(lambda: "Side's." in box.live("a0").read_text())


FORMATTER = """#!{python}
import os, sys, time
while True:
    if open(sys.argv[1]).read() != "formatted\\n":
        with open(sys.argv[1] + ".new", "w") as file:
            file.write("formatted\\n")
        os.replace(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(0.2)
"""


@contextlib.contextmanager
def formatting(box: Kept, name: str, program: str) -> Iterator[int]:
    """A program of that name, which rewrites a live file every 200 ms; its process."""
    script = box.home / program
    script.write_text(FORMATTER.format(python=sys.executable))
    script.chmod(0o755)
    process = subprocess.Popen([script, box.live(name)], env=box.variables)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("doing", "begin", "end"),
    [
        ("merge", ["merge", "-q", "--no-ff", "--no-commit", "topic"], ["merge", "--quit"]),
        ("bisect", ["bisect", "start", "topic", "main~1"], ["bisect", "reset"]),
        ("cherry-pick", ["cherry-pick", "clash"], ["cherry-pick", "--quit"]),
        ("revert", ["revert", "clash"], ["revert", "--quit"]),
    ],
)
def test_what_git_is_in_the_middle_of_is_waited_out(
    tmp_path: Path, doing: str, begin: list[str], end: list[str]
) -> None:
    box = Kept(tmp_path)
    start = box.git("rev-parse", "main").strip()
    for branch, text in (("topic", "Topic's."), ("clash", "Clash.")):
        box.git("switch", "-q", "-c", branch, start)
        box.say("agents/a0.md", agent(text))
        box.commit(branch)
    box.git("switch", "-q", "main")
    box.say("agents/a2.md", agent("Main's."))
    if doing != "merge":
        box.say("agents/a0.md", agent("Main's."))
    box.commit("main")
    before = "Agent 0." if doing == "merge" else "Main's."
    with looping(box) as loop:
        until(lambda: "Main's." in box.live("a2").read_text())
        subprocess.run(["git", *begin], cwd=box.repo, env=box.variables, capture_output=True)
        assert loop.wait("busy")["text"].startswith(f"a {doing} is in progress")
        box.git("update-ref", "refs/heads/main", "topic")
        replace(box.live("a1"), "wake up\n")
        loop.wait("corrected", "agent/a1")
        assert before in box.live("a0").read_text()
        box.git(*end)
        until(lambda: "Topic's." in box.live("a0").read_text())


@pytest.mark.parametrize("program", ["prettier", "nobody-knows"])
def test_two_who_fight_over_a_file_are_parted_and_the_other_is_named(tmp_path: Path, program: str) -> None:
    box = Kept(tmp_path, settings="loop:\n  guard: {corrections: 3, within: 1m, pause: 1h}\n")
    with looping(box) as loop:
        with formatting(box, "a0", program) as pid:
            said = loop.wait("suspended", "agent/a0")
            until(lambda: box.live("a0").read_text() == "formatted\n")
        assert "corrected 4 times within 1m" in said["text"]
        known = f"`prettier` (process {pid}) runs" if program == "prettier" else "none of those known to write it runs"
        assert known in said["text"]
        replace(box.live("a1"), "mine\n")
        until(lambda: "Agent 1." in box.live("a1").read_text())
        assert len(loop.told("corrected", "agent/a0")) == 4
        box.done("unsuspend", "agent/a0")
        until(lambda: "Agent 0." in box.live("a0").read_text())
        loop.wait("resolved", "agent/a0")


def test_a_log_that_nobody_reads_or_that_is_full_holds_up_no_repair(tmp_path: Path) -> None:
    box = Kept(tmp_path, settings="loop:\n  guard: {corrections: 100000}\n")
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with open("/dev/full", "w") as full:
        for log in (writing, full.fileno()):
            loop = subprocess.Popen(
                [sys.executable, "-m", "reconciler", "run"], cwd=box.repo, env=box.variables, stdout=log,
            )  # fmt: skip
            try:
                for number in range(100):
                    replace(box.live("a0"), f"{number}\n")
                    until(lambda: "Agent 0." in box.live("a0").read_text())
                loop.send_signal(signal.SIGTERM)
                assert loop.wait(PATIENCE) == 0
            finally:
                loop.kill()
                loop.wait()
    os.close(reading)
    os.close(writing)


def test_what_was_left_alone_for_a_while_is_taken_care_of_once_that_is_over(tmp_path: Path) -> None:
    box = Kept(tmp_path, settings="loop: {every: 1h}\n")
    with looping(box) as loop:
        box.done("suspend", "agent/a0", "--for", "4s")
        replace(box.live("a0"), "mine\n")
        replace(box.live("a1"), "mine\n")
        loop.wait("corrected", "agent/a1")
        assert box.live("a0").read_text() == "mine\n"
        until(lambda: "Agent 0." in box.live("a0").read_text())


def test_a_commit_that_calls_the_repository_otherwise_or_says_nothing_is_told(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        loop.wait("started")
        box.git("rm", "-rq", "desired-state")
        box.git("commit", "-q", "-m", "all gone")
        assert "has no `id`" in loop.wait("commit")["text"]
        replace(box.live("a0"), "mine\n")
        until(lambda: "Agent 0." in box.live("a0").read_text())
        box.git("reset", "-q", "--hard", "HEAD~1")
        loop.wait("resolved")
        box.say("reconcile.yaml", "id: another\n")
        box.say("agents/a1.md", agent("New."))
        box.commit("another name")
        assert "calls itself `another`" in loop.wait("commit", "", 2)["text"]
        assert "Agent 1." in box.live("a1").read_text()


def test_it_outlives_the_terminal_where_nohup_says_so(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box, prefix=("nohup",)) as loop:
        loop.process.send_signal(signal.SIGHUP)
        replace(box.live("a0"), "mine\n")
        loop.wait("corrected", "agent/a0")
        assert loop.stop() == 0
    with looping(box) as loop:
        assert loop.stop(signal.SIGHUP) == 0


def test_a_commit_that_calls_the_repository_otherwise_is_applied_once_what_was_owned_is_handed_back(
    tmp_path: Path,
) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.say("reconcile.yaml", "id: another\n")
        box.say("agents/a0.md", agent("Under another name."))
        box.commit("another name")
        loop.wait("commit")
        replace(box.live("a1"), "wake up\n")
        loop.wait("corrected", "agent/a1")
        assert "Agent 0." in box.live("a0").read_text() and not loop.told("resolved")
        box.say("reconcile.yaml", "id: kept\n")
        box.done("release", "--yes", "--all")
        box.say("reconcile.yaml", "id: another\n")
        until(lambda: box.live("a0").exists() and "Under another name." in box.live("a0").read_text())
        loop.wait("resolved")
        assert len(loop.told("commit")) == 1


def test_what_is_gone_from_the_work_tree_is_kept_as_the_branch_says_and_status_says_so(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.git("switch", "-q", "-c", "pages")
        box.git("rm", "-rq", "desired-state")
        box.git("commit", "-q", "-m", "other things")
        shown = box.done("status")
        assert "agent  3  in step" in shown
        assert "desired-state/ is not in the work tree: this is the commit that the loop keeps" in shown
        box.done("suspend", "agent/a0")
        replace(box.live("a0"), "mine\n")
        replace(box.live("a1"), "mine\n")
        loop.wait("corrected", "agent/a1")
        assert box.live("a0").read_text() == "mine\n"
        box.done("unsuspend")
        loop.wait("corrected", "agent/a0")
        assert loop.stop() == 0
    assert "this is the commit that was applied last" in box.done("status")
    with looping(box) as loop:
        assert "following `main`" in loop.wait("started")["text"], "as at the next login"
        replace(box.live("a1"), "mine\n")
        loop.wait("corrected", "agent/a1")
        assert not loop.told("commit")


def test_one_that_was_given_up_is_not_meant_beside_one_that_manages(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    kept, box.repo = box.repo, tmp_path / "tried"
    box.repo.mkdir()
    box.git("init", "-q", "-b", "main")
    box.say("reconcile.yaml", "id: tried\n")
    box.say("agents/tried.md", agent("Tried."))
    box.commit()
    box.done("apply", "--yes")
    assert f"at {box.git('rev-parse', 'HEAD')[:7]}" in box.done("status")
    shutil.rmtree(box.repo / "desired-state")
    assert "was applied last" in box.done("status")
    box.repo = tmp_path / "nowhere"
    box.repo.mkdir()
    assert str(kept) in box.done("status")
    shutil.rmtree(kept / "desired-state")
    assert "several repositories" in box.run("status").stderr


def test_one_loop_for_a_repository(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        ran = box.run("run", "--once")
        assert ran.returncode == 1 and "held by `reconcile run`" in ran.stderr
        assert loop.stop(signal.SIGKILL) == -9
    assert box.run("run", "--once").returncode == 0


def test_told_to_stop_it_ends_well(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        assert loop.stop() == 0
        assert loop.said[-1]["what"] == "stopped"


def test_told_to_stop_it_first_finishes_what_it_has_begun(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    many = 400
    with looping(box) as loop:
        for number in range(many):
            box.say(f"agents/many/m{number}.md", agent(f"One of many, {number}."))
        box.commit("many")
        until(lambda: box.live("many").with_suffix("").exists())
        assert loop.stop() == 0
    said = json.loads(box.done("status", "--json"))
    assert said["open"] == [] and len(list(box.live("many").with_suffix("").glob("*.md"))) == many


def test_a_commit_that_removes_everything_waits_for_a_person(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        loop.wait("started")
        box.git("rm", "-rq", "desired-state/agents")
        box.git("commit", "-q", "-m", "no agents")
        assert "--allow-delete" in loop.wait("held", "agent/a0")["text"]
        replace(box.live("theirs"), "wake up\n")
        assert all(box.live(f"a{number}").exists() for number in range(3))
        box.done("apply", "--yes", "--allow-delete", "3")
        loop.wait("resolved", "agent/a0")
        assert not box.live("a0").exists()
        assert len(loop.told("held", "agent/a0")) == 1


def test_status_tells_of_the_loop_and_what_waits(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    assert json.loads(box.done("status", "--json"))["loop"] is None
    with looping(box) as loop:
        replace(box.live("theirs"), "mine\n")
        box.say("agents/theirs.md", agent("Git's."))
        box.commit("take over")
        loop.wait("held", "agent/theirs")
        box.done("suspend", "agent/a0", "--for", "1h", "--reason", "trying")
        shown = box.done("status")
        assert "kept so by `reconcile run` (process" in shown
        assert "agent/theirs: something else stands there" in shown
        assert "agent/a0: left alone until" in shown and "trying" in shown
        said = json.loads(box.done("status", "--json"))
        assert [one["about"] for one in said["waiting"]] == ["agent/theirs"]
        watching = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "status", "--watch", "--json"], cwd=box.repo, env=box.variables,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert watching.stdout and json.loads(watching.stdout.readline())["suspended"]
            box.done("unsuspend")
            until(lambda: watching.stdout and not json.loads(watching.stdout.readline())["suspended"])
        finally:
            watching.kill()
            watching.wait()


def test_a_home_that_is_gone_stops_changes(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    away = box.home / "away"
    with looping(box) as loop:
        os.rename(box.home / ".config/opencode", away)
        assert "is gone" in loop.wait("held", "agent/a0")["text"]
        assert not (box.home / ".config/opencode").exists()
        os.rename(away, box.home / ".config/opencode")
        loop.wait("resolved", "agent/a0")
        replace(box.live("a0"), "mine\n")
        until(lambda: "Agent 0." in box.live("a0").read_text())


@pytest.mark.parametrize("way", ["broken", "pipe", "folder", "huge"])
def test_what_can_not_be_looked_at_is_left_and_holds_up_nothing_else(tmp_path: Path, way: str) -> None:
    box = Kept(tmp_path)
    config = box.home / ".config/opencode/opencode.jsonc"
    config.write_text('{\n  // mine\n  "theme": "mine",\n}\n')
    box.say("opencode/settings.yaml", "username: me\n")
    box.commit("settings")
    box.done("apply", "--yes")
    whole = config.read_text()
    at, ref = (config, "opencode_settings") if way == "broken" else (box.live("a0"), "agent/a0")
    with looping(box) as loop:
        at.unlink()
        {
            "broken": lambda: at.write_text('{ "theme": "mine", '),
            "pipe": lambda: os.mkfifo(at),
            "folder": at.mkdir,
            "huge": lambda: os.truncate(os.open(at, os.O_CREAT | os.O_WRONLY), 65 << 20),
        }[way]()
        assert str(at.name) in loop.wait("held", ref)["text"]
        box.say("agents/a1.md", agent("Committed."))
        box.say("agents/a0.md", agent("Committed."))
        box.say("opencode/settings.yaml", "username: you\n")
        box.commit("on")
        loop.wait("applied", "agent/a1")
        replace(box.live("a2"), "mine\n")
        loop.wait("corrected", "agent/a2")
        if way == "broken":
            assert at.read_text() == '{ "theme": "mine", '
            at.write_text(whole)
        else:
            at.rmdir() if way == "folder" else at.unlink()
            at.write_text(agent("Agent 0."))
        loop.wait("resolved", ref)
        until(lambda: "Committed." in box.live("a0").read_text())
        until(lambda: config.read_text() == whole.replace('"me"', '"you"'))
        assert len(loop.told("held")) == 1 and not loop.told("machine")


def test_a_folder_that_took_the_place_of_another_is_watched(tmp_path: Path) -> None:
    box = Kept(tmp_path, settings="loop: {every: 1h}\n")
    agents = box.live("a0").parent
    with looping(box) as loop:
        replace(box.live("a1"), "mine\n")
        loop.wait("corrected", "agent/a1")
        shutil.copytree(agents, tmp_path / "copy")
        os.rename(agents, tmp_path / "old")
        os.rename(tmp_path / "copy", agents)
        wakes(box, 2)
        replace(box.live("a0"), "mine\n")
        loop.wait("corrected", "agent/a0")


def test_two_branches_that_name_each_other_are_not_followed_in_turn(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        box.git("branch", "other")
        box.git("switch", "-q", "other")
        box.say("reconcile.yaml", "id: kept\nloop: {branch: main}\n")
        box.say("agents/a0.md", agent("Other's."))
        box.commit("names main")
        box.git("switch", "-q", "main")
        box.say("reconcile.yaml", "id: kept\nloop: {branch: other}\n")
        box.commit("names other")
        until(lambda: "Other's." in box.live("a0").read_text(), "the branch that is named is followed")
        replace(box.live("a2"), "mine\n")
        loop.wait("corrected", "agent/a2")
        wakes(box, 3)
        assert "Other's." in box.live("a0").read_text() and len(loop.told("applied", "agent/a0")) == 1
        box.git("switch", "-q", "other")
        box.say("reconcile.yaml", "id: kept\nloop: {branch: main}\n# meant\n")
        box.commit("names main, and means it")
        until(lambda: "Agent 0." in box.live("a0").read_text(), "a later commit may send it back")


def test_a_program_that_logs_below_a_live_folder_keeps_nobody_busy(tmp_path: Path) -> None:
    box = Kept(tmp_path, agents=100)
    noise = box.home / ".config/opencode/noise.log"
    with looping(box) as loop:
        replace(box.live("a0"), "mine\n")
        loop.wait("corrected", "agent/a0")
        logging = subprocess.Popen([sys.executable, "-c", LOGGER, noise])
        try:
            until(noise.exists)
            time.sleep(3)
            before = processor(loop)
            time.sleep(4)
            assert processor(loop) - before < 0.4, "each line is looked at"
            replace(box.live("a0"), "mine\n")
            loop.wait("corrected", "agent/a0", 2)
        finally:
            logging.kill()
            logging.wait()


LOGGER = """import sys, time
with open(sys.argv[1], "w", buffering=1) as file:
    while True:
        print("one more", file=file)
        time.sleep(0.02)
"""


def test_a_repository_that_is_gone_removes_nothing_and_what_lasted_before_lasts_on(tmp_path: Path) -> None:
    out = tmp_path / "news"
    box = Kept(tmp_path, settings=f"loop:\n  notify_every: 0s\n  notify: [{{command: {teller(tmp_path, out)}}}]\n")
    with looping(box) as loop:
        replace(box.live("theirs"), "mine\n")
        box.say("agents/theirs.md", agent("Git's."))
        box.commit("take over")
        loop.wait("held", "agent/theirs")
        os.rename(box.repo, tmp_path / "elsewhere")
        box.live("a0").unlink()
        loop.wait("machine")
        until(lambda: out.exists() and "nothing could be done" in out.read_text(), "nobody was told")
        wakes(box, 3)
        assert box.live("a1").exists() and len(loop.told("machine")) == 1
        os.rename(tmp_path / "elsewhere", box.repo)
        until(lambda: box.live("a0").exists())
        loop.wait("resolved")
        loop.wait("corrected", "agent/a0")
        assert [one["about"] for one in loop.told("resolved")] == [""]
        assert len(loop.told("held")) == len(loop.told("machine")) == 1
        assert {one["what"] for one in loop.said} <= {"started", "held", "machine", "resolved", "corrected"}


def wakes(box: Kept, many: int) -> None:
    """Has the loop look again, that often; it ends none of its turns sooner for it."""
    for number in range(many):
        (box.home / ".local/state/reconciler/poke").write_text(f"{number}\n")
        time.sleep(0.3)


def teller(folder: Path, out: Path) -> str:
    """A program that writes down the news it is given, as one word of YAML."""
    script = folder / "tell"
    script.write_text(f"#!{sys.executable}\nimport sys\nopen({str(out)!r}, 'a').write(sys.stdin.read() + '\\n')\n")
    script.chmod(0o755)
    return f"[{script}]"


def test_a_branch_that_is_gone_changes_nothing_and_is_told(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        loop.wait("started")
        box.git("switch", "-q", "-c", "other")
        box.git("branch", "-q", "-D", "main")
        assert "there is no branch `main`" in loop.wait("branch")["text"]
        replace(box.live("a0"), "mine\n")
        box.git("branch", "-q", "main", "other")
        loop.wait("resolved")
        until(lambda: "Agent 0." in box.live("a0").read_text())


def test_a_remote_is_followed_and_no_branch_is_moved(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    bare = tmp_path / "upstream.git"
    box.git("clone", "-q", "--bare", ".", str(bare))
    box.git("remote", "add", "origin", str(bare))
    before = box.git("rev-parse", "main")
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", str(bare), str(other)], check=True, env=box.variables)
    (other / "desired-state/agents/a0.md").write_text(agent("From upstream."))
    settings = other / "desired-state/reconcile.yaml"
    settings.write_text(settings.read_text() + "loop:\n  fetch: origin\n  fetch_every: 1\n  every: 1\n")
    for words in (("add", "-A"), ("commit", "-q", "-m", "upstream"), ("push", "-q")):
        subprocess.run(["git", *words], check=True, cwd=other, env=box.variables)
    box.git("update-ref", "refs/remotes/origin/main", "main")
    settings = box.repo / "desired-state/reconcile.yaml"
    settings.write_text("id: kept\nloop:\n  fetch: origin\n  fetch_every: 1\n  every: 1\n")
    box.commit("fetch")
    box.git("update-ref", "refs/remotes/origin/main", "main")
    canary = tmp_path / "ran"
    for name in ("remote.origin.uploadpack", "core.sshCommand", "core.fsmonitor", "credential.helper"):
        box.git("config", name, f"!touch {canary}; true" if name == "credential.helper" else f"touch {canary}; true")
    with looping(box, "--branch", "origin/main"):
        until(lambda: "From upstream." in box.live("a0").read_text())
    assert box.git("rev-parse", "main~1") == before
    assert not canary.exists()


def test_a_remote_that_can_not_be_asked_is_told_once_and_when_that_is_over(tmp_path: Path) -> None:
    box = Kept(tmp_path, settings="loop: {fetch: origin, fetch_every: 1s, every: 1s}\n")
    bare = tmp_path / "upstream.git"
    box.git("remote", "add", "origin", str(bare))
    with looping(box) as loop:
        assert "origin can't be asked" in loop.wait("fetch")["text"]
        time.sleep(4)
        assert len(loop.told("fetch")) == 1
        loop.stop(signal.SIGKILL)
    with looping(box) as loop:
        time.sleep(3)
        assert not loop.told("fetch") and not loop.told("resolved"), "the next life knows of it"
        box.git("clone", "-q", "--bare", ".", str(bare))
        assert "can't be asked" in loop.wait("resolved")["text"]


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen signs and verifies")
def test_only_signed_commits_are_applied_where_that_is_asked(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "allowed").write_text(f"test@example.invalid {key.with_suffix('.pub').read_text()}")
    (box.home / ".gitconfig").write_text(f"[gpg.ssh]\n\tallowedSignersFile = {tmp_path}/allowed\n")
    canary = tmp_path / "ran"
    box.git("config", "gpg.ssh.program", f"{canary}.sh")
    canary.with_suffix(".sh").write_text(f"#!/bin/sh\ntouch {canary}\nexit 0\n")
    canary.with_suffix(".sh").chmod(0o755)
    sign = (
        "-c",
        "gpg.format=ssh",
        "-c",
        f"user.signingKey={key}",
        "-c",
        "gpg.ssh.program=ssh-keygen",
        "commit",
        "-qaS",
    )
    box.say("reconcile.yaml", "id: kept\nloop: {require_signed: true}\n")
    box.git(*sign, "-m", "signed")
    with looping(box) as loop:
        replace(box.live("a1"), "wake up\n")
        loop.wait("corrected", "agent/a1")
        box.say("reconcile.yaml", "id: kept\n")
        box.say("agents/a0.md", agent("Unsigned."))
        box.commit("unsigned, and takes the rule away")
        assert "is not signed" in loop.wait("commit")["text"]
        box.say("agents/a0.md", agent("Signed."))
        box.git(*sign, "-m", "signed again")
        until(lambda: "Signed." in box.live("a0").read_text())
    assert not canary.exists()


def test_news_go_to_a_command_together(tmp_path: Path) -> None:
    out = tmp_path / "news"
    box = Kept(tmp_path, settings=f"loop:\n  notify: [{{command: {teller(tmp_path, out)}}}]\n  notify_every: 1h\n")
    with looping(box) as loop:
        for name in ("b0", "b1", "b2"):
            replace(box.live(name), "mine\n")
            box.say(f"agents/{name}.md", agent("Git's."))
            box.commit(name)
            loop.wait("held", f"agent/{name}")
            until(lambda: out.exists() and "agent/b0" in out.read_text())
        assert loop.stop() == 0
    news = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(e["about"] for one in news for e in one["events"]) == [f"agent/b{n}" for n in range(3)]
    assert len(news) == 2, "the first at once, the others together"


@pytest.mark.skipif(
    not (shutil.which("dbus-daemon") and shutil.which("notify-send")), reason="a session bus and notify-send carry them"
)
def test_news_reach_the_desktop_and_what_is_over_too(tmp_path: Path) -> None:
    box = Kept(tmp_path, settings="loop: {notify: [desktop], notify_every: 1s}\n")
    out = tmp_path / "shown"
    with desktop(out) as place:
        box.variables |= place
        with looping(box) as loop:
            replace(box.live("theirs"), "mine\n")
            box.say("agents/theirs.md", agent("Git's <b>own</b> & more."))
            box.commit("take over")
            loop.wait("held", "agent/theirs")
            until(lambda: out.exists() and "agent/theirs: something else stands there" in out.read_text())
            box.done("apply", "--yes", "agent/theirs")
            until(lambda: "1 resolved" in out.read_text())
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["title"] for one in told] == ["reconcile: 1 to look at", "reconcile: 1 resolved"]


def test_events_are_kept_and_followed(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    with looping(box) as loop:
        replace(box.live("a0"), "mine\n")
        loop.wait("corrected", "agent/a0")
        shown = [json.loads(line) for line in box.done("events", "--json").splitlines()]
        assert [one["what"] for one in shown] == ["started", "corrected"]
        follow = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "events", "-f", "-n", "1"], cwd=box.repo, env=box.variables,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert follow.stdout and "corrected" in follow.stdout.readline()
            box.live("a1").unlink()
            assert "agent/a1" in follow.stdout.readline()
        finally:
            follow.kill()
            follow.wait()


def test_files_that_cannot_be_watched_are_looked_at_often(tmp_path: Path) -> None:
    box = Kept(tmp_path)
    limit = ("unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh")
    if subprocess.run([*limit, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a user namespace")
    with looping(box, prefix=limit) as loop:
        assert "can't be watched" in loop.wait("watch")["text"]
        time.sleep(2)  # its first looks are over: from here on nothing but polling can find an edit
        both = {path: path.stat().st_mtime_ns for path in (box.live("a0"), box.live("a0").parent)}
        replace(box.live("a0"), "mine\n")
        for path, written in both.items():  # as if within one second of our own write
            os.utime(path, ns=(written, written))
        until(lambda: "Agent 0." in box.live("a0").read_text())


@pytest.mark.parametrize(("lives", "edits"), [(3, 60), pytest.param(50, 1000, marks=pytest.mark.soak)])
def test_killed_at_any_point_it_heals_at_the_next_start(tmp_path: Path, lives: int, edits: int) -> None:
    box = Kept(tmp_path, agents=30, settings="loop:\n  guard: {corrections: 100000}\n")
    chance = random.Random(7)
    theirs = box.home / ".config/opencode/agents/theirs.md"
    replace(theirs, "nobody's but mine\n")
    ended = threading.Event()

    def edit() -> None:
        for _ in range(edits):
            path = box.live(f"a{chance.randrange(30)}")
            way = chance.randrange(3)
            with contextlib.suppress(FileNotFoundError):
                if way == 0:
                    replace(path, f"{chance.random()}\n")
                elif way == 1:
                    path.unlink(missing_ok=True)
                else:
                    path.rename(path.with_name(f"moved-{chance.randrange(10**9)}.md"))
            time.sleep(lives * 0.8 / edits)
        ended.set()

    thread = threading.Thread(target=edit)
    thread.start()
    killed = 0
    while killed < lives or not ended.is_set():
        loop = Loop(box)
        time.sleep(chance.uniform(0.3, 1.6))
        killed += loop.stop(signal.SIGKILL) == -signal.SIGKILL
    thread.join()
    with looping(box):
        until(
            lambda: all(
                box.live(f"a{n}").exists() and f"Agent {n}." in box.live(f"a{n}").read_text() for n in range(30)
            )
        )
    assert killed >= lives and theirs.read_text() == "nobody's but mine\n"
    moved = list(theirs.parent.glob("moved-*.md"))
    assert moved, "what somebody renamed is theirs now"
    assert "in step" in box.done("plan")
    left = [path for path in theirs.parent.iterdir() if path.name.startswith(".reconcile-")]
    assert not left, left
