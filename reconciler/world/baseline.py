"""Where everything stood when all was looked at and nothing was to be done → what has moved since. Looks; writes into
the cache.

It stands on what a witness stands on (world/witness.py), and says which part of desired state each file belongs to.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from reconciler import first
from reconciler.world import witness
from reconciler.world.witness import Moment, Rests

NAME = "baseline"
# Those that only say how an answer is shown.
SHOWN = ("NO_COLOR", "TERM")
EDITED = b"M"
GONE = b"D"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a baseline is about: the repository and its commit; every source by its path from the top, and every file
    below a root by its absolute path, each with the resource that it belongs to ("agent/ada"), "" where it is looked at
    every time, or is nobody's; `rows`: a digest of what we own; `problems`: the warnings that were told, each as path,
    line, column, text and hint; `offered`: a digest of the agents and providers in settings; `applied`: resources that
    a run did anything to since."""

    top: str
    commit: str
    sources: Mapping[str, str]
    live: Mapping[str, str]
    rows: str
    problems: Sequence[tuple[str, int, int, str, str]]
    offered: str
    applied: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """A baseline as it is kept, and how everything it rests on was then."""

    ground: Ground
    said: Mapping[str, Any]

    @property
    def holds(self) -> bool:
        """Whether all that may not move for a narrow look stands as it did."""
        said = self.said
        *listed, names = said["listed"]
        return (
            said["asked"] == _asked()
            and time.time() >= said["when"]
            and said["written"] == first.state(said["index"])
            and all(first.state(path) == was for path, was in said["watched"])
            and all(os.path.realpath(path) == was for path, was in said["real"])
            and witness.listing(listed) == names
        )

    def moved(self, what: str) -> Sequence[str]:
        """The "folders" or "varying" files that are not as they were."""
        return [path for path, was in self.said[what] if first.state(path) != was]


def keep(ground: Ground, rests: Rests, since: Moment, index: bytes) -> None:
    """Raises OSError."""

    def said() -> dict[str, object]:
        return {
            "ground": {one.name: getattr(ground, one.name) for one in fields(ground)},
            "asked": _asked(),
            "when": since.wall,
            "watched": witness.states(rests.watched, since),
            "folders": witness.states(rests.folders, since),
            "varying": witness.states(rests.varying, since),
            "real": [place[:2] for place in since.places],
            "listed": [*rests.listed, witness.listing(rests.listed)],
        }

    witness.put(NAME, said, since, index)


def read() -> Since | None:
    """The one that is kept; None where there is none, or it is damaged."""
    try:
        said = witness.read(NAME)
        return Since(Ground(**said["ground"]), said)
    except (OSError, ValueError, EOFError, TypeError, KeyError):
        return None


def renew(since: Since, rows: str, applied: Iterable[str]) -> None:
    """The same, after a run that did something to these resources. Raises OSError."""
    ground = {**since.said["ground"], "rows": rows, "applied": sorted({*since.ground.applied, *applied})}
    witness.write(NAME, {**since.said, "ground": ground})


def sweep(since: Since) -> tuple[list[str], list[str]] | None:
    """The plain files that were edited, and those that are gone, by absolute paths; None where git does not say."""
    asked = ("diff-files", "--name-status", "--no-renames", "-z")
    found = subprocess.run(
        first.command("/", *asked),
        env=first.around("/", since.said["index"]),
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    words = found.stdout.split(b"\0")
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if found.returncode or not {status for status, _ in pairs} <= {EDITED, GONE}:
        return None
    edited, gone = ([f"/{os.fsdecode(path)}" for status, path in pairs if status == sort] for sort in (EDITED, GONE))
    return edited, gone


def _asked() -> list[object]:
    """Who asks, with which settings."""
    values = [os.environ.get(name) for name in first.VARIABLES if name not in SHOWN]
    return [os.geteuid(), os.uname().nodename, sys.version, values]
