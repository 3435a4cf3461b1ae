"""A state with references to secrets in it → what is known of it before an apply: its fingerprint, and how it is shown.

Pure: what a reference leads to is handed in, where looking at it runs and unlocks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.change import LATER, Recorded
from reconciler.model.fingerprint import Codec, alike, fingerprint
from reconciler.model.secret import marked, seen

Glance = Callable[[str], str | None]


def blind(reference: str) -> str | None:
    """The glance that sees nothing."""
    return None


@dataclass(frozen=True, slots=True)
class Wish:
    """`fingerprint`: of the state with the secrets in it, LATER where they are not looked at; `veiled`: of the state
    with references, "" where it has none; `state`: that; `shown`: the same for people; `unseen`: its references that
    were not looked at, or lead nowhere."""

    fingerprint: str
    veiled: str
    state: Any
    shown: Any
    unseen: tuple[str, ...] = ()


def wish(state: Any, codec: Codec[Any], key: bytes, row: Recorded | None, glance: Glance) -> Wish:
    """What is known of a state. A secret that is not looked at is taken to be the one that was put there."""
    names = codec.secrets.references(state) if codec.secrets and state is not None else frozenset()
    if not names or codec.secrets is None:
        return Wish(fingerprint(state, codec, key), "", state, state)
    veiled = fingerprint(state, codec, key)
    known = {name: secret for name in names if (secret := glance(name)) is not None}
    if len(known) == len(names):
        whole = fingerprint(codec.secrets.filled(state, known.__getitem__), codec, key)
    else:
        whole = row.value if row is not None and alike(row.veiled, veiled) else LATER
    shown = codec.secrets.filled(state, lambda name: seen(known[name], key) if name in known else marked(name))
    return Wish(whole, veiled, state, shown, tuple(sorted(names - known.keys())))


def hidden(state: Any, codec: Codec[Any], key: bytes, *likes: Any) -> Any:
    """What stands there, fit to be shown: no text where one of `likes` has a reference. None where that is not told."""
    for like in likes:
        if state is not None and like is not None and codec.secrets is not None:
            state = codec.secrets.hidden(state, like, lambda secret: seen(secret, key))
    return state


def kept_veil(row: Recorded | None, codec: Codec[Any], contents: Mapping[str, bytes]) -> Any:
    """What we last wrote, with references in place of the secrets in it; None where it had none."""
    if row is None or not row.veiled or row.veiled not in contents:
        return None
    return codec.decode(contents[row.veiled])
