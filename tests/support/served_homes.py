"""A home in step with its repository that has servers, and what may happen to those between two looks. Writes; starts
and ends processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.fake_serve import FakeServe, end_all
from tests.support.histories import Home
from tests.support.opencode import free_port
from tests.support.serving import runs, until

CARE = "health: {timeout: 500ms, failures: 1}\n"
LISTENS = "import socket, time; s = socket.create_server(('127.0.0.1', {})); print(flush=True); time.sleep(600)"


class ServedHome(Home):
    """With a server that runs, one that has a password, and one that git wants stopped."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fake = FakeServe(folder / "program")
        self.variables["RECONCILE_OPENCODE"] = str(self.fake.path)
        names = ("runs", "locked", "stopped")
        self.ports = dict(zip(names, sorted(free_port() for _ in names), strict=True))
        for name, more in {"runs": "", "locked": "password: generate\n", "stopped": "state: stopped\n"}.items():
            (self.project(name) / ".opencode" / "agent").mkdir(parents=True)
            text = f"port: {self.ports[name]}\npath: ~/projects/{name}\n{CARE}{more}"
            self.say(f"servers/{name}.yaml", text)
        self.say("orchestration/resource_limits.yaml", "max_sessions_total: 2\n")
        linked = self.home / "linked"
        linked.mkdir()
        (linked / "far.md").write_text("---\ndescription: far\n---\n")
        (self.config / "agents" / "far").symlink_to(linked)
        self.commit()
        said, status = self.slow("apply", "--yes")
        assert status == 0, said

    def project(self, name: str) -> Path:
        return self.home / "projects" / name

    def note(self, name: str, suffix: str = "json") -> Path:
        return self.state / "servers" / f"{self.ports[name]}.{suffix}"

    def pid(self, name: str) -> int:
        said: dict[str, Any] = json.loads(self.note(name).read_text())
        return int(said["process"][1]) if said["process"] else 0

    def tell(self, name: str, words: str) -> None:
        (self.project(name) / "told").write_text(words)

    def signal(self, name: str, number: int) -> None:
        pid = self.pid(name)
        if not runs(pid):
            raise ProcessLookupError
        os.kill(pid, number)
        if number == signal.SIGKILL:
            until(lambda: not runs(pid))

    def by_hand(self, name: str) -> None:
        self.fake.by_hand(self.project(name), self.ports[name], self.variables)

    def end(self) -> None:
        end_all(self.home)


def _tells(name: str, words: str) -> Callable[[ServedHome], object]:
    return lambda home: home.tell(name, words)


def _kill(home: ServedHome) -> None:
    home.signal("runs", signal.SIGKILL)


def _again(home: ServedHome) -> None:
    _kill(home)
    home.by_hand("runs")


def _stranger(name: str) -> Callable[[ServedHome], object]:
    def listen(home: ServedHome) -> None:
        if name == "runs":
            _kill(home)
        command = [sys.executable, "-c", LISTENS.format(home.ports[name])]
        started = subprocess.Popen(command, env=home.variables, stdout=subprocess.PIPE)
        assert started.stdout is not None
        started.stdout.readline()

    return listen


def _verb(*argv: str) -> Callable[[ServedHome], object]:
    return lambda home: home.slow(*argv)


def _in_project(path: str, text: str) -> Callable[[ServedHome], object]:
    return lambda home: (home.project("runs") / path).write_text(text)


def _relinked(home: ServedHome) -> None:
    """A link leads to another folder, with files as old."""
    shutil.copytree(home.home / "linked", home.home / "linked2")
    (home.home / "linked2" / "far.md").write_text("---\ndescription: fur\n---\n")
    (home.home / "linked").rename(home.home / "linked3")
    (home.home / "linked2").rename(home.home / "linked")


def _renoted(home: ServedHome) -> None:
    said = json.loads(home.note("runs").read_text())
    home.note("runs").write_text(json.dumps({**said, "tag": ""}))


def _hogged(home: ServedHome) -> None:
    """Somebody listens there for a moment only."""
    with socket.create_server(("127.0.0.1", home.ports["stopped"])):
        home.slow("plan")


HAPPENS: dict[str, Callable[[ServedHome], object]] = {
    "a server is killed": _kill,
    "one with a password is killed": lambda home: home.signal("locked", signal.SIGKILL),
    "it hangs": lambda home: home.signal("runs", signal.SIGSTOP),
    "it is stopped": _verb("server", "stop", "runs"),
    "it is restarted": _verb("server", "restart", "runs"),
    "it is started by hand in its place": _again,
    "a stranger takes its port": _stranger("runs"),
    "a stranger takes the port of one that is stopped": _stranger("stopped"),
    "somebody takes that port for a moment": _hogged,
    "one that is stopped is started by hand": lambda home: home.by_hand("stopped"),
    "one that is stopped is started": _verb("server", "start", "stopped"),
    "it is ill": _tells("runs", "ill"),
    "its folder cannot be loaded": _tells("runs", "poisoned"),
    "it answers with a page": _tells("runs", "page"),
    "it says nothing": _tells("runs", "cut"),
    "it is slow": _tells("runs", "slow"),
    "it takes another password": _tells("locked", "other"),
    "it has all sessions there may be": _tells("runs", "session session"),
    "it has too many sessions": _tells("runs", "session session session"),
    "both have too many": _tells("locked", "session session session"),
    "its project has a configuration": _in_project("opencode.json", '{"model": "a/b"}'),
    "its project has an agent": _in_project(".opencode/agent/eve.md", "---\ndescription: e\n---\n"),
    "its project has more": _in_project("notes.md", "x\n"),
    "an agent behind a link": lambda home: (home.home / "linked" / "far.md").write_text("---\ndescription: fur\n---\n"),
    "a folder behind a link": _relinked,
    "its note is lost": lambda home: home.note("runs").unlink(),
    "its note is damaged": lambda home: home.note("runs").write_text("{"),
    "its note says that it is not ours": _renoted,
    "what it loaded is lost": lambda home: home.note("runs", "files").unlink(),
    "git wants another one": lambda home: home.say("servers/more.yaml", f"port: {free_port()}\npath: ~/projects\n"),
    "git wants it stopped": lambda home: home.say(
        "servers/runs.yaml", f"port: {home.ports['runs']}\npath: ~/projects/runs\n{CARE}state: stopped\n"
    ),
    "git wants fewer sessions": lambda home: home.say("orchestration/resource_limits.yaml", "max_sessions_total: 1\n"),
    "an agent is edited by hand": lambda home: (home.config / "agents" / "ada.md").write_text("---\n---\nother\n"),
}  # fmt: skip
QUIET = (
    "somebody takes that port for a moment", "it has all sessions there may be", "its project has more",
)  # fmt: skip
"""After these there is still nothing to do, and nothing that must be looked at closely."""
