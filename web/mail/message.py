"""A queued mail as a message of the Internet (RFC 5322), with its text and its HTML."""

import re
import secrets
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr

from kb.registers.alerts.outbox import NewMail
from kb.registers.clock import now

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
