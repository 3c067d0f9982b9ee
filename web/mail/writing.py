"""Mails written from templates, in the language of their reader, as text and as HTML.

A mail has two templates, `<name>.txt` and `<name>.html`; the first line of the text is its subject.
"""

from collections.abc import Callable
from typing import cast

from kb.registers.alerts.outbox import NewMail
from kb.registers.identity import Identity
from kb.settings import Settings
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.request import PageRequest
from web.http.templating import Renderer
from web.http.urls import Address


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
