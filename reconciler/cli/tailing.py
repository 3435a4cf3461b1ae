"""A file that grows → its last lines, and those that come. Reads."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import count

PAUSE = 0.25
CHUNK = 1 << 16


def tail(path: str, lines: int, *, follow: bool = False) -> Iterator[str]:
    """Without line ends; with `follow` until it is interrupted, through a file that is put in its place."""
    with open(path, "rb") as file:  # noqa: PTH123
        yield from (line.decode(errors="replace") for line in _last(file.read(), lines))
        rest = b""
        for _ in count() if follow else ():
            more = file.read(CHUNK)
            if not more:
                time.sleep(PAUSE)
                if os.path.exists(path) and os.stat(path).st_ino != os.fstat(file.fileno()).st_ino:
                    break
                continue
            *whole, rest = (rest + more).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
    if follow:
        yield from tail(path, lines, follow=True)


def _last(content: bytes, lines: int) -> list[bytes]:
    found = content.split(b"\n")
    whole = found[:-1] if found[-1] == b"" else found
    return whole[max(len(whole) - lines, 0) :] if lines > 0 else []
