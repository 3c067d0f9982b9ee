"""The stretches of an article that could say its need: noun phrases around its likeliest words.

A stretch is a noun phrase, or a noun phrase with what a preposition joins to it: "masques",
"masques en tissu pour les soignants".
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.needs.phrases import BEFORE_NOUNS, carries, noun_phrase
from ingest.extraction.tokens import Sentence, TextPart, TextToken
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, stem

MAX_TOKENS = 12
"""A stretch has this many tokens at most."""
_PER_WORD = 8
"""Stretches around a word are looked for in this many of its places, from the first."""
_JOINED = 2
"""How many phrases may be joined to the first."""
_JOINTS = lexicon.words("prepositions", "joins_need")


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
    """Yields the stretches that have any of the likeliest stems, in the order of the text."""
    small = {
        token.form
        for sentence in sentences
        if sentence.part is not TextPart.TITLE
        for token in sentence.tokens
        if not token.is_capital
    }
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
