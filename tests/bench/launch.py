"""`python -I -S launch.py OUT COMMAND…` → one line: seconds, seconds of processor, KiB at the peak, exit status.

A process of its own, and a small one: what a fresh process inherits counts into its peak on Linux.
"""

import os
import sys
import time


def main() -> None:
    out, *command = sys.argv[1:]
    null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    started = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=null)
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - started
    peak = used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    with open(out, "w") as file:
        file.write(f"{seconds} {used.ru_utime + used.ru_stime} {peak} {os.waitstatus_to_exitcode(status)}")


main()
