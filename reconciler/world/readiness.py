"""Variables → a way to tell the service manager how we are, as systemd's sd_notify(3) has it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress


def notifier(variables: Mapping[str, str]) -> Callable[[str], None]:
    """Sends `READY=1`, `WATCHDOG=1` … to NOTIFY_SOCKET; does nothing where there is none."""
    address = variables.get("NOTIFY_SOCKET", "")
    if not address:
        return lambda words: None
    # A leading @ names a socket outside the file system.
    place = f"\0{address[1:]}" if address.startswith("@") else address

    def send(words: str) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.sendto(words.encode(), place)

    return send
