"""Mails to who posted a notice, if they gave an address and this site sends mails."""

from kb.messages import N_
from kb.registers.board.notice import Notice
from web.board.visitor import key_of
from web.http.request import PageRequest
from web.http.urls import Page, address
from web.mail.writing import mail_writer_of

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
