"""Lines → standard output, in a thread of its own: a reader that is slow, stopped or gone, and a full disk, hold up
nobody. Writes."""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass, field

MOST = 1000
PATIENCE = 3.0


@dataclass
class Outlet:
    """`fd`: where lines go. More than wait to be written are left out, and counted."""

    fd: int = 1
    _waiting: deque[str] = field(default_factory=deque)
    _left_out: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def show(self, line: str) -> None:
        with self._changed:
            if len(self._waiting) < MOST:
                self._waiting.append(line)
            else:
                self._left_out += 1
            self._changed.notify()

    def close(self) -> None:
        """Once all is written; a reader that does not read is waited for a moment only."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(PATIENCE)

    def _write(self) -> None:
        while (text := self._next()) is not None:
            rest = f"{text}\n".encode(errors="backslashreplace")
            try:
                while rest:
                    rest = rest[os.write(self.fd, rest) :]
            except OSError:
                continue  # the book has it: `reconcile events`

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._left_out or self._closed)
            if self._waiting:
                return self._waiting.popleft()
            missing, self._left_out = self._left_out, 0
            return f"… {missing} lines were left out: `reconcile events` has them" if missing else None
