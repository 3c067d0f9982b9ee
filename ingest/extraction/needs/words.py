"""The words of an article, by their stems, that may name its need, and their features."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.candidates.noun_phrases import PLACES_AND_TIMES, is_head
from ingest.extraction.needs.phrases import BEFORE_NOUNS, BY_PRODUCTS, carries
from ingest.extraction.ordinary_words import commonness
from ingest.extraction.tokens import Sentence, TextPart, TextToken
from kb.text.analysis import stem

OF = frozenset({"de", "d'", "du", "des", "of"})
USES = frozenset({"pour", "for"})
_IN = frozenset({"en", "in", "dans", "with", "avec", "from"})
_ENDINGS = lexicon.words("need_endings")
_BEFORE_CAPITALS = frozenset('.:«"“-–—(')
_EARLY, _LATE = 3, 8
"""The paragraphs up to which, and after which, a text is at its beginning, or far in it."""
_MOST_SPOKEN = 4.0  # commonness of words that any text may have
_NAME = 0.6  # the share of capitals within sentences from which a word is a name


@dataclass(slots=True)
class NeedWord:
    stem: str
    places: list[tuple[Sentence, int]] = field(default_factory=list)
    features: dict[str, float] = field(default_factory=dict)

    @property
    def tokens(self) -> Iterator[TextToken]:
        return (sentence.tokens[at] for sentence, at in self.places)

    @property
    def count(self) -> int:
        return len(self.places)


def need_words(sentences: Sequence[Sentence], lang: str) -> dict[str, NeedWord]:
    found: dict[str, NeedWord] = {}
    for sentence in sentences:
        for at, token in enumerate(sentence.tokens):
            if carries(token):
                own = stem(token.form, lang)
                found.setdefault(own, NeedWord(own)).places.append((sentence, at))
    bodies = (each.paragraph for each in sentences if each.part is TextPart.BODY)
    opening = min(bodies, default=0)
    most = max((word.count for word in found.values()), default=1)
    for word in found.values():
        word.features |= _of_places(word, most, len(sentences), opening)
        word.features |= _of_neighbours(word)
        word.features |= _of_kind(word)
        if any(sentence.part is TextPart.TITLE for sentence, _ in word.places):
            word.features |= _in_title(word)
    _add_ranks(found)
    return found


def _of_places(word: NeedWord, most: int, sentences: int, opening: int) -> dict[str, float]:
    in_sentences = len({sentence.number for sentence, _ in word.places})
    paragraphs = [
        sentence.paragraph - opening
        for sentence, _ in word.places
        if sentence.part is TextPart.BODY
    ]
    first = min(paragraphs, default=99)
    return {
        "count": math.log(1 + word.count),
        "share of most": word.count / most,
        "share of sentences": in_sentences / sentences,
        "sentences": math.log(1 + in_sentences),
        "heading": float(any(each.part is TextPart.HEADING for each, _ in word.places)),
        "first paragraph": float(first <= 0),
        "early": float(first <= _EARLY),
        "late": float(first > _LATE),
        "count early": math.log(1 + sum(each < _EARLY for each in paragraphs)),
    }


def _of_neighbours(word: NeedWord) -> dict[str, float]:
    before = [each.tokens[at - 1].form if at else "" for each, at in word.places]
    after = [each.tokens[at + 1].form for each, at in word.places if at + 1 < len(each.tokens)]
    uses = sum(
        any(token.form in USES for token in sentence.tokens[max(0, at - 3) : at])
        for sentence, at in word.places
    )
    noun = sum(form in BEFORE_NOUNS for form in before) / word.count
    return {
        "after a determiner": noun,
        "never after a determiner": float(noun == 0),
        "after of": sum(form in OF for form in before) / word.count,
        "before of": sum(form in OF for form in after) / word.count,
        "after a head": sum(is_head(form) for form in before) / word.count,
        "for use": float(min(2, uses)),
    }


def _of_kind(word: NeedWord) -> dict[str, float]:
    within = [
        sentence.tokens[at].is_capital
        for sentence, at in word.places
        if at
        and sentence.part is TextPart.BODY
        and sentence.tokens[at - 1].text not in _BEFORE_CAPITALS
    ]
    capital = sum(within) / len(within) if within else 0.0
    form = Counter(token.form for token in word.tokens).most_common(1)[0][0]
    text = Counter(token.text.lower() for token in word.tokens).most_common(1)[0][0]
    common = commonness(text)
    many = math.log(1 + word.count)
    only_capital = all(token.is_capital for token in word.tokens)
    is_name = float(capital > _NAME or (only_capital and common == 0))
    by_product = float(bool(BY_PRODUCTS.fullmatch(form)))
    features = {
        "capital": capital,
        "name": is_name,
        "name, often": is_name * many,
        "plural": sum(token.form.endswith(("s", "x")) for token in word.tokens) / word.count,
        "length": min(len(form), 12) / 12,
        "unknown": float(common == 0),
        "common": common / 5,
        "very common": max(0.0, common - _MOST_SPOKEN),
        "rare, often": (5 - common) / 5 * many,
        "verb": float(bool(verbs(form))),
        "head": float(is_head(form)),
        "place or time": float(form in PLACES_AND_TIMES),
        "by-product": by_product,
        "by-product, often": by_product * many,
    }
    return features | {f"-{each}": 1.0 for each in _ENDINGS if form.endswith((each, f"{each}s"))}


def _in_title(word: NeedWord) -> dict[str, float]:
    """The features of a word of the title, those of its kind weighing otherwise there."""
    sentence, at = next(each for each in word.places if each[0].part is TextPart.TITLE)
    tokens, own = sentence.tokens, word.features
    carrying = [each for each, token in enumerate(tokens) if carries(token)]
    before = tokens[at - 1].form if at else ""
    outside = sum(each.part is TextPart.BODY for each, _ in word.places)
    is_no_noun = own["never after a determiner"] and not own["before of"]
    return {
        "title": 1.0,
        "title and text": float(outside > 0),
        "title, often": math.log(1 + outside),
        "title, early": 1 - carrying.index(at) / max(1, len(carrying) - 1),
        "title, first": float(at == 0),
        "title, for": float(before in USES),
        "title, after of": float(before in OF),
        "title, in": float(before in _IN),
        "title, before of": float(at + 1 < len(tokens) and tokens[at + 1].form in OF),
        "title, no noun": float(is_no_noun),
        "title, only there": float(word.count == 1),
    } | {f"title, {kind}": own[kind] for kind in ("name", "common", "verb", "head", "by-product")}


def _add_ranks(found: Mapping[str, NeedWord]) -> None:
    """Ranks the most frequent words: of all, of those of the title, and of the nouns."""
    words = list(found.values())
    nouns = [
        word for word in words
        if word.features["after a determiner"] > 0.3 and not word.features["name"]
    ]  # fmt: skip
    titled = [word for word in words if "title" in word.features]
    for name, those in (("rank", words), ("title, rank", titled), ("noun, rank", nouns)):
        for rank, word in enumerate(sorted(those, key=lambda each: -each.count)[:6], start=1):
            word.features[name] = 1 / rank
