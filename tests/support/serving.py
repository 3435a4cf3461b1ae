"""Servers that `reconcile` looks after in the HOME of a real `opencode`: what it notes of them, and asking them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import opencode
from tests.support.managed import Managed
from tests.support.opencode import Sandbox, free_port

PATIENCE = 120


class Servers(Managed):
    """A repository that declares servers, each in a project folder of its own."""

    def __init__(self, program: Sandbox, folder: Path) -> None:
        super().__init__(program, folder)
        self.sandbox = program
        quiet = {name: value for name, value in program.env.items() if name != "PATH"}
        self.variables |= quiet | {"RECONCILE_OPENCODE": str(program.program)}

    def declare(self, name: str, more: str = "", port: int = 0) -> int:
        """A server in `~/projects/NAME`; the port it shall have."""
        port = port or free_port()
        self.sandbox.project(name)
        self.say(f"port: {port}\npath: ~/projects/{name}\n{more}", f"servers/{name}.yaml")
        return port

    def drop(self, path: str) -> None:
        (self.repo / "desired-state" / path).unlink()

    def note(self, port: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._note(port).read_text())
        return found

    def noted(self, port: int) -> bool:
        return self._note(port).exists()

    def renote(self, port: int, **changed: Any) -> None:
        self._note(port).write_text(json.dumps(self.note(port) | changed))

    def _note(self, port: int) -> Path:
        return self.home / ".local/state/reconciler/servers" / f"{port}.json"

    def pid(self, port: int) -> int:
        process = self.note(port)["process"]
        return int(process[1]) if process else 0

    def kill(self, port: int) -> None:
        """As a crash would."""
        pid = self.pid(port)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not runs(pid))

    def start(self, *args: str) -> subprocess.Popen[str]:
        """`reconcile ARGS`, not waited for."""
        import sys

        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", *args], cwd=self.repo, env=self.variables, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def server(self, port: int, directory: str = "") -> Client:
        return Client(port)


class Client(opencode.Server):
    """A server that somebody else started."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def output(self) -> str:
        return ""

    def stop(self) -> None:
        """It is not ours to stop."""


def runs(pid: int) -> bool:
    """Whether a process lives; one that nobody waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def until(holds: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Wait until that is true."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {patience} s")
        time.sleep(0.02)


def status(port: int, password: str = "") -> int:
    """What `GET /global/health` answers; 0 for nothing."""
    import base64

    request = urllib.request.Request(f"http://127.0.0.1:{port}/global/health")
    if password:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"opencode:{password}".encode()).decode())
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
