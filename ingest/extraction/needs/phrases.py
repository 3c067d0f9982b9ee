"""Stretches that could say the need: noun phrases, alone or joined by prepositions."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.candidates.noun_phrases import FIRM_HEADS
from ingest.extraction.tokens import Sentence, TextPart, TextToken
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, stem

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
MAX_WORDS = 8  # a phrase has this many words at most
MAX_TOKENS = 12  # a stretch has this many tokens at most
_PER_WORD = 8  # stretches around a word are looked for in this many of its places, from the first
_JOINED = 2  # how many phrases may be joined to the first
_JOINTS = lexicon.words("prepositions", "joins_need")


def carries(token: TextToken) -> bool:
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
        tokens[last - 1].form in _INSIDE | _LEADING or not tokens[last - 1].is_word
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
    form = tokens[at].form
    if form in {"ne", "n'", "se", "s'"} or form in _AUXILIARIES:
        return True
    if tokens[at - 1].form in _INSIDE or tokens[at - 1].form in _LEADING:
        return False
    if form.endswith(("aient", "erent")):
        return True
    return form.endswith("ent") and not form.endswith("ment") and form not in _NOUNS_IN_ENT


@dataclass(frozen=True, slots=True)
class NeedStretch:
    """`sentence.tokens[first:last]`, and the stems of its words."""

    sentence: Sentence
    first: int
    last: int
    stems: tuple[str, ...]

    @property
    def text(self) -> str:
        text = self.sentence.written(self.first, self.last)
        return text.lower() if text.isupper() else text


def stretches(
    sentences: Sequence[Sentence], likeliest: Collection[str], lang: str
) -> Iterator[NeedStretch]:
    told = (each.tokens for each in sentences if each.part is not TextPart.TITLE)
    small = {token.form for tokens in told for token in tokens if not token.is_capital}
    seen: Counter[str] = Counter()
    for sentence in sentences:
        tokens = sentence.tokens if sentence.part is TextPart.BODY else _small(sentence, small)
        stems = [stem(token.form, lang) if carries(token) else "" for token in tokens]
        for at in range(len(tokens)):
            phrase = _phrase_at(tokens, at) if _begins(tokens, at) else ()
            named = {each for each in stems[at : at + len(phrase)] if each in likeliest}
            if named and any(seen[each] < _PER_WORD for each in named):
                seen.update(named)
                for last in _ends(tokens, at, at + len(phrase)):
                    kept = tuple(dict.fromkeys(filter(None, stems[at:last])))
                    yield NeedStretch(sentence, at, last, kept)


def _begins(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a stretch may begin at a token: it carries, or what it begins does: "solution"."""
    token = tokens[at]
    is_noun = at == 0 or tokens[at - 1].form in BEFORE_NOUNS
    is_empty = token.form in FUNCTION_WORDS or token.form in FRAMING_WORDS
    return carries(token) or (is_noun and token.is_word and not is_empty)


def _phrase_at(tokens: Sequence[TextToken], at: int) -> Sequence[TextToken]:
    """The noun phrase that begins at a token, up to a verb it runs into; or the token alone."""
    phrase = noun_phrase(tokens, at)
    if not phrase or phrase[0] is not tokens[at]:
        return tokens[at : at + 1]
    for after, token in enumerate(phrase[1:], 1):
        is_participle = token.form.endswith(("e", "es"))
        if verbs(token.form) and not is_participle and phrase[after - 1].form not in BEFORE_NOUNS:
            return phrase[:after]
    return phrase


def _ends(tokens: Sequence[TextToken], first: int, last: int) -> Iterator[int]:
    """Yields where a stretch may end: with its phrase, and with those that are joined to it."""
    yield last
    for _ in range(_JOINED):
        at = last
        while at < len(tokens) and at - last < 3 and _is_joint(tokens[at], is_first=at == last):
            at += 1
        phrase = noun_phrase(tokens, at) if at > last else ()
        if not phrase or phrase[0] is not tokens[at] or at + len(phrase) - first > MAX_TOKENS:
            return
        last = at + len(phrase)
        yield last


def _is_joint(token: TextToken, *, is_first: bool) -> bool:
    return token.form in _JOINTS or (not is_first and token.form in BEFORE_NOUNS)


def _small(sentence: Sentence, small: Collection[str]) -> list[TextToken]:
    """The tokens of a title or heading, small where the text writes them so."""
    is_shouted = sentence.text.isupper()
    return [
        replace(token, text=token.form)
        if token.form in small and token.is_capital and (is_shouted or not _is_acronym(token))
        else token
        for token in sentence.tokens
    ]


def _is_acronym(token: TextToken) -> bool:
    return len(token.text) > 1 and token.text.isupper()
