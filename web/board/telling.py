"""Mails to who posted a notice, if they gave an address and this site sends mails."""

from kb.messages import N_
from kb.registers.board.notice import Notice
from web.board.visitor import key_of
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.request import PageRequest
from web.http.urls import Page, absolute_urls, address
from web.mail.writing import mail_writer_of

PURPOSE = "board"

PUBLISHED = N_("Your notice is published.")
REFUSED = N_("Your notice is not published. The moderators write why:")
ANSWERED = N_("Somebody has answered your notice.")
PAIRED = N_("A moderator thinks that another notice fits yours. Both pages now show the other.")


def tell_owner(request: PageRequest, notice: Notice, what: str, quoted: str = "") -> None:
    """Queues a mail that says `what`, an English message; the page of the notice says the rest.

    Its link has the key of the notice: who posted it can correct and close it there. `quoted` is
    what a person wrote about it.
    """
    if not (notice.told_at and request.settings.sends_mail):
        return
    lang = notice.content.lang
    language = Language(lang) if lang in set(Language) else DEFAULT_LANGUAGE
    page = address(Page.NOTICE, notice.id, key=key_of(request, notice.id))
    mail = mail_writer_of(request).write(
        "board/mail/told",
        language,
        recipient=notice.told_at,
        purpose=PURPOSE,
        title=notice.content.title,
        what=what,
        quoted=quoted,
        link=absolute_urls(request.root, language)(page),
    )
    request.knowledge_base.outbox.queue(mail)
