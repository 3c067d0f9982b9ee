"""How assistants reach the site: over HTTP, and over standard input and output."""

import sys
from pathlib import Path
from typing import Any

import anyio
from fastapi.testclient import TestClient
from mcp import Client, StdioServerParameters

from kb.registers.accounts import AccountRole
from kb.registers.board.notice import NoticeState
from tests.web.sample_base import SampleBase

ROOT = Path(__file__).parents[3]
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPT = {"Accept": "application/json, text/event-stream", "Host": "quisait.example"}


def test_a_message_is_answered_in_one_piece_without_a_session(client: TestClient) -> None:
    answer = client.post("/mcp", json=PING, headers=ACCEPT)
    assert answer.status_code == 200
    assert answer.json()["id"] == 1
    assert "mcp-session-id" not in answer.headers
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_only_programs_of_this_site_are_answered(client: TestClient) -> None:
    for headers, status in (
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:8000"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 400),
        ({"Authorization": "Bearer qsf_nothing"}, 401),
        ({"Authorization": "Basic eDp5"}, 401),
        ({"Origin": "https://quisait.example"}, 200),
        ({"Host": "localhost:8000"}, 200),
    ):
        answer = client.post("/mcp", json=PING, headers=ACCEPT | headers)
        assert answer.status_code == status, headers
        if status == 401:
            assert "token" in answer.json()["detail"]
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_long_message_is_refused_whether_its_length_is_told_or_not(client: TestClient) -> None:
    long = b" " * 70_000
    headers = ACCEPT | {"Content-Type": "application/json"}
    assert client.post("/mcp", content=long, headers=headers).status_code == 413
    pieces = (long[:1000] for _ in range(70))
    assert client.post("/mcp", content=pieces, headers=headers).status_code == 413


def test_over_standard_input_and_output_as_the_account_of_a_token(
    knowledge_base: SampleBase,
) -> None:
    knowledge_base.accounts.add("a member", "du cirage au gel", AccountRole.CONTRIBUTOR)
    token = knowledge_base.accounts.issue_token("a member", "assistant")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "web", "mcp", "--kb", str(knowledge_base.folder)],
        cwd=ROOT,
        env={"QUISAIT_PUBLIC_URL": "https://quisait.example/", "QUISAIT_MCP_TOKEN": token},
    )

    async def ask() -> Any:
        async with Client(server) as client:
            tools = await client.list_tools()
            posted = await client.call_tool("post_need", {"title": "500 flacons"})
            return tools, await client.call_tool("organisation", {"id": "avel"}), posted

    tools, found, posted = anyio.run(ask)
    assert "search" in {tool.name for tool in tools.tools}
    assert found.structured_content["name"] == "Avel (Saphir)"
    assert "https://quisait.example/fr/acteurs/avel" in found.content[0].text
    notice = knowledge_base.notices.get(posted.structured_content["id"])
    assert (notice.owner, notice.state) == ("a member", NoticeState.WAITING)
