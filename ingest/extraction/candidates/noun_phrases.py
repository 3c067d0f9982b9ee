"""Noun phrases of organisations, by their heads: "entreprise", "hospital", "cidrerie"."""

import re
from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.tokens import TextToken, is_everyday_word, plain_words
from kb.text.organisation_name import LEGAL_FORMS

INDEFINITE = lexicon.words("determiners", "indefinite")
DEFINITE = lexicon.words("determiners", "definite")
LINKS = lexicon.words("name_links", "inside")  # words that join the words of a name
NEVER_IN_A_NAME = lexicon.words("verb_forms", "not_in_a_name")
OF = lexicon.words("prepositions", "of")
PLACES_AND_TIMES = lexicon.words("not_organisations", "place_or_time")
_HYPHENS = frozenset("-‐")
_INSIDE_A_WORD = _HYPHENS | frozenset("'’ʼ")
_MODIFIERS_BEFORE = lexicon.words("adjectives", "before")
_ADJECTIVE = re.compile(lexicon.any_of("endings", "adjective") + "$")
_ADJECTIVES = lexicon.words("adjectives", "after")
_NOT_ADJECTIVES = lexicon.words("adjectives", "never")
_NOT_ENGLISH_MODIFIERS = lexicon.words("verb_forms", "not_before_a_head")
_ARTICLES = frozenset({"la", "le", "l'", "les", "the"})


def _marked(mark: str) -> frozenset[str]:
    rows = lexicon.rows("organisation_words", 3)
    return frozenset(word for word, _, marks in rows if mark in marks.split())


FIRM_HEADS = _marked("firm")
PUBLIC_HEADS = _marked("public")
COMPOUND_HEADS = _marked("compound")
"""English heads that may have other nouns before them: "a polish maker"."""
_TRADE = re.compile(rf"[a-z]{{3,}}{lexicon.any_of('endings', 'trade')}$")
_NOT_TRADES = lexicon.words("not_trades")


def is_head(form: str) -> bool:
    """Whether a folded word says what an organisation is, as "cidrerie" by its ending."""
    is_trade = _TRADE.search(form) is not None and form not in _NOT_TRADES
    return is_trade or form in FIRM_HEADS or form in PUBLIC_HEADS


def head_of(name: str) -> str:
    return next(filter(is_head, plain_words(name)), "")


def phrase_start(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> tuple[int, str]:
    """Returns the start of a head's phrase, without its determiner, and the determiner."""
    start = at
    while start and not taken[start - 1]:
        before = tokens[start - 1]
        if before.form in _MODIFIERS_BEFORE:
            start -= 1
            continue
        if before.form in INDEFINITE | DEFINITE and before.text != "à":
            return start, before.form
        compound = tokens[at].form in COMPOUND_HEADS and at - start < 4
        if not (compound and (_is_modifier(before) or before.text == "-")):
            break
        start -= 1
    return start, ""


def _is_modifier(token: TextToken) -> bool:
    return (
        token.is_word
        and token.text.islower()
        and token.form not in _NOT_ENGLISH_MODIFIERS | NEVER_IN_A_NAME
        and not is_everyday_word(token.form)
        and (token.form.endswith("ing") or not verbs(token.form))
    )


def phrase_end(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> tuple[int, int]:
    """Returns the end of a head's phrase and the start of a proper name in it, −1 without name."""
    head = tokens[at].form
    end = _past_adjectives(tokens, at + 1, taken)
    for _ in range(2):
        if end >= len(tokens) or taken[end]:
            break
        if tokens[end].is_capital and tokens[end].form not in PLACES_AND_TIMES:
            return name_end(tokens, end, taken), end
        if tokens[end].form not in OF | {"of"}:
            break
        noun = end + 1
        while noun < len(tokens) and tokens[noun].form in _ARTICLES:
            noun += 1
        if noun >= len(tokens) or not tokens[noun].is_word or taken[noun]:
            break
        if tokens[noun].is_capital:
            # "une entreprise de Cognac" has no name, it has a place.
            is_name = head in PUBLIC_HEADS or tokens[at].is_capital
            return (name_end(tokens, noun, taken), noun) if is_name else (end, -1)
        if tokens[noun].form in NEVER_IN_A_NAME:
            break
        end = _past_adjectives(tokens, noun + 1, taken)
    return end, -1


def _past_adjectives(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> int:
    while at < len(tokens) and not taken[at] and _is_adjective(tokens[at]):
        at += 1
    return at


def _is_adjective(token: TextToken) -> bool:
    if (form := token.form) in _ADJECTIVES:
        return True
    return (
        token.text.islower()
        and len(form) > 3
        and form not in NEVER_IN_A_NAME | _NOT_ADJECTIVES
        and not is_everyday_word(form)
        and _ADJECTIVE.search(form) is not None
    )


def name_end(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> int:
    end = at + 1
    while end < len(tokens) and not taken[end]:
        token = tokens[end]
        is_number = token.text.isdigit() and len(token.text) < 3
        if token.is_word and (token.is_capital or token.form in LEGAL_FORMS or is_number):
            end += 1
        elif (
            token.text in _INSIDE_A_WORD
            and end + 1 < len(tokens)
            and token.start == tokens[end - 1].end
            and tokens[end + 1].start == token.end
            and not (token.text not in _HYPHENS and tokens[end + 1].form == "s")
        ):
            end += 2
        elif (next_word := _next_of_name(tokens, end, taken)) > 0:
            end = next_word + 1
        else:
            break
    return end


def _next_of_name(tokens: Sequence[TextToken], end: int, taken: Sequence[bool]) -> int:
    """The capitalised word that "de", "of" or "&" joins with the name before; 0 for none."""
    ahead = end
    while ahead < len(tokens) and tokens[ahead].form in LINKS and ahead - end < 3:
        ahead += 1
    if ahead in (end, len(tokens)) or taken[ahead] or not tokens[ahead].is_capital:
        return 0
    hyphen = any(token.form == "-" for token in tokens[end:ahead])
    return ahead if hyphen or tokens[end].form in OF | {"of", "&"} else 0
