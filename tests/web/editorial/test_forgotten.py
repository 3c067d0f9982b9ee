"""A forgotten password: asking for a link, following it once, and what it tells to whom."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import QueuedMail
from tests.web.alerts.test_subscribing import SETTINGS, link_in, mails
from tests.web.page_reader import Page
from tests.web.signed_in import (
    PASSWORD,
    account_client,
    another_browser,
    client_of,
    send,
    sign_in,
)
from web.editorial import accounts

FORGOTTEN, NEW = "/fr/mot-de-passe-oublie", "/fr/nouveau-mot-de-passe"
LEA = "lea@avel.example"
OTHER_PASSWORD = "un autre gel en flacon"


@pytest.fixture
def lea(base: KnowledgeBase) -> str:
    name = base.accounts.add("Léa", PASSWORD, AccountRole.MODERATOR).name
    return base.accounts.set_email(name, LEA).name


@pytest.fixture
def client(base: KnowledgeBase, lea: str) -> TestClient:
    return client_of(base, SETTINGS)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """How far the clock of the site is put forward: its only member."""
    ahead = [timedelta()]
    for name in ("kb.registers.clock.moment", "web.mail.moment"):
        monkeypatch.setattr(name, lambda: datetime.now(UTC) + ahead[0])
    return ahead


def asked(client: TestClient, email: str = LEA) -> Any:
    return send(client, FORGOTTEN, {"email": email})


def sent(base: KnowledgeBase) -> list[QueuedMail]:
    """The mails that waited; they are sent now."""
    found = mails(base)
    for mail in found:
        base.outbox.sent(mail.id)
    return found


def link(client: TestClient, base: KnowledgeBase) -> str:
    """Asks for a link, and returns where it leads."""
    assert asked(client).status_code == 303
    return link_in(mails(base)[-1], NEW)


def choose(client: TestClient, path: str, new: str = OTHER_PASSWORD, again: str = "") -> Any:
    """Fills in the form of a link, or sends it as if it had been shown before the link ended."""
    fields = {"t": parse_qs(urlsplit(path).query)["t"][0], "new": new, "again": again or new}
    return send(client, NEW, fields, shown_at="/fr/connexion")


def test_a_forgotten_password_is_replaced_by_way_of_a_mail(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    signed_in = account_client(base, AccountRole.MODERATOR, lea, SETTINGS)
    token = base.accounts.issue_token(lea, "a program")
    sign_in_page = Page(client.get("/fr/connexion").text)
    (leads,) = [
        one.attributes["href"] for one in sign_in_page.all("a") if "Mot de passe" in one.text
    ]
    form = Page(client.get(leads).text)
    assert form.one("input", id="email").attributes["autocomplete"] == "email"
    answer = asked(client)
    assert answer.headers["Location"] == f"{FORGOTTEN}?sent=1"
    assert "un courriel mène à un" in client.get(answer.headers["Location"]).text

    (mail,) = mails(base)
    assert (mail.mail.recipient, mail.mail.lang) == (LEA, "fr")
    assert mail.mail.subject == "Un nouveau mot de passe"
    assert lea not in mail.mail.text + mail.mail.html
    path = link_in(mail, NEW)
    reader = another_browser(client)
    for _ in range(2):  # who follows links without a person, such as a scanner, changes nothing
        shown = reader.get(path)
        assert shown.status_code == 200
        assert reader.head(path).status_code == 200
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert shown.headers["Referrer-Policy"] == "same-origin"
    page = Page(shown.text)
    assert page.one("p", class_="kicker").text == lea
    assert {
        page.one("input", id=field).attributes["autocomplete"] for field in ("new", "again")
    } == {"new-password"}
    assert signed_in.get("/fr/compte").status_code == 200
    assert base.accounts.authenticate(lea, PASSWORD)

    changed = send(reader, NEW, fields_of(path), shown_at=path)
    assert changed.headers["Location"] == "/fr/connexion?done=reset"
    assert "Votre mot de passe est changé" in reader.get(changed.headers["Location"]).text
    assert reader.get("/fr/compte").status_code == 303  # nobody is signed in by it
    assert base.accounts.authenticate(lea, PASSWORD) is None
    assert signed_in.get("/fr/compte").status_code == 303
    assert base.accounts.account_of_token(token) is None
    assert sign_in(reader, lea, OTHER_PASSWORD).status_code == 303


def fields_of(path: str) -> dict[str, str]:
    token = parse_qs(urlsplit(path).query)["t"][0]
    return {"t": token, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}


def test_a_link_is_used_once(base: KnowledgeBase, client: TestClient, lea: str) -> None:
    path = link(client, base)
    assert choose(client, path).status_code == 303
    assert client.get(path).status_code == 410
    again = choose(client, path, "encore une autre phrase")
    assert again.status_code == 410
    assert "a déjà servi" in again.text
    assert base.accounts.authenticate(lea, OTHER_PASSWORD)


def test_two_who_use_a_link_at_once_do_not_both_succeed(
    base: KnowledgeBase, client: TestClient, lea: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = link(client, base)
    linked = accounts._linked

    def while_another_is_faster(*args: Any) -> Any:
        account = linked(*args)
        base.accounts.set_password(lea, OTHER_PASSWORD)
        return account

    monkeypatch.setattr(accounts, "_linked", while_another_is_faster)
    assert choose(client, path, "encore une autre phrase").status_code == 410
    assert base.accounts.authenticate(lea, OTHER_PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts: accounts.set_password("Léa", OTHER_PASSWORD),
        lambda accounts: accounts.set_email("Léa", "lea@elsewhere.example"),
        lambda accounts: accounts.set_role("Léa", AccountRole.CONTRIBUTOR),
        lambda accounts: accounts.end_sessions("Léa"),
        lambda accounts: accounts.disable("Léa"),
        lambda accounts: (accounts.disable("Léa"), accounts.enable("Léa")),
    ],
    ids=["password", "address", "role", "sessions", "disabled", "enabled again"],
)
def test_a_link_ends_with_what_changes_the_account(
    base: KnowledgeBase, client: TestClient, change: Any
) -> None:
    path = link(client, base)
    change(base.accounts)
    assert client.get(path).status_code == 410
    assert choose(client, path, "encore une autre phrase").status_code == 410
    assert base.accounts.authenticate("Léa", "encore une autre phrase") is None


@pytest.mark.parametrize(("minutes", "status"), [(59, 200), (61, 410)])
def test_a_link_holds_for_an_hour(
    base: KnowledgeBase, client: TestClient, clock: list[timedelta], minutes: int, status: int
) -> None:
    path = link(client, base)
    clock[0] = timedelta(minutes=minutes)
    assert client.get(path).status_code == status
    assert choose(client, path).status_code == (303 if status == 200 else 410)


def test_what_is_answered_is_the_same_for_every_address(
    base: KnowledgeBase, client: TestClient
) -> None:
    base.accounts.add("Max", PASSWORD, AccountRole.CONTRIBUTOR)
    base.accounts.add("Zoé", PASSWORD, AccountRole.CONTRIBUTOR)
    base.accounts.set_email("Zoé", "zoe@avel.example")
    base.accounts.disable("Zoé")
    found = set()
    for email in (LEA, "nobody@avel.example", "zoe@avel.example"):
        stranger = another_browser(client)
        answer = asked(stranger, email)
        stranger.cookies.clear()  # what is told does not depend on who was there before
        page = stranger.get(answer.headers["Location"])
        headers = {(name, text) for name, text in page.headers.items() if name != "x-request-id"}
        found.add((answer.status_code, answer.content, page.content, frozenset(headers)))
    assert len(found) == 1
    assert [mail.mail.recipient for mail in mails(base)] == [LEA]


def test_the_answer_comes_before_accounts_are_looked_at(
    base: KnowledgeBase, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no clock tells whether an account has the address."""
    seen = []
    monkeypatch.setattr(accounts, "_queue_links", lambda _request, email: seen.append(email))
    monkeypatch.setattr(type(base.accounts), "list", lambda _: seen.append("accounts"))
    assert asked(client).headers["Location"] == f"{FORGOTTEN}?sent=1"
    assert seen == [LEA]


def test_asking_again_and_again_neither_floods_a_mailbox_nor_keeps_a_link_from_it(
    base: KnowledgeBase, client: TestClient, clock: list[timedelta]
) -> None:
    answers = {asked(client, email).headers["Location"] for email in [LEA, LEA.upper()] * 3}
    assert answers == {f"{FORGOTTEN}?sent=1"}
    (mail,) = sent(base)
    clock[0] = timedelta(minutes=19)
    assert asked(client).status_code == 303
    assert sent(base) == []
    assert client.get(link_in(mail, NEW)).status_code == 200
    clock[0] = timedelta(minutes=21)
    assert asked(client).status_code == 303
    (mail,) = sent(base)
    assert client.get(link_in(mail, NEW)).status_code == 200


def test_an_address_gets_ten_mails_a_day(
    base: KnowledgeBase, client: TestClient, clock: list[timedelta]
) -> None:
    for number in range(11):
        clock[0] = timedelta(minutes=21 * number)
        assert asked(client_of(base, SETTINGS)).status_code == 303
        assert len(sent(base)) == (1 if number < 10 else 0)
    clock[0] = timedelta(hours=24, minutes=1)
    assert asked(client).status_code == 303
    assert len(sent(base)) == 1


def test_who_asks_for_many_links_is_slowed_down(base: KnowledgeBase, client: TestClient) -> None:
    for number in range(10):
        assert asked(client, f"nobody{number}@avel.example").status_code == 303
    answer = asked(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert mails(base) == []


def test_who_tries_many_passwords_with_a_link_is_slowed_down(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    """Each that is long enough takes 64 MB while it is hashed."""
    path = link(client, base)
    codes = [choose(client, path, "court").status_code for _ in range(10)]
    assert codes == [400] * 10
    assert choose(client, path).status_code == 429
    assert base.accounts.authenticate(lea, PASSWORD)


def test_who_has_a_link_waits_for_nobody_else_in_their_network(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    path = link(client, base)
    for number in range(9):
        assert asked(client, f"nobody{number}@avel.example").status_code == 303
    assert choose(client, path).status_code == 303
    assert base.accounts.authenticate(lea, OTHER_PASSWORD)


def test_accounts_that_share_an_address_get_a_link_each_in_one_mail(
    base: KnowledgeBase, client: TestClient, lea: str
) -> None:
    """Whoever gives their own accounts the address of somebody takes no link from them."""
    others = ["Abel", "Alix", "Anna", "Atelier"]
    for name in others:
        base.accounts.add(name, PASSWORD, AccountRole.CONTRIBUTOR)
        base.accounts.set_email(name, LEA)
    base.accounts.disable("Anna")
    asked(client)
    (mail,) = mails(base)
    assert "chaque lien est pour l’un d’eux" in mail.mail.text
    assert not [name for name in (*others, lea) if name in mail.mail.text + mail.mail.html]
    paths = [word for word in mail.mail.text.split() if NEW in word]
    assert all(path in mail.mail.html for path in paths)
    assert "4. " in mail.mail.text
    paths = [path[path.index(NEW) :] for path in paths]
    names = [Page(client.get(path).text).one("p", class_="kicker").text for path in paths]
    assert sorted(names) == ["Abel", "Alix", "Atelier", lea]
    assert choose(client, paths[names.index("Atelier")]).status_code == 303
    assert base.accounts.authenticate(lea, PASSWORD)
    assert base.accounts.authenticate("Atelier", OTHER_PASSWORD)
    assert choose(client, paths[names.index(lea)]).status_code == 303


def test_a_mail_has_ten_links_at_most_the_oldest_accounts_first(
    base: KnowledgeBase, client: TestClient, lea: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.registers.accounts.now", lambda: "2999-01-01T00:00:00+00:00")
    for number in range(10):
        name = base.accounts.add(f"A{number}", PASSWORD, AccountRole.CONTRIBUTOR).name
        base.accounts.set_email(name, LEA)
    asked(client)
    (mail,) = mails(base)
    paths = [word[word.index(NEW) :] for word in mail.mail.text.split() if NEW in word]
    assert len(paths) == 10
    assert Page(client.get(paths[0]).text).one("p", class_="kicker").text == lea


def test_a_site_without_mail_sends_people_to_an_administrator(base: KnowledgeBase) -> None:
    client = client_of(base, SETTINGS.model_copy(update={"mail_from": ""}))
    page = client.get("/fr/connexion").text
    assert FORGOTTEN not in page
    assert "mot de passe oublié\N{NO-BREAK SPACE}? Un administrateur de ce site" in page
    shown = client.get(FORGOTTEN)
    assert shown.status_code == 200
    assert 'name="email"' not in shown.text
    assert send(client, FORGOTTEN, {"email": LEA}, shown_at="/fr/connexion").status_code == 400


# The address of an account


def test_an_account_gives_its_address_with_its_password(base: KnowledgeBase) -> None:
    client = account_client(base, AccountRole.HOLDER, "Saphir", SETTINGS)
    own = {"do": "email", "email": " Saphir@Avel.example ", "current": PASSWORD}
    refused = send(client, "/fr/compte", {**own, "current": "pas celui-là"})
    assert refused.status_code == 400
    assert base.accounts.get("Saphir").email == ""
    wrong = send(client, "/fr/compte", {**own, "email": "saphir"})
    assert "n’est pas une adresse" in wrong.text
    changed = send(client, "/fr/compte", own)
    assert changed.headers["Location"] == "/fr/compte?done=email"
    page = Page(client.get(changed.headers["Location"]).text)
    assert page.one("input", id="email").attributes["value"] == "saphir@avel.example"
    assert send(client, "/fr/compte", {**own, "email": ""}).status_code == 303
    assert base.accounts.get("Saphir").email == ""
