"""A model server that answers at once and says what it was asked: OpenAI's chat completions, streamed.

The last text of the user steers it: `TOOL:bash {"command": "true"}` makes it call that tool, `SLEEP 2` makes it
wait two seconds first (`wake` ends all waiting), and anything else is echoed as `STUB[model] user=<text>`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

MODEL = "stub-1"

TOOL = re.compile(r"TOOL:(\w+)\s*(\{.*\})", re.DOTALL)
SLEEP = re.compile(r"SLEEP (\d+(?:\.\d+)?)")


def stub_config(port: int) -> dict[str, Any]:
    """The opencode.json under which every turn goes to the stub on that port."""
    return {
        "$schema": "https://opencode.ai/config.json",
        "model": f"stub/{MODEL}",
        "small_model": f"stub/{MODEL}",
        "enabled_providers": ["stub"],
        "provider": {
            "stub": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "Stub",
                "options": {"baseURL": f"http://127.0.0.1:{port}/v1", "apiKey": "sk-stub"},
                "models": {MODEL: {"name": "Stub One", "limit": {"context": 100_000, "output": 4096}}},
            }
        },
    }


class StubModel:
    """Listens while the `with` lasts; `requests` holds the body of each request, oldest first."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self._awake = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.wake()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def wake(self) -> None:
        """End every SLEEP, the ones to come too."""
        self._awake.set()

    def chunks(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        self.requests.append(request)
        text = _last_user_text(request["messages"])
        if nap := SLEEP.search(text):
            self._awake.wait(float(nap[1]))
        call = TOOL.search(text)
        if call and "tools" in request and request["messages"][-1]["role"] == "user":
            function = {"name": call[1], "arguments": call[2]}
            tool = {"index": 0, "id": f"call_{len(self.requests)}", "type": "function", "function": function}
            yield _chunk(request, {"role": "assistant", "tool_calls": [tool]})
            yield _chunk(request, {}, "tool_calls")
        else:
            answer = f"STUB[{request.get('model', '')}] user={text}"
            yield _chunk(request, {"role": "assistant", "content": answer})
            yield _chunk(request, {}, "stop")


def _last_user_text(messages: list[dict[str, Any]]) -> str:
    said = [message["content"] for message in messages if message["role"] == "user"]
    if not said:
        return ""
    if isinstance(said[-1], str):
        return said[-1]
    return "\n".join(part["text"] for part in said[-1] if part.get("type") == "text")


def _chunk(request: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    chunk: dict[str, Any] = {
        "id": "chatcmpl-stub",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": request.get("model", ""),
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    if finish:
        chunk["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return chunk


def _handler(stub: StubModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with suppress(ConnectionError):  # the turn was aborted
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for chunk in stub.chunks(request):
                    self._event(json.dumps(chunk))
                self._event("[DONE]")

        def _event(self, text: str) -> None:
            self.wfile.write(f"data: {text}\n\n".encode())
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    return Handler
