"""Pairs of a need and a text that answers it, from the lexicon and the portraits."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.reference.trades import LexiconKind, Portrait, TradePhrase, lexicon, portraits, trade_of
from kb.text.analysis import query_stems
from kb.text.lexicon import Lexicons

HELD_OUT = 5  # one portrait in so many, the third of each, is not learnt from
OF_PORTRAITS, OF_DIVISIONS, OF_WORDS = 0.4, 0.65, 0.85  # summed shares of a batch
SIBLINGS = 5  # pairs of a division, or a word, put together: hard negatives of each other
KINDS = (LexiconKind.MAKES, LexiconKind.COULD, LexiconKind.MEANS)
KIND_SHARES = (0.6, 0.3, 0.1)
CLASSES_OF_A_WORD = range(3, 26)
KIN = 4  # classes that share so many phrases are no negatives of each other
LAST_DIVISION_OF_MAKERS = 32

BARE, FRENCH, FRENCH_PHRASES, NAMED, WITH_MEANS = 0.6, 0.75, 0.55, 0.15, 0.85
"""Shares: of phrases asked as they are, of French passages and phrases, of passages that only name
the trade, of descriptions with machines rather than materials."""

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")


@dataclass(frozen=True, slots=True)
class Pair:
    query: str
    passage: str
    code: str
    right: frozenset[str]


class PhraseBook:
    """The lexicon, by class, and what classes and phrases have in common."""

    def __init__(self, phrases: Sequence[TradePhrase]) -> None:
        self.by_class: dict[str, dict[tuple[LexiconKind, str], list[TradePhrase]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.divisions: dict[str, list[str]] = defaultdict(list)
        said: dict[frozenset[str], set[str]] = defaultdict(set)
        words: dict[str, dict[str, list[TradePhrase]]] = defaultdict(lambda: defaultdict(list))
        stems = {phrase: frozenset(query_stems(phrase.text)) for phrase in phrases}
        for phrase, of_phrase in stems.items():
            self.by_class[phrase.code][phrase.kind, phrase.lang].append(phrase)
            if phrase.kind in KINDS:
                said[of_phrase].add(phrase.code)
                for stem in of_phrase:
                    words[stem][phrase.code].append(phrase)
        for code in self.by_class:
            self.divisions[code[:2]].append(code)
        shared = Counter(
            (code, other) for codes in said.values() for code in codes for other in codes - {code}
        )
        self._kin: dict[str, set[str]] = defaultdict(set)
        for (code, other), count in shared.items():
            if count >= KIN:
                self._kin[code].add(other)
        self._said = {phrase: said[of_phrase] for phrase, of_phrase in stems.items()}
        self.words = [
            classes for _, classes in sorted(words.items()) if len(classes) in CLASSES_OF_A_WORD
        ]

    def right(self, code: str, phrase: TradePhrase | None = None) -> frozenset[str]:
        """The classes whose texts may answer a need for a phrase of a class."""
        return frozenset({code, *self._kin[code], *(self._said[phrase] if phrase else ())})


class PairMaker:
    def __init__(self, book: PhraseBook, known: Sequence[Portrait], seed: int) -> None:
        self._book = book
        self._rng = random.Random(seed)  # noqa: S311 nothing secret
        self._portraits: dict[str, list[Portrait]] = defaultdict(list)
        for place, portrait in enumerate(known):
            if place % HELD_OUT != HELD_OUT // 2:
                self._portraits[portrait.code[:2]].append(portrait)

    def batch(self, size: int) -> list[Pair]:
        rng, book = self._rng, self._book
        pairs: list[Pair] = []
        everybody = [portrait for of in self._portraits.values() for portrait in of]
        divisions = list(self._portraits.values())
        while everybody and len(pairs) < size * OF_PORTRAITS:
            of = rng.choices(divisions, [*map(len, divisions)])[0]
            of = rng.choice((of, everybody))
            drawn = rng.sample(of, min(SIBLINGS, len(of)))
            pairs += [
                Pair(rng.choice(one.needs), one.text, one.code, book.right(one.code))
                for one in drawn
            ]
        while len(pairs) < size * OF_DIVISIONS:
            codes = rng.choice(list(book.divisions.values()))
            pairs += [self._of_class(code) for code in rng.sample(codes, min(SIBLINGS, len(codes)))]
        while book.words and len(pairs) < size * OF_WORDS:
            classes = rng.choice(book.words)
            drawn_codes = rng.sample(sorted(classes), min(SIBLINGS, len(classes)))
            pairs += [self._pair(rng.choice(classes[code])) for code in drawn_codes]
        codes = list(book.by_class)
        makers = [2.0 if 10 <= int(code[:2]) <= LAST_DIVISION_OF_MAKERS else 1.0 for code in codes]
        rest = max(size - len(pairs), 0)
        pairs += [self._of_class(code) for code in rng.choices(codes, makers, k=rest)]
        return pairs[:size]

    def _of_class(self, code: str) -> Pair:
        rng, phrases = self._rng, self._book.by_class[code]
        (kind,) = rng.choices(KINDS, KIND_SHARES)
        lang = "fr" if rng.random() < FRENCH_PHRASES else "en"
        return self._pair(rng.choice(phrases[kind, lang] or phrases[LexiconKind.MAKES, lang]))

    def _pair(self, phrase: TradePhrase) -> Pair:
        lang = "fr" if self._rng.random() < FRENCH else "en"
        passage = self._description(phrase.code, lang, phrase.text)
        right = self._book.right(phrase.code, phrase)
        return Pair(self._asked(phrase), passage, phrase.code, right)

    def _asked(self, phrase: TradePhrase) -> str:
        if self._rng.random() < BARE:
            return phrase.text
        makes = int(phrase.code[:2]) <= LAST_DIVISION_OF_MAKERS
        form = "asks" if makes and phrase.kind is not LexiconKind.MEANS else "does"
        return self._sentence(f"{form}_{phrase.lang}").format(thing=phrase.text)

    def _description(self, code: str, lang: str, asked: str) -> str:
        """A firm of a class as it might describe itself, without the phrase asked for."""
        rng, of_class = self._rng, self._book.by_class[code]

        def some(kind: LexiconKind, most: int) -> list[str]:
            texts = [phrase.text for phrase in of_class[kind, lang] if phrase.text != asked]
            return rng.sample(texts, min(rng.randint(1, most), len(texts)))

        trade = trade_of(code)
        named = getattr(trade, lang) if trade else ""
        if rng.random() < NAMED:
            return named
        makes = some(LexiconKind.MAKES, 7) or [named]
        half = (len(makes) + 1) // 2
        has = rng.random() < WITH_MEANS
        kind, form = (LexiconKind.MEANS, "has") if has else (LexiconKind.TAKES, "takes")
        means = some(kind, 3)
        facts = {
            "town": rng.choice(_sentences("towns")),
            "count": rng.randint(3, 250),
            "year": rng.randint(1890, 2021),
        }
        told = self._sentence(f"tells_{lang}").format(
            trade=named,
            things=", ".join(makes[:half]),
            others=", ".join(makes[half:] or makes[:1]),
            means=self._sentence(f"{form}_{lang}").format(means=", ".join(means)) if means else "",
            more=self._sentence(f"says_{lang}").format(**facts),
            **facts,
        )
        text = " ".join(told.split())
        return text[:1].upper() + text[1:]

    def _sentence(self, section: str) -> str:
        return self._rng.choice(_sentences(section))


def _sentences(section: str) -> Sequence[str]:
    return _LEXICONS.phrases("templates", section)


def batches(seed: int, size: int) -> Iterator[list[Pair]]:
    """Batches of `size` pairs without end, the same for the same seed."""
    maker = PairMaker(PhraseBook(lexicon()), portraits(), seed)
    while True:
        yield maker.batch(size)
