"""One question to a server: every way in which it may answer, or not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reconciler.model.serving import Health, Launch
from reconciler.world import probing
from reconciler.world.probing import Line
from tests.support.opencode import free_port

HEALTHY = (200, b'{"healthy": true, "version": "1.18.33"}')
PAGE = (200, b"<!doctype html><title>opencode</title>")
REFUSAL = b'{"name": "ConfigInvalidError", "data": {"path": "/x/a.md", "issues": [{"message": "got \\"bogus\\""}]}}'
Answers = dict[str, tuple[int, bytes]]


@contextmanager
def answering(answers: Answers, nap: float = 0.0, password: str = "") -> Iterator[Line]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(nap)
            allowed = not password or "Authorization" in self.headers
            status, body = answers.get(self.path.partition("?")[0], PAGE) if allowed else (401, b"")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield line(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def line(port: int, timeout: float = 5.0, password: str = "") -> Line:
    return Line(Launch("a", port, "127.0.0.1", "/a b"), password, timeout)


def test_a_server_that_is_well() -> None:
    with answering({"/global/health": HEALTHY, "/config": (200, b"{}")}) as asked:
        found = asked.probe()
    assert (found.health, found.version, found.text) == (Health.WELL, "1.18.33", "")
    assert found.seconds > 0


def test_nobody_there_is_refused() -> None:
    port = free_port()
    assert line(port).probe().health is Health.REFUSED
    assert not probing.taken("127.0.0.1", port)


def test_nobody_answers_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        assert line(port, timeout=0.05).probe().health is Health.SLOW
        assert probing.taken("127.0.0.1", port)


def test_a_page_with_200_is_not_health() -> None:
    with answering({}) as asked:
        assert asked.probe().health is Health.STRANGE
    with answering({"/global/health": HEALTHY}) as asked:  # nor is it a folder's configuration
        assert asked.probe().health is Health.STRANGE
    with answering({"/global/health": (200, b'{"healthy": false}')}) as asked:
        assert asked.probe().health is Health.STRANGE


def test_a_password_is_asked_for() -> None:
    with answering({"/global/health": HEALTHY, "/config": (200, b"{}")}, password="x") as asked:
        assert asked.probe().health is Health.LOCKED
        assert asked._replace(password="x").probe().health is Health.WELL


def test_a_poisoned_folder_says_why() -> None:
    with answering({"/global/health": HEALTHY, "/config": (400, REFUSAL)}) as asked:
        found = asked.probe()
    assert (found.health, found.text) == (Health.POISONED, '/x/a.md: got "bogus"')
    for odd in (b"", b"[]", b'{"data": 3}', b'{"data": {"issues": [1]}}'):
        with answering({"/global/health": HEALTHY, "/config": (400, odd)}) as asked:
            assert asked.probe().health is Health.POISONED


def test_a_connection_that_meets_itself_is_nobody() -> None:
    with socket.socket() as lonely:
        lonely.bind(("127.0.0.1", 0))
        lonely.connect(lonely.getsockname())
        assert probing._itself(lonely)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()) as link:
            assert not probing._itself(link)
