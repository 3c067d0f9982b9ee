"""A server on this machine that speaks the protocol of language models."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kb.language_model import ChatService

MOST_HELD_S = 60
"""How long a server that is held at most waits to be released: a failed test ends, too."""


@dataclass
class ChatServer:
    """A server that answers all it is asked with the same; remembers what it was asked.

    It answers at once, unless it is held (`released.clear()`): then once it is released. `reached`
    is set when a question has come.
    """

    url: str
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    seen_headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def says(self, content: object) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        self.body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()

    @property
    def service(self) -> ChatService:
        return ChatService(self.url, "little-model", "sesame", timeout_s=30)

    def data(self, question: int = -1) -> Any:
        """What was sent as data, in the last question or in another."""
        return json.loads(self.asked[question]["messages"][1]["content"])


@contextlib.contextmanager
def serving_chats() -> Iterator[ChatServer]:
    """Serves on a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answering.paths.append(self.path)
            answering.seen_headers.append(dict(self.headers))
            answering.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answering.reached.set()
            answering.released.wait(MOST_HELD_S)
            self.send_response(answering.status)
            for name, value in answering.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answering.body)))
            with contextlib.suppress(ConnectionError):
                self.end_headers()
            with contextlib.suppress(ConnectionError):  # some tests hang up early
                self.wfile.write(answering.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    answering = ChatServer(f"http://127.0.0.1:{http.server_address[1]}/v1")
    answering.released.set()
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield answering
    finally:
        answering.released.set()
        http.shutdown()
        http.server_close()
        thread.join()
