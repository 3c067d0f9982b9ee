"""Wordable needs and plain names, which have capitals, and words that base and trades do not know.

A language model gets no letter, address, telephone number, name or number of an organisation.
"""

import re
from dataclasses import replace
from enum import IntEnum
from functools import cache
from pathlib import Path

from kb.language_model import MAX_NEED_CHARS
from kb.reference.trades import trades
from kb.search.boosts.names import boost_names, is_number, named_actors
from kb.search.context import SearchContext
from kb.search.query import Query, is_long
from kb.store.store import Store
from kb.text.analysis import FUNCTION_WORDS, STEMMERS, Word, spellings, stem, stems, words
from kb.text.lexicon import Lexicons
from kb.text.organisation_name import LEFT_OUT_OF_NAMES, LEGAL_FORMS

_SENTENCE_ENDS_OF_A_LETTER = 2  # between its sentences
MOST_WORDS = 6  # most words of a name, without function words

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_COMMON_NOUN = re.compile(_LEXICONS.any_of("common_noun_endings", "") + "$")
_SENTENCE_END = re.compile(r"[.!?…]\s+(?=\S)")
_CONTACT = re.compile(r"https?://|www\.|\S@\S|(?:\+?\d[\d .()/-]{7,}\d)")  # an address, a telephone
_CAPITAL_INSIDE = re.compile(r"[-‐‑'’][A-ZÀ-Þ]")


class NameReading(IntEnum):
    """How far a query is a name: it is a need, it could be a name, it can hardly be another."""

    NEED = 0
    LIKELY = 1
    PLAIN = 2


def name_reading(asked: Query, store: Store) -> NameReading:
    """Returns how far a query that names nobody of the base is the name of an organisation."""
    if asked.required or asked.wanted or asked.unwanted:
        return NameReading.NEED
    text = asked.text
    found = [word for word in words(text) if not FUNCTION_WORDS.issuperset(word.forms)]
    written = {word: text[word.start : word.end] for word in found}
    capital = {word for word in found if written[word][0].isupper()}
    has_form = any(word.forms[-1] in LEGAL_FORMS for word in capital)
    own = [word for word in found if not LEFT_OUT_OF_NAMES.issuperset(word.forms)]
    if not has_form:
        own = [word for word in own if not any(map(str.isdigit, written[word]))]
        own = [word for word in own if not written[word].isupper()]
    if not own or len(found) > MOST_WORDS or not capital.issuperset(own):
        return NameReading.NEED
    unknown = [word for word in own if not _is_known(word, store)]
    if not unknown:
        return NameReading.NEED
    if has_form or any(_CAPITAL_INSIDE.search(written[word]) for word in unknown):
        return NameReading.PLAIN if len(unknown) == len(own) else NameReading.LIKELY
    if any(word.start > found[0].start for word in unknown):
        return NameReading.LIKELY
    is_common = len(found) > 1 or _COMMON_NOUN.search(unknown[0].forms[-1])
    return NameReading.NEED if is_common else NameReading.LIKELY


def is_wordable(query: str, asked: Query, context: SearchContext) -> bool:
    """Returns whether a query may be sent: not if it could be a letter or a name."""
    if len(asked.typed) > MAX_NEED_CHARS or len(query.strip().splitlines()) > 1:
        return False
    if is_long(query) or len(_SENTENCE_END.findall(query)) >= _SENTENCE_ENDS_OF_A_LETTER:
        return False
    if _CONTACT.search(query) or is_number(asked.text):
        return False
    if boost_names(asked.text, named_actors(asked.text, context.store), context.store, near=True):
        return False
    # A name in quotation marks, or behind a sign, is a name all the same.
    plain = replace(asked, required=(), wanted=(), unwanted=())
    return name_reading(plain, context.store) is NameReading.NEED


def _is_known(word: Word, store: Store) -> bool:
    """Returns whether a trade of the economy is described with a word, or the base has it."""
    known = _stems_of_trades()
    of_trades = any(stem(word.forms[-1], lang) in known for lang in STEMMERS)
    return of_trades or store.passages_saying([spellings(word)], 1) != []


@cache
def _stems_of_trades() -> frozenset[str]:
    phrases = [(lang, getattr(trade, lang)) for trade in trades() for lang in STEMMERS]
    return frozenset(
        key for lang, phrase in phrases for word in words(phrase) for key in stems(word, lang)
    )
