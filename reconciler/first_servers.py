"""Servers that were well and up to date → whether they still are: the same processes, and what they answer. Asks them;
imports builtins and what C gives them, and nothing of ours.

world/server_footing.py wrote whom to ask, and what. Whatever is otherwise, slow or not understood is for the program
itself to look at. No password is kept: it is read where the process itself has it.
"""

import os
import sys
import time
from _json import make_scanner
from _socket import AF_INET, SOCK_STREAM, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Said = dict[str, Any]

LINUX = sys.platform.startswith("linux")
WITHIN = 0.5
"""Seconds in which all must have answered: beyond, the program itself says who is slow."""
LARGEST = 16 << 20
PASSWORD = b"OPENCODE_SERVER_PASSWORD="
USER = b"opencode:"


class Plain:
    """How JSON is read: as the standard library does it."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def ask(said: "Said") -> "list[Sequence[socket]]":
    """Every question sent to each server that ran, for `well`. Raises OSError, ValueError where one is another now."""
    if said["started"] != started([one["pid"] for one in said["running"]]):
        raise ValueError
    return [_asked(one, said["within"]) for one in said["running"]]


def started(pids: "Sequence[int]") -> "list[bytes]":
    """What tells these processes from any other that has, had or will have their numbers. Raises OSError, ValueError
    where one does not run."""
    if not LINUX:
        return _told(pids) if pids else []
    found = [_read("/proc/sys/kernel/random/boot_id")]
    for pid in pids:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        if fields[0] in (b"Z", b"X"):
            raise ValueError
        found.append(fields[19])
    return found


def _told(pids: "Sequence[int]") -> "list[bytes]":
    """Their starts to the second, as `ps` says them: other systems have no files for that."""
    ours, theirs = os.pipe()
    null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 2)]
    asked = ["ps", "-o", "pid=", "-o", "lstart=", "-p", ",".join(map(str, pids))]
    try:
        actions = [*null, (os.POSIX_SPAWN_DUP2, theirs, 1)]
        process = os.posix_spawn("/bin/ps", asked, {"LC_ALL": "C", "TZ": "UTC"}, file_actions=actions)
    finally:
        os.close(theirs)
    with open(ours, "rb") as file:  # noqa: PTH123
        found = file.read()
    os.waitpid(process, 0)
    lines = found.splitlines()
    if len(lines) != len(pids):
        raise ValueError
    return lines


def _asked(one: "Said", within: float) -> "Sequence[socket]":
    headers = b"Host: %s:%d\r\nConnection: close\r\n" % (one["host"].encode(), one["port"])
    if one["locked"]:
        headers += _authorization(one["pid"])
    links = []
    for path in one["paths"]:
        link = _link(one["host"], one["port"], within)
        link.sendall(b"GET %s HTTP/1.1\r\n%s\r\n" % (path.encode(), headers))
        links.append(link)
    return links


def _authorization(pid: int) -> bytes:
    from binascii import b2a_base64

    words = _read(f"/proc/{pid}/environ").split(b"\0")
    word = next(word for word in words if word.startswith(PASSWORD)).removeprefix(PASSWORD)
    return b"Authorization: Basic %s\r\n" % b2a_base64(USER + word.decode(errors="replace").encode(), newline=False)


def _link(host: str, port: int, within: float) -> socket:
    """A connection. Raises OSError, also where a free port met itself."""
    link = socket(AF_INET, SOCK_STREAM)
    link.settimeout(within)
    link.connect((host, port))
    if link.getsockname() == link.getpeername():
        raise OSError
    return link


def well(said: "Said", asked: "list[Sequence[socket]]") -> bool:
    """Whether all of them are well, no limit over all is passed, and nobody listens where nobody did. Raises OSError,
    ValueError."""
    until = time.monotonic() + said["within"]
    shared, others = [0], 0
    for one, links in zip(said["running"], asked, strict=True):
        health, folder, *sessions = [_answer(link, until) for link in links]
        if not (isinstance(health, dict) and health.get("healthy") is True and isinstance(folder, dict)):
            return False
        if not all(isinstance(found, list) for found in sessions):
            return False
        number = sum(map(len, sessions))
        shared, others = ([*shared, number], others) if one["shared"] else (shared, others + number)
    return (not said["most"] or max(shared) + others <= said["most"]) and all(
        _free(host, port, said["within"]) for host, port in said["quiet"]
    )


def _free(host: str, port: int, within: float) -> bool:
    try:
        _link(host, port, within)
    except ConnectionRefusedError:
        return True
    return False


def _answer(link: socket, until: float) -> "Any":
    """What a 200 holds, as JSON. Raises OSError, ValueError for anything else."""
    found = b""
    while (body := _body(found)) is None:
        link.settimeout(max(until - time.monotonic(), 0.001))
        more = link.recv(1 << 16)
        if not more or len(found) > LARGEST:
            raise ValueError
        found += more
    text = body.decode()
    how: Any = Plain
    value, end = make_scanner(how)(text, 0)
    if text[end:].strip():
        raise ValueError
    return value


def _body(found: bytes) -> "bytes | None":
    """Of an answer that has come whole; None where there is more to come. Raises ValueError."""
    head, end, body = found.partition(b"\r\n\r\n")
    if not end:
        return None
    status, *headers = head.split(b"\r\n")
    if not status.startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 200 ")):
        raise ValueError
    pairs = [(name.lower(), value) for name, _, value in (header.partition(b":") for header in headers)]
    [length] = [int(value) for name, value in pairs if name == b"content-length"]
    return body[:length] if len(body) >= length else None


def _read(path: str) -> bytes:
    """A file of the kernel's. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = b""
        while more := os.read(fd, 1 << 16):
            found += more
        return found
    finally:
        os.close(fd)
