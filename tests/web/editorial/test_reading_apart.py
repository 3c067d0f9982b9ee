"""Uploads are read in processes of their own: the site answers meanwhile, and keeps its memory."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from fastapi.testclient import TestClient

from ingest.articles import readers as article_readers
from ingest.directories import readers as directory_readers
from ingest.reading import readers
from kb.knowledge_base import KnowledgeBase
from tests.ingest.articles.formats.test_hostile_documents import pdf
from tests.ingest.directories.sheets import cell, ods, row
from tests.ingest.sample_articles import BODY
from tests.web.sample_base import AVEL
from tests.web.signed_in import account_client, another_browser, csrf_token

pytestmark = pytest.mark.thorough

PATIENCE_S = 120.0
PARSERS = (
    "pypdf", "docx", "odfdo", "pptx", "striprtf", "lxml", "feedparser",
    "python_calamine", "pyarrow", "ijson",
)  # fmt: skip
ARTICLES = Path(__file__).parents[2] / "data" / "articles"
SLOW = pdf(b"BT /F 12 Tf " + b"(ab) Tj " * 60_000 + b"ET", pages=200)


@pytest.fixture
def contributor(base: KnowledgeBase) -> TestClient:
    base.put([AVEL])
    return account_client(base)


@pytest.fixture
def parsers_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, no library that parses files can be imported, and no reader be called."""

    def fail(*_asked: object, **_more: object) -> object:
        raise AssertionError("read in the process of the server")

    for name in PARSERS:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(article_readers, "_parse", fail)
    monkeypatch.setattr(article_readers, "parse_text", fail)
    for suffix in directory_readers.DIRECTORY_READERS:
        monkeypatch.setitem(directory_readers.DIRECTORY_READERS, suffix, fail)


def send(client: TestClient, do: str, files: Any = None, **fields: str) -> Any:
    data = {"csrf": csrf_token(client, "/en/contribute"), "do": do, **fields}
    return client.post("/en/contribute", data=data, files=files)


def send_article(client: TestClient, name: str, content: bytes) -> Any:
    return send(client, "files", [("files", (name, io.BytesIO(content)))])


def send_directory(client: TestClient, name: str, content: bytes) -> Any:
    answer = send(client, "directory", [("directory", (name, io.BytesIO(content)))], source="Club")
    assert answer.status_code == 303
    return client.get(answer.headers["Location"])


def article(suffix: str) -> bytes:
    return min((path.read_bytes() for path in ARTICLES.rglob(f"*{suffix}")), key=len)


def workbook() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Nom", "Ville"])
        sheet.write_row(1, 0, ["Avel", "Cognac"])
    return file.getvalue()


@pytest.mark.usefixtures("parsers_forbidden")
def test_no_article_is_parsed_by_the_server(base: KnowledgeBase, contributor: TestClient) -> None:
    mail = b"Subject: Du gel\nContent-Type: text/plain; charset=utf-8\n\n" + BODY.encode()
    files = {f"a.{kind}": article(f".{kind}") for kind in ("pdf", "docx", "odt", "html")}
    files |= {"a.md": f"# Du sel\n\n{BODY}".encode(), "a.eml": mail}
    files |= {"a.rtf": rf"{{\rtf1\ansi {BODY}}}".encode("cp1252")}
    for name, content in files.items():
        for draft in base.drafts.list():  # the same text is known
            base.drafts.delete(draft.id)
        assert send_article(contributor, name, content).status_code == 303, name
        assert len(base.drafts.list()) == 1, name


@pytest.mark.usefixtures("parsers_forbidden")
def test_no_directory_is_parsed_by_the_server(moderator: TestClient) -> None:
    for name, content in (
        ("a.csv", b"nom;ville\nAvel;Cognac\n"),
        ("a.json", b'[{"nom": "Avel", "ville": "Cognac"}]'),
        ("a.xlsx", workbook()),
    ):
        page = send_directory(moderator, name, content)
        assert page.status_code == 200
        assert "Cognac" in page.text


def memory_mb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) >> 10


def test_a_workbook_that_would_fill_the_memory_leaves_that_of_the_server_alone(
    moderator: TestClient, tmp_path: Path
) -> None:
    content = ods(tmp_path / "a.ods", row(cell("A", 24), times=1_000_000)).read_bytes()
    assert len(content) < 1_000
    send_directory(moderator, "before.csv", b"nom;ville\nAvel;Cognac\n")
    before = memory_mb()
    page = send_directory(moderator, "a.ods", content)
    assert page.status_code == 400
    assert "needs more than 1,024 MB of memory" in page.text
    assert memory_mb() < before + 100
    assert send_directory(moderator, "after.csv", b"nom;ville\nAvel;Cognac\n").status_code == 200


@pytest.fixture
def slow_uploads(contributor: TestClient, moderator: TestClient) -> Iterator[list[Any]]:
    """Two accounts have documents that take long to read, which are being read.

    What they are answered comes here.
    """
    readers().close()
    answers: list[Any] = []

    def send_slow(client: TestClient) -> None:
        answers.append(send_article(client, "slow.pdf", SLOW))

    sending = [
        threading.Thread(target=send_slow, args=[client]) for client in (contributor, moderator)
    ]
    for thread in sending:
        thread.start()
    wait_for(lambda: sum(map(is_reading, readers().pids)) == 2)
    yield answers
    for pid in readers().pids:
        os.kill(pid, signal.SIGKILL)
    for thread in sending:
        thread.join(PATIENCE_S)
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "ended the program that was to read it" in answers[0].text
    assert send_article(contributor, "a.md", f"# Du gel\n\n{BODY}".encode()).status_code == 303


def is_reading(pid: int) -> bool:
    """Whether a process has spent a while of the processor: it has begun with its file."""
    try:
        spent = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return False
    return int(spent[11]) > 2 * os.sysconf("SC_CLK_TCK")


def wait_for(condition: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_searches_are_answered_while_documents_are_read(
    contributor: TestClient, slow_uploads: list[Any]
) -> None:
    answer = another_browser(contributor).get("/api/search?q=cirages")
    assert answer.status_code == 200
    assert answer.json()["hits"][0]["actor"]["id"] == "avel"
    assert slow_uploads == []
