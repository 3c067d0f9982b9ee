"""Nothing long is read of whom nobody knows: every route that takes a body is sent too much."""

import asyncio
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette import formparsers
from starlette.routing import Route
from starlette.types import Message

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.web.signed_in import SITE, account_client, another_browser, client_of, csrf_token
from web.app import ROUTED
from web.dossiers.pages import DOSSIER_BYTES
from web.http.security.bodies import STRANGERS_BYTES
from web.http.security.cookies import OF_HOST, SESSION
from web.http.urls import PATTERNS, Page
from web.mcp.endpoint import ROUTE as MCP_ENDPOINT

CHUNK = 65_536
"""What a server hands over at once."""

ATTEMPTED = 2_000_000
"""What is sent if it is asked for; beyond every limit of a stranger."""

TAKING = sorted(
    {
        (method, re.sub(r"\{[^}]+\}", "avel", route.path))
        for module in ROUTED
        for route in (*module.router.routes, MCP_ENDPOINT)
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"GET", "HEAD"}
    }
)
"""Every route that is sent something, its parameters filled in."""

SHEETS = {*PATTERNS[Page.DOSSIER_SHEET].values(), *PATTERNS[Page.DOSSIER_LINK].values()}
"""Where a stranger may send a whole dossier."""

UPLOADS = {
    path.replace("{record_id:path}", "avel")
    for page in (Page.CONTRIBUTE, Page.DRAFT, Page.ACTOR_EDIT, Page.CASE_EDIT, Page.SETTINGS)
    for path in PATTERNS[page].values()
}
"""The pages that take files."""

PRETENCES = {
    "nothing": {},
    "a cookie": {"cookie": f"{SESSION}=invented; {OF_HOST}{SESSION}=invented"},
    "a token": {"authorization": "Bearer qsf_invented"},
}

FILE = (
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
FIELD = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
KINDS = {
    "a file": ("multipart/form-data; boundary=x", FILE),
    "a field": ("multipart/form-data; boundary=x", FIELD),
    "a form": ("application/x-www-form-urlencoded", b"f="),
    "JSON": ("application/json", b'{"text": "'),
}


@dataclass
class Sender:
    """Sends a body to an application as a server does, as long as it is asked for more."""

    begins: bytes
    read: int = 0
    statuses: list[int] = field(default_factory=list)

    async def receive(self) -> Message:
        body = self.begins if not self.read else b"x" * CHUNK
        self.read += len(body)
        return {"type": "http.request", "body": body, "more_body": self.read < ATTEMPTED}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])

    async def ask(
        self, app: FastAPI, method: str, path: str, headers: dict[str, str]
    ) -> tuple[int, int]:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"kind=actor&id=avel&event=search&site=x",
            "root_path": "",
            "headers": [
                (name.encode(), value.encode())
                for name, value in {"host": SITE.partition("//")[2], **headers}.items()
            ],
            "client": ("192.0.2.1", 50_000),
            "server": ("quisait.example", 443),
        }
        await app(cast("Any", scope), self.receive, self.send)
        [status] = self.statuses
        return status, self.read


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what is written into temporary files of forms."""
    sizes: list[int] = []

    class Watched(tempfile.SpooledTemporaryFile[bytes]):
        def write(self, data: Any) -> int:
            sizes.append(len(data))
            return super().write(data)

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", Watched)
    return sizes


LENGTHS = {
    "announced": {"content-length": "99000000"},
    "in pieces": {"transfer-encoding": "chunked"},
    "in pieces, said to be short": {"transfer-encoding": "chunked", "content-length": "9"},
}


@pytest.mark.thorough
def test_nothing_long_of_a_stranger_is_read(base: KnowledgeBase, written: list[int]) -> None:
    app = cast("FastAPI", client_of(base).app)

    async def look() -> None:
        for (length, said), pretence in zip(LENGTHS.items(), PRETENCES.values(), strict=True):
            for method, path in TAKING:
                for content_type, begins in KINDS.values():
                    headers = {"content-type": content_type, **said, **pretence}
                    status, read = await Sender(begins).ask(app, method, path, headers)
                    limit = DOSSIER_BYTES if path in SHEETS else STRANGERS_BYTES
                    assert read <= (0 if length == "announced" else limit + CHUNK), (path, status)
                    assert 400 <= status < 500, path

    asyncio.run(look())
    assert written == []


@pytest.fixture
def someone(base: KnowledgeBase) -> Iterator[TestClient]:
    with account_client(base, AccountRole.ADMINISTRATOR) as client:
        yield client


@pytest.mark.thorough
def test_a_form_without_files_takes_none(someone: TestClient, written: list[int]) -> None:
    """Signed in as who may do all: only pages that take files keep any."""
    token = csrf_token(someone, "/en/account")
    takers = set()
    for method, path in TAKING:
        if path.startswith(("/api/", "/embed/", "/mcp")):
            continue
        written.clear()
        answer = someone.request(method, path, data={"csrf": token}, files={"f": b"x" * 1000})
        if written:
            takers.add(path)
        else:
            assert answer.status_code in {400, 404}, path
    assert takers == UPLOADS


def test_who_is_signed_in_sends_what_a_stranger_may_not(base: KnowledgeBase) -> None:
    text = {"do": "text", "title": "Du gel", "text": "Avel met du gel en flacons. " * 5_000}
    someone = account_client(base)
    sent = {"csrf": csrf_token(someone, "/en/contribute"), **text}
    assert someone.post("/en/contribute", data=sent).status_code in {200, 303}
    stranger = another_browser(someone)
    stranger.cookies.set(f"{OF_HOST}{SESSION}", "invented")
    assert stranger.post("/en/contribute", data=sent).status_code == 403
    program = client_of(base)
    program.headers["Authorization"] = f"Bearer {base.accounts.issue_token('a contributor', 'x')}"
    assert program.post("/api/contributions", json={"text": text["text"]}).status_code == 202
    program.headers["Authorization"] = "Bearer qsf_invented"
    assert program.post("/api/contributions", json={"text": text["text"]}).status_code == 401
