"""What the plan would break never reaches a running server: the preflight with the real `opencode debug config`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.app import environment, open_app, planning, reopening
from reconciler.app.session import App
from reconciler.model.change import Plan
from reconciler.model.problem import Problem
from reconciler.model.resource import File
from tests.support import homes
from tests.support import sandbox as support
from tests.support.opencode import VERSION, Refused, Sandbox, hold_npm

GOOD = "---\ndescription: d\nmode: subagent\n---\nHi\n"
BAD = GOOD.replace("subagent", "bogus")
BY = f"opencode {VERSION}"


class Desk(support.Sandbox):
    """A repository for the HOME of a real program, and a program on PATH that counts how often it is asked."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(folder / "git")
        self.calls, self.copies = folder / "calls", folder / "tmp"
        self.copies.mkdir()
        program = folder / "bin" / "opencode"
        program.parent.mkdir()
        left = (
            f'echo "$HOME $*" >> "{self.calls}"; "{sandbox.program}" "$@"; s=$?; find "$HOME/.." > "{self.calls}.left"'
        )
        program.write_text(f"#!/bin/sh\n{left}; exit $s\n")
        program.chmod(0o755)
        self.variables |= {
            "HOME": str(sandbox.home), "TMPDIR": str(self.copies),
            "PATH": f"{program.parent}:{self.variables['PATH']}",
        }  # fmt: skip
        del self.variables["RECONCILE_OPENCODE"]
        self.live = sandbox.config

    def asks(self, path: str, text: str) -> None:
        at = self.repo / "desired-state" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)

    def app(self) -> App:
        return open_app(environment(self.variables), str(self.repo))

    @property
    def asked(self) -> int:
        return self.calls.read_text().count("debug config") if self.calls.exists() else 0


@pytest.fixture
def desk(sandbox: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(sandbox, tmp_path)
    yield made
    assert list(made.copies.iterdir()) == [], "a copy was left behind"


def smuggled(app: App, **contents: str) -> Plan:
    """A plan in which some agents say what validation would refuse."""
    loaded = planning.read(app)
    bad = [
        replace(r, spec=replace(r.spec, file=File(contents[r.ref.name].encode()))) if r.ref.name in contents else r
        for r in loaded.resources
    ]
    return planning.plan(app, loaded=replace(loaded, resources=tuple(bad)))


def refusals(plan: Plan) -> list[Problem]:
    return [problem for said in plan.confirmed if said.ok is False for problem in said.problems]


def status(server: Any, directory: Path) -> int:
    found: int = server.request("GET", "/config", directory=directory).status
    return found


def test_a_bad_agent_is_refused_while_a_server_runs(desk: Desk, sandbox: Sandbox) -> None:
    desk.asks("agents/good.md", GOOD)
    desk.asks("agents/bad.md", GOOD)
    app = desk.app()
    saved = desk.repo.parent / "plan.json"
    saved.write_text("".join(reopening.save(app, smuggled(app, bad=BAD))))
    with sandbox.serve() as server:
        first = sandbox.project("first")
        assert status(server, first) == 200
        before = homes.contents(sandbox.config)

        done = desk.run("apply", str(saved))
        assert done.returncode == 1 and "nothing was changed" in done.stderr, done.stdout + done.stderr
        assert "desired-state/agents/bad.md: agent/bad: opencode 1.18.33 would refuse" in done.stdout
        assert (
            '`~/.config/opencode/agents/bad.md`: Expected "subagent" | "primary" | "all", got "bogus" mode'
            in done.stdout
        )
        assert homes.contents(sandbox.config) == before
        server.post("/global/dispose")
        assert status(server, first) == 200 and status(server, sandbox.project("second")) == 200

        # the same file by hand: this is what it would have done
        sandbox.write("agents/bad.md", BAD)
        server.post("/global/dispose")
        assert status(server, first) == 400 and status(server, sandbox.project("third")) == 400


def test_a_file_removed_from_git_that_a_setting_names(desk: Desk, sandbox: Sandbox) -> None:
    """Desired state alone is fine: only here a hand-written setting names the file."""
    desk.asks("files/opencode/prompts/model.txt", "a/b\n")
    assert desk.run("apply", "--yes").returncode == 0
    sandbox.configure({"model": "{file:./prompts/model.txt}"})
    (desk.repo / "desired-state/files/opencode/prompts/model.txt").unlink()
    (desk.repo / "desired-state/reconcile.yaml").write_text("")
    done = desk.run("apply", "--yes")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "file/opencode/prompts/model.txt: opencode 1.18.33 would refuse" in done.stdout
    assert "bad file reference" in done.stdout
    assert (sandbox.config / "prompts/model.txt").exists()
    assert sandbox.debug_config()["model"] == "a/b"
    (sandbox.config / "prompts/model.txt").unlink()
    with pytest.raises(Refused, match="bad file reference"):
        sandbox.debug_config()


def test_a_home_that_is_broken_elsewhere_does_not_block(desk: Desk, sandbox: Sandbox) -> None:
    for name in ("mine", "yours"):
        sandbox.write(f"agents/{name}.md", BAD)
    desk.asks("agents/good.md", GOOD)
    done = desk.run("plan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f"warning: {BY} refuses it as it stands") == 2
    assert f"1 to create · confirmed by {BY}, apart from what it refuses already" in done.stdout
    assert desk.run("apply", "--yes").returncode == 0
    desk.asks("agents/bad.md", GOOD)
    app = desk.app()
    [problem] = refusals(planning.confirmed(app, smuggled(app, bad=BAD)))
    assert problem.text.startswith("agent/bad: ")


def test_a_state_once_confirmed_needs_no_run(desk: Desk) -> None:
    desk.asks("agents/good.md", GOOD)
    assert f"confirmed by {BY}" in desk.run("plan").stdout
    lines = desk.calls.read_text()
    assert desk.asked == 1 and lines.count("\n") == 2  # its version, and the question
    assert f"confirmed by {BY}" in desk.run("plan").stdout
    assert f"confirmed by {BY}" in desk.run("apply", "--yes").stdout
    assert desk.calls.read_text() == lines


def test_nothing_is_installed_downloaded_or_touched(desk: Desk, sandbox: Sandbox) -> None:
    strace = shutil.which("strace")
    shutil.rmtree(sandbox.config)  # without what keeps npm away from the live folder
    sandbox.write("opencode.json", '{"plugin": ["opencode-none@1.0.0"], "model": "{file:~/model}"}')
    sandbox.write("plugin/p.ts", 'throw new Error("this was run")')
    (sandbox.home / "model").write_text("a/b")
    desk.asks("agents/good.md", GOOD)
    before = homes.contents(sandbox.home)
    assert f"confirmed by {BY}" in desk.run("plan").stdout
    after = homes.contents(sandbox.home)
    ours = {path for path in after if path.startswith((".cache", ".local"))}
    assert {path: after[path] for path in after if path not in ours} == before
    assert [path for path in ours if not path.startswith((".cache/reconciler", ".local/")) and path != ".cache"] == []
    left = Path(f"{desk.calls}.left").read_text()
    assert "node_modules/.keep" in left and ".npm" not in left and "node_modules/@" not in left
    assert "plugin/p.ts" not in left and "/.cache/opencode/models" not in left
    if strace is None:
        return
    command = [strace, "-f", "-e", "trace=connect", "-o", str(desk.repo.parent / "trace")]
    program = desk.repo.parent.parent / "bin" / "opencode"
    program.write_text(program.read_text().replace(f'"{sandbox.program}"', " ".join(command) + f' "{sandbox.program}"'))
    desk.asks("agents/good.md", GOOD.replace("description: d", "description: e"))
    assert f"confirmed by {BY}" in desk.run("plan").stdout
    assert "AF_INET" not in (desk.repo.parent / "trace").read_text()


def test_other_places_that_opencode_reads_are_asked_about_too(desk: Desk, sandbox: Sandbox, tmp_path: Path) -> None:
    """Each of them broken in turn: it is named as it stands, and hides no mistake of the plan's."""
    desk.asks("agents/good.md", GOOD)
    other, managed = tmp_path / "other", tmp_path / "managed"
    broken = {
        sandbox.home / ".opencode/agents/x.md": BAD,
        other / "alone.json": '{"share": "nope", "username": "{file:./name}"}',
        other / "commands/c.md": "---\nsubtask: [x]\n---\nGo\n",
        managed / "opencode.json": '{"share": 1}',
    }
    other.mkdir()
    (other / "name").write_text("me")
    desk.variables |= {
        "OPENCODE_CONFIG": str(other / "alone.json"), "OPENCODE_CONFIG_DIR": str(other),
        "OPENCODE_TEST_MANAGED_CONFIG_DIR": str(managed), "OPENCODE_CONFIG_CONTENT": '{"username": "me"}',
    }  # fmt: skip
    for path, text in broken.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        done = desk.run("plan")
        where = f"~{str(path).removeprefix(str(sandbox.home))}" if sandbox.home in path.parents else str(path)
        assert done.returncode == 0 and f"{where}: warning: {BY} refuses it as it stands: " in done.stdout, done
        assert f"confirmed by {BY}, apart from what it refuses already" in done.stdout
        path.unlink()
    assert desk.run("plan").stdout.rstrip().splitlines()[-2].endswith(f"confirmed by {BY}")
    desk.variables["OPENCODE_CONFIG_CONTENT"] = '{"share": "nope"}'
    said = desk.run("plan").stdout
    assert f"not confirmed: {BY} refuses what stands there already" in said and "OPENCODE_CONFIG_CONTENT" in said


SAME = {"skills/x/SKILL.md": "---\nname: [x\n---\n", "tui.json": '{"theme": ', "themes/t.json": "{", "AGENTS.md": "{"}


def test_what_is_not_copied_is_not_judged(sandbox: Sandbox) -> None:
    """Skills, themes, prompts and the terminal's settings: broken ones pass, so that nothing would be confirmed."""
    sandbox.write("agents/good.md", GOOD)
    for path, text in {**SAME, "tool/t.ts": "syntax error", "mode/x.md": BAD}.items():
        sandbox.write(path, text)
    hold_npm(sandbox.project("default") / ".opencode")
    merged = sandbox.debug_config()
    assert merged["agent"]["good"]["prompt"] == "Hi"


def test_on_the_corpus_the_copy_says_what_the_home_says(sandbox: Sandbox, tmp_path: Path) -> None:
    """Placeholders, references and cut prompts change no verdict."""
    if not homes.real():
        pytest.skip(homes.REASON)
    said = {}
    for home in homes.real()[:4]:
        at = homes.copy(home, tmp_path / home.name)
        hold_npm(at / ".config" / "opencode")
        env = {"HOME": str(at), "OPENCODE_PURE": "1"}
        direct = sandbox.run("debug", "config", env=env).returncode == 0
        desk = support.Sandbox(tmp_path / f"{home.name}-git")
        desk.variables |= {"HOME": str(at), "RECONCILE_OPENCODE": str(sandbox.program), "TMPDIR": str(tmp_path)}
        (desk.repo / "desired-state/agents").mkdir(parents=True)
        (desk.repo / "desired-state/agents/quite-new.md").write_text(GOOD)
        [confirmed] = json.loads(desk.run("plan", "--json").stdout)["confirmed"]
        said[home.name] = direct, confirmed["ok"] is True and not confirmed["problems"]
    assert all(direct == ours for direct, ours in said.values()), said
