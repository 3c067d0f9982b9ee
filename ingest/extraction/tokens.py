"""Sentences of an article, read from Markdown, and their words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ingest.articles.typography import BULLETS
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS
from kb.text.folding import fold
from kb.text.markdown import plain_text

MAX_SENTENCE_CHARS = 1_500  # a table or a page without punctuation is cut here


class TextPart(StrEnum):
    TITLE = "title"
    HEADING = "heading"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class TextToken:
    """A word or a sign of a sentence, and its folded `form`: "l'", or "J.M." with "jm"."""

    start: int
    end: int
    text: str
    form: str

    @property
    def is_word(self) -> bool:
        return self.form[:1].isalnum()

    @property
    def is_capital(self) -> bool:
        """Whether the token is written like a name: "Avel", "3AR"."""
        digit = self.text[:1].isdigit()
        return self.text[:1].isupper() or (digit and any(map(str.isupper, self.text)))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: its `number` in order of reading, from 0, and that of its `paragraph`."""

    number: int
    paragraph: int
    part: TextPart
    text: str
    tokens: tuple[TextToken, ...]

    def written(self, first: int, last: int) -> str:
        return self.text[self.tokens[first].start : self.tokens[last - 1].end]


_HEADING = re.compile(r"\s*#{1,6}\s+")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"\s*(?:[-=*_]\s*){3,}$")
_ITEM = re.compile(rf"\s*(?:(?:[-*+{BULLETS}–—>]|\d{{1,3}}[.)])\s+)+")
_END = re.compile(
    r"""(?: (?<![A-ZÀ-Þ]) (?<!\b[Mm]me) (?<!\bDr) (?<!\b[Ss]te) (?<!\bSté) (?<!\b[Ee]ts)
        (?<!\b[Aa]v) (?<!\bcf) (?<!\bInc) (?<!\bLtd) (?<!\bCo) (?<!\bSt) (?<!\bno) (?<!\bart)
        (?<!\bMr) (?<!\bMrs) (?<!\bMs) \. | (?<=[A-ZÀ-Þ]{3}) \. | [!?…] | \.{2,} )
        (?:[\s\xa0\u202f]*[»”"’)\]])* \s+ (?= [«“"(\[‘—–-]? [\s\xa0\u202f]* [A-ZÀ-Þ0-9] )""",
    re.VERBOSE,
)
_PLAIN_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(
    r"""(?:[^\W\d_]\.){2,}                                    # initials
      | (?:[cdjlmnstCDJLMNST]|[Qq]u|[Jj]usqu|[Ll]orsqu|[Pp]uisqu)['’ʼ](?=[^\W\d_])
      | [^\W_]+
      | [^\s\w]|_""",
    re.VERBOSE,
)


def sentences(title: str, text: str) -> list[Sentence]:
    """The sentences of an article: its title first, if it has one, then its text's."""
    found: list[Sentence] = []
    for paragraph, (part, block) in enumerate(_blocks(title, text)):
        for sentence in _cut(block):
            found.append(Sentence(len(found), paragraph, part, sentence, tuple(tokens(sentence))))
    return found


def tokens(text: str) -> Iterator[TextToken]:
    """The words and signs of a text in order, blanks left out."""
    for match in _TOKEN.finditer(text):
        text = match.group()
        # Most words are plain: folding every one of a long list of names would take seconds.
        form = text.casefold() if text.isascii() else fold(text)
        form = form.replace("’", "'").replace("ʼ", "'")
        if "." in form and len(form) > 1:
            form = form.replace(".", "") or form
        yield TextToken(match.start(), match.end(), text, form)


def plain_words(text: str) -> list[str]:
    return _PLAIN_WORD.findall(fold(text))


def is_everyday_word(form: str) -> bool:
    return form in FUNCTION_WORDS or form in FRAMING_WORDS


def _blocks(title: str, text: str) -> Iterator[tuple[TextPart, str]]:
    if title.strip():
        yield TextPart.TITLE, " ".join(title.split())
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        heading = _HEADING.match(line)
        item = _ITEM.match(line)
        row = _ROW.match(line)
        if heading or item or row or not line.strip() or _RULE.match(line):
            yield from _plain(TextPart.BODY, lines)
            lines = []
        if heading:
            yield from _plain(TextPart.HEADING, [line[heading.end() :].rstrip("# ")])
        elif row:
            yield from _plain(TextPart.BODY, [line])
        elif line.strip() and not _RULE.match(line):
            lines.append(line[item.end() :] if item else line)


def _plain(part: TextPart, lines: list[str]) -> Iterator[tuple[TextPart, str]]:
    text = plain_text("\n".join(line.strip() for line in lines)) if lines else ""
    if any(map(str.isalpha, text)):
        yield part, text


def _cut(block: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(block):
        yield from _short(block[start : match.end()].strip())
        start = match.end()
    yield from _short(block[start:].strip())


def _short(sentence: str) -> Iterator[str]:
    while len(sentence) > MAX_SENTENCE_CHARS:
        space = sentence.rfind(" ", 1, MAX_SENTENCE_CHARS)
        end = space if space > 0 else MAX_SENTENCE_CHARS
        yield sentence[:end]
        sentence = sentence[end:].strip()
    if sentence:
        yield sentence
