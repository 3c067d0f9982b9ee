"""The mail server that takes the mails of this site: how it is reached, and what it answers.

Mails and passwords travel encrypted, unless the server is on this machine or a setting allows it.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self
from urllib.parse import unquote, urlsplit

from kb.errors import MailError
from kb.settings import Settings, is_this_machine

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
        connection = self._connected()
        try:
            yield connection
        finally:
            # Not `quit`, which raises where the server has gone.
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        trusted = self.trusted or ssl.create_default_context()
        own = (self.host, self.port, self.own_name)
        try:
            with ExitStack() as unless_it_works:
                connection = (
                    smtplib.SMTP_SSL(*own, timeout=TIMEOUT_S, context=trusted)
                    if self.is_tls
                    else smtplib.SMTP(*own, timeout=TIMEOUT_S)
                )
                unless_it_works.callback(connection.close)
                if not (self.is_tls or self.is_plain):
                    connection.starttls(context=trusted)
                if self.user:
                    connection.login(self.user, self.password)
                unless_it_works.pop_all()
                return connection
        except ssl.SSLCertVerificationError:
            raise MailError("mail_server_certificate", host=self.host) from None
        except smtplib.SMTPAuthenticationError:
            raise MailError("mail_server_password", host=self.host) from None
        except smtplib.SMTPNotSupportedError:
            raise MailError("mail_server_plain", host=self.host) from None
        except (OSError, smtplib.SMTPException) as error:
            reason = _reason(getattr(error, "smtp_error", None) or getattr(error, "strerror", None))
            raise MailError(
                "mail_server_unreachable", host=self.host, reason=reason or type(error).__name__
            ) from None

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
