"""What came out of renderings → a file in the cache, and back. One that is lost or damaged costs time, nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from reconciler.world.seal import private_folder

FORMAT = 2
LARGEST = 64 * 2**20


def read(path: str) -> dict[str, list[Any]]:
    """Each rendering by its name; none where there is no file of ours."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return {}
            said = json.loads(file.read(LARGEST))
    except (OSError, ValueError):
        return {}
    kept = said.get("kept") if isinstance(said, dict) and said.get("format") == FORMAT else None
    return kept if isinstance(kept, dict) else {}


def write(path: str, kept: Mapping[str, Any]) -> None:
    """Never fails: who cannot remember renders again."""
    temporary = f"{path}.{os.urandom(4).hex()}"
    with suppress(OSError):
        private_folder(os.path.dirname(os.path.dirname(path)))
        private_folder(os.path.dirname(path))
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(json.dumps({"format": FORMAT, "kept": kept}))  # `dump` is six times as slow
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
