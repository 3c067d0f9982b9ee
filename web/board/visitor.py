"""Who looks at a notice and what they may do: by their account, or by the key of the notice.

A stranger who posts a notice gets its address with a key, a signature of its id: whoever has that
address may correct and close the notice. Nothing is stored for it.
"""

import hmac
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Query
from starlette.datastructures import FormData

from kb.errors import UnknownRecord
from kb.messages import N_
from kb.registers.accounts import Account, AccountRole
from kb.registers.board.notice import Notice
from web.http.dependencies import APageRequest
from web.http.request import PageRequest
from web.http.routing import text_of
from web.http.security.secret import site_secret
from web.http.security.sessions import AFormOfAnyone, ASession, sessions_of
from web.http.security.throttle import Throttle, host_of

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
