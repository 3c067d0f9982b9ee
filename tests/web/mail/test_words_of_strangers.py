"""No mail to an address that nobody confirmed says what a stranger typed, in any of its parts."""

import base64
import re
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.reference.roles import Flow
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import NewMail
from kb.registers.board.notice import NoticeContent, NoticeState
from tests.web.alerts.test_subscribing import SETTINGS, confirmed
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import PASSWORD, account_client, client_of, send
from web.mail import MailWriter, message_of

WORDS = "cirages: payez zorglub.example"
"""What strangers type. It can be searched, so that an alert takes it."""

MARK = "zorglub"
VICTIM = "victim@elsewhere.example"
OWN = replace(AVEL, website="https://www.avel.example")
AT_AVEL = "lea@avel.example"

TEMPLATES = Path("web/templates")
CONFIRMED = {"alerts/mail/digest"}
"""Mails that go only to addresses from which somebody has confirmed that they want them."""

OPERATORS = {"mail/test"}
"""Mails that an operator sends by a command, to the address that is typed there."""

MEMBERS = {"dossiers/mail/enquiry"}
"""Mails that a member writes, whose own address is confirmed, so many a day."""


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([OWN, ANGOULEME])
    return base


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, NewMail]]:
    """Every mail that the program writes, with the name of its templates."""
    kept: list[tuple[str, NewMail]] = []
    write = MailWriter.write

    def writes(self: MailWriter, name: str, *args: Any, **named: Any) -> NewMail:
        mail = write(self, name, *args, **named)
        kept.append((name, mail))
        return mail

    monkeypatch.setattr(MailWriter, "write", writes)
    return kept


def ask_for_alerts(stranger: TestClient) -> None:
    for do, email in (("ask", VICTIM), ("find", AT_AVEL)):
        fields = {"do": do, "email": email, "found_email": email, "q": WORDS, "theme": WORDS}
        assert send(stranger, "/fr/alertes", fields).status_code == 303


def post_notice(base: KnowledgeBase, stranger: TestClient, moderator: TestClient) -> None:
    post = "/fr/besoins-et-offres/publier"
    fields = {
        "flow": "seeks", "title": WORDS, "text": WORDS, "place": WORDS, "asker": WORDS,
        "contact": f"{MARK}@a.example", "told_at": VICTIM,
    }  # fmt: skip
    posted = urlsplit(send(stranger, post, fields).headers["Location"])
    key = parse_qs(posted.query)["key"][0]
    (notice,) = base.notices.list([NoticeState.WAITING])
    path = f"/fr/besoins-et-offres/{notice.id}"
    refused = {"do": "refuse", "message": "Qui êtes-vous ?", "revision": "1"}
    assert send(moderator, path, refused, shown_at="/fr/compte").status_code == 303
    edit = f"/fr/modifier/annonces/{notice.id}"
    again = {**fields, "revision": "2", "key": key}
    assert send(stranger, edit, again, shown_at=f"{edit}?key={key}").status_code == 303
    published = {"do": "publish", "revision": str(base.notices.get(notice.id).revision)}
    assert send(moderator, path, published, shown_at="/fr/compte").status_code == 303
    answer = {"do": "answer", "kind": "can", "answer": WORDS, "organisation": WORDS}
    answer["contact"] = "a@b.example"
    assert send(stranger, path, answer, shown_at=f"{path}?answer=yes").status_code == 303
    (waiting,) = base.answers.of(notice.id)
    let_out = {"do": f"publish_answer:{waiting.id}"}
    assert send(moderator, path, let_out, shown_at="/fr/compte").status_code == 303
    offer = base.notices.add(NoticeContent(Flow.OFFERS, WORDS), told_at=VICTIM)
    base.notices.publish(offer.id, by="Max", revision=1)
    base.notice_pairs.propose([(notice.id, offer.id, 1.0)])
    told = {"do": "tell", "need": notice.id, "offer": offer.id}
    answered = send(moderator, "/fr/besoins-et-offres", told, shown_at="/fr/compte")
    assert answered.status_code == 303
    followed = {"do": "ask", "email": VICTIM, "notice": notice.id}
    assert send(stranger, "/fr/alertes", followed).status_code == 303
    flag(base, stranger, moderator, f"kind=notice&id={notice.id}")


def flag(base: KnowledgeBase, stranger: TestClient, moderator: TestClient, what: str) -> None:
    fields = {"subject": "other", "text": WORDS, "email": VICTIM}
    assert send(stranger, f"/fr/signaler?{what}", fields).status_code == 303
    (waiting,) = base.flags.waiting()
    settled = {"id": waiting.id, "settlement": "Rien à corriger."}
    assert send(moderator, "/fr/signalements", settled).status_code == 303


def hold_page(base: KnowledgeBase, stranger: TestClient, moderator: TestClient) -> str:
    """Asks for a page in both ways; returns the path of the link of the one that is proved."""
    hold = f"/fr/titulaire/{OWN.id}"
    for email in (VICTIM, AT_AVEL):
        fields = {"do": "ask", "email": email, "message": WORDS}
        assert send(stranger, hold, fields).status_code == 303
    (waiting,) = base.holds.waiting()
    assert send(moderator, hold, {"do": "accept", "id": waiting.id}).status_code == 303
    (path,) = {
        found[0]
        for mail in mails_to(base, AT_AVEL)
        if (found := re.search(r"/fr/prendre-en-main\?key=\S+", mail.text))
    }
    return path


def forget_password(base: KnowledgeBase, stranger: TestClient, link: str) -> None:
    """Who holds a page chose the name of their account, and the address that a link goes to."""
    fields = {"key": link.partition("key=")[2], "name": WORDS, "new": PASSWORD, "again": PASSWORD}
    assert send(stranger, "/fr/prendre-en-main", fields, shown_at=link).status_code == 303
    own = {"do": "email", "email": VICTIM, "current": PASSWORD}
    assert send(stranger, "/fr/compte", own).headers["Location"].endswith("done=email")
    member = f"{WORDS} 2"
    writer = account_client(base, AccountRole.CONTRIBUTOR, member, SETTINGS)
    base.accounts.set_email(member, VICTIM)
    for do, path in (("pick", "/fr/dossier"), ("confirm", "/fr/dossier/demande")):
        last = base.dossiers.for_picks(member)
        asked = {"do": do, "dossier": last.id if last else "", "id": OWN.id, "need": WORDS}
        assert send(writer, path, asked, shown_at="/fr/compte").status_code == 303
    assert send(stranger, "/fr/mot-de-passe-oublie", {"email": VICTIM}).status_code == 303


def mails_to(base: KnowledgeBase, recipient: str) -> list[NewMail]:
    found = []
    while mail := base.outbox.take():
        found += [mail.mail] if mail.mail.recipient == recipient else []
    return found


def everything_in(message: EmailMessage) -> str:
    """The headers and texts of a mail, as they are sent and decoded, and what its links hold."""
    texts = [message.as_string(), *(f"{name}: {value}" for name, value in message.items())]
    texts += [str(part.get_content()) for part in message.walk() if not part.is_multipart()]
    whole = unquote_plus("\n".join(texts))
    for word in set(re.findall(r"(?a)[\w-]{8,}", whole)):
        whole += base64.urlsafe_b64decode(word[: len(word) // 4 * 4]).decode("latin-1")
    return whole.lower()


def test_no_mail_to_an_unconfirmed_address_says_what_a_stranger_typed(
    base: KnowledgeBase, written: list[tuple[str, NewMail]]
) -> None:
    confirmed(client_of(base, SETTINGS), base, email=AT_AVEL)
    stranger = client_of(base, SETTINGS)
    moderator = account_client(base, AccountRole.MODERATOR, "Max", SETTINGS)
    written.clear()
    ask_for_alerts(stranger)
    post_notice(base, stranger, moderator)
    flag(base, stranger, moderator, f"kind=actor&id={OWN.id}")
    forget_password(base, stranger, hold_page(base, stranger, moderator))
    kinds = {
        str(path.relative_to(TEMPLATES).with_suffix(""))
        for path in TEMPLATES.rglob("mail/*.txt")
        if path.name != "base.txt"
    }
    assert {name for name, _ in written} == kinds - CONFIRMED - OPERATORS - MEMBERS
    assert len(written) == 14, [name for name, _ in written]
    for name, mail in written:
        message = message_of(mail, SETTINGS.mail_from)
        assert MARK not in everything_in(message), name
        # Not the name of what is published either: anybody may have written it.
        assert AVEL.name not in message.as_string(), name
