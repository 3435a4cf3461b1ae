"""A session bus of its own, and on it a desktop's notification daemon that writes down what it is told.

python -m tests.support.desktop FILE
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "org.freedesktop.Notifications"
TITLE, TEXT = 3, 4


@contextmanager
def desktop(out: Path) -> Iterator[dict[str, str]]:
    """The variables that lead to it; each notification is a line of JSON in `out`."""
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as bus:
        assert bus.stdout
        place = {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()}
        listening = [sys.executable, "-m", "tests.support.desktop", str(out)]
        with subprocess.Popen(listening, env={**os.environ, **place}, stdout=subprocess.PIPE) as daemon:
            try:
                assert daemon.stdout and daemon.stdout.readline()
                yield place
            finally:
                daemon.kill()
                bus.kill()


def listen(out: str) -> None:
    """Until it is killed. See the Desktop Notifications Specification, 1.2."""
    from jeepney import DBusAddress, HeaderFields, new_method_call, new_method_return
    from jeepney.io.blocking import open_dbus_connection

    answers = {
        "GetServerInformation": ("ssss", ("test", "test", "1", "1.2")),
        "GetCapabilities": ("as", (["body"],)),
        "Notify": ("u", (1,)),
    }
    bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
    with open_dbus_connection("SESSION") as line:
        line.send_and_get_reply(new_method_call(bus, "RequestName", "su", (NAME, 0)))
        print("ready", flush=True)
        while True:
            asked = line.receive()
            member = asked.header.fields.get(HeaderFields.member)
            if member == "Notify":
                with open(out, "a") as file:
                    file.write(json.dumps({"title": asked.body[TITLE], "text": asked.body[TEXT]}) + "\n")
            if member in answers:
                line.send(new_method_return(asked, *answers[member]))


if __name__ == "__main__":
    listen(sys.argv[1])
