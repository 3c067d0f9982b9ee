"""Queries: required words in quotation marks; one after `+` counts more, one after `-` against."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from kb.errors import QueryError
from kb.reference.communes import Commune
from kb.reference.roles import Flow
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, carrying_words, query_stems, words
from kb.text.flow import flow_of
from kb.text.folding import fold
from kb.text.lexicon import LEXICONS, Lexicons

MAX_QUERY_CHARS = 4000
LONG_NEED_WORDS = 25  # more words than a need has that is searched by its object alone
_ARTICLES = LEXICONS.words("articles")
_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_PURPOSE = re.compile(_LEXICONS.any_of("supplying", "purposes"), re.IGNORECASE)
_DEED = re.compile(_LEXICONS.any_of("supplying", "deeds"), re.IGNORECASE)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # NUL, and halves of bytes that were no UTF-8
_SIGN = re.compile(
    r"(?:^|(?<=\s))(?P<sign>[+\-−]?)"
    r"(?:\"(?P<straight>[^\"]*)\"|«(?P<french>[^»]*)»|“(?P<curly>[^”]*)”|(?P<word>(?<=[+\-−])(?!\d)[^\s]+))"
)


class PartKind(StrEnum):
    """What a part of a need says beside its object; `FOR` is who asks, or for whom."""

    QUANTITY = "quantity"
    FREQUENCY = "frequency"
    DEADLINE = "deadline"
    PLACE = "place"
    FOR = "for"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class NeedPart:
    """A part of a need, in the words typed; a place is `near` a commune, or in `departments`."""

    kind: PartKind
    text: str
    unit: str = ""
    near: Commune | None = None
    within: int = 0
    departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedReading:
    """A need taken apart: the `object` asked for, the `parts`, and the `rest` of the text."""

    object: str = ""
    rest: str = ""
    parts: tuple[NeedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A query as typed and as understood: `text` is what `reading` leaves, `need` that unframed."""

    typed: str
    words: str
    text: str
    need: str
    required: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    stems: frozenset[str] = frozenset()
    flow: Flow | None = None
    reading: NeedReading = NeedReading()

    @property
    def is_long(self) -> bool:
        """Whether it is an e-mail or a story: searched whole, as a part may lose what is meant."""
        return is_long(self.typed)

    @property
    def told(self) -> str:
        """What is asked for, as typed, with what parts of it stood between its words."""
        told = self.reading.object or self.text
        if told in self.words or not (found := carrying_words(told)):
            return told
        first, last = (told[word.start : word.end] for word in (found[0], found[-1]))
        spanned = rf"{re.escape(first)}(?:\b.*\b{re.escape(last)})?"
        return re.sub(rf"(?s).*?\b({spanned})\b.*", r"\1", self.words)

    @property
    def unread(self) -> Self:
        """The query with no part of its need told from its object."""
        stems = frozenset(query_stems(self.words))
        return replace(
            self, text=self.words, need=bare_need(self.words), stems=stems, reading=NeedReading()
        )

    @property
    def stems_sought(self) -> frozenset[str]:
        """The stems that count in BM25: those of the wanted words, too."""
        return self.stems.union(query_stems(" ".join(self.wanted)))

    @property
    def thing_for_somebody(self) -> str:
        """The thing for somebody: "bocaux" of "bocaux pour du miel"; "" if for a deed."""
        thing = self.thing.strip()
        rest = self.need[len(self.thing) :]
        return "" if not rest or not _has_word(thing) or _DEED.match(rest) else thing

    @property
    def thing(self) -> str:
        """What is asked for, without its purpose: "bocaux" of "bocaux pour du miel"."""
        return without_purpose(self.need)


def parse(typed: str) -> Query:
    """Reads what was typed; raises `QueryError` if it is empty, too long, or has no word."""
    typed = _NO_TEXT.sub(" ", unicodedata.normalize("NFC", typed))
    typed = " ".join(typed.split())
    if not typed:
        raise QueryError("empty_query")
    if len(typed) > MAX_QUERY_CHARS:
        raise QueryError("long_query", count=len(typed), most=MAX_QUERY_CHARS)
    found: dict[str, list[str]] = {"": [], "+": [], "-": []}
    kept, end = [], 0
    # In an e-mail, a dash begins an item, and quotation marks quote.
    for match in () if is_long(typed) else _SIGN.finditer(typed):
        phrase = next(
            (part for part in match.group("straight", "french", "curly", "word") if part), ""
        ).strip()
        sign = match["sign"].replace("−", "-")
        if not _has_word(phrase):
            continue
        found[sign].append(phrase)
        kept += [typed[end : match.start()], "" if sign == "-" else phrase]
        end = match.end()
    kept.append(typed[end:])
    text = " ".join(" ".join(kept).split())
    if not _has_word(text):
        raise QueryError("wordless_query")
    return Query(
        typed=typed,
        words=text,
        text=text,
        need=bare_need(text),
        required=_once(found[""]),
        wanted=_once(found["+"]),
        unwanted=_once(found["-"]),
        stems=frozenset(query_stems(text)),
        flow=flow_of(text),
    )


def is_long(text: str) -> bool:
    return len(text.split()) > LONG_NEED_WORDS


def without_purpose(text: str) -> str:
    """A text up to the words that say what a thing is for."""
    return _PURPOSE.split(text, maxsplit=1)[0]


def bare_need(text: str) -> str:
    """A need without the words that frame it at its beginning; whole if nothing else is left."""
    framing = FRAMING_WORDS | FUNCTION_WORDS
    start: int | None = None
    for word in words(text):
        forms = set(word.forms)
        if not forms <= framing:
            return text[word.start if start is None else start :].rstrip(" ?!.")
        if not forms <= _ARTICLES:
            start = None
        elif start is None:
            start = word.start
    return text


def _has_word(text: str) -> bool:
    return any(True for _ in words(text))


def _once(phrases: Sequence[str]) -> tuple[str, ...]:
    return tuple({fold(phrase): phrase for phrase in phrases}.values())
