"""What a look at an unchanged repository imports: measured in modules, which do not depend on the machine's mood."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.histories import Home
from tests.support.served_homes import ServedHome

REPOSITORY = Path(__file__).parents[2]
CODE = "import sys; before = set(sys.modules); from reconciler.__main__ import main; status = main(); "
LOADED = "print(*sorted(set(sys.modules) - before), file=sys.stderr); sys.exit(status)"
HEAVY = {"pydantic", "git", "deepdiff", "jinja2", "httpx", "tqdm", "shtab", "asyncio", "pyrage"}


def imported(home: Home, *argv: str) -> tuple[str, set[str]]:
    """What it printed, and the modules that it imported beyond Python's own start."""
    done = subprocess.run(
        [sys.executable, "-c", CODE + LOADED, *argv], cwd=home.repo, capture_output=True, text=True,
        env={**home.variables, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stderr.split())


def test_an_unchanged_repository_is_answered_with_builtins_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    time.sleep(1.1)
    for verb in (("check",), ("plan",), ("check", "--staged"), ("plan", "--verify")):
        slow, _ = imported(home, *verb)
        fast, modules = imported(home, *verb)
        assert fast == slow
        assert {name for name in modules if name.startswith("reconciler")} == {
            "reconciler", "reconciler.__main__", "reconciler.first",
        }  # fmt: skip
        assert modules - {"reconciler", "reconciler.__main__", "reconciler.first"} <= {
            *sys.builtin_module_names,
            "_blake2",
        }


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looked at at once on Linux alone")
def test_servers_are_asked_with_what_c_gives_alone(tmp_path: Path) -> None:
    home = ServedHome(tmp_path)
    try:
        time.sleep(1.1)
        slow, _ = imported(home, "plan")
        fast, modules = imported(home, "plan")
    finally:
        home.end()
    assert fast == slow
    assert {name for name in modules if name.startswith("reconciler")} == {
        "reconciler", "reconciler.__main__", "reconciler.first", "reconciler.first_servers",
    }  # fmt: skip
    in_c = {"_blake2", "_json", "_socket", "binascii"}
    assert {name for name in modules if not name.startswith("reconciler")} <= {*sys.builtin_module_names, *in_c}


def test_whoever_looks_again_imports_no_library_that_has_nothing_to_do(tmp_path: Path) -> None:
    home = Home(tmp_path)
    _, modules = imported(home, "plan", "--verify")
    assert not {name.partition(".")[0] for name in modules} & HEAVY
