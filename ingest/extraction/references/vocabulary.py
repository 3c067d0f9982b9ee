"""Folded words that modules on references share.

Heads are those by which a noun phrase says what kind of organisation it stands for.
"""

import re

from ingest.extraction import lexicon
from ingest.extraction.tokens import TextToken, plain_words

INDEFINITE = lexicon.words("determiners", "indefinite")
DEFINITE = lexicon.words("determiners", "definite")
LINKS = lexicon.words("name_links", "inside")
"""Words that join the words of a name."""

NEVER_IN_A_NAME = lexicon.words("verb_forms", "not_in_a_name")
OF = lexicon.words("prepositions", "of")
OTHER_ACRONYMS = lexicon.words("not_organisations", "acronym")
PLACES_AND_TIMES = lexicon.words("not_organisations", "place_or_time")
BEFORE_A_PLACE = lexicon.words("prepositions", "before_place")
SENTENCE_OPENERS = lexicon.words("sentence_openers")


def is_acronym(token: TextToken) -> bool:
    return token.text.isupper() and 2 <= len(token.form) <= 6


def _marked(mark: str) -> frozenset[str]:
    """The words that organisations are called by that have a mark in the lexicon."""
    rows = lexicon.rows("organisation_words", 3)
    return frozenset(word for word, _, marks in rows if mark in marks.split())


FIRM_HEADS = _marked("firm")
PUBLIC_HEADS = _marked("public")
COMPOUND_HEADS = _marked("compound")
"""English heads that may have other nouns before them: "a polish maker"."""

_TRADE = re.compile(rf"[a-z]{{3,}}{lexicon.any_of('endings', 'trade')}$")
_NOT_TRADES = lexicon.words("not_trades")


def is_trade(form: str) -> bool:
    """Whether a folded word has the ending of a trade, as "cidrerie" has."""
    return _TRADE.search(form) is not None and form not in _NOT_TRADES


def is_head(form: str) -> bool:
    return form in FIRM_HEADS or form in PUBLIC_HEADS or is_trade(form)


def head_of(name: str) -> str:
    """The first head in a name, folded, "" if there is none."""
    for word in plain_words(name):
        if word in PUBLIC_HEADS or word in FIRM_HEADS or _TRADE.search(word):
            return word
    return ""
