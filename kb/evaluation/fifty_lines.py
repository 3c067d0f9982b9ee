"""A plain hybrid search to compare with: reciprocal rank fusion (Cormack et al. 2009)."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import faiss
import snowballstemmer

from kb.encoder.encoder import Encoder, TextKind
from kb.models import Actor
from kb.reference.trades import trade_of
from kb.text.analysis import FUNCTION_WORDS
from kb.text.folding import fold
from kb.text.know_how import know_how

RANK_CONSTANT, SATURATION, LENGTH_SHARE = 60, 1.2, 0.75  # k of ranks; k1, b of BM25


class FiftyLines:
    def __init__(self, actors: Sequence[Actor], encoder: Encoder) -> None:
        self._ids = [actor.id for actor in actors]
        self._encoder = encoder
        texts = [_text(actor) for actor in actors]
        self._index = faiss.IndexFlatIP(encoder.dimension)
        self._index.add(encoder.encode(texts, TextKind.DOCUMENT))
        stems = [_stems(text, actor.lang) for text, actor in zip(texts, actors, strict=True)]
        mean = sum(map(len, stems)) / len(stems) or 1.0
        self._lengths = [1 - LENGTH_SHARE + LENGTH_SHARE * len(of_text) / mean for of_text in stems]
        self._places: dict[str, dict[int, int]] = defaultdict(dict)
        for place, of_text in enumerate(stems):
            for stem, count in Counter(of_text).items():
                self._places[stem][place] = count

    def rank(self, query: str, depth: int) -> dict[str, float]:
        """The scores of the first `depth` actors, by id, best first."""
        row = self._encoder.encode([query], TextKind.QUERY)
        near = self._index.search(row, min(depth, len(self._ids)))[1][0].tolist()
        scores: dict[int, float] = defaultdict(float)
        for ranking in (near, self._by_words(query)[:depth]):
            for rank, place in enumerate(ranking, start=1):
                scores[place] += 1 / (RANK_CONSTANT + rank)
        best = sorted(scores, key=lambda place: -scores[place])[:depth]
        return {self._ids[place]: scores[place] for place in best}

    def _by_words(self, query: str) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        # A text is in one language: it has the stems of the query in that one.
        for stem in dict.fromkeys(_stems(query, "fr") + _stems(query, "en")):
            places = self._places.get(stem, {})
            rarity = math.log(1 + (len(self._ids) - len(places) + 0.5) / (len(places) + 0.5))
            for place, count in places.items():
                share = count / (count + SATURATION * self._lengths[place])
                scores[place] += rarity * share
        return sorted(scores, key=lambda place: -scores[place])


def _text(actor: Actor) -> str:
    trade = trade_of(actor.activity_code)
    label = "" if trade is None else trade.en if actor.lang == "en" else trade.fr
    said = (actor.name, actor.description, *know_how(actor.facts).values(), *actor.themes, label)
    return ". ".join(filter(None, said))


def _stems(text: str, lang: str) -> list[str]:
    stemmer = snowballstemmer.stemmer("english" if lang == "en" else "french")
    words = re.findall(r"\w+", text.lower())
    stems: list[str] = stemmer.stemWords(w for w in words if fold(w) not in FUNCTION_WORDS)
    return stems
