"""News → a desktop notification, a POST, or a program's standard input. What can't be sent harms nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model.loop import Channel

PATIENCE = 10.0


def send(channel: Channel, title: str, text: str, records: Sequence[Mapping[str, Any]], env: Mapping[str, str]) -> str:
    """Why it could not be sent, or ""."""
    ways = {"desktop": _desktop, "webhook": _post, "command": _run}
    try:
        return ways[channel.sort](channel.to, title, text, records, env)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return f"{type(error).__name__.lower()}: {error}".partition("\n")[0]


Records = Sequence[Mapping[str, Any]]


def _desktop(to: Sequence[str], title: str, text: str, records: Records, env: Mapping[str, str]) -> str:
    path = env.get("PATH")
    if program := shutil.which("notify-send", path=path):
        return _ended([program, "--app-name=reconcile", "--", title, text], b"", env)
    if program := shutil.which("osascript", path=path):
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        return _ended([program, "-e", script, title, text], b"", env)
    return "neither notify-send nor osascript is on PATH"


def _post(to: Sequence[str], title: str, text: str, records: Records, env: Mapping[str, str]) -> str:
    import httpx

    url = to[0]
    if url.startswith("env:") and not (url := env.get(url[4:], "")):
        return f"{to[0][4:]} is not set"
    try:
        body = {"title": title, "text": text, "events": list(records)}
        answer = httpx.post(url, json=body, timeout=PATIENCE, follow_redirects=False)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return "" if answer.is_success else f"answered {answer.status_code}"


def _run(to: Sequence[str], title: str, text: str, records: Records, env: Mapping[str, str]) -> str:
    return _ended([*to, text], json.dumps({"title": title, "events": list(records)}).encode(), env)


def _ended(command: Sequence[str], said: bytes, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, input=said, env=dict(env), timeout=PATIENCE, check=False, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return "" if done.returncode == 0 else f"`{command[0]}` ended with {done.returncode}"
