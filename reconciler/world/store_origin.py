"""Whose state it is: the machine, HOME and user it was made for, as rows of `meta`. Looks at this machine."""

from __future__ import annotations

import os
import sys
from hashlib import blake2b
from typing import TYPE_CHECKING

from reconciler.model.problem import invalid

if TYPE_CHECKING:
    import sqlite3

IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


def machine() -> str:
    """A digest of this machine's id (machine-id(5), gethostuuid(2)); "" where it has none, as in some containers."""
    found = _host_uuid() if sys.platform == "darwin" else _machine_id()
    return blake2b(found, digest_size=16, person=b"reconcile state").hexdigest() if found else ""


def _machine_id() -> bytes:
    for path in IDS:
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                found = file.read(64).strip()
        except OSError:
            continue
        if len(found) == 32:  # while a machine is being set up it holds a word
            return found
    return b""


def _host_uuid() -> bytes:
    import ctypes

    uuid, patience = ctypes.create_string_buffer(16), (ctypes.c_long * 2)(1, 0)
    call = getattr(ctypes.CDLL(None), "gethostuuid", None)
    return uuid.raw if call and call(uuid, patience) == 0 else b""


def here(home: str) -> dict[str, str]:
    """What a state that is made now says of itself."""
    return {"machine": machine(), "home": home, "uid": str(os.geteuid())}


def stranger(db: sqlite3.Connection, home: str) -> str:
    """Why a state is not of this home, in words; "" where it is, or says nothing of it."""
    said = dict(db.execute("SELECT name, value FROM meta WHERE name IN ('machine', 'home', 'uid')").fetchall())
    now = here(home)
    words = {
        "machine": "it was made on another machine",
        "home": f"it was made for the home `{said.get('home')}`",
        "uid": f"it was made for the user with the number {said.get('uid')}",
    }
    return next((text for name, text in words.items() if said.get(name) and now[name] and said[name] != now[name]), "")


def check_owner(path: str, where: str) -> None:
    """Raises Invalid where the file is somebody else's: whoever writes it then locks its owner out."""
    owner = os.stat(path).st_uid
    if owner != os.geteuid():
        hint = "run it as that user, without `sudo`"
        raise invalid(where, f"the state belongs to the user with the number {owner}, and you are another", hint)
