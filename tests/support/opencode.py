"""The real `opencode`: `binary` finds or installs it, a `Sandbox` is a HOME to run it in, `serve` gives a `Server`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

VERSION = "1.18.33"
INSTALL_SECONDS = 240
START_SECONDS = 60

QUIET = {
    "TERM": "dumb",
    "LANG": "C.UTF-8",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_SHARE": "1",
}
"""What keeps the program from downloading anything, together with `hold_npm`."""


# --- finding the binary ---------------------------------------------------------------------------


class Unavailable(Exception):
    """There is no binary to test with, and the text says why."""


@cache
def binary() -> Path:
    """The program that RECONCILER_OPENCODE names, else our own copy of it, installed on first use."""
    if named := os.environ.get("RECONCILER_OPENCODE"):
        if not (found := shutil.which(named)):
            raise FileNotFoundError(f"RECONCILER_OPENCODE names `{named}`, which is no program")
        return Path(found).resolve()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return _installed(caches / "reconciler-tests" / f"opencode-{VERSION}")


def _installed(folder: Path) -> Path:
    program = folder / "opencode"
    if program.exists():
        return program.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"no place to install opencode: {error}") from error
    with _locked(folder / "lock"):
        if not program.exists():  # another worker may have done it while we waited
            _once_per_run(folder / "failed", lambda: _install(folder, program))
    return program.resolve()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _once_per_run(note: Path, attempt: Callable[[], None]) -> None:
    """Where a worker of this test run has failed already, the others fail with its reason, at once."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    if note.exists():
        failed, _, reason = note.read_text().partition("\n")
        if failed == run:
            raise Unavailable(reason)
    try:
        attempt()
    except Unavailable as problem:
        note.write_text(f"{run}\n{problem}")
        raise
    note.unlink(missing_ok=True)


def _install(folder: Path, program: Path) -> None:
    npm = shutil.which("npm")
    if not npm:
        raise Unavailable("npm is not installed, and RECONCILER_OPENCODE names no opencode")
    # The package's install script would start opencode in the HOME of whoever runs the tests.
    command = [npm, "install", "--ignore-scripts", "--prefix", str(folder), "--no-fund", "--no-audit"]
    command.append(f"opencode-ai@{VERSION}")
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"`npm install opencode-ai@{VERSION}` took over {INSTALL_SECONDS} s") from error
    if done.returncode != 0:
        raise Unavailable(f"`npm install opencode-ai@{VERSION}` failed: {done.stderr.strip()[-400:]}")
    program.symlink_to(_working(folder))


def _working(folder: Path) -> Path:
    """Of the binaries that npm took for this platform (one needs AVX2, one does not), the first that runs."""
    for candidate in sorted((folder / "node_modules").glob("opencode-*/bin/opencode")):
        if _version(candidate) == VERSION:
            return candidate
    raise Unavailable(f"npm installed opencode-ai@{VERSION}, but nothing in it runs here")


def _version(program: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="reconciler-") as home:  # even --version makes folders in HOME
        try:
            done = subprocess.run(
                [program, "--version"],
                env={"PATH": os.environ["PATH"], "HOME": home, **QUIET},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=START_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
    return done.stdout.strip()


# --- a HOME of its own ----------------------------------------------------------------------------


def hold_npm(folder: Path) -> None:
    """Make a config folder look as if `@opencode-ai/plugin` was installed, so that opencode leaves npm alone."""
    needs = {"dependencies": {"@opencode-ai/plugin": VERSION}}
    (folder / "node_modules").mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(needs))
    (folder / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": {"": needs}}))


class Sandbox:
    """A HOME with an `opencode` that downloads nothing; `close` stops every server started in it."""

    def __init__(self, home: Path, program: Path, *, pure: bool = False) -> None:
        self.home = home
        self.program = program
        self.config = home / ".config" / "opencode"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), **QUIET}
        if pure:  # no external plugins
            self.env["OPENCODE_PURE"] = "1"
        self._servers: list[Server] = []
        hold_npm(self.config)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for server in self._servers:
            server.stop()
        for pid in self.processes():  # a tool's children are in sessions of their own
            _kill(pid)

    def write(self, path: str, content: str | bytes) -> Path:
        """A file below the global config folder (or at an absolute path), byte for byte."""
        file = self.config / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def configure(self, config: Mapping[str, Any]) -> Path:
        return self.write("opencode.json", json.dumps(config, indent=2) + "\n")

    def project(self, name: str) -> Path:
        """A folder to work in, with an `.opencode` for agents and commands of its own."""
        folder = self.home / "projects" / name
        hold_npm(folder / ".opencode")
        return folder

    def run(
        self, *arguments: str, directory: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            cwd=directory or self.project("default"),
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def debug_config(self, directory: Path | None = None) -> dict[str, Any]:
        """The config as opencode merges it; `Refused` with its words where it does not load."""
        done = self.run("debug", "config", directory=directory)
        if done.returncode != 0:
            raise Refused(done.returncode, done.stderr.strip())
        merged: dict[str, Any] = json.loads(done.stdout)
        return merged

    def serve(
        self, directory: Path | None = None, port: int | None = None, env: Mapping[str, str] | None = None
    ) -> Server:
        """A healthy `opencode serve`, on a free loopback port unless one is given."""
        for last in (False, False, True):
            server = Server(self, directory or self.project("default"), port or free_port(), env or {})
            self._servers.append(server)
            try:
                server.wait_healthy()
                return server
            except NotStarted as problem:
                server.stop()
                if port or last or "ServeError" not in str(problem):  # else somebody took the free port meanwhile
                    raise
        raise AssertionError("unreachable")

    def processes(self) -> list[int]:
        """Every process whose HOME is this one (empty where there is no /proc)."""
        marker = f"HOME={self.home}".encode()
        return [int(entry.parent.name) for entry in Path("/proc").glob("[0-9]*/environ") if marker in _variables(entry)]


def _variables(environ: Path) -> list[bytes]:
    try:
        return environ.read_bytes().split(b"\0")
    except OSError:  # gone, or not ours to read
        return []


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


# --- a running server -----------------------------------------------------------------------------


class NotStarted(Exception):
    """`opencode serve` ended, or never became healthy; the text is its output."""


class Refused(Exception):
    """opencode answered with an error: an HTTP status or an exit code, and what it said."""

    def __init__(self, status: int, said: Any) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status
        self.said = said


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any  # parsed where it is JSON


class Server:
    """One `opencode serve` in a session of its own, stopped by its process id."""

    def __init__(self, sandbox: Sandbox, directory: Path, port: int, env: Mapping[str, str]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._output = sandbox.home / f"serve-{port}.log"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sandbox.program, "serve", "--hostname", "127.0.0.1", "--port", str(port)],
                cwd=directory,
                env={**sandbox.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def wait_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise NotStarted(f"opencode serve ended with {self.process.returncode}: {self.output}")
            try:
                if self.get("/global/health", timeout=2).get("healthy") is True:
                    return
            except (OSError, Refused):
                time.sleep(0.05)
        raise NotStarted(f"not healthy within {START_SECONDS} s: {self.output}")

    def stop(self) -> None:
        """Dispose first, which ends running tools; then SIGTERM, and SIGKILL to what does not go."""
        if self.process.poll() is not None:
            return
        with suppress(OSError):
            self.request("POST", "/global/dispose", timeout=5)
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path: str, *, directory: Path | str | None = None, timeout: float = 30, **query: str) -> Any:
        return _accepted(self.request("GET", path, directory=directory, timeout=timeout, **query))

    def post(self, path: str, body: Any = None, *, directory: Path | str | None = None, timeout: float = 60) -> Any:
        return _accepted(self.request("POST", path, body, directory=directory, timeout=timeout))

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        directory: Path | str | None = None,
        timeout: float = 30,
        **query: str,
    ) -> Answer:
        if directory is not None:
            query["directory"] = str(directory)
        asked = urllib.request.Request(
            f"{self.url}{path}?{urllib.parse.urlencode(query)}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with _direct.open(asked, timeout=timeout) as response:
                return Answer(response.status, _parsed(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _parsed(error.read()))

    def until(self, holds: Callable[[], Any], timeout: float = 20) -> None:
        """Wait until that is true."""
        deadline = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not so within {timeout} s; the server said: {self.output}")
            time.sleep(0.02)

    def ask(self, text: str, *, directory: Path, agent: str | None = None, timeout: float = 60) -> str:
        """One turn in a new session, and the text that the model answered."""
        session = self.post("/session", {"title": "asked by a test"}, directory=directory)
        turn = {"parts": [{"type": "text", "text": text}]} | ({"agent": agent} if agent else {})
        answer = self.post(f"/session/{session['id']}/message", turn, directory=directory, timeout=timeout)
        return "".join(part["text"] for part in answer["parts"] if part["type"] == "text")


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback never goes through a proxy


def _accepted(answer: Answer) -> Any:
    if answer.status >= 400:
        raise Refused(answer.status, answer.body)
    return answer.body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
