"""The words of the whole article, by which each of its sentences is read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.tokens import Sentence
from kb.reference.departments import NAMES
from kb.text.folding import fold


@dataclass(frozen=True, slots=True)
class ArticleContext:
    """The known actors, and the folded words and text of an article.

    `lower` are the words that the article writes without a capital somewhere, `capital` those
    that have one inside a sentence.
    """

    actors: KnownActors
    lower: frozenset[str]
    capital: frozenset[str]
    text: str

    @classmethod
    def of(cls, sentences: Sequence[Sentence], actors: KnownActors) -> Self:
        words = [[token for token in sentence.tokens if token.is_word] for sentence in sentences]
        return cls(
            actors,
            frozenset(token.form for each in words for token in each if token.text.islower()),
            frozenset(token.form for each in words for token in each[1:] if token.is_capital),
            fold(" ".join(sentence.text for sentence in sentences)),
        )

    def narrowed(self, sentence: Sentence, ids: tuple[str, ...]) -> tuple[tuple[str, ...], float]:
        """The ids whose actors' places the text names best, and how likely one of them is meant.

        Of several actors with the same name, a place in the sentence says more than a place
        elsewhere in the article, and that more than a department.
        """
        if len(ids) == 1:
            return ids, 1.0
        here = fold(sentence.text)
        points = {}
        for actor_id in ids:
            actor = self.actors.actors[actor_id]
            place, department = fold(actor.place), fold(NAMES.get(actor.department, ""))
            points[actor_id] = (
                4 * _has_words(here, place)
                + 2 * _has_words(self.text, place)
                + _has_words(self.text, department)
            )
        best = max(points.values())
        leaders = tuple(actor_id for actor_id in ids if points[actor_id] == best)
        return leaders, 0.9 if best and len(leaders) == 1 else 0.6


def _has_words(text: str, words: str) -> bool:
    return bool(words and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text))
