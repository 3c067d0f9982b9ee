import asyncio
import csv
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import httpx
import pytest
import uvicorn

from ingest.reading import readers
from kb.encoder.encoder import Encoder
from kb.errors import SettingsError
from kb.log_lines import log_lines
from kb.settings import Settings
from tests.web.sample_base import SampleBase
from web import server


class Watched(SampleBase):
    """Answers, and remembers whether it was closed."""

    last: "Watched"

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        create: bool = False,
        encoder: Callable[[], Encoder] | None = None,
    ) -> Self:
        assert not create
        opened = cls()
        opened.closed = False
        Watched.last = opened
        return opened

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[list[str]]:
    """Replaces the server's wait for a signal by one request to the address it has announced."""
    heard: list[str] = []

    async def ask_once(_: uvicorn.Server) -> None:
        heard.append(capsys.readouterr().out)
        url = heard[0].split()[-1]
        response = await asyncio.to_thread(httpx.get, f"{url}/api/search?q=cirages")
        heard.append(response.json()["query"])
        heard.append(response.headers.get("server", "none"))
        too_long = await asyncio.to_thread(httpx.get, f"{url}/api/search?q={'🙂' * 10_000}")
        heard.append(too_long.json()["detail"])

    monkeypatch.setattr(server, "KnowledgeBase", Watched)
    monkeypatch.setattr(uvicorn.Server, "main_loop", ask_once)
    yield heard
    readers().start()  # for the tests of this process that come next


def test_it_announces_its_address_once_it_listens_and_closes_the_base(answers: list[str]) -> None:
    server.serve(Settings(), "127.0.0.1", 0, access_log=False)
    announced, query, software, refusal = answers
    assert announced.startswith("Qui sait faire ? → http://127.0.0.1:")
    assert announced.count("\n") == 1
    assert query == "cirages"
    assert software == "none"
    assert refusal == "The query has 10,000 characters; 4,000 at most can be searched."
    # The first search warmed the encoder up, before the visitor's.
    assert [text for text, _, _ in Watched.last.searches][:2] == ["bonjour", "cirages"]
    assert Watched.last.closed


def test_the_access_log_is_off_unless_asked_for_and_holds_no_words(
    answers: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for access_log in (False, True):
        answers.clear()
        with log_lines("text", "info"):
            server.serve(Settings(), "127.0.0.1", 0, access_log=access_log)
        captured = capsys.readouterr()
        told.append(captured.out + captured.err)
    assert "GET /api/search 200" not in told[0]
    assert "GET /api/search 200" in told[1]
    assert "cirages" not in "".join(told)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_port_in_use_is_told_before_anything_is_loaded(
    taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(server, "KnowledgeBase")
    with pytest.raises(SettingsError) as raised:
        server.serve(Settings(), "127.0.0.1", taken_port, access_log=False)
    assert str(raised.value) == (
        f"cannot listen on 127.0.0.1 port {taken_port}: {os.strerror(98)}. "
        "Choose another with --port."
    )


def test_a_host_that_is_not_one_is_told() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on no\.such\.host\.invalid: "):
        server.serve(Settings(), "no.such.host.invalid", 0, access_log=False)


@pytest.mark.slow
@pytest.mark.usefixtures("real_encoder")
def test_the_command_serves_what_another_process_adds(tmp_path: Path) -> None:
    def quisait(*arguments: str) -> list[str]:
        command = "from web.cli import main; main()"
        return [sys.executable, "-c", command, "--kb", str(tmp_path / "kb"), *arguments]

    def ingest(name: str, description: str) -> None:
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["id", "name", "description"], [name, name, description]])
        run = subprocess.run(
            quisait("ingest", str(tmp_path / f"{name}.csv")),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert run.returncode == 0, run.stderr

    ingest("avel", "Avel fabrique des cirages et les conditionne en flacons.")
    with subprocess.Popen(
        quisait("serve", "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        assert serving.stderr is not None
        url = serving.stdout.readline().split()[-1]
        try:
            query = {"q": "coudre des masques en tissu"}
            before = httpx.get(f"{url}/api/search", params=query).json()
            ingest("dsl", "L'atelier coud des vêtements et des masques en tissu.")
            after = httpx.get(f"{url}/api/search", params=query).json()
        finally:
            serving.send_signal(signal.SIGINT)
        told = serving.stderr.read()
    assert [hit["actor"]["id"] for hit in before["hits"]] == ["avel"]
    assert [hit["actor"]["id"] for hit in after["hits"]] == ["dsl", "avel"]
    assert serving.returncode == 130
    assert "Traceback" not in told
