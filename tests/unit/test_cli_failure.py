"""What was raised → one exit status, and words that help."""

from __future__ import annotations

import errno
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from reconciler.cli import main as entry
from reconciler.cli import parser
from reconciler.model.problem import Invalid, Origin, Problem, Severity


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def parse(argv: list[str]) -> None:
        raise error

    monkeypatch.setattr(parser, "parse", parse)
    return entry.main([])


def test_mistakes_are_all_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    problems = [
        Problem(Origin("desired-state/agents/b.md", 4, 1), "unknown key `permissions`", "did you mean `permission`?"),
        Problem(Origin("desired-state/agents/a.md"), "empty"),
        Problem(Origin("x.yaml", 1, 1), "odd", severity=Severity.WARNING),
    ]
    assert raising(Invalid(problems), monkeypatch) == 1
    assert capsys.readouterr() == (
        "",
        "desired-state/agents/a.md: empty\n"
        "desired-state/agents/b.md:4:1: unknown key `permissions`\n"
        "  hint: did you mean `permission`?\n"
        "x.yaml:1:1: warning: odd\n"
        "2 problems; nothing was changed\n",
    )


def test_an_interruption(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt(), monkeypatch) == 130
    assert "interrupted" in capsys.readouterr().err


def test_the_machines_trouble_is_no_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(OSError(errno.ENOSPC, "No space left", "/home/u/.local/state"), monkeypatch) == 1
    assert capsys.readouterr().err == (
        "/home/u/.local/state: no space left on device\n"
        "  hint: make room, then run this again\n"
        "1 problem; nothing was changed\n"
    )


def test_no_room_for_a_temporary_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere/at/all"])
    with pytest.raises(FileNotFoundError) as raised:
        tempfile.mkdtemp()
    assert raising(raised.value, monkeypatch) == 1
    said = capsys.readouterr().err
    assert "no temporary file can be written" in said and "TMPDIR" in said


def test_a_bug_is_reported_and_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    secret = "sk-proj-A1b2C3d4E5f6G7h8I9j0"
    assert raising(ValueError(f"cannot use {secret}"), monkeypatch) == 70
    said = capsys.readouterr().err
    [kept] = (tmp_path / "reconciler").glob("bug-*.log")
    assert "Traceback" in said and "ValueError: cannot use •••#1" in said and str(kept) in said
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in said
    assert secret not in said + kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_bug_without_a_home(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert raising(ValueError("odd"), monkeypatch) == 70
    assert "this is a bug in reconcile" in capsys.readouterr().err


def test_nobody_reads() -> None:
    line = f"{sys.executable} -m reconciler --help | true; echo ${{PIPESTATUS[0]}} >&2"
    said = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert said.stderr in ("0\n", "141\n")
