"""One process at a time: who holds it, who waits, and that it is freed however its holder ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.problem import Invalid
from reconciler.world.lock import held
from tests.support.worlds import HERE

HOLDER = """
    import sys, time
    from reconciler.world.lock import held
    with held({path!r}, "reconcile apply", False, print):
        print("held", flush=True)
        sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    code = textwrap.dedent(HOLDER.format(path=f"{tmp_path}/state/reconciler/lock"))
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], cwd=HERE, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_lock_names_its_holder(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    path = tmp_path / "state/reconciler/lock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(Invalid) as caught, held(str(path), "reconcile plan", False, print):
        pass
    (found,) = caught.value.problems
    assert found.text.startswith(f"held by `reconcile apply` (process {holder.pid}, since 2")
    assert "--no-wait" in found.hint


def test_a_killed_holder_frees_the_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with held(f"{tmp_path}/state/reconciler/lock", "reconcile apply", False, pytest.fail):
        pass


def test_a_second_one_waits_and_is_told_once(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    told: list[str] = []

    def on_wait(words: str) -> None:
        told.append(words)
        assert holder.stdin
        holder.stdin.write("\n")
        holder.stdin.flush()

    path = f"{tmp_path}/state/reconciler/lock"
    with held(path, "reconcile apply", True, on_wait):
        assert f"process {os.getpid()}" in Path(path).read_text()
    assert len(told) == 1 and f"process {holder.pid}" in told[0]
    assert Path(path).read_text() == ""


def test_waiting_can_be_interrupted(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    path = f"{tmp_path}/state/reconciler/lock"

    def ring(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGALRM, ring)
    try:
        with (
            pytest.raises(KeyboardInterrupt),
            held(path, "reconcile apply", True, lambda words: signal.setitimer(signal.ITIMER_REAL, 0.05) and None),
        ):
            pass
    finally:
        signal.signal(signal.SIGALRM, earlier)
    assert holder.poll() is None


def test_a_lock_that_was_removed_while_it_was_waited_for_is_taken_anew(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    path = f"{tmp_path}/state/reconciler/lock"

    def on_wait(words: str) -> None:
        os.unlink(path)
        holder.kill()

    refused = pytest.raises(Invalid, match="held by `first`")
    with held(path, "first", True, on_wait), refused, held(path, "second", False, print):
        pass


def test_the_lock_is_freed_by_an_error_and_says_what_is_wrong_with_its_folder(tmp_path: Path) -> None:
    path = f"{tmp_path}/lock"
    with pytest.raises(ZeroDivisionError), held(path, "a", False, print):
        raise ZeroDivisionError
    with held(path, "b", False, print):
        pass
    with pytest.raises(Invalid, match="cannot be opened as the lock"), held(f"{path}/below/lock", "c", False, print):
        pass
