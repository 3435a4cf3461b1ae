"""A keyring in a JSON file that KEYRING_FILE names, for the real `keyring` library (PYTHON_KEYRING_BACKEND)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class Files(KeyringBackend):
    """What a desktop's keyring does, as far as we ask it; KEYRING_BROKEN makes it fail."""

    priority = 9  # type: ignore[assignment]

    def _kept(self) -> dict[str, str]:
        if os.environ.get("KEYRING_BROKEN"):
            raise RuntimeError(f"locked, and its words hold {self._read()}")
        return self._read()

    def _read(self) -> dict[str, str]:
        path = Path(os.environ["KEYRING_FILE"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        kept = {**self._kept(), f"{service}/{username}": password}
        Path(os.environ["KEYRING_FILE"]).write_text(json.dumps(kept))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._kept()
        if kept.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError(username)
        Path(os.environ["KEYRING_FILE"]).write_text(json.dumps(kept))
