"""Sends the mails of the outbox: messages (RFC 5322), the mail server, and who hands them over.

Mails and passwords travel encrypted, unless the server is on this machine or a setting allows it.
Several processes may serve one base: each mail is taken by one of them.
"""

import logging
import re
import secrets
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Self
from urllib.parse import unquote, urlsplit

from kb.errors import KnowledgeBaseError, MailError
from kb.knowledge_base import KnowledgeBase
from kb.registers.alerts.outbox import NewMail
from kb.registers.clock import now
from kb.settings import Settings, is_this_machine
from web.regularly import Regularly

MAX_SUBJECT_CHARS = 150


class LinkHeader(UnstructuredHeader, BaseHeader):
    """A header with a link, in one line: encoded in words, it is no link (RFC 8058)."""

    def fold(self, *, policy: Policy) -> str:
        """Returns the line, ended as the policy says."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", LinkHeader)
_POLICY = SMTP.clone(header_factory=_HEADERS)

_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def message_of(mail: NewMail, sender: str, id: str = "", at: str = "") -> EmailMessage:
    """Returns the message; the same each time that a mail with an id and a time is tried.

    `sender` is an address, or a name with an address in angle brackets. No header can hold another:
    what is in several lines becomes one.
    """
    name, address = parseaddr(sender)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = _line(mail.subject)[:MAX_SUBJECT_CHARS]
    message["Date"] = format_datetime(datetime.fromisoformat(at or now()))
    message["Message-ID"] = f"<{id or secrets.token_hex(12)}@{address.partition('@')[2]}>"
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
"""How long a mail server may take for an answer."""

_PORTS = {"smtps": 465, "smtp": 587}
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server; `own_name` is what this machine calls itself there.

    `is_tls`: encrypted from the first byte; `is_plain`: not at all; else by STARTTLS. `trusted`
    are the certificates that are trusted, those of this machine if None.
    """

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
        """Returns the mail server of the settings, or None if no mail can be sent."""
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
        """Gives a connection that is signed in, and ends it.

        Raises:
            MailError: it cannot be reached or trusted, or refuses the name and password.
        """
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
        """Gives the server a message.

        Raises:
            MailError: it does not take it.
        """
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, answer),) = error.recipients.values()
            raise self._refusal("mail_address_refused", code, answer) from None
        except smtplib.SMTPResponseException as error:
            raise self._refusal("mail_refused", error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPNotSupportedError, UnicodeError):
            raise self._refusal("mail_address_refused", _PERMANENT, b"SMTPUTF8") from None
        except (OSError, smtplib.SMTPException):
            # Nobody knows whether the server had all of it.
            raise MailError("mail_interrupted", for_good=True) from None

    def _refusal(self, message: str, code: int, answer: bytes | str) -> MailError:
        return MailError(
            message, for_good=code >= _PERMANENT, host=self.host, reason=_reason(answer)
        )


def _reason(answer: object) -> str:
    """An answer of a server, or of the system, in a line without a full stop."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer or "")
    return " ".join(text.split())[:200].rstrip(".")


LOOK_EVERY_S = 2.0
MOST_AT_ONCE = 50
"""Most mails in one connection, before the thread looks whether it is to end."""

REST_S = 60.0
"""How long a mail server is left alone that cannot be reached."""

_log = logging.getLogger(__name__)


class MailSender(Regularly):
    """Sends mails, also in a thread of its own; none if the settings name no mail server."""

    def __init__(
        self, knowledge_base: KnowledgeBase, settings: Settings, server: MailServer | None = None
    ) -> None:
        """`server` is that of the settings unless given."""
        super().__init__("mail", self._send, LOOK_EVERY_S)
        self._knowledge_base = knowledge_base
        self._sender = settings.mail_from
        self._server = server or MailServer.of(settings)
        self._not_before = 0.0

    def send_due(self, at: str = "") -> int:
        """Sends the mails that are due at a time (now if empty); returns how many were sent.

        Stops at the first that is not taken: the next look goes on with the others.
        """
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
