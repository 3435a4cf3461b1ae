"""Programs are shown a private copy, asked once, and gone with it: a real executable, real processes, real signals."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.model.programs import Copy, Program, Said
from reconciler.world.local import environment
from reconciler.world.programs import LocalPrograms
from tests.support.fake_opencode import FakeOpenCode

EMPTY = Copy({}, {"OPENCODE_PURE": "1", "PLACE": "{copy}/cwd"})
ASK = ("debug", "config")


@pytest.fixture(autouse=True)
def tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "tmp"
    made.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(made))
    return made


def programs(tmp_path: Path, patience: float = 20, **variables: str) -> LocalPrograms:
    env = environment({"HOME": str(tmp_path), "PATH": os.environ["PATH"], "SECRET": "s", **variables})
    return LocalPrograms(env, f"{tmp_path}/cache/confirmed.json", patience)


def found(asked: LocalPrograms) -> Program:
    program = asked.find("opencode", "RECONCILE_OPENCODE", EMPTY)
    assert isinstance(program, Program), program
    return program


def clear(said: Said) -> bool:
    return True


def test_the_program_is_found_on_path_or_by_its_variable(tmp_path: Path) -> None:
    fake = FakeOpenCode(tmp_path / "bin")
    on_path = programs(tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert found(on_path)[:2] == (str(fake.path), "1.18.33")
    assert found(programs(tmp_path, RECONCILE_OPENCODE=str(fake.path))).version == "1.18.33"
    for told, why in {"": "no opencode found", "/nowhere": "`RECONCILE_OPENCODE` names no program"}.items():
        assert programs(tmp_path, RECONCILE_OPENCODE=told).find("opencode", "RECONCILE_OPENCODE", EMPTY) == why


def test_a_program_that_does_not_say_its_version(tmp_path: Path) -> None:
    broken = tmp_path / "opencode"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    said = programs(tmp_path, RECONCILE_OPENCODE=str(broken)).find("opencode", "RECONCILE_OPENCODE", EMPTY)
    assert said == "`opencode --version` fails"
    broken.write_text("not a program")
    said = programs(tmp_path, RECONCILE_OPENCODE=str(broken)).find("opencode", "RECONCILE_OPENCODE", EMPTY)
    assert said == "`opencode --version` cannot be run: exec format error"


def test_it_sees_the_copy_and_nothing_else(tmp_path: Path, tmp: Path) -> None:
    fake = FakeOpenCode(tmp_path / "bin")
    asked = programs(tmp_path, RECONCILE_OPENCODE=str(fake.path))
    copy = EMPTY._replace(files={".config/opencode/a b.md": b"x"})
    assert asked.ask(found(asked), ASK, copy, clear) == Said(True)
    variables = dict(line.split("=", 1) for line in fake.noted("env").splitlines() if "=" in line)
    home = variables["HOME"]
    assert home.startswith(f"{tmp}/reconcile-") and variables["TMPDIR"].startswith(f"{tmp}/reconcile-")
    assert variables["PLACE"] == fake.noted("cwd").strip() != str(Path.cwd())
    assert "SECRET" not in variables and "XDG_CONFIG_HOME" not in variables
    assert fake.noted("files").splitlines() == [f"{home}/.config/opencode/a b.md"]
    assert fake.noted("modes").split() == ["700", "700"]
    assert list(tmp.iterdir()) == []


def test_a_question_is_asked_once_until_copy_or_program_change(tmp_path: Path) -> None:
    fake = FakeOpenCode(tmp_path / "bin")
    variables = {"RECONCILE_OPENCODE": str(fake.path)}
    for _ in range(2):
        asked = programs(tmp_path, **variables)
        asked.ask(found(asked), ASK, EMPTY, clear)
    assert fake.calls == ["--version", "debug config"]
    asked.ask(found(asked), ASK, EMPTY._replace(files={"a": b""}), clear)
    assert fake.asked == 2
    newer = FakeOpenCode(tmp_path / "bin", version="1.19.0")
    assert found(asked).version == "1.19.0"
    asked.ask(found(asked), ASK, EMPTY, clear)
    assert newer.asked == 3


def test_what_is_not_clear_is_asked_again(tmp_path: Path) -> None:
    fake = FakeOpenCode(tmp_path / "bin")
    asked = programs(tmp_path, RECONCILE_OPENCODE=str(fake.path))
    copy = EMPTY._replace(files={".config/opencode/x.md": b"BROKEN"})
    for _ in range(2):
        said = asked.ask(found(asked), ASK, copy, lambda said: False)
    assert said.ok is False and "at ~/.config/opencode/x.md\n" in said.text and fake.asked == 2


def test_the_memory_is_private_bounded_and_may_be_lost(tmp_path: Path) -> None:
    fake = FakeOpenCode(tmp_path / "bin")
    asked = programs(tmp_path, RECONCILE_OPENCODE=str(fake.path))
    program, kept = found(asked), tmp_path / "cache" / "confirmed.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    for number in range(300):
        asked.answers.keep(f"{number}", Said(False, "x" * 10_000))
    assert kept.stat().st_size < 256 * 5000 and asked.answers.get("0") is None and asked.answers.get("299")
    for nonsense in (
        b"",
        b"{",
        b"[]",
        b'{"format": 1, "answers": {"a": [1]}}',
        b'{"format": 1, "answers": 3}',
        b"\xff",
    ):
        kept.write_bytes(nonsense)
        assert asked.answers.get("a") is None
        asked.ask(program, ASK, EMPTY, clear)
    kept.unlink()
    kept.mkdir()
    assert asked.ask(program, ASK, EMPTY, clear).ok


def test_one_that_never_answers_is_ended_with_its_children(tmp_path: Path, tmp: Path) -> None:
    fake = FakeOpenCode(tmp_path / "bin", before=f'sleep 600 & echo $! > "{tmp_path}/child"; wait')
    asked = programs(tmp_path, patience=0.5, RECONCILE_OPENCODE=str(fake.path))
    assert asked.ask(found(asked), ASK, EMPTY, clear) == Said(None, "no answer within 0.5 s")
    _gone(int((tmp_path / "child").read_text()))
    assert list(tmp.iterdir()) == []


def test_one_that_is_killed_gave_no_answer(tmp_path: Path) -> None:
    fake = FakeOpenCode(tmp_path / "bin", before="kill -9 $$")
    asked = programs(tmp_path, RECONCILE_OPENCODE=str(fake.path))
    assert asked.ask(found(asked), ASK, EMPTY, clear) == Said(None, "ended by signal 9")
    assert asked.ask(found(asked), ASK, EMPTY, clear).ok is None and fake.asked == 2


SCRIPT = """
import sys
from reconciler.model.programs import Copy, Program
from reconciler.world.running import run
run([sys.argv[1], "debug", "config"], {"secret": b"x"}, {"PATH": "/usr/bin:/bin"}, 60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_ends_the_program_and_removes_the_copy(
    tmp_path: Path, tmp: Path, number: signal.Signals
) -> None:
    fake = FakeOpenCode(tmp_path / "bin", before=f'sleep 600 & echo $! > "{tmp_path}/child"; wait')
    ours = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(fake.path)], env={**os.environ, "TMPDIR": str(tmp)},
        stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    _until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text().strip())
    ours.send_signal(number)
    assert ours.wait(20) != 0
    _gone(int((tmp_path / "child").read_text()))
    assert list(tmp.iterdir()) == []


EARLY = """
import os, subprocess, sys
from reconciler.world import running
class Slow(subprocess.Popen):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        print(self.pid, flush=True)
        os.kill(os.getpid(), int(sys.argv[1]))
subprocess.Popen = Slow
running.run(["sleep", "600"], {}, {"PATH": "/usr/bin:/bin"}, 60)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_while_the_program_is_being_started(
    tmp_path: Path, tmp: Path, number: signal.Signals, status: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EARLY, str(int(number))], env={**os.environ, "TMPDIR": str(tmp)},
        capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=30,
    )  # fmt: skip
    assert done.returncode in (status, -number), done
    _gone(int(done.stdout))
    assert list(tmp.iterdir()) == []


def _gone(pid: int) -> None:
    def ended() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
        except OSError:
            return True

    _until(ended)


def _until(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
