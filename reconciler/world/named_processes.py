"""Names of programs → the processes of this HOME that run them. Looks."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from reconciler.world import processes

FIRST = 3
BELOW = ("node", "bun", "deno", "npx", "python", "sh", "bash", "env", "ruby")


def running(names: Collection[str], home: str) -> dict[str, list[int]]:
    """By name. A program may run below an interpreter (`node …/prettier.cjs`); another HOME's does not count."""
    found: dict[str, list[int]] = {}
    for pid in processes.every():
        name = named(processes.command(pid), names)
        if name and processes.variable(pid, "HOME") == home:
            found.setdefault(name, []).append(pid)
    return found


def named(words: Sequence[str], names: Collection[str]) -> str:
    """Which of these programs a command line runs; "" for none of them."""
    bases = [os.path.basename(word).lower() for word in words[:FIRST]]
    bases = bases if bases and bases[0].rstrip("0123456789.") in BELOW else bases[:1]
    tried = (candidate for base in bases for candidate in (base, base.partition(".")[0] or base[1:]))
    return next((one for one in tried if one in names), "")
