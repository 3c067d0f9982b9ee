"""The things that a title names and the text comes back to: a matter, and often its use.

"Le pain d'hier finit dans la bière" names both. A word of a title is taken for a thing if the
text uses it as a noun; names of persons, places and organisations are none.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.proposals.phrases import carries, is_finite, noun_phrase
from ingest.extraction.references.vocabulary import is_head
from ingest.extraction.tokens import Sentence, TextPart, TextToken
from kb.text.analysis import FUNCTION_WORDS, stem

_MAX_SPAN = 10
"""A stretch of the title from its first thing to its last has this many words at most."""
_PARTS = frozenset(":;–—-?!.…|(")
"""Signs between the parts of a title."""
_BEFORE_NOUNS = frozenset().union(
    *(lexicon.words("determiners", section) for section in ("indefinite", "definite", "article")),
    lexicon.words("prepositions", "inside_need"),
)


_AFTER_NOUNS = frozenset({"de", "d'", "du", "des", "of", "for", "pour", "en"})


@dataclass(frozen=True, slots=True)
class TitledThing:
    """A noun phrase `tokens[first:last]` of a title, its stems, and how often its head is said.

    `part` numbers the parts of the title, between its colons, dashes and full stops.
    """

    sentence: Sentence
    first: int
    last: int
    stems: tuple[str, ...]
    count: int
    part: int

    @property
    def tokens(self) -> Sequence[TextToken]:
        return self.sentence.tokens[self.first : self.last]

    @property
    def text(self) -> str:
        return _text(self.sentence, self.first, self.last)


def titled_things(
    sentences: Sequence[Sentence], counts: Counter[str], lang: str
) -> list[TitledThing]:
    """Returns the things of the title in its order; `counts` are those of stems in the article."""
    nouns = _nouns(sentences, lang)
    small = {token.form for sentence in sentences if sentence.part is not TextPart.TITLE
             for token in sentence.tokens if not token.is_capital}  # fmt: skip
    things: list[TitledThing] = []
    part = 0
    for sentence in sentences:
        if sentence.part is not TextPart.TITLE:
            continue
        after = 0
        tokens = _small(sentence, small)
        for at, token in enumerate(tokens):
            part += token.text in _PARTS and not _is_hyphen(sentence, at)
            phrase = _thing_at(tokens, at, nouns, lang) if at >= after else ()
            if not phrase:
                continue
            after = at + len(phrase)
            # "petit-lait" is one word.
            first = at - 2 if at > 1 and _is_hyphen(sentence, at - 1) else at
            stems = tuple(stem(each.form, lang) for each in phrase if carries(each))
            things.append(TitledThing(sentence, first, after, stems, counts[stems[0]], part))
        part += 1
    return things


def _thing_at(
    tokens: Sequence[TextToken], at: int, nouns: set[str], lang: str
) -> Sequence[TextToken]:
    """The noun phrase of a thing that begins at a token of a title; none if none does."""
    token = tokens[at]
    is_noun = stem(token.form, lang) in nouns or _is_noun_here(tokens, at)
    # Neither a party nor what describes it: "deux ateliers béarnais".
    is_party = is_head(token.form) or (at > 0 and is_head(tokens[at - 1].form))
    if not is_noun or not carries(token) or is_party or is_finite(tokens, at):
        return ()
    phrase = noun_phrase(tokens, at)
    return _without_verb(phrase) if phrase and phrase[0] is token else ()


def written(things: Sequence[TitledThing], matter: TitledThing) -> str:
    """The matter with its use, as the title words them: one stretch of it, or two of its parts."""
    part = [thing for thing in things if thing.part == matter.part]
    words = _stretch(part, matter)
    others = [thing for thing in things if thing.part != matter.part
              and not set(thing.stems) & {each for own in part for each in own.stems}]  # fmt: skip
    if len(part) > 1 or not others:
        return words
    other = max(others, key=lambda thing: thing.count)
    return f"{words} : {other.text}" if other.part > matter.part else f"{other.text} : {words}"


def _stretch(part: Sequence[TitledThing], matter: TitledThing) -> str:
    """The stretch of a title from the first to the last thing of a part, or the matter's alone."""
    first, last = part[0].first, part[-1].last
    tokens = matter.sentence.tokens[first:last]
    if sum(token.is_word for token in tokens) <= _MAX_SPAN and not any(
        is_head(token.form) for token in tokens
    ):
        return _text(matter.sentence, first, last)
    others = [thing for thing in part if not set(thing.stems) & set(matter.stems)]
    if not others:
        return matter.text
    return f"{matter.text} : {max(others, key=lambda thing: thing.count).text}"


def _text(sentence: Sentence, first: int, last: int) -> str:
    text = sentence.written(first, last)
    return text.lower() if text.isupper() else text


def _is_hyphen(sentence: Sentence, at: int) -> bool:
    """Whether a dash joins two words without a blank."""
    token = sentence.tokens[at]
    before, after = sentence.text[: token.start], sentence.text[token.end :]
    return token.text == "-" and before[-1:].isalnum() and after[:1].isalnum()


def _nouns(sentences: Sequence[Sentence], lang: str) -> set[str]:
    """The stems of the words that the text writes small, and somewhere after a determiner."""
    return {
        stem(token.form, lang)
        for sentence in sentences
        if sentence.part is not TextPart.TITLE
        for before, token in pairwise(sentence.tokens)
        if before.form in _BEFORE_NOUNS and not (token.is_capital and not token.text.isupper())
    }


def _small(sentence: Sentence, small: set[str]) -> list[TextToken]:
    """The tokens of a title, small where the text writes them so."""
    is_shouted = sentence.text.isupper()
    return [
        replace(token, text=token.form)
        if token.form in small and token.is_capital and (is_shouted or not _is_acronym(token))
        else token
        for token in sentence.tokens
    ]


def _is_acronym(token: TextToken) -> bool:
    return len(token.text) > 1 and token.text.isupper()


def _is_noun_here(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a title has a word where only a noun stands: "en briques", "pics d'activité"."""
    is_first = at == 0 or tokens[at - 1].text in _PARTS
    is_plural = tokens[at].form.endswith(("s", "x"))
    leads = at + 1 < len(tokens) and tokens[at + 1].form in _AFTER_NOUNS
    if tokens[at].is_capital:
        return is_first and is_plural and leads and not tokens[at].text.isupper()
    before = tokens[at - 1].form if at else ""
    # "Vieilles voiles", "Thirty fleeces": what else a part begins with describes its plural.
    begins = at > 0 and (at == 1 or tokens[at - 2].text in _PARTS) and before not in FUNCTION_WORDS
    is_led = before in _BEFORE_NOUNS or before.isdigit() or (begins and is_plural)
    return is_led or (leads and (is_first or is_plural))


def _without_verb(phrase: Sequence[TextToken]) -> Sequence[TextToken]:
    """A phrase up to the verb that it runs into, if it does: "vêtements coud"."""
    for at, token in enumerate(phrase[1:], 1):
        if verbs(token.form) and phrase[at - 1].form not in _BEFORE_NOUNS:
            return phrase[:at]
    return phrase
