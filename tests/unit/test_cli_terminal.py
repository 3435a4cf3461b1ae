"""What a terminal is told, and what anything else is spared."""

from __future__ import annotations

import io
import sys
import time
from argparse import Namespace
from types import SimpleNamespace

import pytest

from reconciler.cli import terminal


class Screen(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    # pytest puts its own streams into `sys` between a fixture and its test.
    streams = SimpleNamespace(stderr=made, stdout=io.StringIO(), stdin=io.StringIO("y\n"))
    monkeypatch.setattr(terminal, "sys", streams)
    monkeypatch.setattr(terminal, "PATIENCE", 0.01)
    return made


@pytest.mark.parametrize(
    ("color", "variables", "expected"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colour(color: str, variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal.style_of(Screen(), Namespace(color=color)).color is expected
    assert terminal.style_of(io.StringIO(), Namespace(color=color)).color is (color == "always")


def test_lines_are_cut_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert terminal.style_of(Screen()).width == 72
    assert terminal.style_of(Screen(), Namespace(full=True)).width == 0
    assert terminal.style_of(io.StringIO()).width == 0


def test_signs_are_ascii_where_the_encoding_is() -> None:
    assert terminal.style_of(io.TextIOWrapper(io.BytesIO(), encoding="ascii")).unicode is False
    assert terminal.style_of(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")).unicode is True


@pytest.mark.parametrize(
    ("typed", "answer"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False), ("yo\n", False)]
)
def test_a_question(typed: str, answer: bool, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal.sys, "stdin", Screen(typed))  # type: ignore[attr-defined]
    assert terminal.ask("Apply?") is answer
    assert screen.getvalue() == "Apply? [y/N] "


def test_nobody_to_ask(screen: Screen) -> None:
    assert terminal.ask("Apply?") is None
    assert screen.getvalue() == ""


def test_what_takes_long_is_named_and_wiped(screen: Screen) -> None:
    with terminal.busy("looking"):
        time.sleep(0.1)
        assert screen.getvalue() == "looking …"
    assert screen.getvalue() == "looking …\r         \r"


def test_what_is_quick_is_not_named(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "PATIENCE", 10)
    with terminal.busy("looking"):
        pass
    with terminal.progress("applying") as step:
        step(1, 2)
    assert screen.getvalue() == ""


def test_a_bar_for_what_takes_long(screen: Screen) -> None:
    with terminal.progress("applying") as step:
        time.sleep(0.1)
        step(1, 2)
        assert "applying:" in screen.getvalue() and "0/2" in screen.getvalue()


def test_no_bar_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    monkeypatch.setattr(terminal, "PATIENCE", 0)
    with terminal.progress("applying") as step, terminal.busy("looking"):
        time.sleep(0.02)
        step(1, 2)
    assert pipe.getvalue() == ""


def test_paths_as_people_type_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    assert [terminal.short(p) for p in ("/home/u/dots", "/home/u", "/home/user/x", "/x")] == [
        "~/dots", "~", "/home/user/x", "/x",
    ]  # fmt: skip


def test_what_an_encoding_cannot_say_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    terminal.show("caf\u00e9 \udc80\n")
    sys.stdout.flush()
    assert raw.getvalue() == b"caf\\xe9 \\udc80\n"
