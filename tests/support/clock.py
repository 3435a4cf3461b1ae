"""`reconcile` in a process whose wall clock somebody sets while it runs; the clocks that nobody sets go on as they do.

    python -m tests.support.clock FILE ARG…

FILE holds the seconds by which the wall clock is off, and is read at each look at it. Where Python asks C for the time
itself it is told here: production code knows nothing of this.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import reconciler.__main__ as program


class Off:
    """How far the wall clock is off, as the file says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._time, self._time_ns = time.time, time.time_ns

    @property
    def seconds(self) -> int:
        return int(self._file.read_text() or "0")

    def time(self) -> float:
        return self._time() + self.seconds

    def time_ns(self) -> int:
        return self._time_ns() + self.seconds * 10**9

    def told(self, split: Callable[[float], Any]) -> Callable[..., Any]:
        return lambda at=None: split(self.time() if at is None else at)

    def install(self) -> None:
        split, stamp = {name: getattr(time, name) for name in ("gmtime", "localtime")}, time.strftime
        time.time, time.time_ns = self.time, self.time_ns
        for name, one in split.items():
            setattr(time, name, self.told(one))
        time.strftime = lambda form, at=None: stamp(form, time.localtime() if at is None else at)


class Clock(NamedTuple):
    """The wall clock of some processes."""

    file: Path

    @property
    def program(self) -> tuple[str, ...]:
        """What `python -m` runs so that this is its clock."""
        return ("tests.support.clock", str(self.file))

    @property
    def variables(self) -> dict[str, str]:
        return {"PYTHONPATH": str(Path(__file__).parents[2])}

    def set(self, seconds: int) -> None:
        """So much ahead of the machine's own, or behind it."""
        beside = self.file.with_suffix(".new")
        beside.write_text(str(seconds))
        beside.replace(self.file)


if __name__ == "__main__":
    Off(Path(sys.argv[1])).install()
    sys.argv = [program.__file__, *sys.argv[2:]]
    sys.exit(program.main())
