"""Two texts → what turns the second back into the first, byte for byte, and that done. Pure.

Holds only what differs, line by line and trimmed, and a digest of the text it fits: on any other text it does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from hashlib import blake2b
from itertools import accumulate
from typing import Any

Splice = tuple[int, int, str]


def reverse(before: str, after: str) -> bytes:
    """What `back` needs to make `before` of `after`."""
    return json.dumps({"fits": _digest(after), "splices": list(_splices(after, before))}).encode()


def chain(reverses: Iterable[bytes]) -> bytes:
    """Several steps back, the latest first, as one."""
    said = [json.loads(kept) for kept in reverses]
    return json.dumps([step for one in said for step in (one if isinstance(one, list) else [one])]).encode()


def back(kept: bytes, text: str) -> str | None:
    """The text as it was before; None where `text` is not the one that `kept` fits. A chain goes back to its end, or
    not at all."""
    said = json.loads(kept)
    latest: str | None = text
    for step in said if isinstance(said, list) else [said]:
        latest = None if latest is None else _step(step, latest)
    return latest


def _step(said: dict[str, Any], text: str) -> str | None:
    if said["fits"] != _digest(text):
        return None
    for start, end, piece in reversed(said["splices"]):
        text = text[:start] + piece + text[end:]
    return text


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _splices(old: str, new: str) -> Iterator[Splice]:
    """What to put in place of which ranges of `old`, in their order."""
    ours, theirs = old.splitlines(keepends=True), new.splitlines(keepends=True)
    at, there = [0, *accumulate(map(len, ours))], [0, *accumulate(map(len, theirs))]
    for sort, i, j, k, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if sort != "equal":
            yield _trimmed(old, at[i], at[j], new[there[k] : there[end]])


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _trimmed(old: str, start: int, end: int, piece: str) -> Splice:
    head = _alike(old[start:end], piece)
    tail = _alike(old[start + head : end][::-1], piece[head:][::-1])
    return start + head, end - tail, piece[head : len(piece) - tail]
