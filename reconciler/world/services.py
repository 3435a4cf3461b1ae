"""The service manager of this user: systemd or launchd; a unit installed, removed, asked about. Runs their programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from reconciler.model.problem import Invalid, invalid
from reconciler.world.problems import failed

PATIENCE = 30.0
LONGEST = 1 << 20
"""Bytes of errors that are kept of a service."""


class Standing(NamedTuple):
    """How a unit stands: whether its file is there, and what the manager says of it ("" where it can't be asked)."""

    installed: bool
    text: str


def write(path: str, content: bytes) -> None:
    """The unit's file, replaced whole. Raises Invalid."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "wb") as file:  # noqa: PTH123
            file.write(content)
        os.replace(temporary, path)
    except OSError as error:
        raise Invalid([failed(path, "written", error)]) from None


def remove(path: str) -> bool:
    """Whether there was one. Raises Invalid."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Invalid([failed(path, "removed", error)]) from None
    return True


def read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except FileNotFoundError:
        return None


def cut(path: str, fd: int) -> None:
    """Empties a file that is longer than it should be, if it is the very one that is open there."""
    with suppress(OSError):
        found = os.fstat(fd)
        if found.st_size > LONGEST and os.path.samestat(found, os.stat(path)):
            os.ftruncate(fd, 0)


def tell(command: Sequence[str], variables: Mapping[str, str]) -> str:
    """What the manager's program prints. Raises Invalid where it says no."""
    done = _run(command, variables)
    if done is None:
        raise invalid(command[0], "is not here: the file stands where it belongs, and nothing reads it yet")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().partition("\n")[0]
        raise invalid(command[0], f"says: {said}", f"run it yourself: `{' '.join(command)}`")
    return done.stdout


def ask(command: Sequence[str], variables: Mapping[str, str]) -> str:
    """The same, whatever its status; "" where it can't be run."""
    done = _run(command, variables)
    return (done.stdout or done.stderr).strip() if done else ""


def _run(command: Sequence[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str] | None:
    program = shutil.which(command[0], path=variables.get("PATH"))
    if program is None:
        return None
    try:
        return subprocess.run(
            [program, *command[1:]], env=dict(variables), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
