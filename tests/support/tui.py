"""The real terminal interface of `opencode` in a tmux of its own, for what it does to the files when it starts."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.opencode import Sandbox, Unavailable

START_SECONDS = 60
END_SECONDS = 5
LOADED = "loading tui config"
"""What the program logs once it has moved what it moves."""


class Tui:
    """A running interface; `until` waits for what it does."""

    def __init__(self, sandbox: Sandbox, socket: Path) -> None:
        self.sandbox = sandbox
        self._socket = socket

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not so within {START_SECONDS} s; its screen:\n{self.screen}\nits log:\n{self.log}")
            time.sleep(0.05)

    def until_loaded(self) -> None:
        self.until(lambda: LOADED in self.log)

    @property
    def log(self) -> str:
        with suppress(FileNotFoundError):
            return (self.sandbox.home / ".local/share/opencode/log/opencode.log").read_text(errors="replace")
        return ""

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p").stdout

    def tmux(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments],
            cwd=self.sandbox.project("default"),
            env={**self.sandbox.env, "TERM": "xterm-256color"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@contextmanager
def tui(sandbox: Sandbox) -> Iterator[Tui]:
    """Started, and gone with all its processes when the `with` ends. Raises Unavailable."""
    if not shutil.which("tmux"):
        raise Unavailable("tmux is not installed, so there is no terminal to start the TUI in")
    before = set(sandbox.processes())
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:  # a socket's path must be short
        running = Tui(sandbox, Path(folder, "socket"))
        try:
            program = shlex.quote(str(sandbox.program))
            started = running.tmux("new-session", "-d", "-x", "100", "-y", "30", f"exec {program}")
            if started.returncode != 0:
                raise Unavailable(f"tmux cannot start here: {started.stderr.strip()}")
            yield running
        finally:
            running.tmux("kill-server")
            _end(sandbox, before)


def _end(sandbox: Sandbox, before: set[int]) -> None:
    """The hang-up ends it; what is left of it after a while is killed, by its id."""
    deadline = time.monotonic() + END_SECONDS
    while (left := set(sandbox.processes()) - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
