"""The page of the mails: how many are on their way, and which could not be sent.

For administrators. The text of a mail is shown to nobody but its recipient.
"""

from collections.abc import Mapping

from starlette.responses import Response

from kb.errors import UnknownRecord
from kb.messages import N_
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AnAdministrator
from web.http.urls import Page, address

DONE: Mapping[str, str] = {
    "retry": N_("The mail is on its way again."),
    "delete": N_("The mail is deleted."),
}
"""What the page says was done, by the value of `done` in its address."""

router = PageRouter()


@router.shows(Page.MAIL)
def mail_page(request: APageRequest, _account: AnAdministrator, done: str = "") -> Response:
    return _mail_page(request, done=DONE.get(done, ""))


@router.takes(Page.MAIL)
def change_mail(request: APageRequest, _account: AnAdministrator, form: AForm) -> Response:
    outbox = request.knowledge_base.outbox
    what, id = text_of(form, "do"), text_of(form, "id")
    if what not in DONE:
        raise no_such_action()
    try:
        if what == "retry":
            outbox.retry(id)
        else:
            outbox.delete(id)
    except UnknownRecord as error:
        return _mail_page(request, message=str(error.args[0]), status_code=400)
    return see(request, address(Page.MAIL, done=what))


def _mail_page(
    request: PageRequest, *, done: str = "", message: str = "", status_code: int = 200
) -> Response:
    outbox = request.knowledge_base.outbox
    return request.page(
        "mail/outbox.html",
        here=address(Page.MAIL),
        status_code=status_code,
        sends_mail=request.settings.sends_mail,
        sender=request.settings.mail_from,
        counts=outbox.counts(),
        failures=outbox.failures(),
        done=done,
        message=message,
    )
