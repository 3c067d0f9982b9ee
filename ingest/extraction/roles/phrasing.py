"""The words of a sentence as a phrase: whole words, with brackets and quotation marks in pairs.

A phrase ends where its clause does, or else with an ellipsis.
"""

from collections.abc import Mapping, Sequence

from ingest.extraction import lexicon
from ingest.extraction.tokens import Sentence, TextToken
from kb.text.analysis import FUNCTION_WORDS

MAX_WORDS = 16
"""The longest phrase, in words and signs."""

MAX_WORDS_BEFORE = 12
"""How far before its verb or its name a phrase may begin, in words and signs."""

MAX_QUOTED = 8
"""The longest quotation or aside that a phrase is made longer for, in words and signs."""

_CLOSERS = {"(": ")", "[": "]", "{": "}", "«": "»", "“": "”", '"': '"'}
_STOPS = frozenset(";.:!?…([{—–|")
"""Signs that end a clause, but within a word or a number: "producteur(s)", "1.5"."""


_JOINERS = lexicon.words("conjunctions", "list")
_ENDS = frozenset([*_CLOSERS.values(), *"°%€$£²³"])
"""Signs that a phrase may end with."""


def phrase(sentence: Sentence, first: int, at: int, last: int) -> str:
    """The words around `tokens[at]`, which is a word, as a phrase.

    Args:
        sentence: holds the tokens.
        first: the token that it begins with at the earliest.
        at: a token that it has in any case.
        last: the token before which it ends at the latest.
    """
    tokens = sentence.tokens
    last = min(last, len(tokens), max(first + MAX_WORDS, at + 1))
    end = at + 1
    while end < last and not (_stops(tokens, end) or (_is_comma(tokens, end) and end - at > 1)):
        end += 1
    begin, end = _in_pairs(tokens, first, at, end)
    is_cut = end < len(tokens) and (tokens[end].is_word or _is_inside(tokens, end))
    while end > at + 1 and (_cuts(tokens, end) or not _may_end(tokens[end - 1], is_cut=is_cut)):
        end -= 1
    while begin < at and (
        _cuts(tokens, begin)
        or not _may_begin(tokens[begin])
        or (begin > first and tokens[begin].form in _JOINERS)
    ):
        begin += 1
    begin, end = _in_pairs(tokens, begin, at, end)
    return f"{sentence.written(begin, end)}…" if is_cut else sentence.written(begin, end)


def clause_start(tokens: Sequence[TextToken], at: int) -> int:
    """The first token of the clause of a token, or the token itself if that is far before it."""
    first = at
    while first and not _is_comma(tokens, first - 1) and not _stops(tokens, first - 1):
        first -= 1
    return first if at - first <= MAX_WORDS_BEFORE else at


def _in_pairs(tokens: Sequence[TextToken], first: int, at: int, end: int) -> tuple[int, int]:
    """The part of `tokens[first:end]` around `at` in which all brackets and quotes have partners.

    It is longer than that where a short quotation begins in it.
    """
    partners = _partners(tokens)
    for number in range(at, first - 1, -1):
        if number in partners and partners[number] < first:
            first = number + 1
            break
        if number in partners and partners[number] > at:
            # What is around the word: it is left out, or comes whole.
            if partners[number] - number > MAX_QUOTED or partners[number] >= len(tokens):
                first = number + 1
                break
            end = max(end, partners[number] + 1)
    for number in range(at, end):
        partner = partners.get(number, at)
        if partner < first:
            return first, number
        if partner >= end:
            if partner >= len(tokens) or partner - number > MAX_QUOTED:
                return first, number
            return _in_pairs(tokens, first, at, partner + 1)
    return first, end


def _partners(tokens: Sequence[TextToken]) -> Mapping[int, int]:
    """Maps each bracket and quotation mark to its partner; that of a single opener comes after all.

    That of a single closer is −1.
    """
    partners: dict[int, int] = {}
    opened: list[int] = []
    for number, token in enumerate(tokens):
        if opened and token.text == _CLOSERS[tokens[opened[-1]].text]:
            partners[number] = opened.pop()
            partners[partners[number]] = number
        elif token.text in _CLOSERS:
            opened.append(number)
            partners[number] = len(tokens)
        elif token.text in _CLOSERS.values():
            partners[number] = -1
    return partners


def _stops(tokens: Sequence[TextToken], at: int) -> bool:
    return tokens[at].text in _STOPS and not _is_inside(tokens, at)


def _is_comma(tokens: Sequence[TextToken], at: int) -> bool:
    return tokens[at].text == "," and not _is_inside(tokens, at)


def _cuts(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a phrase that begins or ends before a token cuts a word: "laser-", "producteur("."""
    return 0 < at < len(tokens) and (_is_inside(tokens, at) or _is_inside(tokens, at - 1))


def _is_inside(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a sign stands within a word or a number: "3,5", "producteur(s)", "laser-cut"."""
    if tokens[at].is_word or not 0 < at < len(tokens) - 1:
        return False
    before, sign, after = tokens[at - 1 : at + 2]
    are_one = before.end == sign.start and sign.end == after.start
    return are_one and before.is_word and after.is_word


def _may_end(token: TextToken, *, is_cut: bool) -> bool:
    """Whether a phrase may end with a token; cut off, not with "de" or "les"."""
    if token.text in _ENDS or not token.is_word:
        return token.text in _ENDS
    is_joint = token.form in FUNCTION_WORDS or token.form.endswith("'")
    return not (is_cut and is_joint)


def _may_begin(token: TextToken) -> bool:
    return token.is_word or token.text in _CLOSERS or token.form.endswith("'")
