"""Bytes sealed with age → what was sealed, opened with this user's own identity or others that were named. Looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from reconciler.model.problem import Invalid
from reconciler.model.world import Cipher, Env
from reconciler.world.problems import of_secret

ARMOUR = b"-----BEGIN AGE ENCRYPTED FILE-----"
VARIABLE = "RECONCILE_AGE_IDENTITY"


def opened(reference: str, sealed: bytes, cipher: Cipher, env: Env) -> bytes:
    """Raises Unreadable where no identity opens it."""
    import pyrage

    if sealed.startswith(ARMOUR):
        sealed = _without_armour(sealed)
    for identity in _named(env):
        try:
            return bytes(pyrage.decrypt(sealed, [identity]))
        except pyrage.DecryptError:
            continue
    try:
        return cipher.unseal(sealed)
    except Invalid:
        hint = f"seal it for this user (`reconcile secret set`), or name the identity's file in {VARIABLE}"
        raise of_secret(reference, "is sealed for somebody else", hint) from None


def _named(env: Env) -> Iterator[Any]:
    """The identities in the file that a variable names: age's own, one a line, or an SSH key."""
    import pyrage

    path = env.variables.get(VARIABLE, "")
    try:
        fd = os.open(f"{env.home}/{path[2:]}" if path.startswith("~/") else path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    with os.fdopen(fd, "rb") as file:
        content = file.read(64 << 10)
    try:
        if content.startswith(b"-----"):
            yield pyrage.ssh.Identity.from_buffer(content)
            return
        for line in content.decode().splitlines():
            if line.strip() and not line.startswith("#"):
                yield pyrage.x25519.Identity.from_str(line.strip())
    except (pyrage.IdentityError, UnicodeDecodeError):
        return


def _without_armour(text: bytes) -> bytes:
    import binascii

    lines = [line for line in text.splitlines() if line and not line.startswith(b"-----")]
    try:
        return binascii.a2b_base64(b"".join(lines))
    except binascii.Error:
        return text
