"""A session that ended opens nothing, whoever still has its cookie."""

import sqlite3
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.web.page_reader import Page
from tests.web.signed_in import (
    PASSWORD,
    account_client,
    another_browser,
    client_of,
    csrf_token,
    send,
    sign_in,
)
from web.http.security.cookies import DEVICE, OF_HOST, SESSION

COOKIE = f"{OF_HOST}{SESSION}"
NEW = "un autre gel en flacon"


@pytest.fixture
def lea(base: KnowledgeBase) -> str:
    return base.accounts.add("Léa", PASSWORD, AccountRole.MODERATOR).name


@pytest.fixture
def client(base: KnowledgeBase, lea: str) -> TestClient:
    client = client_of(base)
    assert sign_in(client, lea).status_code == 303
    return client


def opens(client: TestClient, cookie: str, path: str = "/en/account") -> bool:
    """Whether a stranger who has the cookie is signed in."""
    stranger = another_browser(client)
    return stranger.get(path, headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 200


def test_the_cookie_is_worth_nothing_after_signing_out(client: TestClient) -> None:
    kept = client.cookies[COOKIE]
    assert opens(client, kept)
    send(client, "/en/sign-out", {}, shown_at="/en/account")
    assert not opens(client, kept)


def ended_by_own_password(client: TestClient, base: KnowledgeBase) -> None:
    fields = {"do": "password", "current": PASSWORD, "new": NEW, "again": NEW}
    assert send(client, "/en/account", fields).status_code == 303


def ended_by_administrator(**fields: str) -> Callable[[TestClient, KnowledgeBase], None]:
    def end(_client: TestClient, base: KnowledgeBase) -> None:
        chef = account_client(base, AccountRole.ADMINISTRATOR, "Chef")
        answer = send(chef, "/en/accounts", {"name": "Léa", **fields})
        assert answer.status_code == 303, answer.text
        assert chef.get("/en/account").status_code == 200

    return end


@pytest.mark.parametrize(
    "end",
    [
        ended_by_own_password,
        ended_by_administrator(do="password", password=NEW),
        ended_by_administrator(do="disable"),
        ended_by_administrator(do="role", role="contributor"),
        ended_by_administrator(do="end_access"),
    ],
    ids=["password", "reset", "disable", "role", "access"],
)
def test_a_change_of_access_ends_all_other_sessions_and_all_tokens(
    base: KnowledgeBase,
    client: TestClient,
    lea: str,
    end: Callable[[TestClient, KnowledgeBase], None],
) -> None:
    elsewhere = another_browser(client)
    sign_in(elsewhere, lea)
    token = base.accounts.issue_token(lea, "nightly")
    kept = [client.cookies[COOKIE], elsewhere.cookies[COOKIE]]
    end(client, base)
    assert [opens(client, cookie) for cookie in kept] == [False, False]
    assert base.accounts.account_of_token(token) is None
    answer = client.get("/api/jobs", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    if end is ended_by_own_password:
        assert client.get("/en/account").status_code == 200


def test_one_browser_is_signed_out_from_another(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    (here,) = [one.handle for one in base.sessions.of_account(base.accounts.get(lea))]
    elsewhere = another_browser(client)
    sign_in(elsewhere, lea)
    fields = Page(client.get("/en/account").text).all("input", name="session")
    (other,) = {one.attributes["value"] for one in fields} - {here}
    answer = send(client, "/en/account", {"do": "end_session", "session": other})
    assert answer.headers["Location"] == "/en/account?done=end_session"
    assert elsewhere.get("/en/account").status_code == 303
    assert client.get("/en/account").status_code == 200
    assert send(client, "/en/account", {"do": "end_session", "session": other}).status_code == 404


def test_signing_out_everywhere_ends_this_browser_too(client: TestClient, lea: str) -> None:
    elsewhere = another_browser(client)
    sign_in(elsewhere, lea)
    kept = client.cookies[COOKIE]
    answer = send(client, "/en/account", {"do": "end_everywhere"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/")
    assert COOKIE not in client.cookies
    assert not opens(client, kept)
    assert elsewhere.get("/en/account").status_code == 303


def test_nobody_can_choose_the_session_of_another(base: KnowledgeBase, lea: str) -> None:
    victim, attacker = client_of(base), client_of(base)
    csrf_token(attacker, "/en/sign-in")
    planted = attacker.cookies[COOKIE]
    victim.cookies.set(COOKIE, planted)
    assert sign_in(victim, lea).status_code == 303
    assert attacker.get("/en/account").status_code == 303
    assert not opens(victim, planted)
    for made_up in ("x" * 43, "A" * 43):
        victim = client_of(base)
        victim.cookies.set(COOKIE, made_up)
        sign_in(victim, lea)
        assert not opens(victim, made_up)


def test_what_is_kept_of_a_session_opens_nothing(base: KnowledgeBase, client: TestClient) -> None:
    kept = client.cookies[COOKIE]
    with sqlite3.connect(base.folder / DATABASE_FILE) as connection:
        ((hash_,),) = connection.execute("select hash from sessions").fetchall()
    connection.close()
    assert kept not in hash_
    assert not opens(client, hash_)
    assert len(kept) == 43  # 256 bits
    for file in base.folder.iterdir():
        assert kept.encode() not in file.read_bytes()


@pytest.fixture
def reopened(base: KnowledgeBase) -> KnowledgeBase:
    """The same base in another process, as far as it can tell."""
    return KnowledgeBase(base.folder, lambda: base.encoder)


def test_where_nothing_can_be_written_nobody_is_signed_out_unawares(
    base: KnowledgeBase, lea: str, reopened: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.database.BUSY_TIMEOUT_S", 0.01)
    client = client_of(reopened)
    sign_in(client, lea)
    token, kept = csrf_token(client, "/en/account"), client.cookies[COOKIE]
    with base._stores.lend() as store, store.writing():
        answer = client.post("/en/sign-out", data={"csrf": token})
    assert answer.status_code == 503
    assert opens(client, kept)


# Cookies


def test_a_device_is_remembered_without_saying_whose_it_is(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    answer = sign_in(another_browser(client), lea)
    (cookie,) = [one for one in answer.headers.get_list("Set-Cookie") if DEVICE in one]
    assert cookie.startswith(f"{OF_HOST}{DEVICE}=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=34560000"} <= parts
    assert "no-store" in answer.headers["Cache-Control"]
