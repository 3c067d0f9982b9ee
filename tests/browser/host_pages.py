"""Pages of somebody else's site, that embed ours: served from another port of loopback.

    with hosting() as host:                       # or the fixture `host`
        url = host.put("/page", "<!doctype html>…", {"Content-Security-Policy": "…"})
        page.goto(url)                            # http://127.0.0.1:<port>/page
        page.goto(host.url_at("localhost") + "/page")  # the same page, of another origin
        assert [one.path for one in host.asked] == ["/page", "/page"]

`put` replaces what was there; what was not put is 404, but for the icon that browsers ask for: it
is empty, and not among what was `asked`. A page is HTML unless its headers name another
`Content-Type`. No answer is kept by a browser. For a browser that complains of whatever is asked of
yet another host: `Visits(browser, host.url, also=[site])`.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that came: its method, its path with the query, its headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class HostPages:
    """A site: what it has at which path, and what it was asked for, in order."""

    port: int
    pages: dict[str, tuple[Mapping[str, str], bytes]] = field(default_factory=dict)
    asked: list[Asking] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The origin of the site."""
        return self.url_at("127.0.0.1")

    def url_at(self, host: str) -> str:
        """The origin of the site by another name of this machine, `localhost`."""
        return f"http://{host}:{self.port}"

    def put(self, path: str, html: str, headers: Mapping[str, str] | None = None) -> str:
        """Serves a page at a path that begins with a slash, and gives its whole address."""
        self.pages[path] = (headers or {}, html.encode())
        return self.url + path


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = HostPages(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer()

    def _answer(self) -> None:
        site = cast("_Server", self.server).site
        is_icon = self.path == "/favicon.ico"
        if not is_icon:
            sent = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append(Asking(self.command, self.path, sent))
        known = site.pages.get(self.path.partition("?")[0])
        own, content = known or ({}, b"")
        self.send_response(200 if known or is_icon else 404)
        kind = "image/x-icon" if is_icon else "text/html; charset=utf-8"
        usual = {"Content-Type": kind, "Cache-Control": "no-store"}
        for name, value in {**usual, **own, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: what a test wants to know is in `asked`."""


@contextmanager
def hosting() -> Iterator[HostPages]:
    """A site without pages, which is served while the context is entered."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.site
        finally:
            server.shutdown()
            thread.join(timeout=120)
