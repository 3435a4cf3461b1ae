"""The preflight through the command line, with a program that refuses every file with `BROKEN` in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support import homes
from tests.support.fake_opencode import FakeOpenCode
from tests.support.sandbox import Sandbox

GOOD = "---\ndescription: d\nmode: subagent\n---\nHi\n"
BAD = GOOD.replace("description: d", "description: BROKEN")  # fine for `validate`, not for this program
BY = "opencode 1.18.33"


@pytest.fixture
def fake(tmp_path: Path) -> FakeOpenCode:
    return FakeOpenCode(tmp_path / "bin")


@pytest.fixture
def sandbox(tmp_path: Path, fake: FakeOpenCode) -> Sandbox:
    made = Sandbox(tmp_path)
    made.variables["RECONCILE_OPENCODE"] = str(fake.path)
    return made


def asks(sandbox: Sandbox, **files: str) -> None:
    for path, text in files.items():
        at = sandbox.repo / "desired-state" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)


def stands(sandbox: Sandbox, path: str, text: str) -> Path:
    at = sandbox.home / ".config" / "opencode" / path
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text(text)
    return at


def last(sandbox: Sandbox, *args: str) -> str:
    """The summary of a plan that is not refused."""
    done = sandbox.run(*(args or ("plan",)))
    assert done.returncode == 0, done.stdout + done.stderr
    return next(line for line in done.stdout.splitlines() if " to " in line or "nothing to write" in line)


def test_a_good_plan_is_confirmed_once(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    asks(sandbox, **{"agents/a.md": GOOD, "opencode/settings.yaml": "share: manual\n"})
    before = homes.contents(sandbox.home / ".config")
    assert last(sandbox).endswith(f"2 to create · confirmed by {BY}")
    assert json.loads(fake.shown(".config/opencode/opencode.jsonc"))["share"] == "manual"
    assert homes.contents(sandbox.home / ".config") == before
    last(sandbox)
    last(sandbox, "apply", "--yes")
    assert fake.asked == 1
    assert (sandbox.home / ".config/opencode/agents/a.md").read_text() == GOOD


def test_a_bad_plan_is_refused_and_nothing_is_touched(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    asks(sandbox, **{"agents/a.md": GOOD, "agents/team/b.md": BAD, "zed/settings.yaml": "vim_mode: true\n"})
    planned = sandbox.run("plan")
    assert planned.returncode == 1
    problem = (
        f"desired-state/agents/team/b.md: agent/team/b: {BY} would refuse `~/.config/opencode/agents/team/b.md`: "
        'Expected "all", got "BROKEN" mode\n  hint: mend it in desired state; '
    )
    assert problem in planned.stdout and f"refused by {BY}" in planned.stdout
    done = sandbox.run("apply", "--yes")
    assert done.returncode == 1 and problem in done.stdout and "nothing was changed" in done.stderr
    assert not (sandbox.home / ".config").exists()
    assert fake.asked == 2  # the state after, the state before; then both are known
    assert sandbox.run("apply", "--yes", "--no-preflight").returncode == 0


def test_a_saved_plan_is_confirmed_again(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    asks(sandbox, **{"agents/a.md": GOOD})
    saved = sandbox.repo.parent / "plan.json"
    assert last(sandbox, "plan", "-o", str(saved), "--no-preflight").endswith("not confirmed: --no-preflight")
    [said] = json.loads(saved.read_text())["confirmed"]
    assert said == {"root": "opencode", "by": "", "ok": None, "text": "--no-preflight", "problems": []}
    assert fake.calls == []
    assert last(sandbox, "apply", str(saved)).endswith(f"confirmed by {BY}")
    asks(sandbox, **{"agents/b.md": BAD})
    assert sandbox.run("plan", "-o", str(saved)).returncode == 1
    [said] = json.loads(saved.read_text())["confirmed"]
    assert said["ok"] is False and said["problems"][0]["path"] == "desired-state/agents/b.md"
    assert sandbox.run("apply", str(saved)).returncode == 1
    assert not (sandbox.home / ".config/opencode/agents/b.md").exists()


def test_rollback_and_release_are_confirmed_too(sandbox: Sandbox) -> None:
    stands(sandbox, "agents/a.md", BAD)
    asks(sandbox, **{"agents/a.md": GOOD})
    last(sandbox, "apply", "--yes")
    for verb in (("rollback", "1", "--yes"), ("release", "--all", "--yes")):
        done = sandbox.run(*verb)
        assert done.returncode == 1 and "agent/a: opencode 1.18.33 would refuse" in done.stdout, done
    assert (sandbox.home / ".config/opencode/agents/a.md").read_text() == GOOD


def test_what_is_refused_already_does_not_block(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    stands(sandbox, "agents/mine.md", BAD)
    asks(sandbox, **{"agents/a.md": GOOD})
    done = sandbox.run("plan")
    assert done.returncode == 0
    assert f"~/.config/opencode/agents/mine.md: warning: {BY} refuses it as it stands: " in done.stdout
    assert f"1 to create · confirmed by {BY}, apart from what it refuses already" in done.stdout
    assert fake.asked == 3


@pytest.mark.parametrize("order", ["", "-r"])
def test_what_is_refused_already_does_not_hide_a_bad_change(tmp_path: Path, order: str) -> None:
    sandbox = Sandbox(tmp_path)
    sandbox.variables["RECONCILE_OPENCODE"] = str(FakeOpenCode(tmp_path / "bin", order=order).path)
    stands(sandbox, "agents/mine.md", BAD)
    asks(sandbox, **{"agents/a.md": BAD})
    done = sandbox.run("apply", "--yes")
    assert done.returncode == 1 and "agent/a: opencode 1.18.33 would refuse" in done.stdout, done
    assert not (sandbox.home / ".config/opencode/agents/a.md").exists()


def test_two_that_are_refused_already_in_an_order_nobody_knows(tmp_path: Path) -> None:
    """The program names one file a time; which one may change from copy to copy."""
    sandbox = Sandbox(tmp_path)
    order = f'$([ $(grep -c debug "{tmp_path}/bin/log") = 2 ] && echo -r)'
    sandbox.variables["RECONCILE_OPENCODE"] = str(FakeOpenCode(tmp_path / "bin", order=order).path)
    stands(sandbox, "agents/mine.md", BAD)
    stands(sandbox, "agents/yours.md", BAD)
    asks(sandbox, **{"agents/a.md": GOOD})
    assert "confirmed by opencode 1.18.33, apart" in last(sandbox)


def test_another_error_in_a_file_that_was_refused_already(sandbox: Sandbox) -> None:
    stands(sandbox, "agents/a.md", BAD)
    asks(sandbox, **{"agents/a.md": BAD.replace("BROKEN", "BROKENtoo")})
    assert sandbox.run("plan").returncode == 1
    asks(sandbox, **{"agents/a.md": BAD.replace("mode: subagent", "mode: primary")})
    done = sandbox.run("plan")
    assert done.returncode == 0 and f"not confirmed: {BY} refuses what stands there already" in done.stdout
    asks(sandbox, **{"agents/a.md": GOOD})
    assert last(sandbox).endswith(f"confirmed by {BY}")


def test_the_key_to_blame(sandbox: Sandbox) -> None:
    stands(sandbox, "opencode.json", '{"theirs": 1}')
    asks(
        sandbox,
        **{
            "opencode/settings.yaml": "mode: {x: {description: BROKEN}}\nshare: manual\n",
            "mcp/x.yaml": "url: http://x\n",
        },
    )
    done = sandbox.run("plan")
    assert done.returncode == 1
    assert re.search(rf"settings.yaml:1:\d+: opencode_settings: {BY} would refuse `~/.config/opencode/op", done.stdout)
    assert "mcp_server/x: opencode" not in done.stdout


def test_nothing_that_it_reads_changes(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    asks(
        sandbox,
        **{
            "agents/a.md": GOOD, "skills/s/SKILL.md": "---\nname: s\ndescription: d\n---\nx\n",
            "files/opencode/AGENTS.md": "x\n", "zed/settings.yaml": "vim_mode: true\n",
        },
    )  # fmt: skip
    last(sandbox, "apply", "--yes", "agent")
    calls = len(fake.calls)
    assert last(sandbox) == "3 to create"
    asks(sandbox, **{"agents/a.md": GOOD + "Another prompt, the same front matter.\n"})
    assert last(sandbox) == "3 to create, 1 to update"
    assert len(fake.calls) == calls


def test_the_verbs_that_never_ask(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    asks(sandbox, **{"agents/a.md": BAD})
    for verb in (("check",), ("status",), ("why", "agent/a"), ("validate",), ("plan", "--no-preflight")):
        sandbox.run(*verb)
    assert fake.calls == []


def test_why_nobody_could_be_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    asks(sandbox, **{"agents/a.md": GOOD})
    for program, why in {
        "": "no opencode found",
        "nothing-of-that-name": "`RECONCILE_OPENCODE` names no program",
        str(FakeOpenCode(tmp_path / "two", version="2.0.1").path): "opencode 2.0.1 is not of version 1",
        str(FakeOpenCode(tmp_path / "dies", before="kill -9 $$").path): f"{BY}: ended by signal 9",
    }.items():
        sandbox.variables["RECONCILE_OPENCODE"] = program
        assert last(sandbox) == f"1 to create · not confirmed: {why}"


def test_a_file_that_a_setting_names_is_looked_up_as_it_will_be(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    stands(sandbox, "opencode.json", '{"model": "{file:./prompts/m.txt}", "username": "{file:~/me}"}')
    (sandbox.home / "me").write_text("ada")
    asks(sandbox, **{"files/opencode/prompts/m.txt": "x/y\n"})
    assert last(sandbox).endswith(f"confirmed by {BY}")
    staged = [Path(line).name for line in fake.noted("files").splitlines() if "/.files/" in line]
    assert sorted(fake.shown(f".files/{name}") for name in staged) == ["ada", "x/y\n"]


def test_no_secret_reaches_the_copy(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    secret = "sk-ant-api03-" + "aB3" * 20
    stands(sandbox, "opencode.json", f'{{"provider": {{"x": {{"options": {{"apiKey": "{secret}"}}}}}}}}')
    asks(sandbox, **{"agents/a.md": GOOD})
    last(sandbox)
    assert secret not in fake.shown(".config/opencode/opencode.json") and "apiKey" in fake.shown(
        ".config/opencode/opencode.json"
    )
    assert secret not in (sandbox.home / ".cache/reconciler/confirmed.json").read_text()


def test_the_copy_holds_placeholders_for_references(sandbox: Sandbox, fake: FakeOpenCode) -> None:
    """In what is to be written, in what was written before, and where a hand edit stands in its place."""
    sandbox.variables["MARKER"] = "violet otter"
    asks(sandbox, **{
        "opencode/settings.yaml": "share: manual\nprovider: {x: {options: {apiKey: !secret env:MARKER, name: x}}}\n",
        "agents/a.md": GOOD.replace("mode:", "options: {key: !secret env:MARKER}\nmode:"),
    })  # fmt: skip

    def copies() -> str:
        settings, agent = fake.shown(".config/opencode/opencode.jsonc"), fake.shown(".config/opencode/agents/a.md")
        assert json.loads(settings)["provider"]["x"]["options"]["apiKey"] and 'key: "' in agent
        return settings + agent

    last(sandbox)
    assert "otter" not in copies()
    last(sandbox, "apply", "--yes")
    live = sandbox.home / ".config/opencode/opencode.jsonc"
    assert "violet otter" in live.read_text()
    asks(sandbox, **{
        "opencode/settings.yaml": "share: disabled\nprovider: {x: {options: {apiKey: !secret env:MARKER, name: y}}}\n",
    })  # fmt: skip
    last(sandbox)
    assert '"disabled"' in copies() and "otter" not in copies()
    live.write_text(live.read_text().replace("violet otter", "violet otter by hand"))
    last(sandbox)
    assert "otter" not in copies()
