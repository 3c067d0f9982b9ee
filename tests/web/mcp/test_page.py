"""The page that says how to connect an assistant."""

import json

import pytest
from fastapi.testclient import TestClient

from tests.web.page_reader import Page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_has_the_configuration_to_copy(client: TestClient, language: str) -> None:
    page = Page(client.get(f"/{language}/assistants").text)
    address, without, with_token = (code.text for code in page.all("code"))
    assert address == "https://quisait.example/mcp"
    server = {"type": "http", "url": address}
    assert json.loads(without) == {"mcpServers": {"quisait": server}}
    headers = {"Authorization": "Bearer qsf_…"}
    assert json.loads(with_token) == {"mcpServers": {"quisait": {**server, "headers": headers}}}


def test_who_opens_the_endpoint_in_a_browser_is_led_there(client: TestClient) -> None:
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    answer = client.get("/mcp", headers=headers)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/en/assistants"
