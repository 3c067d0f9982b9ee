"""One enquiry to many: by one's own mail program, or by the site, for whom it knows."""

import hashlib
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from kb.registers.accounts import AccountRole, account_key
from kb.registers.dossiers import CallStatus, DossierEntry
from tests.web.alerts.test_subscribing import SETTINGS
from tests.web.dossiers.test_dossier_page import LEA, NEED, picked
from tests.web.page_reader import Page
from tests.web.sample_base import ACTORS, CASES, DISTILLERY, SampleBase
from tests.web.sample_base import AVEL as BARE
from tests.web.signed_in import account_client, csrf_token, send
from web.dossiers.enquiries import CONFIRMS, MAILS_A_DAY
from web.mail import SignedLinks, message_of

FROM = "lea@reseau.example"
AVEL = replace(BARE, email=("contact@avel.example",))


@pytest.fixture
def base() -> SampleBase:
    base = SampleBase(ACTORS, CASES)
    base.put([AVEL])
    return base


@pytest.fixture
def lea(base: SampleBase) -> TestClient:
    return account_client(base, name=LEA, settings=SETTINGS)


def shown(lea: TestClient, dossier: str) -> dict[str, str]:
    page = Page(lea.get(f"/en/dossier/enquiry?dossier={dossier}").text)
    subject = page.one("input", id="subject").attributes["value"]
    return {"dossier": dossier, "subject": subject, "text": page.one("textarea").text.strip()}


def confirm(base: SampleBase, lea: TestClient, dossier: str) -> None:
    """Answers the mail that asks whether the address is the account's."""
    base.accounts.set_email(LEA, FROM)
    send(lea, "/en/dossier/enquiry", {"dossier": dossier, "do": "confirm"})
    mail = base.outbox.take()
    assert mail
    assert (mail.mail.recipient, mail.mail.reply_to) == (FROM, "")
    base.outbox.sent(mail.id)
    path = mail.mail.text[mail.mail.text.index("/en/") :].split()[0]
    assert "Yes, this address is mine" in lea.get(path).text
    sent = {"dossier": dossier, "do": "confirmed", "t": parse_qs(urlsplit(path).query)["t"][0]}
    assert send(lea, "/en/dossier/enquiry", sent).status_code == 303


def test_a_mail_program_gets_the_addresses_and_the_text(base: SampleBase, lea: TestClient) -> None:
    dossier = picked(base, lea)
    form = shown(lea, dossier)
    for said in (NEED, "Quantity: 500 litres", "Until when: avant fin mars", LEA):
        assert said in form["text"], said
    assert f"“{NEED}”." in form["text"]
    assert form["subject"].startswith(f"{LEA} asks who could meet a need: “")
    french = Page(lea.get(f"/fr/dossier/demande?dossier={dossier}").text)
    subject = french.one("input", id="subject").attributes["value"]
    assert subject.startswith(f"{LEA} cherche qui pourrait répondre à un besoin")
    form |= {"id": AVEL.id, "do": "own"}
    page = Page(send(lea, "/en/dossier/enquiry", form).text)
    (link,) = [each.attributes["href"] for each in page.all("a") if each.text.startswith("Open it")]
    asked = parse_qs(urlsplit(link).query)
    assert asked["bcc"] == [AVEL.email[0]]
    assert asked["body"] == [form["text"].replace("\n", "\r\n")]
    assert base.outbox.counts().waiting == 0
    # A long text is copied by hand: a program takes so much and no more.
    page = Page(send(lea, "/en/dossier/enquiry", {**form, "text": "é" * 500}).text)
    assert "copy it from below" in page.one("main").text
    send(lea, "/en/dossier/enquiry", {**form, "do": "sent"})
    kept = base.dossiers.get(dossier, by=LEA).entries
    assert [one.status for one in kept] == [CallStatus.WRITTEN, CallStatus.TO_CALL]


def test_the_site_sends_one_mail_to_each_whose_answers_come_to_who_wrote(
    base: SampleBase, lea: TestClient
) -> None:
    dossier = picked(base, lea)
    confirm(base, lea, dossier)
    form = shown(lea, dossier) | {"do": "send", "text": "Pourriez-vous <b> ?"}
    sent = send(lea, "/en/dossier/enquiry", form | {"id": AVEL.id, "reply_to": "x@y.example"})
    assert sent.headers["Location"].endswith("done=send")
    mail = base.outbox.take()
    assert mail
    message = message_of(mail.mail, SETTINGS.mail_from)
    assert (message["To"], message["Reply-To"]) == (AVEL.email[0], FROM)
    assert message["Auto-Submitted"] is None
    assert "Pourriez-vous <b> ?" in mail.mail.text
    assert "Pourriez-vous &lt;b&gt; ?" in mail.mail.html
    assert LEA in mail.mail.text
    assert base.outbox.take() is None
    assert base.dossiers.get(dossier, by=LEA).entries[0].status is CallStatus.WRITTEN


def test_the_site_relays_nobodys_words_but_a_known_members(
    base: SampleBase, lea: TestClient
) -> None:
    dossier = picked(base, lea)
    form = shown(lea, dossier) | {"do": "send", "id": AVEL.id}
    assert send(lea, "/en/dossier/enquiry", form).status_code == 403
    base.accounts.set_email(LEA, FROM)
    assert send(lea, "/en/dossier/enquiry", form).status_code == 403
    wrong = {"dossier": dossier, "do": "confirmed", "t": "x"}
    assert send(lea, "/en/dossier/enquiry", wrong).status_code == 410
    confirm(base, lea, dossier)
    base.accounts.set_email(LEA, "other@reseau.example")
    assert send(lea, "/en/dossier/enquiry", form).status_code == 403
    assert base.outbox.counts().waiting == 0
    # Who holds the page of an organisation has no mails sent, not even to itself.
    holder = account_client(base, AccountRole.HOLDER, "Bob", settings=SETTINGS)
    base.accounts.set_email("Bob", "bob@a.example")
    own = base.dossiers.pick([DossierEntry(AVEL.id)], by="Bob").id
    for do in ("confirm", "send"):
        send(holder, "/en/dossier/enquiry", {**form, "dossier": own, "do": do})
    assert base.outbox.counts().waiting == 0


def test_an_account_sends_so_many_a_day_and_an_address_gets_so_many(
    base: SampleBase, lea: TestClient
) -> None:
    dossier = picked(base, lea)
    confirm(base, lea, dossier)
    form = shown(lea, dossier) | {"do": "send", "id": AVEL.id}
    assert send(lea, "/en/dossier/enquiry", form).status_code == 303
    # Who clicks twice sends it once, and who gets none is not marked as if.
    both = {**form, "id": [AVEL.id, DISTILLERY.id], "csrf": csrf_token(lea, "/en/account")}
    base.put([replace(DISTILLERY, email=("contact@merlet.example",))])
    twice = lea.post("/en/dossier/enquiry", data=both)
    assert "still ticked got mails" in twice.text
    ticked = Page(twice.text).all("input", type="checkbox", name="id", checked="")
    assert [each.attributes["value"] for each in ticked] == [AVEL.id]
    kept = base.dossiers.get(dossier, by=LEA).entries
    assert [one.status for one in kept] == [CallStatus.WRITTEN] * 2
    assert base.outbox.counts().waiting == 2
    many = [(f"firm-{n}", f"contact@firm-{n}.example") for n in range(MAILS_A_DAY - 1)]
    base.put([replace(DISTILLERY, id=id_, name=id_, siret="", email=(to,)) for id_, to in many])
    base.dossiers.pick([DossierEntry(id_) for id_, _ in many], by=LEA, id=dossier)
    sent = {**form, "id": [id_ for id_, _ in many], "csrf": csrf_token(lea, "/en/account")}
    refused = lea.post("/en/dossier/enquiry", data=sent)
    assert refused.status_code == 422
    assert "28 are left today" in refused.text
    assert base.outbox.counts().waiting == 2
    # Nor has another address of the account a quota of its own.
    base.accounts.set_email(LEA, "other@reseau.example")
    digest = hashlib.sha256(f"{account_key(LEA)}\nother@reseau.example".encode()).hexdigest()
    token = SignedLinks(SETTINGS.secret.get_secret_value()).sign(CONFIRMS, digest)
    other = {"dossier": dossier, "do": "confirmed", "t": token}
    assert send(lea, "/en/dossier/enquiry", other).status_code == 429
