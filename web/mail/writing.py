"""Mails written from templates, the signed links in them, and the page of the outbox.

A mail has two templates, `<name>.txt` and `<name>.html`; the first line of the text is its subject.
"""

from collections.abc import Callable, Mapping
from typing import cast

from itsdangerous import BadSignature
from starlette.responses import Response

from kb.errors import UnknownRecord
from kb.messages import N_
from kb.registers.alerts.outbox import NewMail
from kb.registers.clock import moment
from kb.registers.identity import Identity
from kb.settings import Settings
from web.http.dependencies import APageRequest
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.secret import signing, site_secret
from web.http.security.sessions import AForm, AnAdministrator
from web.http.templating import Renderer
from web.http.urls import Address, Page, address


class SignedLinks:
    """Signs values, each for one purpose, and reads them back."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, purpose: str, value: str) -> str:
        """Returns a token of the value, to be read for the same purpose alone."""
        return str(signing(self._secret, f"link {purpose}").dumps(value))

    def read(self, purpose: str, token: str, within_s: int | None = None) -> str | None:
        """Returns the value of a token, or None if it is none of this site's, or older.

        One that was made by a clock that was ahead, by less than `within_s`, is not older.
        """
        try:
            value, made_at = signing(self._secret, f"link {purpose}").loads(
                token, return_timestamp=True
            )
        except BadSignature:
            return None
        if within_s is not None and abs((moment() - made_at).total_seconds()) > within_s:
            return None
        return value if isinstance(value, str) else None


def signed_links_of(request: PageRequest) -> SignedLinks:
    """Returns what signs the links of a site.

    Raises:
        NoSecret: there is no secret, and none can be kept.
    """
    return SignedLinks(site_secret(request.settings, request.knowledge_base))


class MailWriter:
    """Writes the mails of a site."""

    def __init__(
        self, renderer: Renderer, settings: Settings, identity: Callable[[], Identity] = Identity
    ) -> None:
        """`identity` gives what the site is called now."""
        self._renderer = renderer
        self._identity = identity
        self._root = settings.public_url.rstrip("/")

    def write(
        self,
        name: str,
        lang: str,
        *,
        recipient: str,
        purpose: str,
        link: Address | None = None,
        unsubscribe: Address | None = None,
        **context: object,
    ) -> NewMail:
        """Returns the mail of the templates `name`, to be queued; `purpose` as in `NewMail`.

        The templates get `root`, the address of the site without a final slash, its `identity`, the
        URLs `link` and `unsubscribe_url`, and `context`. No text of a stranger goes into the
        context of a mail to an address that nobody has confirmed.
        """
        language = Language(lang) if lang in set(Language) else DEFAULT_LANGUAGE
        unsubscribe_url = self._root + unsubscribe.path(language) if unsubscribe else ""
        context |= {
            "root": self._root,
            "identity": self._identity(),
            "link": self._root + link.path(language) if link else "",
            "unsubscribe_url": unsubscribe_url,
        }
        first, _, text = (
            self._renderer.render(f"{name}.txt", language, **context).strip().partition("\n")
        )
        subject = first.strip()
        html = self._renderer.render(f"{name}.html", language, subject=subject, **context)
        return NewMail(
            recipient=recipient,
            subject=subject,
            text=text.strip() + "\n",
            html=html,
            lang=language.value,
            purpose=purpose,
            unsubscribe_url=unsubscribe_url,
        )


def mail_writer_of(request: PageRequest) -> MailWriter:
    """Returns what writes the mails that a page causes."""
    return MailWriter(
        cast("Renderer", request.http.app.state.renderer),
        request.settings,
        lambda: request.identity.identity,
    )


DONE: Mapping[str, str] = {
    "retry": N_("The mail is on its way again."),
    "delete": N_("The mail is deleted."),
}
"""What the page of the outbox says was done, by the value of `done` in its address."""

router = PageRouter()


@router.shows(Page.MAIL)
def mail_page(request: APageRequest, _account: AnAdministrator, done: str = "") -> Response:
    """How many mails are on their way, and which could not be sent; the text of none."""
    return _mail_page(request, done=DONE.get(done, ""))


@router.takes(Page.MAIL)
def change_mail(request: APageRequest, _account: AnAdministrator, form: AForm) -> Response:
    outbox, what = request.knowledge_base.outbox, text_of(form, "do")
    if what not in DONE:
        raise no_such_action()
    try:
        (outbox.retry if what == "retry" else outbox.delete)(text_of(form, "id"))
    except UnknownRecord as error:
        return _mail_page(request, message=str(error.args[0]))
    return see(request, address(Page.MAIL, done=what))


def _mail_page(request: PageRequest, *, done: str = "", message: str = "") -> Response:
    outbox = request.knowledge_base.outbox
    return request.page(
        "mail/outbox.html",
        here=address(Page.MAIL),
        status_code=400 if message else 200,
        sends_mail=request.settings.sends_mail,
        sender=request.settings.mail_from,
        counts=outbox.counts(),
        failures=outbox.failures(),
        done=done,
        message=message,
    )
