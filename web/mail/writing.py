"""Mails written from templates, in the language of their reader, and the signed links in them.

A mail has two templates, `<name>.txt` and `<name>.html`; the first line of the text is its subject.
"""

from collections.abc import Callable
from typing import cast

from itsdangerous import BadSignature

from kb.registers.alerts.outbox import NewMail
from kb.registers.clock import moment
from kb.registers.identity import Identity
from kb.settings import Settings
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.request import PageRequest
from web.http.security.secret import signing, site_secret
from web.http.templating import Renderer
from web.http.urls import Address


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
