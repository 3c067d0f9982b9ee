"""Messages (.eml), with what is attached to them, and pages saved as messages (.mhtml)."""

from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import PurePath

from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.html.page import parse_html
from ingest.articles.formats.text import parse_text
from ingest.articles.metadata.person_names import person_named
from ingest.articles.metadata.title import FORWARDED
from ingest.encodings import decoded, whole_characters
from kb.errors import InputError
from kb.remarks import Remark

HEADER = 0.95  # the confidence in what the header of a message says
MAX_ATTACHMENTS = 20
_NOT_READ = frozenset({".p7s", ".p7m", ".ics", ".vcf", ".asc", ".gif", ".png", ".jpg", ".jpeg",
                       ".bmp", ".svg", ".webp", ""})  # fmt: skip
"""Endings of what mail programs attach beside documents: pictures, signatures, cards."""
Reader = Callable[[bytes, str], ParsedPage]


def parse_eml(content: bytes, read: Reader) -> ParsedPage:
    """The page of a message: its text, and below it the text of what is attached to it."""
    message = _message(content)
    if not message.get("From") and not message.get("Subject"):
        raise InputError("no_message")
    reading = _MessageParts(read)
    blocks = within_limits(reading.blocks(message))
    blocks += within_limits(reading.attachments())
    if not blocks and reading.refusals:
        raise reading.refusals[0]
    return ParsedPage(blocks, tuple(_declared(message)), remarks=tuple(reading.remarks))


def parse_mhtml(content: bytes) -> ParsedPage:
    message = _message(content)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            url = part.get("Content-Location") or message.get("Snapshot-Content-Location") or ""
            url = str(url) if str(url).startswith(("http://", "https://")) else ""
            return parse_html(_bytes(part), url=url, declared_encoding=_charset(part))
    raise InputError("no_html")


def _message(content: bytes) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(content)


class _MessageParts:
    """The parts of a message; `remarks` on them, and the `refusals` of its texts."""

    def __init__(self, read: Reader) -> None:
        self.remarks: list[str] = []
        self.refusals: list[InputError] = []
        self._read = read
        self._said = ""
        self._attached: list[EmailMessage] = []

    def blocks(self, part: EmailMessage, *, texts: bool = True) -> Iterator[Block]:
        kind = part.get_content_type()
        inner = [each for each in part.iter_parts() if isinstance(each, EmailMessage)]
        if kind == "message/rfc822":
            if subject := _subject(inner[0]) if inner else "":
                yield Block(subject, kind=BlockKind.HEADING, level=2)
            for each in inner:
                yield from self.blocks(each)
        elif part.is_attachment() or part.get_filename():
            self._attached.append(part)
        elif kind == "multipart/alternative":
            for each in sorted(inner, key=lambda one: one.get_content_type() != "text/plain"):
                found = list(self.blocks(each, texts=texts))
                yield from found
                texts = texts and not found
        elif part.get_content_maintype() == "multipart":
            for each in inner:
                yield from self.blocks(each, texts=texts)
        elif kind in {"text/plain", "text/html"}:
            if texts:
                yield from self._text(part)
        else:
            self._attached.append(part)

    def _text(self, part: EmailMessage) -> tuple[Block, ...]:
        """The blocks of a text, unless it only repeats what was said, in another format."""
        content = _bytes(part)
        if not content.strip():
            return ()
        try:
            if part.get_content_type() == "text/html":
                blocks = parse_html(content, declared_encoding=_charset(part)).blocks
            else:
                blocks = parse_text(decoded(content, _charset(part))).blocks
        except InputError as error:
            self.refusals.append(error)
            return ()
        if (said := "".join("".join(block.text.split()) for block in blocks)) in self._said:
            return ()
        self._said += f"\n{said}"
        return blocks

    def attachments(self) -> Iterator[Block]:
        kinds = sorted({part.get_content_type() for part in self._attached if _is_lost(part)})
        self.remarks += [Remark("unnamed_attachment", kind=kind) for kind in kinds]
        names = ((part, _name(part)) for part in self._attached)
        kept = ((part, name) for part, name in names
                if PurePath(name).suffix.lower() not in _NOT_READ)  # fmt: skip
        for number, (part, name) in enumerate(kept):
            if number == MAX_ATTACHMENTS:
                self.remarks.append(Remark("many_attachments", name=name, most=MAX_ATTACHMENTS))
                return
            try:
                page = self._read(_bytes(part), PurePath(name).suffix.lower())
            except InputError:
                self.remarks.append(Remark("unread_attachment", name=name))
                continue
            yield Block(PurePath(name).stem, kind=BlockKind.HEADING, level=2)
            yield from page.blocks


def _is_lost(part: EmailMessage) -> bool:
    """Whether an attachment is a document, of which no name says in what format it is."""
    kind = part.get_content_type()
    is_beside = part.get_content_maintype() == "image" or kind.endswith("signature")
    return not (PurePath(_name(part)).suffix or is_beside)


def _name(part: EmailMessage) -> str:
    return _line(part.get_filename())


def _bytes(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _charset(part: EmailMessage) -> str:
    return str(part.get_content_charset() or "")


def _subject(message: EmailMessage) -> str:
    return FORWARDED.sub("", _line(message.get("Subject")))


def _line(header: object) -> str:
    """A header as a line: an encoded word can hold any character, NUL among them."""
    return " ".join(whole_characters(str(header or "")).split())


def _declared(message: EmailMessage) -> Iterator[DeclaredField]:
    if subject := _subject(message):
        yield DeclaredField("title", subject, f"Subject: {subject}", HEADER)
    if name := _line(parseaddr(str(message.get("From", "")))[0]):
        person = person_named(name)
        yield DeclaredField("author", person.name, f"From: {name}", HEADER, person)
    written = _line(message.get("Date"))
    try:
        day = parsedate_to_datetime(written)
    except ValueError:
        return
    # The hour where it was written, as its readers see it.
    iso = day.replace(tzinfo=None).isoformat(timespec="minutes")
    yield DeclaredField("date", iso, f"Date: {written}", HEADER)
