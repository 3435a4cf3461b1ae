"""Answers of programs by the digest of the question, in one file for its owner alone. Reads and writes that file.

It is a cache: what cannot be read is not there, what cannot be written is asked again.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

from reconciler.model.programs import Said

FORMAT = 1
MOST = 256
LONGEST = 4096


class Answers:
    """The newest `MOST` answers."""

    def __init__(self, path: str) -> None:
        self.path = path

    def get(self, digest: str) -> Said | None:
        found = self._read().get(digest)
        valid = isinstance(found, list) and len(found) == 2 and isinstance(found[0], bool) and isinstance(found[1], str)
        return Said(*found) if valid and found else None

    def keep(self, digest: str, said: Said) -> None:
        known = self._read()
        known.pop(digest, None)
        known[digest] = [said.ok, said.text[:LONGEST]]
        newest = dict(list(known.items())[-MOST:])
        with suppress(OSError):
            self._write(json.dumps({"format": FORMAT, "answers": newest}))

    def _read(self) -> dict[str, Any]:
        try:
            with open(self.path, encoding="utf-8") as file:  # noqa: PTH123
                said = json.load(file)
        except (OSError, ValueError, RecursionError):
            return {}
        known = said.get("answers") if isinstance(said, dict) and said.get("format") == FORMAT else None
        return known if isinstance(known, dict) else {}

    def _write(self, text: str) -> None:
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        temporary = f"{self.path}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
            os.replace(temporary, self.path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
