"""The outbox: a mail is sent once, tried again for a while, and forgotten."""

from dataclasses import replace

import pytest

from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers.alerts.outbox import (
    RETRIED_AFTER_S,
    MailState,
    NewMail,
    Outbox,
    forget_recipient,
    queue_mail,
    recent_mails,
)
from kb.remarks import Remark
from kb.store.store import Store

MAIL = NewMail("Claire@Example.org", "Bonjour", "Un texte.\n", "<p>Un texte.</p>", "fr", "digest")
NINE = "2026-03-02T09:00:00.000+00:00"
REFUSED = Remark("mail_refused", host="mail.example", reason="full")


def at(minutes: int) -> str:
    return f"2026-03-02T{9 + minutes // 60:02}:{minutes % 60:02}:00.000+00:00"


@pytest.fixture
def outbox(base: KnowledgeBase) -> Outbox:
    return base.outbox


def test_a_mail_is_taken_once_when_it_is_due(outbox: Outbox) -> None:
    id_ = outbox.queue(MAIL, at(1))
    taken = outbox.take(at(1))
    assert taken is not None
    assert taken.id == id_
    assert taken.mail == replace(MAIL, recipient="claire@example.org")
    assert taken.state is MailState.SENDING
    assert outbox.take(at(2)) is None
    outbox.sent(id_, at(2))
    assert outbox.take(at(600)) is None
    assert outbox.get(id_).state is MailState.SENT
    assert outbox.get(id_).mail.text == outbox.get(id_).mail.html == ""


def test_a_mail_is_tried_again_ever_later_and_then_fails(outbox: Outbox) -> None:
    id_ = outbox.queue(MAIL, NINE)
    moment = NINE
    for wait_s in RETRIED_AFTER_S:
        assert outbox.take(moment)
        outbox.failed(id_, REFUSED, for_good=False, at=moment)
        assert outbox.get(id_).state is MailState.WAITING
        assert outbox.take(moment) is None
        later = outbox.get(id_).next_at
        assert later > moment
        moment = later
        assert wait_s > 0
    assert outbox.take(moment)
    outbox.failed(id_, REFUSED, for_good=False, at=moment)
    (failure,) = outbox.failures()
    assert failure.problem == REFUSED
    assert isinstance(failure.problem, Remark)
    assert outbox.counts().failed == 1
    outbox.retry(id_, moment)
    assert outbox.take(moment)


def test_what_is_refused_for_good_is_not_tried_again(outbox: Outbox) -> None:
    id_ = outbox.queue(MAIL, NINE)
    assert outbox.take(NINE)
    outbox.failed(id_, REFUSED, for_good=True, at=NINE)
    assert outbox.take(at(600)) is None
    outbox.delete(id_)
    assert not outbox.failures()
    with pytest.raises(UnknownRecord):
        outbox.delete(id_)
    with pytest.raises(UnknownRecord):
        outbox.retry(id_)


def test_a_sender_that_ended_before_the_server_had_it_lets_another_send_it(outbox: Outbox) -> None:
    outbox.queue(MAIL, NINE)
    assert outbox.take(NINE)
    assert outbox.take(at(9)) is None
    assert outbox.take(at(11))


def test_what_may_have_been_sent_is_not_sent_again_unasked(outbox: Outbox) -> None:
    id_ = outbox.queue(MAIL, NINE)
    assert outbox.take(NINE)
    outbox.handing_over(id_, NINE)
    assert outbox.take(at(11)) is None
    assert outbox.failures()[0].problem == Remark("mail_interrupted")


def test_mails_are_queued_with_their_cause_or_not_at_all(base: KnowledgeBase) -> None:
    def queue_two(store: Store) -> None:
        with store.writing():
            queue_mail(store, MAIL)
            queue_mail(store, replace(MAIL, recipient="a@b.example\nBcc: c@d.example"))

    with base._stores.lend() as store:
        with pytest.raises(InputError):
            queue_two(store)
        assert base.outbox.counts().waiting == 0
        with store.writing():
            queue_mail(store, MAIL, NINE)
            assert recent_mails(store, "claire@example.org", "digest", NINE) == 1
            assert recent_mails(store, "claire@example.org", "confirm", NINE) == 0
            forget_recipient(store, "claire@example.org", ["confirm"])
            assert recent_mails(store, "claire@example.org", "digest", NINE) == 1
            forget_recipient(store, "claire@example.org", ["confirm", "digest"])
    assert base.outbox.counts().waiting == 0


@pytest.mark.parametrize(
    "written", ["", "claire", "a@b.example, c@d.example", "é@b.example", "a@b.example\r\nX: y@z.fr"]
)
def test_a_recipient_is_one_address(outbox: Outbox, written: str) -> None:
    with pytest.raises(InputError):
        outbox.queue(replace(MAIL, recipient=written))


def test_an_international_domain_is_written_for_mail_servers(outbox: Outbox) -> None:
    id_ = outbox.queue(replace(MAIL, recipient="mairie@évian.example"))
    assert outbox.get(id_).mail.recipient == "mairie@xn--vian-9oa.example"
