"""An organisation takes its page in hand, proposes a correction, and may lose the page again."""

import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.registers.accounts import AccountRole
from kb.registers.drafts import DraftState
from kb.registers.holders import MAILS_A_DAY, HoldState
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY
from tests.web.signed_in import PASSWORD, SETTINGS, account_client, client_of, send
from web.holders import FREE_ASKS, proves

OWN = replace(
    AVEL,
    website="https://www.avel.example",
)
HOLD, CONFIRM = f"/fr/titulaire/{OWN.id}", "/fr/prendre-en-main"
LEA = "lea@avel.example"
WITH_MAIL = SETTINGS.model_copy(
    update={"smtp_url": SecretStr("smtp://127.0.0.1:2525"), "mail_from": "site@kb.example"}
)


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([OWN, DISTILLERY, ANGOULEME])
    return base


@pytest.fixture
def stranger(base: KnowledgeBase) -> TestClient:
    return client_of(base, WITH_MAIL)


def ask(client: TestClient, email: str = LEA, **typed: str) -> str:
    """Asks for the page; returns where the answer leads."""
    answer = send(client, HOLD, {"do": "ask", "email": email, **typed})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def key_in_mail(base: KnowledgeBase) -> str:
    queued = base.outbox.take()
    assert queued is not None
    found = re.search(r"\?key=([\w-]+)", queued.mail.text)
    assert found
    return found[1]


def take_in_hand(client: TestClient, key: str, name: str = "Saphir") -> str:
    fields = {"key": key, "name": name, "new": PASSWORD, "again": PASSWORD}
    answer = send(client, CONFIRM, fields, shown_at=f"{CONFIRM}?key={key}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_mail_at_the_domain_gives_the_page_to_a_new_account_once(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    assert ask(stranger) == f"{HOLD}?sent=mail"
    key = key_in_mail(base)
    with base._stores.lend() as store:
        assert key not in str([tuple(row) for row in store.execute("select * from holds")])
    assert stranger.get(f"{CONFIRM}?key={key}").status_code == 200
    (hold,) = base.holds.of(OWN.id)
    assert hold.state is HoldState.LINKED  # looking at the link does not use it up
    assert take_in_hand(stranger, key) == f"/fr/acteurs/{OWN.id}?done=held"
    assert base.accounts.get("Saphir").role is AccountRole.HOLDER
    assert base.holds.held_by("Saphir") == [OWN.id]
    page = stranger.get(f"/fr/acteurs/{OWN.id}?done=held").text
    assert "Cette fiche est à vous." in page
    assert "Tenue par l’organisation" not in page
    for again in (f"{CONFIRM}?key={key}", f"{CONFIRM}?key=", f"{CONFIRM}?key=x"):
        assert stranger.get(again).status_code == 400


def test_a_holder_corrects_its_own_page_and_nothing_else(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    ask(stranger)
    take_in_hand(stranger, key_in_mail(base))
    own = f"/fr/contribuer/organisation?corrects={OWN.id}"
    form = {"name": OWN.name, "description": "Cirages, et gel depuis 2020.", "version": "1"}
    assert send(stranger, own, {**form, "do": "publish"}).status_code == 403
    sent = send(stranger, own, {**form, "do": "submit"})
    assert sent.status_code == 303
    (draft,) = base.drafts.list([DraftState.SUBMITTED])
    assert (draft.created_by, draft.record.id, draft.based_on) == ("Saphir", OWN.id, 1)
    assert base.actor(OWN.id).description == OWN.description
    for path in (
        f"/fr/contribuer/organisation?corrects={DISTILLERY.id}",
        "/fr/contribuer/organisation",
        f"/fr/contribuer/organisation?case={ANGOULEME.id}",
        "/fr/taches",
        "/fr/moderation",
        f"/fr/historique/acteurs/{OWN.id}",
    ):
        assert stranger.get(path).status_code == 403, path
    pasted = send(stranger, "/fr/contribuer", {"do": "paste", "text": "x"}, shown_at="/fr/compte")
    assert pasted.status_code == 403
    token = base.accounts.issue_token("Saphir", "essai")
    asked = client_of(base).get("/api/contributions", headers={"Authorization": f"Bearer {token}"})
    assert asked.status_code == 403
    member = account_client(base, name="Léa", settings=WITH_MAIL)
    assert member.get(f"/fr/contribuer/organisation?corrects={DISTILLERY.id}").status_code == 200


def test_a_moderator_accepts_what_the_page_then_says_and_takes_it_back(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    ask(stranger)
    take_in_hand(stranger, key_in_mail(base))
    (hold,) = base.holds.waiting()
    decide = {"do": "accept", "id": hold.id}
    assert send(stranger, HOLD, decide).status_code == 403
    moderator = account_client(base, AccountRole.MODERATOR, settings=WITH_MAIL)
    assert f'href="{HOLD}"' in moderator.get("/fr/moderation").text
    assert send(moderator, HOLD, decide).status_code == 303
    assert base.holds.waiting() == []
    assert "Tenue par l’organisation" in client_of(base).get(f"/fr/acteurs/{OWN.id}").text
    assert (
        send(moderator, f"/fr/titulaire/{DISTILLERY.id}", decide, shown_at=HOLD).status_code == 409
    )
    assert send(moderator, HOLD, {"do": "withdraw", "id": hold.id}).status_code == 303
    assert "Tenue par l’organisation" not in client_of(base).get(f"/fr/acteurs/{OWN.id}").text
    own = f"/fr/contribuer/organisation?corrects={OWN.id}"
    assert stranger.get(own).status_code == 403
    assert base.holds.get(hold.id).email == ""


def test_another_address_waits_for_a_moderator_whose_link_gives_the_page(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    assert ask(stranger, "lea@gmail.com", message="Gérante, 05 45 00 00 00") == f"{HOLD}?sent=waits"
    assert base.outbox.take() is None
    (hold,) = base.holds.waiting()
    moderator = account_client(base, AccountRole.MODERATOR, settings=WITH_MAIL)
    assert "Gérante, 05 45 00 00 00" in moderator.get(HOLD).text
    assert "Gérante" not in client_of(base).get(HOLD).text
    assert send(moderator, HOLD, {"do": "accept", "id": hold.id}).status_code == 303
    take_in_hand(stranger, key_in_mail(base))
    assert "Tenue par l’organisation" in client_of(base).get(f"/fr/acteurs/{OWN.id}").text


def test_without_mail_a_moderator_hands_the_link_over(base: KnowledgeBase) -> None:
    stranger = client_of(base)
    assert ask(stranger) == f"{HOLD}?sent=waits"
    (hold,) = base.holds.waiting()
    moderator = account_client(base, AccountRole.MODERATOR)
    answer = send(moderator, HOLD, {"do": "accept", "id": hold.id})
    found = re.search(r"prendre-en-main\?key=([\w-]+)", answer.text)
    assert found
    assert "no-store" in answer.headers["Cache-Control"]
    account = account_client(base, name="Léa")
    page = f"{CONFIRM}?key={found[1]}"
    assert send(account, CONFIRM, {"key": found[1]}, shown_at=page).status_code == 303
    assert base.holds.held_by("Léa") == [OWN.id]
    assert base.accounts.get("Léa").role is AccountRole.CONTRIBUTOR


def test_what_is_answered_does_not_tell_how_many_mails_an_address_had(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    answers = [ask(stranger) for _ in range(FREE_ASKS)]
    assert set(answers) == {f"{HOLD}?sent=mail"}
    assert base.outbox.counts().waiting == MAILS_A_DAY
    refused = send(stranger, HOLD, {"do": "ask", "email": LEA})
    assert refused.status_code == 429
    assert LEA in refused.text


def test_a_link_ends_and_erasing_erases(
    base: KnowledgeBase, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.registers.holders.LINK_S", -1)
    ask(stranger)
    assert stranger.get(f"{CONFIRM}?key={key_in_mail(base)}").status_code == 400
    (hold,) = base.holds.of(OWN.id)
    base.erase(Kind.ACTOR, OWN.id, by="Max")
    with pytest.raises(UnknownRecord):
        base.holds.get(hold.id)


PROOFS = [
    ("https://www.saphir.fr/contact", "lea@saphir.fr", True),
    ("https://saphir.fr", "LEA@Saphir.FR", True),
    ("https://saphir.fr", "lea@cognac.saphir.fr", True),
    ("https://saphir.fr", "lea@notsaphir.fr", False),
    ("https://saphir.fr", "lea@saphir.fr.evil.example", False),
    ("https://saphir.fr", "lea@gmail.com", False),
    ("https://lab.univ-poitiers.fr", "lea@univ-poitiers.fr", False),
    ("https://lab.univ-poitiers.fr", "lea@etu.univ-poitiers.fr", False),
    ("https://lab.univ-poitiers.fr", "lea@lab.univ-poitiers.fr", True),
    # Anybody may have a page or a mailbox there.
    ("https://facebook.com/saphir", "lea@facebook.com", False),
    ("https://gmail.com", "lea@gmail.com", False),
    ("https://github.io", "lea@evil.github.io", False),
    ("https://saphir.github.io", "lea@evil.github.io", False),
    ("https://co.uk", "lea@evil.co.uk", False),
    ("https://www.asso.fr", "lea@evil.asso.fr", False),
    ("http://localhost", "lea@localhost.example", False),
    ("https://böttcher.example", "lea@xn--bttcher-90a.example", True),
    ("", "lea@saphir.fr", False),
    ("http://[", "lea@saphir.fr", False),
]


def test_an_address_proves_by_the_host_of_the_website_and_of_nobody_elses() -> None:
    for website, email, expected in PROOFS:
        actor = Actor(id="own", name="Saphir", website=website)
        assert proves(email, actor, [actor]) is expected, (website, email)
    own = Actor(id="own", name="Saphir", website="https://www.saphir.fr/contact")
    other = Actor(id="other", name="Autre", website="http://saphir.fr/autre")
    assert proves("lea@saphir.fr", own, [own])
    assert not proves("lea@saphir.fr", own, [own, other])
