"""What a file has beside its bytes: permission bits, owner and group, attributes; and as bytes to be kept. Pure."""

from __future__ import annotations

import json
from typing import NamedTuple


class Dress(NamedTuple):
    """`attributes`: names and values, as far as the platform has them."""

    mode: int
    owner: tuple[int, int]
    attributes: tuple[tuple[str, bytes], ...] = ()

    def encoded(self) -> bytes:
        named = [(name, value.hex()) for name, value in self.attributes]
        return json.dumps([self.mode, *self.owner, named]).encode()


def decoded(kept: bytes) -> Dress:
    mode, user, group, named = json.loads(kept)
    return Dress(mode, (user, group), tuple((name, bytes.fromhex(value)) for name, value in named))
