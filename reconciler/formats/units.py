"""How the loop is started at login: a systemd user unit, or a launchd property list. Pure."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping, Sequence


def systemd(command: Sequence[str], folder: str, variables: Mapping[str, str]) -> str:
    """A unit of the user's own manager. Ending it ends no server: only the loop's own process is killed."""
    lines = [
        "[Unit]",
        f"Description=reconcile: keeps what {_specifiers(folder)} says",
        "Documentation=man:git(1)",
        "",
        "[Service]",
        "Type=notify",
        f"ExecStart={' '.join(_word(word.replace('$', '$$')) for word in command)}",
        *(f"Environment={_word(f'{name}={value}')}" for name, value in sorted(variables.items())),
        "KillMode=process",
        "Restart=on-failure",
        "RestartSec=5",
        "WatchdogSec=120",
        "TimeoutStopSec=90",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    return "\n".join(lines) + "\n"


def _word(text: str) -> str:
    """One word as systemd.syntax(7) reads it: quoted, with `%` standing for itself."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%").replace("\n", " ")


def launchd(label: str, command: Sequence[str], variables: Mapping[str, str], errors: str) -> bytes:
    """A property list of a launch agent. AbandonProcessGroup: ending it ends no server. launchd lets its files grow, so
    only errors go there; what happens is kept in the state."""
    said = {
        "Label": label,
        "ProgramArguments": list(command),
        "EnvironmentVariables": dict(variables),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "AbandonProcessGroup": True,
        "ProcessType": "Background",
        "StandardOutPath": "/dev/null",
        "StandardErrorPath": errors,
    }
    return plistlib.dumps(said, sort_keys=False)
