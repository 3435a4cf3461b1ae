"""`orchestrate`: what is refused, so that no option is taken and left undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli import render_servers
from reconciler.cli.main import main
from tests.support.histories import Home


@pytest.mark.parametrize(
    ("argv", "said", "hint"),
    [
        ("", "say one thing to do", "`--monitor`"),
        ("--start", "say one thing to do", "`reconcile orchestrate --servers --start`"),
        ("--health-check", "say one thing to do", "`reconcile orchestrate --monitor --health-check`"),
        ("--zed", "say one thing to do", "`reconcile orchestrate --integrate --zed`"),
        ("--init --docs", "two things to do", "one after the other"),
        ("--monitor --health-check --restart", "`--restart` means nothing with `--monitor`", "goes with `--servers`"),
        ("--init --stop", "`--stop` means nothing with `--init`", "goes with `--servers`"),
        ("--docs --update-all --port=1", "`--port` means nothing with `--docs`", "everything"),
        ("--monitor --health-check --analyze", "`--analyze` is about what servers use", "--performance --analyze"),
        ("--servers --stop --start", "two things to do", "`reconcile orchestrate --servers"),
        ("--servers= --stop --yes", "a port is missing", "all servers"),
        ("--servers=1,,2 --stop --yes", "a port is missing", "all servers"),
        ("--servers --stop --port= --yes", "a port is missing", "all servers"),
        ("--servers --stop --port=55999 --all --yes", "`--all`, or only `55999`", "leave one"),
        ("--config", "`--config` needs `--validate`", "--config --validate"),
        ("--scale --servers", "is not built yet", "nothing was done"),
        ("--optimize --performance", "is not built yet", "nothing was done"),
    ],
)
def test_what_means_nothing_is_refused(
    argv: str, said: str, hint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["-C", str(tmp_path), "orchestrate", *argv.split()]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err and hint in told.err


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.say("servers/notes.yaml", "port: 55999\npath: '~'\n")
    made.say("servers/later.yaml", "port: 55998\npath: '~'\nstate: stopped\n")
    return made


def test_a_server_is_called_by_its_port_or_its_name(home: Home) -> None:
    for word in ("later", "55998", "later,55998"):
        said, status = home.slow("orchestrate", "--monitor", "--health-check", "--port", word, "--json")
        assert status == 0 and [one["name"] for one in json.loads(said)["servers"]] == ["later"]
    for word in ("none", "1", "-1", "55998; touch x", "$(touch x)", "later\ntouch x"):
        assert home.slow("orchestrate", "--servers", "--stop", f"--port={word}", "--yes")[1] == 1


def test_what_git_wants_to_run_and_does_not_is_ill(home: Home) -> None:
    assert home.slow("orchestrate", "--monitor", "--health-check", "--port=later")[1] == 0
    said, status = home.slow("orchestrate", "--monitor", "--health-check")
    assert status == 1 and "git wants it to run" in said
    said, status = home.slow("orchestrate", "--monitor", "--performance")
    assert status == 0 and said == "· later: not running\n· notes: not running\n"


def test_nobody_to_ask_is_told_what_to_say(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with home.inside():
        assert main(["orchestrate", "--servers", "--stop"]) == 1
    assert "`--yes` does it without asking" in capsys.readouterr().err


def test_mistakes_in_desired_state_are_json_too(home: Home) -> None:
    [valid, *servers] = json.loads(home.slow("orchestrate", "--config", "--validate", "--json")[0])
    assert valid["well"] is True and valid["text"].endswith("objects valid") and len(servers) == 2
    home.say("servers/bad.yaml", "port: 1\nbad: x\n")
    said, status = home.slow("orchestrate", "--config", "--validate", "--json")
    assert status == 1 and all(one["well"] is False for one in json.loads(said))
    assert "unknown key `bad`" in said


def test_a_table_of_servers_fits_a_terminal() -> None:
    """With names as long as those of the example; restarts are a column where there were any."""
    usual = ("opencode-config", "ready", "55717", "12345", "23h59m", "100%", "1234", "12", "2", "0", "150 ms")
    table = render_servers._told([render_servers.HEAD, usual])
    assert sum(max(map(len, column)) + 2 for column in zip(*table, strict=True)) - 2 <= 80
    assert "restarts" not in table[0]
    assert "restarts" in render_servers._told([render_servers.HEAD, (*usual[:-2], "3", "5 ms")])[0]
