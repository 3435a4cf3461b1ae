"""Questions about this machine: what a program says of itself, limits of watching files, who listens. Looks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import NamedTuple

LISTENING = "0A"


class Listener(NamedTuple):
    """Who listens: process and command line, 0 and "" where the system does not tell us."""

    pid: int = 0
    command: str = ""


def said_by(program: str, argument: str, variables: Mapping[str, str]) -> str | None:
    """The first line that a program on PATH prints; None where there is none, or it fails."""
    path = shutil.which(program, path=variables.get("PATH"))
    with suppress(OSError, subprocess.SubprocessError):
        if path is not None:
            done = subprocess.run(
                [path, argument], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL
            )
            return (done.stdout.splitlines() or [""])[0] if done.returncode == 0 else None
    return None


def inotify_limit(name: str, folder: str = "/proc/sys/fs/inotify") -> int | None:
    """A limit of the kernel's file watching; None where it has none."""
    with suppress(OSError, ValueError), open(f"{folder}/{name}") as file:  # noqa: PTH123
        return int(file.read())
    return None


def listener(port: int) -> Listener | None:
    """Who listens on a port of this machine, over IPv4 or IPv6 (Linux: /proc; else only whether somebody does)."""
    if sys.platform != "linux":
        return Listener() if _answers(port) else None
    inodes = set(_listening(port))
    return _holder(inodes) if inodes else None


def _listening(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError), open(table) as file:  # noqa: PTH123
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _holder(inodes: set[str]) -> Listener:
    """The process that has one of the sockets open, where we may see that."""
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):
            if any(_leads(f"/proc/{pid}/fd/{fd}") in sockets for fd in os.listdir(f"/proc/{pid}/fd")):
                with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
                    words = os.fsdecode(file.read()).split("\0")
                return Listener(int(pid), " ".join([os.path.basename(words[0]), *words[1:4]]).strip())
    return Listener()


def _leads(link: str) -> str:
    with suppress(OSError):
        return os.readlink(link)
    return ""


def _answers(port: int) -> bool:
    import socket

    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 0.2)):
        return True
    return False
