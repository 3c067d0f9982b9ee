"""Noun phrases of sentences: the things that a text speaks of."""

import re
from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.references.vocabulary import FIRM_HEADS
from ingest.extraction.tokens import TextToken
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS

_NO_NEEDS = lexicon.words("not_needs")
_INSIDE = lexicon.words("prepositions", "inside_need")
_STOP = lexicon.words("conjunctions", "ends_need")
_LEADING = lexicon.words("determiners", "before_need")
_AUXILIARIES = lexicon.words("auxiliaries", "ends_need")
_NOUNS_IN_ANT = lexicon.words("ending_exceptions", "ant")
_NOUNS_IN_ENT = lexicon.words("ending_exceptions", "ent")

BEFORE_NOUNS = frozenset().union(
    *(lexicon.words("determiners", section) for section in ("indefinite", "definite", "article")),
    _INSIDE,
)
"""Determiners and prepositions that only a noun, or what describes it, follows."""

BY_PRODUCTS = re.compile(
    rf"{lexicon.any_of('by_products', 'anywhere')}|{lexicon.any_of('by_products', 'in_need')}"
)
"""By-products, in a folded word."""

MAX_WORDS = 8
"""A phrase has this many words at most."""


def carries(token: TextToken) -> bool:
    """Whether a token is a word that can describe a need."""
    form = token.form
    return (
        token.is_word
        and len(form) > 2
        and not form.isdigit()
        and not form.endswith("'")
        and form not in FUNCTION_WORDS
        and form not in FRAMING_WORDS
        and form not in _NO_NEEDS
    )


def noun_phrase(tokens: Sequence[TextToken], at: int) -> Sequence[TextToken]:
    """The noun phrase that begins at a token or at the next, without determiners; none if empty."""
    first = at
    while first < len(tokens) and tokens[first].form in _LEADING and first - at < 4:
        first += 1
    if first < len(tokens) and tokens[first].form in {"pour", "for", "sans", "without"}:
        return ()
    last = first
    while last < len(tokens) and last - first < 2 * MAX_WORDS:
        token = tokens[last]
        if not token.is_word and token.text not in {"-", "'", "’"} and not token.form.endswith("'"):
            break
        is_dash = token.text == "-" and last > first and token.start > tokens[last - 1].end
        if is_dash or token.form in _STOP or (token.form in _INSIDE and last == first):
            break
        if token.is_capital and last > first and not token.text.isupper():
            break
        if token.form in {"et", "pour", "for", "sans", "des"} and last > first:
            break
        if sum(token.is_word for token in tokens[first:last]) >= MAX_WORDS:
            break
        if last > first and is_finite(tokens, last):
            break
        last += 1
    while last > first and (
        tokens[last - 1].form in _INSIDE
        or tokens[last - 1].form in _LEADING
        or not tokens[last - 1].is_word
    ):
        last -= 1
    phrase = tokens[first:last]
    if not phrase or phrase[0].form in FIRM_HEADS or not any(carries(token) for token in phrase):
        return ()
    is_verb = phrase[0].form.endswith("ant") and phrase[0].form not in _NOUNS_IN_ANT
    if is_verb or (phrase[0].is_capital and not phrase[0].text.isupper() and first > 0):
        return ()
    return phrase


def is_finite(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a token is a verb that ends a phrase: "ne", an auxiliary, "finissent"."""
    form = tokens[at].form
    if form in {"ne", "n'", "se", "s'"} or form in _AUXILIARIES:
        return True
    if tokens[at - 1].form in _INSIDE or tokens[at - 1].form in _LEADING:
        return False
    if form.endswith(("aient", "erent")):
        return True
    return form.endswith("ent") and not form.endswith("ment") and form not in _NOUNS_IN_ENT
