"""Mails: written from templates `<name>.txt`, subject first, and `<name>.html`; the outbox."""

import logging
import re
import secrets
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Self, cast
from urllib.parse import unquote, urlsplit

from itsdangerous import BadSignature
from starlette.responses import Response

from kb.errors import KnowledgeBaseError, MailError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.alerts.outbox import NewMail
from kb.registers.clock import moment, now
from kb.registers.identity import Identity
from kb.settings import Settings, is_this_machine
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.refusals import no_such_action
from web.http.routing import APageRequest, PageRequest, PageRouter, see, text_of
from web.http.security.cookies import signing, site_secret
from web.http.security.sessions import AForm, AnAdministrator
from web.http.templating import Renderer
from web.http.urls import Address, Page, address
from web.regularly import Regularly


class SignedLinks:
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, purpose: str, value: str) -> str:
        """Returns a token of the value, to be read for the same purpose alone."""
        return str(signing(self._secret, f"link {purpose}").dumps(value))

    def read(self, purpose: str, token: str, within_s: int | None = None) -> str | None:
        """Returns the value of a token, or None if it is none of this site's, or older."""
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
    return SignedLinks(site_secret(request.settings, request.knowledge_base))


class MailWriter:
    def __init__(
        self, renderer: Renderer, settings: Settings, identity: Callable[[], Identity] = Identity
    ) -> None:
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
        reply_to: str = "",
        **context: object,
    ) -> NewMail:
        """Returns a mail to queue; no stranger's text may go to an unconfirmed address."""
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
            reply_to=reply_to,
        )


def mail_writer_of(request: PageRequest) -> MailWriter:
    renderer = cast("Renderer", request.http.app.state.renderer)
    return MailWriter(renderer, request.settings, lambda: request.identity.identity)


DONE: Mapping[str, str] = {
    "retry": N_("The mail is on its way again."),
    "delete": N_("The mail is deleted."),
}

router = PageRouter()


@router.shows(Page.MAIL)
def mail_page(request: APageRequest, _account: AnAdministrator, done: str = "") -> Response:
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
        sender=request.settings.mail_from,
        counts=outbox.counts(),
        failures=outbox.failures(),
        done=done,
        message=message,
    )


class LinkHeader(UnstructuredHeader, BaseHeader):
    """A header with a link, in one line: encoded in words, it is no link (RFC 8058)."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", LinkHeader)

_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def message_of(mail: NewMail, sender: str, id: str = "", at: str = "") -> EmailMessage:
    """Returns the message, the same at each try; no header can hold another."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP.clone(header_factory=_HEADERS))
    message["From"] = MailAddress(name, addr_spec=address)
    message["To"] = MailAddress(addr_spec=mail.recipient)
    message["Subject"] = _line(mail.subject)[:150]
    message["Date"] = format_datetime(datetime.fromisoformat(at or now()))
    message["Message-ID"] = f"<{id or secrets.token_hex(12)}@{address.partition('@')[2]}>"
    if mail.reply_to:
        message["Reply-To"] = MailAddress(addr_spec=mail.reply_to)
    else:
        message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.lang
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{_line(mail.unsubscribe_url)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _line(text: str) -> str:
    """Returns a text in one line. Spaces that do not break are kept: French needs them."""
    return _BREAKS.sub(" ", text).strip()


TIMEOUT_S = 20.0
_PORTS = {"smtps": 465, "smtp": 587}
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server: TLS, plain, or STARTTLS if neither; `own_name` is this machine's."""

    host: str
    port: int
    is_tls: bool
    is_plain: bool
    user: str
    password: str = field(repr=False)
    own_name: str
    trusted: ssl.SSLContext | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        if not settings.sends_mail:
            return None
        address = urlsplit(settings.smtp_url.get_secret_value())
        host = address.hostname or ""
        is_tls = address.scheme == "smtps"
        return cls(
            host=host,
            port=address.port or _PORTS[address.scheme],
            is_tls=is_tls,
            is_plain=not is_tls and (settings.smtp_allow_plain or is_this_machine(host)),
            user=unquote(address.username or ""),
            password=unquote(address.password or ""),
            own_name=urlsplit(settings.public_url).hostname or "localhost",
        )

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """Gives a connection that is signed in, and ends it; raises `MailError`."""
        trusted = self.trusted or ssl.create_default_context()
        own = (self.host, self.port, self.own_name)
        with ExitStack() as stack:
            try:
                connection = (
                    smtplib.SMTP_SSL(*own, timeout=TIMEOUT_S, context=trusted)
                    if self.is_tls
                    else smtplib.SMTP(*own, timeout=TIMEOUT_S)
                )
                # Not `quit`, which raises where the server has gone.
                stack.callback(connection.close)
                if not (self.is_tls or self.is_plain):
                    connection.starttls(context=trusted)
                if self.user:
                    connection.login(self.user, self.password)
            except ssl.SSLCertVerificationError:
                raise MailError("mail_server_certificate", host=self.host) from None
            except smtplib.SMTPAuthenticationError:
                raise MailError("mail_server_password", host=self.host) from None
            except smtplib.SMTPNotSupportedError:
                raise MailError("mail_server_plain", host=self.host) from None
            except (OSError, smtplib.SMTPException) as error:
                said = getattr(error, "smtp_error", None) or getattr(error, "strerror", None)
                reason = _reason(said) or type(error).__name__
                raise MailError("mail_server_unreachable", host=self.host, reason=reason) from None
            yield connection

    def deliver(self, connection: smtplib.SMTP, message: EmailMessage) -> None:
        refused: tuple[str, int, bytes | str]
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, answer),) = error.recipients.values()
            refused = "mail_address_refused", code, answer
        except smtplib.SMTPResponseException as error:
            refused = ("mail_refused", error.smtp_code, error.smtp_error)
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            refused = ("mail_address_refused", _PERMANENT, b"SMTPUTF8")
        except (OSError, smtplib.SMTPException):
            # Nobody knows whether the server had all of it.
            raise MailError("mail_interrupted", for_good=True) from None
        else:
            return
        said, status, text = refused
        raise MailError(said, for_good=status >= _PERMANENT, host=self.host, reason=_reason(text))


def _reason(answer: object) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer or "")
    return " ".join(text.split())[:200].rstrip(".")


LOOK_EVERY_S = 2.0
MOST_AT_ONCE = 50  # most mails in one connection, before the thread looks whether it is to end
REST_S = 60.0  # how long a mail server is left alone that cannot be reached
_log = logging.getLogger(__name__)


class MailSender(Regularly):
    """Sends mails, also in a thread of its own; none if the settings name no mail server."""

    def __init__(
        self, knowledge_base: KnowledgeBase, settings: Settings, server: MailServer | None = None
    ) -> None:
        super().__init__("mail", self._send, LOOK_EVERY_S)
        self._knowledge_base = knowledge_base
        self._sender = settings.mail_from
        self._server = server or MailServer.of(settings)
        self._not_before = 0.0

    def send_due(self, at: str = "") -> int:
        """Sends the mails due at a time (now if empty) up to one that fails; returns how many."""
        outbox, server, count = self._knowledge_base.outbox, self._server, 0
        if server is None:
            return 0
        with ExitStack() as stack:
            connection = None
            while count < MOST_AT_ONCE and not self._ending.is_set():
                queued = outbox.take(at)
                if queued is None:
                    break
                try:
                    connection = connection or stack.enter_context(server.connected())
                    outbox.handing_over(queued.id, at)
                    message = message_of(queued.mail, self._sender, queued.id, queued.queued_at)
                    server.deliver(connection, message)
                except MailError as error:
                    # Its line may quote the server, and so the recipient.
                    _log.warning("A mail was not sent: %s", error.remark.code)
                    outbox.failed(queued.id, error.remark, for_good=error.for_good, at=at)
                    if connection is None:
                        self._not_before = time.monotonic() + REST_S
                    break
                outbox.sent(queued.id, at)
                count += 1
        return count

    def _send(self) -> None:
        try:
            if time.monotonic() >= self._not_before:
                self.send_due()
        except KnowledgeBaseError as error:
            _log.warning("Mails wait: %s", error)
            self._not_before = time.monotonic() + REST_S
        except Exception:  # noqa: BLE001 (what cannot be written keeps no other back)
            _log.exception("A mail was not sent")
