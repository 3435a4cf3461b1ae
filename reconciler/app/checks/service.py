"""What ends the loop, or the servers, when its user logs out."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable

from reconciler.app import service
from reconciler.app.checks.finding import Finding
from reconciler.app.session import App
from reconciler.world import services

LINGER = "/var/lib/systemd/linger"
LOGIND = "/etc/systemd/logind.conf"


def check(app: App) -> Iterable[Finding]:
    if app.repository is None or app.env.platform != "linux":
        return
    ours = service.service(app)
    if services.read(ours.path) is None:
        return
    user = app.env.variables.get("USER") or app.env.variables.get("LOGNAME") or str(os.getuid())
    stays = os.path.exists(f"{LINGER}/{user}")
    text = f"service {ours.name} runs " + ("also while you are logged out" if stays else "only while you are logged in")
    yield Finding(stays, text, f"`loginctl enable-linger {user}` keeps it on")
    if _kills():
        text = f"`KillUserProcesses=yes` in {LOGIND}: servers end when you log out"
        yield Finding(False, text, f"`loginctl enable-linger {user}`, or set it to `no`")


def _kills() -> bool:
    """The last word of logind's settings."""
    said = "no"
    for path in (LOGIND, *sorted(glob.glob(f"{LOGIND}.d/*.conf"))):
        found = re.findall(
            r"(?m)^\s*KillUserProcesses\s*=\s*(\S+)", (services.read(path) or b"").decode(errors="replace")
        )
        said = found[-1] if found else said
    return said.lower() in ("yes", "true", "1", "on")
