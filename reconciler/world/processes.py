"""Processes of this machine by an identity that no other ever has: boot, number and start. Looks at them, signals them.

On Linux /proc is read; elsewhere psutil is asked, which costs more to import than a plan has to spare.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache

from reconciler.model.serving import Figures, Process

LINUX = sys.platform.startswith("linux")
PAUSE = 0.02
PATIENCE = 5.0
MOMENT = 0.25


@cache
def boot() -> str:
    """What tells this start of the machine from any other."""
    if LINUX:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            return file.read().strip()
    import psutil

    return str(int(psutil.boot_time()))


def identity(pid: int) -> Process | None:
    """The process that has a number now; None where none has it, or a dead one."""
    if LINUX:
        fields = _stat(pid)
        return Process(boot(), pid, float(fields[19])) if fields and fields[0] not in "ZX" else None
    import psutil

    with suppress(psutil.Error):
        found = psutil.Process(pid)
        if found.status() != psutil.STATUS_ZOMBIE:
            return Process(boot(), pid, found.create_time())
    return None


def alive(process: Process | None) -> bool:
    """Whether that very process still runs."""
    return process is not None and process.boot == boot() and identity(process.pid) == process


def began(process: Process) -> float:
    """When it started, in seconds since the epoch."""
    if not LINUX:
        return process.started
    # What /proc/stat calls the time of boot is cut to seconds.
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + process.started / os.sysconf("SC_CLK_TCK")


def send(process: Process, number: int) -> bool:
    """Signals that very process; whether it was there to be signalled."""
    if process.pid <= 1 or process.boot != boot():
        return False
    if not hasattr(os, "pidfd_open"):
        if not alive(process):
            return False
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
            return True
        return False
    try:
        fd = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        # The descriptor holds one process: what is checked after it was opened is what the signal reaches.
        if identity(process.pid) != process:
            return False
        signal.pidfd_send_signal(fd, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)


def end(processes: Iterable[Process], patience: float = PATIENCE) -> list[Process]:
    """SIGTERM, and after a while SIGKILL; those that run all the same."""
    left = [one for one in processes if send(one, signal.SIGTERM)]
    left = _gone(left, patience)
    for one in left:
        send(one, signal.SIGKILL)
    return _gone(left, patience)


def _gone(processes: Sequence[Process], patience: float) -> list[Process]:
    until = time.monotonic() + patience
    left = [one for one in processes if alive(one)]
    while left and time.monotonic() < until:
        time.sleep(PAUSE)
        _reap(left)
        left = [one for one in left if alive(one)]
    return left


def _reap(processes: Sequence[Process]) -> None:
    for one in processes:
        with suppress(ChildProcessError):
            os.waitpid(one.pid, os.WNOHANG)


def every() -> Iterator[int]:
    """The numbers of all processes."""
    if LINUX:
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())
        return
    import psutil

    yield from psutil.pids()


def parent(pid: int) -> int:
    """0 where that cannot be said."""
    if LINUX:
        fields = _stat(pid)
        return int(fields[1]) if fields else 0
    import psutil

    with suppress(psutil.Error):
        return int(psutil.Process(pid).ppid())
    return 0


def ancestors(pid: int) -> Iterator[int]:
    while (pid := parent(pid)) > 1:
        yield pid


def below(pid: int) -> set[int]:
    """The numbers of all children and their children."""
    children: dict[int, list[int]] = {}
    for one in every():
        children.setdefault(parent(one), []).append(one)
    found: set[int] = set()
    todo = [pid]
    while todo:
        fresh = [one for one in children.get(todo.pop(), ()) if one not in found]
        found.update(fresh)
        todo += fresh
    return found


def variable(pid: int, name: str) -> str:
    """A variable of its environment as it was started; "" where it has none, or that is not ours to read."""
    if LINUX:
        prefix = f"{name}=".encode()
        with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            said = next((entry for entry in file.read().split(b"\0") if entry.startswith(prefix)), b"")
            return said[len(prefix) :].decode(errors="replace")
        return ""
    import psutil

    with suppress(psutil.Error, OSError):
        return str(psutil.Process(pid).environ().get(name, ""))
    return ""


def command(pid: int) -> list[str]:
    """Its command line; nothing where that is not ours to read."""
    if LINUX:
        with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            return [part.decode(errors="replace") for part in file.read().rstrip(b"\0").split(b"\0")]
        return []
    import psutil

    with suppress(psutil.Error):
        return list(psutil.Process(pid).cmdline())
    return []


def folder(pid: int) -> str:
    """The folder it works in; "" where that is not ours to read."""
    import psutil

    with suppress(psutil.Error, OSError):
        return str(psutil.Process(pid).cwd())
    return ""


def ours(pid: int) -> bool:
    """Whether it runs as this user."""
    import psutil

    with suppress(psutil.Error):
        return bool(psutil.Process(pid).uids().real == os.getuid())
    return False


def listener(port: int) -> int:
    """Who listens on a TCP port; 0 where that cannot be said, as of another user's process."""
    import psutil

    with suppress(psutil.Error):
        for found in psutil.net_connections("tcp"):
            if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port and found.pid:
                return int(found.pid)
    return 0 if LINUX else _listener_of_ours(port)


def _listener_of_ours(port: int) -> int:
    """macOS lets nobody but root see all connections, and everybody those of his own processes."""
    import psutil

    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in one.net_connections("tcp")):
                return int(one.pid)
    return 0


def room() -> int:
    """How many bytes of memory could still be given to programs."""
    import psutil

    return int(psutil.virtual_memory().available)


def figures(trees: dict[Process, set[int]]) -> dict[Process, Figures]:
    """What trees of processes use, measured over a moment."""
    first = {process: _spent(pids) for process, pids in trees.items()}
    time.sleep(MOMENT)
    return {process: _figures(process, pids, first[process]) for process, pids in trees.items()}


def _figures(process: Process, pids: set[int], before: float) -> Figures:
    import psutil

    memory = read = written = 0
    for pid in pids:
        with suppress(psutil.Error):
            one = psutil.Process(pid)
            memory += one.memory_info().rss
            counted = one.io_counters() if hasattr(one, "io_counters") else None
            read += counted.read_bytes if counted else 0
            written += counted.write_bytes if counted else 0
    percent = max(_spent(pids) - before, 0.0) / MOMENT * 100
    return Figures(percent, memory, read, written, len(pids), time.time() - began(process))


def _spent(pids: set[int]) -> float:
    import psutil

    total = 0.0
    for pid in pids:
        with suppress(psutil.Error):
            used = psutil.Process(pid).cpu_times()
            total += used.user + used.system
    return total


def _stat(pid: int) -> list[str]:
    """What follows the name, which may hold blanks and brackets: state, parent, …, start (see proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].decode().split()
    except OSError:
        return []
