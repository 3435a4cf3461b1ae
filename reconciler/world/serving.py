"""A server program and the HOME it shall see → one answer of it over loopback. Runs it in a folder of its own, ends it
by its process, and both are gone when this returns or is interrupted."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress

from reconciler.model.problem import invalid
from reconciler.model.programs import Copy

LOOPBACK = "127.0.0.1"
PATIENCE = 120.0
PAUSE = 0.1
LARGEST = 16 << 20


def answer(program: str, copy: Copy, path: str, variables: Mapping[str, str], patience: float = PATIENCE) -> bytes:
    """What `PROGRAM serve` says to GET `path`. Raises Invalid."""
    with tempfile.TemporaryDirectory(prefix="reconcile-", ignore_cleanup_errors=True) as made:
        top = os.path.realpath(made)
        _fill(top, copy.files)
        port = _free_port()
        placed = {name: value.replace("{copy}", top) for name, value in copy.variables.items()}
        env = {"PATH": variables.get("PATH", os.defpath), **placed, "HOME": f"{top}/home", "TMPDIR": f"{top}/tmp"}
        command = [program, "serve", "--hostname", LOOPBACK, "--port", str(port)]
        with open(f"{top}/said", "wb") as said:  # noqa: PTH123
            child = subprocess.Popen(
                command, cwd=f"{top}/cwd", env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        try:
            return _asked(child, port, path, time.monotonic() + patience, f"{top}/said")
        finally:
            _end(child)


def _fill(top: str, files: Mapping[str, bytes]) -> None:
    for folder in ("home", "cwd", "tmp"):
        os.mkdir(f"{top}/{folder}", 0o700)
    for path, content in files.items():
        full = f"{top}/home/{path}"
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:  # noqa: PTH123
            file.write(content)


def _free_port() -> int:
    """One that nobody listens on now; a server given one that is taken since ends, and is said to have."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _asked(child: subprocess.Popen[bytes], port: int, path: str, until: float, said: str) -> bytes:
    while time.monotonic() < until:
        if child.poll() is not None:
            with open(said, "rb") as file:  # noqa: PTH123
                last = file.read(LARGEST).decode("utf-8", "replace").strip().splitlines()[-1:] or ["no word"]
            raise invalid("opencode", f"`opencode serve` ended with status {child.returncode}: {last[0]}")
        with suppress(OSError, http.client.HTTPException):
            return _get(port, path)
        time.sleep(PAUSE)
    raise invalid("opencode", "`opencode serve` did not answer in time", "run it by hand to see why")


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        content = response.read(LARGEST)
    finally:
        connection.close()
    if response.status != 200:
        raise invalid("opencode", f"`GET {path}` answers {response.status}", "is this `opencode` of version 1?")
    return content


def _end(child: subprocess.Popen[bytes]) -> None:
    """It holds nothing worth a farewell: its HOME goes with it."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
