"""A command → the same in a transient scope of the user's own systemd, where there is one: ending what started it ends
nothing in it, and its share of the processor can be limited. Runs systemd-run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

PATIENCE = 5.0
RUN = ("--user", "--scope", "--quiet", "--collect")


def available(variables: Mapping[str, str]) -> str:
    """The program that makes scopes, "" where none can be made."""
    socket = f"{variables.get('XDG_RUNTIME_DIR', '')}/systemd/private"
    program = shutil.which("systemd-run", path=variables.get("PATH"))
    if program is None or not os.path.exists(socket):
        return ""
    try:
        tried = subprocess.run(
            [program, *RUN, "true"], env=dict(variables), timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return program if tried.returncode == 0 else ""


def scoped(command: Sequence[str], unit: str, cpu: float, variables: Mapping[str, str]) -> list[str]:
    """`cpu` in percent of one core, 0 for no limit. A scope runs the command in the very process that was started."""
    if not (program := available(variables)):
        return list(command)
    limit = [f"--property=CPUQuota={cpu:g}%"] if cpu else []
    name = re.sub(r"[^A-Za-z0-9:_.-]", "-", unit)
    return [program, *RUN, f"--unit={name}", *limit, "--", *command]
