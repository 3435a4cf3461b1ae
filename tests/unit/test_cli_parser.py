"""Command lines: what is understood, what is not, and the hint then."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.cli.main import main
from reconciler.cli.parser import HELP, MODULES, parse, whole_parser


@pytest.mark.parametrize(
    "line",
    ["-C /r --color never plan agent/x --full agent/y", "plan agent/x -C /r --full agent/y --color never"],
)
def test_options_stand_anywhere(line: str) -> None:
    command, args = parse(line.split())
    assert command.__name__ == "reconciler.cli.commands.plan"
    assert (args.directory, args.color, args.targets, args.full) == ("/r", "never", ["agent/x", "agent/y"], True)


def test_the_option_nearest_the_verb_wins() -> None:
    assert parse(["-C", "/a", "plan", "-C", "/b"])[1].directory == "/b"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plna", "reconcile: unknown command `plna`\n  hint: did you mean `plan`?\n"),
        ("diff", "reconcile: unknown command `diff`\n  hint: did you mean `plan`?\n"),
        ("xyzzy", "reconcile: unknown command `xyzzy`\n  hint: `reconcile --help` shows what it takes\n"),
        ("apply --forse x", "reconcile apply: unknown option `--forse`\n  hint: did you mean `--force`?\n"),
        ("plan --colour=never", "reconcile plan: unknown option `--colour`\n  hint: did you mean `--color`?\n"),
        ("--bogus plan", "reconcile: unknown option `--bogus`\n  hint: `reconcile --help` shows what it takes\n"),
        (
            "status x",
            "reconcile status: unexpected argument `x`\n  hint: `reconcile status --help` shows what it takes\n",
        ),
        ("rollback", "reconcile rollback: the following arguments are required: RUN\n"),
        ("rollback x", "reconcile rollback: RUN: `x` is not the number of a run: `reconcile history` lists them\n"),
        ("release", "reconcile release: say what to hand back\n  hint: `reconcile release agent/x`, or `--all`\n"),
        ("release a --all", "reconcile release: either name references or say `--all`, not both\n"),
        ("plan --exit", "reconcile plan: unknown option `--exit`\n"),
    ],
)
def test_usage_errors_end_with_one(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(said)


def test_no_command_is_a_usage_error_that_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("usage: reconcile [-C DIR] COMMAND ...")


@pytest.mark.parametrize("line", ["--help", "-h", "help"])
def test_help_names_every_command(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([line]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {verb:<12}{text}\n" in out for verb, text in HELP.items())


@pytest.mark.parametrize("verb", list(HELP))
def test_every_command_has_help_of_its_own(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    own = capsys.readouterr().out
    assert own.startswith(f"usage: reconcile {verb} ") and "-C DIR" in own
    assert main(["help", verb]) == 0
    assert capsys.readouterr().out == own


def test_the_parser_for_shells_knows_every_command() -> None:
    assert all(verb in whole_parser().format_help() for verb in HELP)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_know_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(verb in script for verb in HELP) and "exit-code" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_building_a_parser_imports_nothing_else() -> None:
    code = (
        "import sys; from reconciler.cli.parser import parse; parse(['apply', 'x', '--yes', '-C', '/']);"
        "print(*(m for m in sys.modules if m.startswith('reconciler')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = ("", ".cli", ".cli.parser", ".cli.commands", ".cli.commands.apply")
    assert said == [f"reconciler{name}" for name in ours]


def test_modules_of_commands_exist() -> None:
    from importlib import import_module

    for verb in HELP:
        module = import_module(f"reconciler.cli.commands.{MODULES.get(verb, verb)}")
        assert callable(module.options) and callable(module.run)
