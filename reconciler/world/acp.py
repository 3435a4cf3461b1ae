"""`opencode acp` → what it says of itself: one `initialize` of the Agent Client Protocol over its standard streams.

Newline-delimited JSON-RPC; it ends when its input does (docs/opencode-facts.md).
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

ASK = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": 1, "clientCapabilities": {"fs": {"readTextFile": False, "writeTextFile": False}}},
}
MOST = 1 << 20


class Introduced(NamedTuple):
    """An agent's own words; `problem` where it said none."""

    name: str = ""
    version: str = ""
    protocol: int = 0
    seconds: float = 0.0
    problem: str = ""


def introduce(program: str, folder: str, variables: Mapping[str, str], patience: float = 30.0) -> Introduced:
    """Starts it in a session of its own, asks once, and ends it."""
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            [program, "acp", "--cwd", folder], cwd=folder, env=dict(variables), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return Introduced(problem=f"cannot be started: {(error.strerror or str(error)).lower()}")
    try:
        return _asked(process, began, patience)
    finally:
        _end(process)


def _asked(process: subprocess.Popen[bytes], began: float, patience: float) -> Introduced:
    assert process.stdin and process.stdout
    try:
        process.stdin.write(json.dumps(ASK).encode() + b"\n")
        process.stdin.flush()
    except OSError:
        return Introduced(problem="ended before it was asked")
    answer = _answer(process.stdout.fileno(), began + patience)
    if not isinstance(answer, dict):
        return Introduced(problem=answer)
    result = answer.get("result")
    if not isinstance(result, dict):
        return Introduced(problem=f"refused: {str(answer.get('error', answer))[:200]}")
    about = result.get("agentInfo") or {}
    took = time.monotonic() - began
    return Introduced(str(about.get("name", "")), str(about.get("version", "")), result.get("protocolVersion", 0), took)


def _answer(stream: int, until: float) -> dict[str, Any] | str:
    """The message that answers ours; what it says before is passed over."""
    kept = b""
    with selectors.DefaultSelector() as ready:
        ready.register(stream, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0 and len(kept) < MOST:
            if not ready.select(left):
                break
            more = os.read(stream, 1 << 16)
            if not more:
                return "ended without an answer"
            *lines, kept = (kept + more).split(b"\n")
            for line in lines:
                with suppress(ValueError):
                    said = json.loads(line)
                    if isinstance(said, dict) and said.get("id") == ASK["id"] and "method" not in said:
                        return said
    return "did not answer in time"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(3)
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
