"""A state and a key → the fingerprint states are compared by and contents are kept under. Pure.

Keyed, so that nobody can guess a short secret from what plans, journals and logs hold. Where two spellings mean the
same (`14.5`, `14.50`), the fingerprint has two parts, `value.spelling`: `alike` compares the first one only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeVar

from reconciler.model.change import ABSENT
from reconciler.model.secret import Carrier

L = TypeVar("L")


@dataclass(frozen=True)
class Codec(Generic[L]):
    """A state as bytes and back: what the journal keeps and a saved plan holds. `value`: the bytes that equality is of,
    where it is not of all of them. `secrets`: how a state carries references to secrets, where it may."""

    encode: Callable[[L], bytes]
    decode: Callable[[bytes], L]
    value: Callable[[L], bytes] | None = None
    secrets: Carrier[L] | None = None


def fingerprint(state: L | None, codec: Codec[L], key: bytes) -> str:
    """32 hex digits, a dot and 32 more where spelling is told apart from value; ABSENT for nothing."""
    if state is None:
        return ABSENT
    spelling = _digest(codec.encode(state), key)
    return spelling if codec.value is None else f"{_digest(codec.value(state), key)}.{spelling}"


def _digest(encoded: bytes, key: bytes) -> str:
    return blake2b(encoded, digest_size=16, key=key).hexdigest()


def alike(one: str | None, other: str | None) -> bool:
    """Whether two fingerprints are of equal values."""
    return one == other or (bool(one and other) and str(one).partition(".")[0] == str(other).partition(".")[0])
