"""Clients of a site on a real knowledge base, signed in as accounts made for the test."""

from typing import Any

from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.web.page_reader import Page
from web.app import create_app

SITE = "https://quisait.example"
SETTINGS = Settings(public_url=SITE + "/", contact_url="mailto:reseau@quisait.example")
PASSWORD = "du cirage au gel"


def client_of(base: KnowledgeBase, settings: Settings = SETTINGS) -> TestClient:
    """A browser that nobody signed in, on a site of its own."""
    return TestClient(
        create_app(base, settings),
        base_url=SITE,
        follow_redirects=False,
        raise_server_exceptions=False,
    )


def another_browser(client: TestClient) -> TestClient:
    """A browser without cookies on the same site."""
    return TestClient(
        client.app, base_url=SITE, follow_redirects=False, raise_server_exceptions=False
    )


def sign_in(
    client: TestClient, name: str, password: str = PASSWORD, path: str = "/en/sign-in"
) -> Any:
    """Fills in the form to sign in, as a browser would."""
    return send(client, path, {"name": name, "password": password})


def send(
    client: TestClient, path: str, fields: dict[str, str], *, shown_at: str = "", **asked: Any
) -> Any:
    """Sends a form with the token that the page `shown_at` (or `path`) has in its forms."""
    token = csrf_token(client, shown_at or path)
    return client.post(path, data={"csrf": token, **fields}, **asked)


def csrf_token(client: TestClient, path: str) -> str:
    page = Page(client.get(path).text)
    return page.all("input", name="csrf")[0].attributes["value"]


def account_client(
    base: KnowledgeBase,
    role: AccountRole = AccountRole.CONTRIBUTOR,
    name: str = "",
    settings: Settings = SETTINGS,
) -> TestClient:
    """A browser signed in as an account of this role, which is made if there is none."""
    name = name or f"a {role}"
    if name not in {account.name for account in base.accounts.list()}:
        base.accounts.add(name, PASSWORD, role)
    client = client_of(base, settings)
    assert sign_in(client, name).status_code == 303
    return client
