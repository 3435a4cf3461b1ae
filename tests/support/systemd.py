"""A `systemd --user` of its own for one test: in a mount namespace with its own /run and a cgroup of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.looping import until

MANAGER = "/usr/lib/systemd/systemd"
# systemd asks whether the machine was booted with it, and makes groups below the one that it finds itself in.
BEGIN = """
set -e
mkdir -p /sys/fs/cgroup
while umount -l /sys/fs/cgroup 2>/dev/null; do :; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR" "/sys/fs/cgroup/$GROUP"
chmod 700 "$XDG_RUNTIME_DIR"
echo $$ > "/sys/fs/cgroup/$GROUP/cgroup.procs"
unset GROUP
exec "$@"
"""
END = """
echo 1 > "/sys/fs/cgroup/$1/cgroup.kill"
while [ -d "/sys/fs/cgroup/$1" ] && [ $((tries += 1)) -lt 100 ]; do
    find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} + 2>/dev/null
    sleep 0.1
done
"""


class Unavailable(Exception):
    """None can be run here, and the text says why."""


@dataclass(frozen=True)
class Manager:
    """`prefix` has a command run where the manager is; `variables` are what it was started with."""

    prefix: tuple[str, ...]
    variables: Mapping[str, str]

    def run(self, *command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
        words = [*self.prefix, f"--wd={folder}", "--", *map(str, command)]
        return subprocess.run(words, env=dict(self.variables), capture_output=True, text=True)

    def done(self, *command: str | Path, folder: Path = Path("/")) -> str:
        ran = self.run(*command, folder=folder)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@contextmanager
def manager(variables: Mapping[str, str]) -> Iterator[Manager]:
    """Raises Unavailable. All that it started is gone afterwards."""
    for program in (MANAGER, "unshare", "nsenter", "systemctl"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not here")
    if os.geteuid() or subprocess.run(["unshare", "-m", "mount", "-t", "cgroup2", "cgroup2", "/mnt"]).returncode:
        raise Unavailable("only root may give systemd a cgroup and a /run of its own")
    group = f"reconcile-test-{os.getpid()}-{os.urandom(4).hex()}"
    place = {**variables, "XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}"}
    begin = ["unshare", "-m", "sh", "-c", BEGIN, "sh", MANAGER, "--user", "--log-level=warning"]
    process = subprocess.Popen(begin, env={**place, "GROUP": group}, cwd="/", stdin=subprocess.DEVNULL)
    made = Manager(("nsenter", "-t", str(process.pid), "-m"), place)
    try:
        until(lambda: made.run("systemctl", "--user", "is-system-running", folder=Path("/")).stdout.strip() in READY)
        yield made
    finally:
        made.run("sh", "-c", END, "sh", group, folder=Path("/"))
        process.kill()
        process.wait()


READY = ("running", "degraded")
