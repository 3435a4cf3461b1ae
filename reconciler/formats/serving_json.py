"""The state of a server ↔ bytes. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from reconciler.model.fingerprint import Codec
from reconciler.model.serving import Care, Deed, Launch, Note, Process, Serving, Suspension


def encode(serving: Serving) -> bytes:
    said = {
        "launch": asdict(serving.launch), "care": asdict(serving.care), "deed": serving.deed, "why": serving.why,
    }  # fmt: skip
    return _dumps(said)


def decode(encoded: bytes) -> Serving:
    said = json.loads(encoded)
    return Serving(_launch(said["launch"]), Care(**said["care"]), Deed(said["deed"]), said["why"])


def value(serving: Serving) -> bytes:
    """What equality is of: the launch alone, as the rest never needs another process."""
    return _dumps(asdict(serving.launch))


CODEC: Codec[Serving] = Codec(encode, decode, value)


def note(kept: Note) -> bytes:
    said = asdict(kept) | {
        "process": kept.process and list(kept.process), "suspended": kept.suspended and list(kept.suspended),
        "starts": list(kept.starts),
    }  # fmt: skip
    return _dumps(said, indent=1)


def read_note(encoded: bytes) -> Note:
    """Raises ValueError for what is no note."""
    try:
        said = json.loads(encoded)
        process = Process(*said["process"]) if said["process"] else None
        suspended = Suspension(*said["suspended"]) if said["suspended"] else None
        rest = {key: said[key] for key in ("tag", "loaded_at", "restarts", "log")}
        starts = tuple(map(float, said["starts"]))
        care = Care(**said["care"])
        rest["log_from"] = said.get("log_from", 0)  # notes of earlier versions have none
        return Note(_launch(said["launch"]), process, starts=starts, suspended=suspended, care=care, **rest)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no note: {error!r}") from None


def _launch(said: dict[str, Any]) -> Launch:
    return Launch(**{**said, "env": tuple((key, text) for key, text in said["env"])})


def _dumps(said: Any, indent: int | None = None) -> bytes:
    return json.dumps(said, sort_keys=True, ensure_ascii=False, indent=indent).encode()
