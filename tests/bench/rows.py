"""What is measured, row by row, in the order of one round: each row brings about what it needs, then is timed."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.bench.work import Work, agent

FLOORS = Path(__file__).with_name("floors.py")
RUAMEL = Path(__file__).with_name("ruamel_alone.py")
NOTHING: Callable[[Work], None] = lambda work: None  # noqa: E731


class Row(NamedTuple):
    """`ready` runs first and is not timed; `program`: needed on PATH, else the row is left out and that is said."""

    name: str
    command: Callable[[Work], list[str]]
    ready: Callable[[Work], None] = NOTHING
    program: str = ""
    exits: tuple[int, ...] = (0,)


def anew(work: Work) -> None:
    """A home in which nothing was ever done."""
    shutil.rmtree(work.home)
    work.home.mkdir()


def uncached(work: Work) -> None:
    shutil.rmtree(work.caches, ignore_errors=True)


def settled(work: Work) -> None:
    """What was looked at is older than the second in which that was, and remembered."""
    for verb in (["plan"], ["check"], ["check", "--staged"], ["plan", "--verify"]):
        work.run(["sleep", "1.1"])
        work.run(work.reconcile(*verb))


def drifted(work: Work) -> None:
    """One in a hundred agents edited in the home."""
    for number in random.Random(7).sample(range(work.size), max(1, work.size // 100)):
        with agent(work.targets, number).open("a") as file:
            file.write("- edited by hand\n")


def edited(work: Work) -> None:
    """One agent edited in the repository, and committed."""
    at = agent(work.sources, 0)
    at.write_text(at.read_text() + "- one more rule\n")
    work.git("commit", "-q", "-a", "-m", "edit")


def _floor(what: str, source: Callable[[Work], Path], target: Callable[[Work], Path]) -> Callable[[Work], list[str]]:
    return lambda work: [sys.executable, "-I", "-S", str(FLOORS), what, str(source(work)), str(target(work))]


def _copied(work: Work) -> Path:
    return work.folder / "copy"


def _no_copy(work: Work) -> None:
    shutil.rmtree(_copied(work), ignore_errors=True)
    _copied(work).mkdir()


def _ours(*args: str) -> Callable[[Work], list[str]]:
    return lambda work: work.reconcile(*args)


def _saved(work: Work) -> list[str]:
    return work.reconcile("plan", "-o", str(work.folder / "plan.json"))


def _copy(work: Work, then: str = "") -> list[str]:
    return ["sh", "-c", f'cp -r "$1" "$2"{then}', "sh", str(work.sources), str(_copied(work))]


def _plan_and_apply(work: Work) -> list[str]:
    plan, apply = work.reconcile("plan"), work.reconcile("apply", "--yes")
    quoted = " && ".join(" ".join(f"'{word}'" for word in command) for command in (plan, apply))
    return ["sh", "-c", quoted]


ROWS = (
    Row("`python3 -c pass`", lambda work: [sys.executable, "-c", "pass"]),
    Row("`git status`", lambda work: ["git", "-C", str(work.repo), "status", "--porcelain"], program="git"),
    Row("first `plan`, no caches", _ours("plan"), anew),
    Row("first `plan -o FILE`", _saved, uncached),
    Row("`apply FILE` of that, durable", lambda work: work.reconcile("apply", str(work.folder / "plan.json"))),
    Row("`cp -r`", _copy, _no_copy),
    Row("`cp -r`, then `sync -f`", lambda work: _copy(work, ' && sync -f "$2"'), _no_copy),
    Row("Python: write, fsync, rename", _floor("write", lambda w: w.sources, _copied), _no_copy),
    Row("`check`, nothing changed", _ours("check"), settled),
    Row("`check --staged`, nothing changed", _ours("check", "--staged")),
    Row("`plan`, nothing changed", _ours("plan")),
    Row("`plan --verify`, nothing changed", _ours("plan", "--verify")),
    Row(
        "`rsync -nc`", lambda w: ["rsync", "-nrc", "--delete", f"{w.sources}/", f"{w.targets}/"], program="rsync"
    ),
    Row("Python: read and compare both trees", _floor("compare", lambda w: w.sources, lambda w: w.targets)),
    Row("`validate`", _ours("validate")),
    Row("ruamel.yaml reads the front matter", lambda work: [sys.executable, str(RUAMEL), str(work.sources)]),
    Row("`plan`, 1 % drifted", _ours("plan"), drifted),
    Row("`apply` of that, durable", _ours("apply", "--yes")),
    Row("one agent edited: `plan` and `apply`", _plan_and_apply, lambda work: (settled(work), edited(work))[0]),
)  # fmt: skip
