"""A program that answers as `opencode serve` does, as well as it is told to, and starts in no time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.support.serving import runs, status, until

SCRIPT = """\
#!{python} -SE
import os, sys, time
if "serve" not in sys.argv:
    print("{version}" if "--version" in sys.argv else "{{}}")
    sys.exit()
from _socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from binascii import b2a_base64
import _thread
port = int(sys.argv[sys.argv.index("--port") + 1])
secret = os.environ.get("OPENCODE_SERVER_PASSWORD", "")
wanted = b"Authorization: Basic " + b2a_base64(b"opencode:" + secret.encode(), newline=False)
try:
    os.rename("crowded", "was-crowded")
    print("\\x1b[91mError: \\x1b[0mUnexpected error database is locked", file=sys.stderr)
    sys.exit(1)
except OSError:
    pass
server = socket(AF_INET, SOCK_STREAM)
server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
server.bind(("127.0.0.1", port))
server.listen(16)

def told():
    try:
        with open("told") as file:
            return file.read().split()
    except OSError:
        return []

def answer(link):
    link = socket(fileno=link)
    asked = b""
    while b"\\r\\n\\r\\n" not in asked:
        more = link.recv(65536)
        if not more:
            return
        asked += more
    words, path = told(), asked.split()[1].partition(b"?")[0]
    status, body = 200, b"[]"
    if path == b"/global/health":
        body = b'{{"healthy":false}}' if "ill" in words else b'{{"healthy":true,"version":"{version}"}}'
    elif path == b"/config":
        status, body = (400, b"{{}}") if "poisoned" in words else (200, b"<html>" if "page" in words else b"{{}}")
    elif path == b"/experimental/session":
        body = b"[" + b",".join([b"{{}}"] * words.count("session")) + b"]"
    elif path in (b"/session/status", b"/global/dispose"):
        body = b"{{}}"
    if "slow" in words:
        time.sleep(0.8)
    if "other" in words or (secret and wanted not in asked):
        status = 401
    if "cut" not in words:
        link.sendall(b"HTTP/1.1 %d Said\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (status, len(body), body))
    link.close()

while True:
    link, _ = server._accept()
    _thread.start_new_thread(answer, (link,))
"""


class FakeServe:
    """What stands in a file `told` of the folder it works in is what it does: ill, poisoned, page, slow, cut, other
    (password), and as many sessions as it says `session`. A file `crowded` has it end, that once, as
    one does that finds its database locked."""

    def __init__(self, folder: Path, version: str = "1.18.33") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "opencode"
        self.path.write_text(SCRIPT.format(python=sys.executable, version=version))
        self.path.chmod(0o755)

    def by_hand(self, folder: Path, port: int, variables: dict[str, str]) -> subprocess.Popen[bytes]:
        """One that somebody started, once it answers."""
        started = subprocess.Popen(
            [self.path, "serve", "--port", str(port)], cwd=folder, env=variables, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until(lambda: status(port) == 200)
        return started


def end_all(home: Path) -> None:
    """Every process whose HOME is this one."""
    marker = f"HOME={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if marker in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
    deadline = time.monotonic() + 10
    while any(map(runs, found)) and time.monotonic() < deadline:
        time.sleep(0.01)
