"""Visitors of the board: what they answer, and what mails tell them."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, cast

from fastapi import Depends, Query
from starlette.datastructures import FormData

from ingest.records.fields import one_line, paragraphs
from kb.errors import UnknownRecord
from kb.messages import N_
from kb.registers.accounts import Account, AccountRole
from kb.registers.board.notice import AnswerKind, AnswerState, Notice, NoticeAnswer
from web.board.forms import MAX_LINE_CHARS, MAX_TEXT_CHARS, TOO_LONG, is_contact
from web.editorial.forms.choices import actor_finder
from web.http.dependencies import APageRequest
from web.http.request import PageRequest
from web.http.routing import text_of
from web.http.security.secret import site_secret
from web.http.security.sessions import AFormOfAnyone, ASession, sessions_of
from web.http.security.throttle import Throttle, host_of
from web.http.urls import Page, address
from web.mail.writing import mail_writer_of

FREE_POSTS = 5
"""How many notices and answers a stranger's address may send, before it is slowed down."""

TOO_MANY = N_("Several messages came from your connection. Wait a minute, then send it again.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor of the board: their account, if any, and the key in the address they came by."""

    request: PageRequest
    account: Account | None
    key: str = ""

    @property
    def name(self) -> str:
        return self.account.name if self.account else ""

    @property
    def is_member(self) -> bool:
        return self.account is not None and self.account.is_member

    @property
    def moderates(self) -> bool:
        return self.account is not None and self.account.role.may(AccountRole.MODERATOR)

    def owns(self, notice: Notice) -> bool:
        """Returns whether they posted it."""
        if self.account and notice.owner == self.account.name:
            return True
        return bool(self.key) and hmac.compare_digest(
            self.key.encode(), key_of(self.request, notice.id).encode()
        )

    def manages(self, notice: Notice) -> bool:
        """Returns whether they may correct and close it."""
        return self.moderates or self.owns(notice)

    def readable(self, notice_id: str) -> Notice:
        """Returns the notice, or raises `UnknownRecord` where they may not read it."""
        notice = self.request.knowledge_base.notices.get(notice_id)
        if not (notice.is_public or self.manages(notice)):
            raise UnknownRecord(f"There is no notice with the id {notice_id!r}.")
        return notice

    def contact_of(self, notice: Notice) -> str:
        """Returns the contact of a notice that they may see, or an empty string."""
        if self.manages(notice):
            return notice.content.contact
        return notice.content.contact_shown(to_member=self.is_member)


async def _visitor(
    request: APageRequest, session: ASession, key: Annotated[str, Query()] = ""
) -> Visitor:
    return Visitor(request, session.account, key)


AVisitor = Annotated[Visitor, Depends(_visitor)]


async def _sender(request: APageRequest, session: ASession, form: AFormOfAnyone) -> Visitor:
    return Visitor(request, session.account, text_of(form, "key"))


ASender = Annotated[Visitor, Depends(_sender)]
"""The visitor who sent a form, which carries the key."""


def key_of(request: PageRequest, notice_id: str) -> str:
    """Returns the key of a notice, which is signed with the secret of the site."""
    secret = site_secret(request.settings, request.knowledge_base)
    return hmac.digest(secret.encode(), f"notice {notice_id}".encode(), "sha256").hex()[:32]


def welcome(visitor: Visitor) -> None:
    """Gives a stranger's browser what their form is sent with.

    Raises:
        NoSecret: nothing can be signed here.
    """
    sessions_of(visitor.request.http).welcome(visitor.request.http)


def throttle_of(request: PageRequest) -> Throttle:
    return cast("Throttle", request.http.app.state.board_throttle)


def slow_down(visitor: Visitor) -> bool:
    """Counts what is sent by who is no member, and returns whether it comes too soon."""
    if visitor.is_member:
        return False
    return throttle_of(visitor.request).attempt(host_of(visitor.request.http)) > 0


def is_machine(visitor: Visitor, form: FormData) -> bool:
    """Returns whether a program filled in the field that no person sees."""
    return visitor.account is None and bool(text_of(form, "website"))


PURPOSE = "board"

PUBLISHED = N_("Your notice is published.")
REFUSED = N_("Your notice is not published.")
ANSWERED = N_("Somebody has answered your notice.")
PAIRED = N_("A moderator thinks that another notice fits yours. Both pages now show the other.")


def tell_owner(request: PageRequest, notice: Notice, what: str, quoted: str = "") -> None:
    """Queues a mail that says `what`, an English message; the page of the notice says the rest.

    Its link has the key of the notice: who posted it can correct and close it there. `quoted` is
    what a moderator wrote about it. The notice itself is not in the mail, since nobody has
    confirmed the address.
    """
    if not (notice.told_at and request.settings.sends_mail):
        return
    mail = mail_writer_of(request).write(
        "board/mail/told",
        notice.content.lang,
        recipient=notice.told_at,
        purpose=PURPOSE,
        what=what,
        quoted=quoted,
        link=address(Page.NOTICE, notice.id, key=key_of(request, notice.id)),
    )
    request.knowledge_base.outbox.queue(mail)


NO_ANSWER = N_("Say in a sentence what could be done, or by whom.")
NO_WAY_BACK = N_("Give an e-mail address or a telephone number, so that you can be reached.")


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """An answer as it was typed, and an English message of what is wrong, by field."""

    kind: str = AnswerKind.CAN.value
    organisation: str = ""
    answer: str = ""
    contact: str = ""
    private: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def sent(cls, form: Mapping[str, object]) -> "AnswerForm":
        return cls(
            text_of(form, "kind"),
            text_of(form, "organisation"),
            text_of(form, "answer").replace("\r\n", "\n"),
            text_of(form, "contact"),
            bool(text_of(form, "private")),
        )

    def problems(self, *, needs_contact: bool) -> Mapping[str, str]:
        """Returns what is wrong with it; a stranger says how to be reached."""
        errors = {}
        if not paragraphs(self.answer):
            errors["answer"] = NO_ANSWER
        elif len(paragraphs(self.answer)) > MAX_TEXT_CHARS:
            errors["answer"] = TOO_LONG
        for name, value in (("organisation", self.organisation), ("contact", self.contact)):
            if len(one_line(value)) > MAX_LINE_CHARS:
                errors[name] = TOO_LONG
        contact = one_line(self.contact)
        if (contact or needs_contact) and not is_contact(contact):
            errors["contact"] = NO_WAY_BACK
        return errors

    def wrong(self, errors: Mapping[str, str]) -> "AnswerForm":
        return replace(self, errors=errors)

    def keep(self, visitor: Visitor, notice: Notice) -> NoticeAnswer:
        """Stores the answer, linked to the entry that has its organisation's name, if one has."""
        base = visitor.request.knowledge_base
        organisation = one_line(self.organisation)
        return base.answers.add(
            notice.id,
            AnswerKind(self.kind) if self.kind in set(AnswerKind) else AnswerKind.CAN,
            text=paragraphs(self.answer),
            organisation=organisation,
            actor_id=actor_finder(base)(organisation) if organisation else "",
            private=self.private,
            contact=one_line(self.contact),
            by=visitor.name,
            waits=not visitor.is_member,
        )


def shown_answers(visitor: Visitor, notice: Notice) -> Sequence[NoticeAnswer]:
    """Returns the answers to a notice that a visitor reads, oldest first.

    Who asks reads the private ones too, a moderator all but those refused, who answered their own.
    """
    answers = visitor.request.knowledge_base.answers.of(notice.id)
    return [answer for answer in answers if _reads(visitor, notice, answer)]


def _reads(visitor: Visitor, notice: Notice, answer: NoticeAnswer) -> bool:
    if answer.state is AnswerState.REFUSED:
        return False
    if visitor.moderates or (answer.by and answer.by == visitor.name):
        return True
    if answer.state is AnswerState.WAITING:
        return False
    return not answer.private or visitor.owns(notice)
