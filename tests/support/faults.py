"""An apply in a process of its own, which is stopped, refused or interfered with at one chosen effect.

An effect is a call by which `world/` changes something: of `os`, of the renames that swap, or a commit of the state.
They are counted by wrapping the module `os` as the modules of `world/` know it, from the outside: production code
knows nothing of this. Effect k of a plan is the same one in each run of it.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from reconciler.world import (
    age,
    disk,
    dressing,
    editing,
    exchanging,
    files,
    folders,
    lock,
    recovering,
    seal,
    secret_store,
    server_notes,
    staging,
    store_file,
    store_opening,
)  # fmt: skip
from tests.support.sandbox import Sandbox

MODULES = (
    age, disk, dressing, editing, exchanging, files, folders, lock, recovering, seal, secret_store, server_notes,
    staging, store_file, store_opening,
)  # fmt: skip
CALLS = (
    "write", "pwrite", "ftruncate", "fsync", "fchmod", "chmod", "fchown", "setxattr", "removexattr", "rename",
    "replace", "link", "unlink", "mkdir", "makedirs", "rmdir",
)  # fmt: skip
Act = Callable[[int, str], None]


class Ended(NamedTuple):
    """How a forked command ended: its exit status, or minus the signal that killed it, and what it said."""

    status: int
    said: str


class Effects:
    """Counts effects, and does something `before` and `after` each: the number, and the call's name."""

    def __init__(self, before: Act, after: Act) -> None:
        self.count = 0
        self.names: list[str] = []
        self.before, self.after = before, after

    def wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def effect(*given: Any, **more: Any) -> Any:
            number = self.count
            self.count += 1
            self.names.append(name)
            self.before(number, name)
            try:
                return call(*given, **more)
            finally:
                self.after(number, name)

        return effect

    def install(self) -> None:
        counted = {name: self.wrapped(name, getattr(os, name)) for name in CALLS}
        made = self.wrapped("open", os.open)

        def opened(path: Any, flags: int, *more: Any, **named: Any) -> int:
            if flags & os.O_CREAT and not os.path.lexists(path):
                return int(made(path, flags, *more, **named))
            return os.open(path, flags, *more, **named)

        proxy = SimpleNamespace(**{**vars(os), **counted, "open": opened})
        for module in MODULES:
            if hasattr(module, "os"):
                module.os = proxy  # type: ignore[attr-defined]
        disk._rename = self.wrapped("renameat2", disk._rename)
        effects, connect = self, sqlite3.connect

        class Counted(sqlite3.Connection):
            def execute(self, query: str, *more: Any) -> Any:
                call = super().execute
                return effects.wrapped("commit", call)(query, *more) if query == "COMMIT" else call(query, *more)

        sqlite3.connect = lambda *given, **more: connect(*given, factory=Counted, **more)  # type: ignore[assignment]


class Begun(NamedTuple):
    """A command at work in a process of its own, and what it says."""

    pid: int
    pipe: int

    def wait(self) -> Ended:
        with os.fdopen(self.pipe, errors="replace") as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        return Ended(os.waitstatus_to_exitcode(status), said)


def forked(variables: dict[str, str], repo: Path, *argv: str, effects: Effects | None = None) -> Ended:
    return begun(variables, repo, *argv, effects=effects).wait()


def begun(variables: dict[str, str], repo: Path, *argv: str, effects: Effects | None = None) -> Begun:
    """`reconcile ARGV` in a fork of this process, which has imported everything already."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return Begun(pid, read)
    os.close(read)
    status = 99
    try:
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(repo)
        said = io.TextIOWrapper(os.fdopen(write, "wb", 0), write_through=True)  # type: ignore[type-var]
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            from reconciler.cli.main import main

            sys.stdin = open(os.devnull)  # noqa: SIM115
            if effects:
                effects.install()
            status = main(list(argv))
            if effects:
                said.write(f"\neffects: {' '.join(effects.names)}\n")
    except BaseException:
        os.write(write, traceback.format_exc().encode())
    finally:
        os._exit(status)


def nothing(number: int, name: str) -> None:
    pass


def effects_of(variables: dict[str, str], repo: Path, *argv: str) -> tuple[list[str], Ended]:
    """The effects of a command, by name, in order."""
    ended = forked(variables, repo, *argv, effects=Effects(nothing, nothing))
    return ended.said.rpartition("effects: ")[2].split(), ended


def killing(at: int, *, after: bool) -> Effects:
    def die(number: int, name: str) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return Effects(nothing, die) if after else Effects(die, nothing)


def failing(at: int, code: int, breadth: str = "once") -> Effects:
    """Effect `at` fails; from then on `alike`: every one of its name, as on a disk that is full; `all`: every one."""
    broken: list[str] = []

    def fail(number: int, name: str) -> None:
        if number == at or (breadth == "alike" and name in broken) or (breadth == "all" and broken):
            broken.append(name)
            if name == "commit":
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorname = "SQLITE_FULL" if code == 28 else "SQLITE_IOERR_WRITE"
                raise error
            raise OSError(code, os.strerror(code))

    return Effects(fail, nothing)


def meddling(at: int, edit: Callable[[], None]) -> Effects:
    """Somebody edits by hand just before effect `at`."""
    return Effects(lambda number, name: edit() if number == at else None, nothing)


def warm(variables: dict[str, str], repo: Path) -> None:
    """Imports here what every fork would import anew."""
    before, folder = dict(os.environ), Path.cwd()
    try:
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(repo)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            from reconciler.cli.main import main

            main(["plan"])
            main(["resume"])
            main(["history"])
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(folder)


def copy(source: Path, target: Path) -> None:
    """With owners too, which copytree does not keep."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    for at in source.rglob("*") if os.geteuid() == 0 else ():
        found = at.lstat()
        if (found.st_uid, found.st_gid) != (0, 0):
            os.chown(target / at.relative_to(source), found.st_uid, found.st_gid, follow_symlinks=False)


class Stage:
    """A home and a repository that can be put back as they were, under the same path."""

    def __init__(self, sandbox: Sandbox, kept: Path) -> None:
        self.home, self.repo, self.variables, self.kept = sandbox.home, sandbox.repo, sandbox.variables, kept
        copy(self.home, kept)
        warm(self.variables, self.repo)

    def reset(self) -> None:
        shutil.rmtree(self.home)
        copy(self.kept, self.home)

    def run(self, *argv: str, effects: Effects | None = None) -> Ended:
        return forked(self.variables, self.repo, *argv, effects=effects)
