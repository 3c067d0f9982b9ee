"""What people say is wrong on a page: sent by anybody, settled by a moderator, told by mail."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.reference.roles import Flow
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import NoticeContent
from kb.registers.holders import Flag, FlaggedKind, FlagReason
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import SETTINGS, account_client, client_of, send
from web.holders import FREE_FLAGS

FLAG, FLAGGED = "/fr/signaler?kind=actor&id=avel", "/fr/signalements"
WRONG = {"subject": "closed", "text": "Fermée depuis juin.", "email": "Lea@Cognac.example"}
WITH_MAIL = SETTINGS.model_copy(
    update={"smtp_url": SecretStr("smtp://127.0.0.1:2525"), "mail_from": "site@kb.example"}
)


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([AVEL, ANGOULEME])
    return base


@pytest.fixture
def stranger(base: KnowledgeBase) -> TestClient:
    return client_of(base)


def link_in(html: str, text: str) -> str:
    """Returns where the first link of this text leads."""
    return next(
        link.attributes["href"] for link in Page(html).all("a") if link.text.strip() == text
    )


def flagged(base: KnowledgeBase, reason: FlagReason = FlagReason.CLOSED, email: str = "") -> Flag:
    return base.flags.add(
        FlaggedKind.ACTOR, AVEL.id, reason, text=f"C'est {reason}.", lang="fr", email=email
    )


def test_a_stranger_says_what_is_wrong_and_a_moderator_finds_it(
    base: KnowledgeBase, stranger: TestClient
) -> None:
    link = link_in(
        stranger.get(f"/fr/acteurs/{AVEL.id}").text, "Quelque chose ne va pas sur cette page"
    )
    assert link == FLAG
    answer = send(stranger, FLAG, WRONG)
    assert answer.headers["Location"] == f"{FLAG}&sent=1"
    assert "Merci." in stranger.get(answer.headers["Location"]).text
    (flag,) = base.flags.waiting()
    assert (flag.reason, flag.text, flag.email, flag.lang) == (
        FlagReason.CLOSED, "Fermée depuis juin.", "lea@cognac.example", "fr",
    )  # fmt: skip
    moderator = account_client(base, AccountRole.MODERATOR)
    assert link_in(moderator.get("/fr/moderation").text, AVEL.name) == f"{FLAGGED}#flag-{flag.id}"
    assert link_in(moderator.get(FLAGGED).text, AVEL.name) == f"/fr/acteurs/{AVEL.id}"


@pytest.mark.parametrize(("kind", "path"), [("case", f"/en/cases/{ANGOULEME.id}"), ("notice", "")])
def test_cases_and_notices_have_the_same_form(
    base: KnowledgeBase, stranger: TestClient, kind: str, path: str
) -> None:
    if kind == "notice":
        waiting = base.notices.add(NoticeContent(Flow.SEEKS, "Des flacons"), owner="Léa")
        assert stranger.get(f"/en/report-a-problem?kind=notice&id={waiting.id}").status_code == 404
        base.notices.publish(waiting.id, by="Max", revision=1)
        path = f"/en/needs-and-offers/{waiting.id}"
    form = link_in(stranger.get(path).text, "Something is wrong on this page")
    assert send(stranger, form, WRONG).status_code == 303
    assert base.flags.waiting()[0].kind == kind


def test_programs_and_floods_are_kept_out(base: KnowledgeBase, stranger: TestClient) -> None:
    assert send(stranger, FLAG, WRONG | {"website": "https://spam.example"}).status_code == 303
    assert base.flags.waiting() == []
    codes = [send(stranger, FLAG, WRONG).status_code for _ in range(FREE_FLAGS + 1)]
    assert codes == [303] * FREE_FLAGS + [429]
    assert len(base.flags.waiting()) == FREE_FLAGS


def test_a_page_that_nobody_may_see_cannot_be_flagged(stranger: TestClient) -> None:
    for what in ("kind=actor&id=nobody", "kind=case&id=x", "kind=draft&id=avel", ""):
        assert stranger.get(f"/fr/signaler?{what}").status_code == 404


def test_rights_of_persons_come_first(base: KnowledgeBase) -> None:
    for reason in (FlagReason.OTHER, FlagReason.RIGHTS, FlagReason.CONTACT, FlagReason.RIGHTS):
        flagged(base, reason)
    assert [flag.reason for flag in base.flags.waiting()] == [
        FlagReason.RIGHTS, FlagReason.RIGHTS, FlagReason.OTHER, FlagReason.CONTACT,
    ]  # fmt: skip
    page = Page(account_client(base, AccountRole.MODERATOR).get(FLAGGED).text)
    assert len(page.all("li", class_="rights")) == 2


def test_who_left_an_address_is_told_and_the_address_is_forgotten(base: KnowledgeBase) -> None:
    flag = flagged(base, email="lea@cognac.example")
    moderator = account_client(base, AccountRole.MODERATOR, "Max", WITH_MAIL)
    refused = send(moderator, FLAGGED, {"id": flag.id, "settlement": " "})
    assert refused.status_code == 400
    assert base.flags.waiting() == [flag]
    assert send(moderator, FLAGGED, {"id": flag.id, "settlement": "Corrigé."}).status_code == 303
    queued = base.outbox.take()
    assert queued is not None
    assert queued.mail.recipient == "lea@cognac.example"
    assert "Corrigé." in queued.mail.text
    assert f"/fr/acteurs/{AVEL.id}" in queued.mail.text
    assert base.flags.get(flag.id) == replace(
        flag, email="", settlement="Corrigé.", settled_by="Max",
        settled_at=base.flags.get(flag.id).settled_at,
    )  # fmt: skip
    again = send(moderator, FLAGGED, {"id": flag.id, "settlement": "Bis."}, shown_at="/fr/compte")
    assert again.status_code == 409
    assert base.outbox.take() is None


def test_erasing_a_record_erases_what_was_said_of_it(base: KnowledgeBase) -> None:
    flag = flagged(base)
    base.withdraw(Kind.ACTOR, AVEL.id, by="Max", reason="")
    moderator = account_client(base, AccountRole.MODERATOR)
    assert "n’est plus ici" in moderator.get(FLAGGED).text
    base.erase(Kind.ACTOR, AVEL.id, by="Max")
    assert flag not in base.flags.waiting()
