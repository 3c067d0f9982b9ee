"""Messages (.eml), with what is attached to them, and pages saved as messages (.mhtml)."""

import re
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from itertools import islice
from pathlib import PurePath

from ingest.articles.article import NoArticle
from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.html.page import parse_html
from ingest.articles.formats.text import parse_text
from ingest.articles.metadata.person_names import person_named
from ingest.articles.metadata.title import FORWARDED
from ingest.encodings import decoded
from kb.errors import InputError
from kb.remarks import Remark

HEADER = 0.95
"""The confidence in what the header of a message says."""
MAX_PARTS = 200
"""The parts of a message that are looked at."""
MAX_BOUNDARIES = 2_000
"""The lines that may be boundaries between parts; the parser's time grows with their square."""
_LONG_HEADER = re.compile(
    rb"^(?:content-[a-z-]+|from|subject|date):(?:[^\n]|\n[ \t]){10000}",
    re.IGNORECASE | re.MULTILINE,
)
"""A header that would hold up the parser likewise."""
_NOT_READ = frozenset({".p7s", ".p7m", ".ics", ".vcf", ".asc", ".gif", ".png", ".jpg", ".jpeg",
                       ".bmp", ".svg", ".webp", ""})  # fmt: skip
"""Endings of what mail programs attach beside documents: pictures, signatures, cards."""

Reader = Callable[[bytes, str], ParsedPage]
"""Reads the bytes of an attachment in the format of a suffix."""


def parse_eml(content: bytes, read: Reader) -> ParsedPage:
    """The page of a message: its text, and below it the text of what is attached to it.

    An attachment that cannot be read is a remark.

    Raises:
        InputError: it is no message.
    """
    message = _message(content)
    if not message.get("From") and not message.get("Subject"):
        raise InputError("no_message")
    body = message.get_body(preferencelist=("plain", "html"))
    blocks = list(_page(body).blocks) if isinstance(body, EmailMessage) else []
    remarks: list[str] = []
    for part in islice(message.iter_attachments(), MAX_PARTS):
        blocks += _attached(part, read, remarks)
    return ParsedPage(within_limits(blocks), tuple(_declared(message)), remarks=tuple(remarks))


def parse_mhtml(content: bytes) -> ParsedPage:
    """The page that a browser saved with its pictures in a single file.

    Raises:
        InputError: it holds no HTML.
    """
    message = _message(content)
    for part in islice(message.walk(), MAX_PARTS):
        if part.get_content_type() == "text/html":
            url = str(
                part.get("Content-Location") or message.get("Snapshot-Content-Location") or ""
            )
            url = url if url.startswith(("http://", "https://")) else ""
            return parse_html(_bytes(part), url=url, declared_encoding=_charset(part))
    raise InputError("no_html")


def _message(content: bytes) -> EmailMessage:
    if content.count(b"\n--") > MAX_BOUNDARIES or _LONG_HEADER.search(content):
        raise InputError("strange_message")
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(content)


def _page(part: EmailMessage) -> ParsedPage:
    content = _bytes(part)
    if part.get_content_type() != "text/html":
        return parse_text(decoded(content, _charset(part)).replace("\r\n", "\n"))
    try:
        return parse_html(content, declared_encoding=_charset(part))
    except (InputError, NoArticle):
        return ParsedPage(())


def _bytes(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _charset(part: EmailMessage) -> str:
    return str(part.get_content_charset() or "")


def _attached(part: EmailMessage, read: Reader, remarks: list[str]) -> Iterator[Block]:
    """The blocks of an attachment, below its name; what cannot be read is noted in `remarks`."""
    name = " ".join(str(part.get_filename() or "").split())
    suffix = PurePath(name).suffix.lower()
    if suffix in _NOT_READ:
        return
    try:
        page = read(_bytes(part), suffix)
    except InputError as error:
        remarks.append(Remark("unread_attachment", name=name, reason=str(error.remark)))
        return
    yield Block(PurePath(name).stem, kind=BlockKind.HEADING, level=2)
    yield from page.blocks


def _declared(message: EmailMessage) -> Iterator[DeclaredField]:
    subject = FORWARDED.sub("", " ".join(str(message.get("Subject", "")).split()))
    if subject:
        yield DeclaredField("title", subject, f"Subject: {subject}", HEADER)
    name = " ".join(parseaddr(str(message.get("From", "")))[0].split())
    if name:
        person = person_named(name)
        yield DeclaredField("author", person.name, f"From: {name}", HEADER, person)
    written = str(message.get("Date", ""))
    try:
        day = parsedate_to_datetime(written)
    except ValueError:
        return
    # The hour where it was written, as its readers see it.
    iso = day.replace(tzinfo=None).isoformat(timespec="minutes")
    yield DeclaredField("date", iso, f"Date: {written}", HEADER)
