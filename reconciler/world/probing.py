"""One question to a server on this machine → its answer, with refused, timed out and unauthorized told apart. Asks."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from typing import Any, NamedTuple
from urllib.parse import quote

from reconciler.model.serving import Health, Launch, Probe

LARGEST = 32 << 20
USER = "opencode"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class Answer(NamedTuple):
    """`status` 0: there was none, and `failure` is refused, slow or strange."""

    status: int
    body: bytes = b""
    failure: Health = Health.WELL
    seconds: float = 0.0

    @property
    def json(self) -> Any:
        """None for what is not JSON: an unknown path is answered with a page, and 200."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Line(NamedTuple):
    """A server and how it is spoken to."""

    launch: Launch
    password: str
    timeout: float

    @property
    def _hostname(self) -> str:
        return EVERYWHERE.get(self.launch.hostname, self.launch.hostname)

    @property
    def url(self) -> str:
        host = f"[{self._hostname}]" if ":" in self._hostname else self._hostname
        return f"http://{host}:{self.launch.port}"

    def ask(self, path: str, directory: str = "", method: str = "GET", timeout: float = 0.0) -> Answer:
        """Never raises for what the other side does."""
        if directory:
            path += f"{'&' if '?' in path else '?'}directory={quote(directory)}"
        link = http.client.HTTPConnection(self._hostname, self.launch.port, timeout=timeout or self.timeout)
        started = time.perf_counter()
        try:
            link.connect()
            if _itself(link.sock):
                return Answer(0, failure=Health.REFUSED)
            link.request(method, path, headers=self._headers())
            said = link.getresponse()
            return Answer(said.status, said.read(LARGEST), Health.WELL, time.perf_counter() - started)
        except ConnectionRefusedError:
            return Answer(0, failure=Health.REFUSED)
        except TimeoutError:
            return Answer(0, failure=Health.SLOW)
        except (OSError, http.client.HTTPException):
            return Answer(0, failure=Health.STRANGE)
        finally:
            link.close()

    def _headers(self) -> dict[str, str]:
        if not self.password:
            return {}
        token = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}

    def probe(self, loading: float = 0.0) -> Probe:
        """Whether it is well: its process as a whole, then the folder it works in, which may take so many seconds (0:
        as many as anything else) to load."""
        first = self.ask("/global/health")
        said = first.json
        if first.failure is not Health.WELL:
            return Probe(first.failure)
        if first.status == 401:
            return Probe(Health.LOCKED)
        if first.status != 200 or not isinstance(said, dict) or said.get("healthy") is not True:
            return Probe(Health.STRANGE, f"`/global/health` answers {first.status}")
        version = str(said.get("version", ""))
        folder = self.ask("/config", self.launch.path, timeout=loading)
        if folder.failure is not Health.WELL:
            return Probe(folder.failure, "", version, first.seconds)
        if folder.status == 400:
            return Probe(Health.POISONED, _refusal(folder.json), version, first.seconds)
        sound = folder.status == 200 and isinstance(folder.json, dict)
        text = "" if sound else f"`/config` answers {folder.status}"
        return Probe(Health.WELL if sound else Health.STRANGE, text, version, first.seconds)


def _refusal(said: Any) -> str:
    """`ConfigInvalidError at PATH: message`."""
    if not isinstance(said, dict):
        return ""
    found = said.get("data")
    data: dict[str, Any] = found if isinstance(found, dict) else {}
    listed = data.get("issues")
    issues: list[Any] = listed if isinstance(listed, list) else []
    words = [str(issue.get("message", "")) for issue in issues if isinstance(issue, dict)]
    words = words or [str(data.get("message", "")).partition("\n")[0]]
    told = "; ".join(word for word in words if word)
    return ": ".join(part for part in (str(data.get("path", "")), told) if part)


def _itself(link: socket.socket) -> bool:
    """Whether a connection to a free port met itself, as may happen where the port was chosen for both ends."""
    return bool(link.getsockname() == link.getpeername())


def taken(hostname: str, port: int) -> bool:
    """Whether anybody listens there."""
    try:
        with socket.create_connection((EVERYWHERE.get(hostname, hostname), port), timeout=1.0) as link:
            return not _itself(link)
    except OSError:
        return False
