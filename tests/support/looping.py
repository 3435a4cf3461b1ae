"""A `reconcile run` as a process of its own, beside the repository and the HOME it keeps."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.sandbox import Sandbox

PATIENCE = 90.0


def until(so: Callable[[], Any], why: str = "") -> Any:
    """Waits until something is so, and gives it; fails when it never is."""
    end = time.monotonic() + PATIENCE
    while not (found := so()):
        assert time.monotonic() < end, why or "it never came to be so"
        time.sleep(0.02)
    return found


class Loop:
    """One life of the loop. `said`: its events so far."""

    def __init__(
        self, box: Sandbox, *args: str, prefix: tuple[str, ...] = (), program: tuple[str, ...] = ("reconciler",)
    ) -> None:
        self.said: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", *program, "run", "--json", *args], cwd=box.repo, env=box.variables,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def told(self, what: str, about: str = "") -> list[dict[str, Any]]:
        return [one for one in self.said if one["what"] == what and (not about or one["about"] == about)]

    def wait(self, what: str, about: str = "", many: int = 1) -> dict[str, Any]:
        """The event, once it was told that often."""
        until(lambda: len(self.told(what, about)) >= many or self.process.poll() is not None, f"never {what} {about}")
        found = self.told(what, about)
        assert len(found) >= many, f"{self.said}\n{self.process.stderr.read() if self.process.stderr else ''}"
        return found[many - 1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self._reader.join(5)


def processor(loop: Loop) -> float:
    """Seconds of a processor that it has used so far."""
    fields = Path(f"/proc/{loop.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def looping(
    box: Sandbox, *args: str, prefix: tuple[str, ...] = (), program: tuple[str, ...] = ("reconciler",)
) -> Iterator[Loop]:
    """A loop that has begun; it is ended in the end."""
    loop = Loop(box, *args, prefix=prefix, program=program)
    try:
        loop.wait("started")
        yield loop
    except BaseException:
        print(*loop.said, sep="\n")
        raise
    finally:
        if loop.process.poll() is None:
            loop.process.kill()
        loop.process.wait()


class Kept(Sandbox):
    """A sandbox whose repository says a few agents, applied."""

    def __init__(self, folder: Path, agents: int = 3, settings: str = "") -> None:
        super().__init__(folder)
        self.say("reconcile.yaml", f"id: kept\n{settings}")
        for number in range(agents):
            self.say(f"agents/a{number}.md", agent(f"Agent {number}."))
        self.commit("start")
        ran = self.run("apply", "--yes")
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def say(self, path: str, text: str) -> None:
        at = self.repo / "desired-state" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)

    def live(self, name: str) -> Path:
        return self.home / f".config/opencode/agents/{name}.md"

    def done(self, *args: str, code: int = 0) -> str:
        ran = self.run(*args)
        assert ran.returncode == code, f"ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran.stdout


def agent(prompt: str) -> str:
    return f"---\ndescription: one of several\nmode: subagent\n---\n{prompt}\n"


def replace(path: Path, text: str) -> None:
    """As an editor saves: a new file takes the place of the old one."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    os.replace(beside, path)
