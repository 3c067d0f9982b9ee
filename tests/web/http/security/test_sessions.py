"""Signing in, sessions, forms and accounts, as browsers meet them."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from kb.address import SECRET_FILE
from kb.errors import KnowledgeBaseError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.registers import clock
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.signed_in import (
    PASSWORD,
    SITE,
    account_client,
    another_browser,
    client_of,
    csrf_token,
    send,
    sign_in,
)
from web.http.security.cookies import OF_HOST, SESSION, site_secret

SECURE_COOKIE = f"{OF_HOST}{SESSION}"


@pytest.fixture
def lea(base: KnowledgeBase) -> str:
    return base.accounts.add("Léa", PASSWORD, AccountRole.CONTRIBUTOR).name


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    return client_of(base)


def is_signed_in(client: TestClient) -> bool:
    return client.get("/en/account").status_code == 200


def test_a_name_and_its_password_open_the_account(client: TestClient, lea: str) -> None:
    answer = sign_in(client, "LÉA")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/account")
    read = Page(client.get("/en/account").text)
    assert read.text("h1") == "Léa"
    assert read.text("p", class_="kicker") == "Contributor"
    assert read.one("a", href="/en/account").text == "Léa"


def test_the_page_that_was_asked_for_comes_after_signing_in(client: TestClient, lea: str) -> None:
    asked = client.get("/fr/compte?a=1&b=é")
    assert asked.status_code == 303
    form = Page(client.get(asked.headers["Location"]).text)
    wanted = form.one("input", name="next").attributes["value"]
    answer = send(client, "/fr/connexion", {"name": lea, "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == "/fr/compte?a=1&b=%C3%A9"
    assert client.get("/en/sign-in?next=/en/themes").headers["Location"] == "/en/themes"


def test_a_wrong_password_and_an_unknown_name_are_told_alike(client: TestClient, lea: str) -> None:
    for name, password in (("Léa", "not this one"), ("Nobody", PASSWORD)):
        answer = sign_in(client, name, password)
        assert answer.status_code == 403
        read = Page(answer.text)
        wrong = "Wrong name or password, or the account is disabled."
        assert read.text("p", role="alert") == wrong
        assert read.one("input", id="name").attributes["value"] == name
        assert "value" not in read.one("input", id="password").attributes
        assert not is_signed_in(client)


# The cookie


def test_the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(
    client: TestClient, lea: str
) -> None:
    cookie = sign_in(client, lea).headers["Set-Cookie"]
    assert cookie.startswith(f"{SECURE_COOKIE}=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=7776000"} <= parts
    assert not any(part.startswith("domain") for part in parts)


def test_a_cookie_that_was_tampered_with_is_nobodys(client: TestClient, lea: str) -> None:
    sign_in(client, lea)
    cookie = client.cookies[SECURE_COOKIE]
    client.cookies.clear()
    for forged in (cookie[:-1], ("B" if cookie[0] == "A" else "A") + cookie[1:], "x", ".."):
        answer = client.get("/en/account", headers={"Cookie": f"{SECURE_COOKIE}={forged}"})
        assert answer.status_code == 303, forged


def test_a_session_lasts_while_it_is_used_and_not_for_ever(
    client: TestClient, lea: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, days = datetime.now(UTC), 0.0
    monkeypatch.setattr(clock, "moment", lambda: started + timedelta(days=days))
    sign_in(client, lea)
    for days in (*range(10, 90, 10), 89):
        assert is_signed_in(client), days
    days = 90.01
    assert not is_signed_in(client)


# Pages that are someone's


def test_pages_of_a_stranger_set_no_cookie_and_may_be_kept(client: TestClient) -> None:
    for path in ("/en/", "/en/search?q=gel", "/en/nothing", "/api/status"):
        headers = client.get(path).headers
        assert "Set-Cookie" not in headers
        assert "no-store" not in headers.get("Cache-Control", "")
    assert "Cookie" in client.get("/en/").headers["Vary"]


def test_a_page_that_gives_a_cookie_is_kept_by_no_cache(client: TestClient) -> None:
    headers = client.get("/en/sign-in").headers
    assert "Set-Cookie" in headers
    assert headers["Cache-Control"] == "private, no-store"


def test_pages_that_a_link_opens_are_kept_by_no_cache(client: TestClient) -> None:
    for path in ("/en/alerts/mine?t=x", "/en/alerts/confirm?t=x", "/en/needs-and-offers/a?key=x"):
        assert client.get(path).headers["Cache-Control"] == "private, no-store"


def test_pages_of_someone_are_kept_by_no_cache(client: TestClient, lea: str) -> None:
    sign_in(client, lea)
    for path in ("/en/", "/en/account", "/en/nothing", "/api/status"):
        assert client.get(path).headers["Cache-Control"] == "private, no-store"
    for sheet in Page(client.get("/en/").text).all("link", rel="stylesheet"):
        style = client.get(sheet.attributes["href"])
        assert "no-store" not in style.headers["Cache-Control"]


# Forms


def test_the_form_to_sign_in_needs_the_token_of_this_browser(client: TestClient, lea: str) -> None:
    fields = {"name": lea, "password": PASSWORD}
    assert client.post("/en/sign-in", data=fields).status_code == 403
    others = csrf_token(another_browser(client), "/en/sign-in")
    csrf_token(client, "/en/sign-in")
    assert client.post("/en/sign-in", data={**fields, "csrf": others}).status_code == 403
    assert not is_signed_in(client)


def test_a_form_of_this_site_is_taken(client: TestClient, lea: str) -> None:
    sign_in(client, lea)
    fields = {"do": "issue_token", "label": "x"}
    same = {"Origin": SITE, "Sec-Fetch-Site": "same-origin"}
    for headers in (same, {"Sec-Fetch-Site": "none"}, {}):
        assert send(client, "/en/account", fields, headers=headers).status_code == 200


def test_a_form_that_outlived_its_session_can_be_sent_after_signing_in_again(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    sign_in(client, lea)
    token = csrf_token(client, "/en/account")
    client.cookies.clear()
    fields = {"csrf": token, "do": "issue_token", "label": "kept"}
    refused = client.post("/en/account", data=fields)
    assert refused.status_code == 403
    assert "Nothing that you wrote is lost" in refused.text
    sign_in(client, lea)
    assert client.post("/en/account", data=fields).status_code == 200
    assert [token.label for token in base.accounts.tokens(lea)] == ["kept"]


# Trying too often


def test_other_spellings_of_a_name_are_the_same_account_to_the_throttle(
    client: TestClient, lea: str
) -> None:
    for spelling in ("léa", "LÉA", "Le\u0301a", " Léa ", "Ｌéa"):
        assert sign_in(client, spelling, "not this one").status_code == 403
    assert sign_in(client, lea).status_code == 429


# The account


def test_a_password_that_cannot_be_changed_so_is_told_beside_its_field(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    sign_in(client, lea)
    fields = {"do": "password", "current": PASSWORD, "new": "aaabcdefgh!!", "again": "aaabcdefgh!!"}
    for given, told in (
        ({"current": "not this one"}, "The current password is wrong."),
        ({"again": "something else entirely"}, "The two new passwords are different."),
        ({"new": "short", "again": "short"}, "The password has fewer than 12 characters"),
        ({"new": "a" * 14, "again": "a" * 14}, "the same few characters again and again"),
    ):
        answer = send(client, "/en/account", fields | given)
        assert answer.status_code == 400
        assert told in Page(answer.text).text("p", role="alert")
    assert base.accounts.authenticate(lea, PASSWORD)


def test_a_token_is_shown_once_and_can_be_revoked(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    sign_in(client, lea)
    shown = Page(send(client, "/en/account", {"do": "issue_token", "label": "Nightly"}).text)
    token = shown.text("code")
    assert base.accounts.account_of_token(token)
    read = Page(client.get("/en/account").text)
    assert token not in read.one("main").text
    tokens = " ".join(read.all("ul", class_="ledger")[0].text.split())
    assert "Nightly" in tokens
    assert "never used" not in tokens
    handle = read.one("input", name="token").attributes["value"]
    send(client, "/en/account", {"do": "revoke_token", "token": handle})
    assert base.accounts.account_of_token(token) is None
    read = Page(client.get("/en/account").text)
    assert len(read.all("ul", class_="ledger")) == 1  # of sessions
    assert not read.all("input", name="token")


# Everyone's accounts


def test_an_administrator_makes_and_changes_accounts(base: KnowledgeBase) -> None:
    client = account_client(base, AccountRole.ADMINISTRATOR)

    another = "encore un autre gel"

    def does(**fields: str) -> str:
        answer = send(client, "/en/accounts", fields)
        assert answer.status_code == 303, answer.text
        done = Page(client.get(answer.headers["Location"]).text)
        return done.text("p", role="status")

    new = {"name": "Vincent", "password": PASSWORD, "role": "contributor"}
    assert does(do="add", **new).startswith("The account is created.")
    assert "Vincent" in client.get("/en/accounts").text
    does(do="role", name="Vincent", role="moderator")
    assert base.accounts.get("Vincent").role is AccountRole.MODERATOR
    does(do="password", name="Vincent", password=another)
    assert base.accounts.authenticate("Vincent", another)
    does(do="disable", name="Vincent")
    assert base.accounts.get("Vincent").disabled
    does(do="enable", name="Vincent")
    assert not base.accounts.get("Vincent").disabled


def test_what_cannot_be_done_with_an_account_is_told_in_a_line(base: KnowledgeBase) -> None:
    client = account_client(base, AccountRole.ADMINISTRATOR)
    name = "a administrator"
    for fields, told in (
        ({"do": "role", "name": name, "role": "contributor"}, f"{name!r} is the last admin"),
        ({"do": "role", "name": name, "role": "king"}, "This role does not exist."),
        ({"do": "role", "name": "nobody", "role": "moderator"}, "This account does not exist."),
        (
            {"do": "add", "name": name.upper(), "password": PASSWORD, "role": "moderator"},
            f"There is an account {name.upper()!r} already.",
        ),
    ):
        answer = send(client, "/en/accounts", fields)
        assert answer.status_code == 400
        read = Page(answer.text)
        assert told in read.text("p", role="alert")
    assert read.one("input", id="name").attributes["value"] == name.upper()


# The secret


def test_the_secret_is_made_at_first_need_for_its_owner_alone(base: KnowledgeBase) -> None:
    client = client_of(base)
    assert client.get("/en/sign-in").status_code == 200
    path = base.folder / SECRET_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) >= 32
    assert site_secret(Settings(), base) == path.read_text()
    assert [one.name for one in base.folder.glob(".secret*")] == []


def test_a_secret_that_is_too_short_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(secret=("hush " * 2))
    assert "QUISAIT_SECRET cannot be used" in str(refused.value)
    assert "32 characters" in str(refused.value)
    assert "hush" not in str(refused.value)
    assert "hush" not in repr(Settings.from_environment(secret="hush" * 10))


def test_where_no_secret_can_be_kept_signing_in_is_not_offered(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("web.http.security.cookies.tempfile.mkstemp", refused)
    answer = client_of(base).get("/en/sign-in")
    assert answer.status_code == 503
    read = Page(answer.text)
    assert not read.all("form", class_="sheet")
    assert "the operator of this site must first set its secret" in read.text("p", class_="refusal")


def test_a_damaged_secret_is_told_to_whoever_runs_the_server(base: KnowledgeBase) -> None:
    (base.folder / SECRET_FILE).write_text("short")
    with pytest.raises(KnowledgeBaseError, match="delete it"):
        site_secret(Settings(), base)
