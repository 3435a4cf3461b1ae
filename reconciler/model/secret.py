"""References to secrets as they stand in states, in place of the secrets: how one is marked, found and filled. Pure.

A reference within a text stands between two of Unicode's noncharacters, which are meant for such internal use: no file
that people write holds them, and where one does it is refused. A state with references in it is called veiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Generic, Protocol, TypeVar

L = TypeVar("L")

START: Final = "\ufdd0"
END: Final = "\ufdd1"
SEEN: Final = "#"
MARKED: Final = re.compile(f"{START}([^{START}{END}]*){END}")
Value = Callable[[str], str]


class Secrets(Protocol):
    """Where references lead on this machine. What is said here is kept nowhere."""

    def glance(self, reference: str) -> str | None:
        """The secret, where looking at it runs and unlocks nothing; None where that is so, or it is not there."""

    def value(self, reference: str) -> str:
        """The secret. Raises Unreadable, which never says it."""

    def asking(self) -> Secrets:
        """The same, with a glance that runs and unlocks what it takes."""


@dataclass(frozen=True)
class Carrier(Generic[L]):
    """How the states of a kind carry secrets. `references` in a state; a state `filled` with secrets; and a state with
    what `like` has references for `hidden`, each secret as the function says (None: it can't be told apart); `veiled`:
    the inverse of filled, where each reference of `like` leads to what stands in the state (else None)."""

    references: Callable[[L], frozenset[str]]
    filled: Callable[[L, Value], L]
    hidden: Callable[[L, L, Value], L | None]
    veiled: Callable[[L, L, Value], L | None]


def marked(reference: str) -> str:
    """`env:NAME` as it stands in a state."""
    return f"{START}{reference}{END}"


def references(value: Any) -> frozenset[str]:
    """The references anywhere in plain data."""
    if isinstance(value, str):
        return frozenset(MARKED.findall(value)) if START in value else frozenset()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return frozenset().union(*map(references, inner)) if inner else frozenset()


def filled(value: Any, secret: Value) -> Any:
    """Plain data with `secret` of each reference in its place."""
    if isinstance(value, str):
        return MARKED.sub(lambda found: secret(found[1]), value) if START in value else value
    if isinstance(value, dict):
        return {key: filled(item, secret) for key, item in value.items()}
    return [filled(item, secret) for item in value] if isinstance(value, list) else value


def seen(secret: str, key: bytes) -> str:
    """What stands for a secret where states are shown: the same for the same one, and nobody can guess it back."""
    return marked(SEEN + blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=8, key=key).hexdigest())


def veiled(value: Any, like: Any, secret: Value) -> Any:
    """Plain data with the texts of `like` that have references in place of what those lead to."""
    texts = {filled(text, secret): text for text in _texts(like) if START in text}

    def over(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: over(item) for key, item in value.items()}
        if isinstance(value, list):
            return [over(item) for item in value]
        return texts.get(value, value) if isinstance(value, str) else value

    return over(value)


def _texts(value: Any) -> list[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, str) else [text for item in inner for text in _texts(item)]


def hidden(value: Any, like: Any, shown: Value) -> Any:
    """Plain data with every text `shown` that stands where `like` has a reference, or that `like` does not know."""
    if isinstance(value, str):
        return _hidden_text(value, like, shown)
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: hidden(item, like.get(key, {}), shown) for key, item in value.items()}
    if isinstance(value, list) and isinstance(like, list):
        pairs = zip(value, like, strict=True) if len(value) == len(like) else ((item, like) for item in value)
        return [hidden(item, other, shown) for item, other in pairs]
    if isinstance(value, dict):
        return {key: hidden(item, {}, shown) for key, item in value.items()}
    return [hidden(item, {}, shown) for item in value] if isinstance(value, list) else value


def _hidden_text(value: str, like: Any, shown: Value) -> str:
    if START in value or value == like or (isinstance(like, list) and value in like):
        return value
    if not isinstance(like, str):
        return shown(value)
    if START not in like:
        return value
    head, tail = like.split(START)[0], like.split(END)[-1]
    if len(value) > len(head + tail) and value.startswith(head) and value.endswith(tail):
        return head + shown(value[len(head) : len(value) - len(tail)]) + tail
    return shown(value)
