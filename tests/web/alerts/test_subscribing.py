"""Asking for an alert, confirming it from a mail, changing and stopping it: by forms alone."""

from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import QueuedMail
from kb.registers.alerts.subscriptions import Frequency, NewsTopic, TopicKind
from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import SITE, account_client, another_browser, client_of, send, sign_in

SETTINGS = Settings(
    public_url=SITE + "/",
    smtp_url=SecretStr("smtp://127.0.0.1:9"),
    mail_from="alertes@quisait.example",
    secret=SecretStr("a secret of thirty-two characters"),
)
CLAIRE = "claire@example.org"


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    base.put([AVEL, ANGOULEME])
    return client_of(base, SETTINGS)


def ask(client: TestClient, path: str = "/fr/alertes", **fields: str) -> str:
    sent = {"do": "ask", "email": CLAIRE, "frequency": "weekly", "q": "cirages", **fields}
    answer = send(client, path, sent)
    assert answer.status_code == 303, Page(answer.text).text
    return str(answer.headers["Location"])


def mails(base: KnowledgeBase) -> list[QueuedMail]:
    """The mails that wait, oldest first; they are sent by nobody."""
    taken = []
    while mail := base.outbox.take():
        taken.append(mail)
    return taken


def link_in(mail: QueuedMail, part: str) -> str:
    """The path of the link with this part, the same in both texts."""
    (url,) = {word for word in mail.mail.text.split() if word.startswith(SITE) and part in word}
    assert url in mail.mail.html
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def token_of(path: str) -> str:
    return path.partition("t=")[2]


def confirmed(client: TestClient, base: KnowledgeBase, **fields: str) -> str:
    """Asks for an alert and confirms it; returns the path of the page of all."""
    ask(client, **fields)
    path = link_in(mails(base)[-1], "/confirmer")
    answer = client.post(path, data={"t": token_of(path)})
    assert answer.status_code == 303
    return str(answer.headers["Location"]).removesuffix("&done=confirmed")


def test_a_search_leads_to_its_alert_and_a_mail_to_its_confirmation(
    base: KnowledgeBase, client: TestClient
) -> None:
    results = Page(client.get("/fr/recherche?q=cirages&department=16").text)
    (path,) = {
        link.attributes["href"]
        for link in results.all("a")
        if link.attributes.get("href", "").startswith("/fr/alertes?")
    }
    form = Page(client.get(path).text)
    assert form.one("input", id="q").attributes["value"] == "cirages"
    assert "selected" in form.one("option", value="16").attributes
    said = client.get(ask(client, department="16")).text
    assert "Regardez votre boîte" in said
    assert base.subscriptions.confirmed() == []

    (mail,) = mails(base)
    assert mail.mail.recipient == CLAIRE
    assert mail.mail.subject == "Confirmez votre alerte"
    assert "cirages" not in mail.mail.text + mail.mail.html
    assert mail.mail.unsubscribe_url == ""
    path = link_in(mail, "/confirmer")
    anyone = another_browser(client)
    for _ in range(2):  # who follows links without a person, such as a scanner, confirms nothing
        shown = anyone.get(path)
        assert shown.status_code == 200
        assert "Qui sait\N{NO-BREAK SPACE}: «\N{NO-BREAK SPACE}cirages" in shown.text
    assert anyone.head(path).status_code == 200
    assert base.subscriptions.confirmed() == []

    answer = anyone.post("/fr/alertes/confirmer", data={"t": token_of(path)})
    (subscription,) = base.subscriptions.confirmed()
    assert subscription.topic == NewsTopic(TopicKind.SEARCH, "cirages", "16")
    assert subscription.frequency is Frequency.WEEKLY
    mine = anyone.get(answer.headers["Location"])
    assert CLAIRE in mine.text
    assert "cirages" in mine.text
    assert "L’alerte est active" in mine.text
    assert "set-cookie" not in mine.headers
    # Confirmed already, it leads to all alerts.
    assert anyone.get(path).headers["Location"].startswith("/fr/alertes/les-miennes?t=")


def test_what_is_shown_is_the_same_whether_or_not_an_address_is_known(
    base: KnowledgeBase, client: TestClient
) -> None:
    confirmed(client, base)
    for email in (CLAIRE, "nobody@example.org"):
        for do, field in (("find", "found_email"), ("ask", "email")):
            answer = send(client, "/fr/alertes", {"do": do, field: email, "q": "cirages"})
            assert answer.status_code == 303
            assert answer.headers["Location"] == f"/fr/alertes?sent={do}"
    found, known, unknown = mails(base)
    assert found.mail.recipient == CLAIRE
    assert client.get(link_in(found, "/les-miennes")).status_code == 200
    # To ask again tells nothing either.
    assert known.mail.text.splitlines()[:1] == unknown.mail.text.splitlines()[:1]


def test_too_many_mails_to_an_address_are_not_sent_and_nobody_is_told(
    base: KnowledgeBase, client: TestClient
) -> None:
    places = {ask(client, q=f"cirages {number}") for number in range(5)}
    assert places == {"/fr/alertes?sent=ask"}
    assert len(mails(base)) == 3


def test_who_asks_for_many_mails_is_slowed_down_and_loses_nothing(
    base: KnowledgeBase, client: TestClient
) -> None:
    for number in range(10):
        ask(client, email=f"claire{number}@example.org")
    sent = {"do": "ask", "email": CLAIRE, "q": "cirages & crèmes"}
    answer = send(client, "/en/alerts", sent)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    page = Page(answer.text)
    assert page.one("input", type="hidden", name="email").attributes["value"] == CLAIRE
    assert page.one("input", type="hidden", name="q").attributes["value"] == "cirages & crèmes"
    assert len(mails(base)) == 10


def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    base: KnowledgeBase, client: TestClient
) -> None:
    for fields, wrong in (
        ({"email": f"{CLAIRE}\nBcc: other@example.org"}, "email"),
        ({"q": "?!"}, "q"),
        ({"department": "1000"}, "department"),
        ({"do": "find", "found_email": "@"}, "found_email"),
    ):
        sent = {"do": "ask", "email": CLAIRE, "q": "cirages", "frequency": "daily", **fields}
        answer = send(client, "/fr/alertes", sent)
        assert answer.status_code == 400
        page = Page(answer.text)
        (marked,) = [one for one in page.elements if "aria-invalid" in one.attributes]
        assert marked.attributes["id"] == wrong
        assert page.one("span", id=f"{wrong}-error")
        if wrong != "email":
            assert page.one("input", id="email").attributes["value"] == CLAIRE
        assert "checked" in page.one("input", value="daily").attributes
    assert mails(base) == []


def test_alerts_are_changed_and_stopped_by_their_link(
    base: KnowledgeBase, client: TestClient
) -> None:
    confirmed(client, base, q="crèmes")
    mine = confirmed(client, base)
    other = another_browser(client)
    page = Page(other.get(mine).text)
    ids = [element.attributes["value"] for element in page.all("input", name="id")]
    assert len(ids) == 2
    t = token_of(mine)
    form = {"t": t, "id": ids[0]}
    path = "/fr/alertes/les-miennes"
    changed = other.post(path, data={**form, "do": "change", "frequency": "daily"})
    assert changed.headers["Location"] == f"{path}?t={t}&done=change"
    assert {one.frequency for one in base.subscriptions.confirmed()} == set(Frequency)
    other.post(path, data={"t": t, "do": "lang", "lang": "en"})
    assert base.subscriptions.confirmed()[0].subscriber.lang == "en"
    for wrong in ({"do": "change", "frequency": "hourly"}, {"do": "publish"}):
        assert other.post(path, data={**form, **wrong}).status_code == 400
    assert other.post(path, data={**form, "id": "x", "do": "stop"}).status_code == 400
    assert len(base.subscriptions.confirmed()) == 2
    other.post(path, data={**form, "do": "stop"})
    assert [one.id for one in base.subscriptions.confirmed()] == [ids[1]]
    gone = other.post(path, data={"t": t, "do": "forget"})
    assert gone.status_code == 200
    assert base.subscriptions.confirmed() == []
    assert other.get(mine).status_code == 410
    assert other.post(path, data={"t": t, "do": "forget"}).status_code == 410


def test_all_is_stopped_by_a_button_or_by_one_click_in_a_mail_program(
    base: KnowledgeBase, client: TestClient
) -> None:
    mine = confirmed(client, base)
    path = mine.replace("les-miennes", "arreter")
    program = another_browser(client)
    assert program.get(path).status_code == 200
    assert program.head(path).status_code == 200
    assert len(base.subscriptions.confirmed()) == 1
    one_click = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):  # what is stopped is stopped
        answer = program.post(path, data=one_click, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200
    assert base.subscriptions.confirmed() == []
    assert program.get(path).status_code == 410
    forged = path[:-2] + ("aa" if path[-2:] != "aa" else "bb")
    assert program.post(forged, data=one_click).status_code == 410


def test_a_link_is_for_what_it_was_sent_for(base: KnowledgeBase, client: TestClient) -> None:
    ask(client)
    to_confirm = token_of(link_in(mails(base)[0], "/confirmer"))
    to_manage = token_of(confirmed(client, base, email="other@example.org"))
    for path, token in (
        ("/fr/alertes/les-miennes", to_confirm),
        ("/fr/alertes/arreter", to_confirm),
        ("/fr/alertes/confirmer", to_manage),
        ("/fr/alertes/confirmer", ""),
        ("/fr/alertes/confirmer", "a.b.c"),
    ):
        if token or "confirmer" in path:
            assert client.get(f"{path}?t={token}").status_code == 410, path
            assert client.post(path, data={"t": token, "do": "forget"}).status_code == 410, path
    assert len(base.subscriptions.confirmed()) == 1


def test_an_account_sees_the_alerts_that_it_asked_for(
    base: KnowledgeBase, client: TestClient
) -> None:
    confirmed(client, base, q="crèmes")
    signed_in = account_client(base, AccountRole.CONTRIBUTOR, "vincent", SETTINGS)
    confirmed(signed_in, base)
    page = Page(signed_in.get("/fr/alertes/les-miennes").text)
    (id_,) = [element.attributes["value"] for element in page.all("input", name="id")]
    path, form = "/fr/alertes/les-miennes", {"do": "stop", "id": id_}
    assert signed_in.post(path, data=form).status_code == 403
    assert another_browser(client).get(path).status_code == 303
    stranger = another_browser(client)
    assert stranger.post(path, data=form).status_code == 403
    assert send(signed_in, path, {"do": "forget"}).status_code == 400
    assert send(signed_in, path, form).headers["Location"] == f"{path}?done=stop"
    assert [one.topic.q for one in base.subscriptions.confirmed()] == ["crèmes"]
    assert sign_in(stranger, "vincent").status_code == 303


def test_a_site_without_mail_offers_the_feed_alone(base: KnowledgeBase) -> None:
    client = client_of(base, replace_mail(SETTINGS))
    page = client.get("/fr/alertes?q=cirages&department=16")
    assert page.status_code == 200
    assert "aucun serveur de courriel" not in page.text
    assert "Être prévenu" not in client.get("/fr/besoins-et-offres").text
    administrator = account_client(base, AccountRole.ADMINISTRATOR, settings=replace_mail(SETTINGS))
    assert "aucun serveur de courriel" in administrator.get("/fr/alertes").text
    assert 'name="email"' not in page.text
    assert "/fr/flux/recherche.atom?q=cirages&amp;department=16" in page.text
    assert "set-cookie" not in page.headers


def replace_mail(settings: Settings) -> Settings:
    return settings.model_copy(update={"mail_from": ""})
