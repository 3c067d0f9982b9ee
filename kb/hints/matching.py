"""Notices that belong together, and needs of cases and notices near to what is asked."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.reference.roles import Flow
from kb.registers.board.notice import Notice, NoticePairs
from kb.registers.board.notices import Notices
from kb.search.context import GenerationCache
from kb.search.trades.background import Background, NullDistribution
from kb.store.pool import StorePool
from kb.text.analysis import query_stems
from kb.text.folding import fold
from kb.text.written_words import accented

TEXTS_REMEMBERED = 5000
TEXTS_AT_ONCE = 16  # embedded at once: for more, the encoder would compile its graph again
FITTING = 0.81  # the closeness from which a pair is proposed, chosen on other pairs (docs/desk.md)
_LEAST_CEILING = 1e-6


@dataclass(frozen=True, slots=True)
class _Measured:
    embedding: Embeddings
    null: NullDistribution

    def share(self, other: "_Measured") -> float:
        """How far a text lies above a chance trade, as a share of the closest trades."""
        cosine = float(self.embedding @ other.embedding)
        return float(self.null.standardised(cosine)) / max(self.null.ceiling, _LEAST_CEILING)


class NoticeCloseness:
    """Measures how close texts are; remembers those read. Threads share it."""

    def __init__(self, encoder: Encoder, background: Background) -> None:
        self._encoder, self._background = encoder, background
        self._known = GenerationCache[str, _Measured](TEXTS_REMEMBERED)

    def to_each(self, wordings: Sequence[str], others: Sequence[Sequence[str]]) -> list[float]:
        """Returns the closeness of a notice to each other; 1 is as close as the closest trades."""
        measured = self._known.of([*wordings, *chain.from_iterable(others)], "", self._measure)
        return [
            max(
                (measured[one].share(measured[other]) + measured[other].share(measured[one])) / 2
                for one in wordings
                for other in of_other
            )
            for of_other in others
        ]

    def _measure(self, texts: Sequence[str]) -> dict[str, _Measured]:
        firsts = range(0, len(texts), TEXTS_AT_ONCE)
        parts = [texts[first : first + TEXTS_AT_ONCE] for first in firsts]
        rows = np.concatenate(
            [self._encoder.encode([*map(accented, part)], TextKind.QUERY) for part in parts]
        )
        nulls = self._background.null_distributions(rows)
        return dict(zip(texts, map(_Measured, rows, nulls), strict=True))


MOST_PROPOSED = 5  # how many pairs are proposed for a notice at most, when it is published


class NoticeMatching:
    """Finds the open notices that fit a notice. `closeness` gives what measures them."""

    def __init__(
        self, notices: Notices, pairs: NoticePairs, closeness: Callable[[], NoticeCloseness]
    ) -> None:
        self._notices, self._pairs, self._closeness = notices, pairs, closeness

    def propose(self, notice: Notice) -> None:
        """Proposes pairs of needs with offers or shares to moderators, never of one owner."""
        self._pairs.forget_proposals(notice.id)
        seeks = notice.content.flow is Flow.SEEKS
        flows = (Flow.OFFERS, Flow.SHARES) if seeks else (Flow.SEEKS,)
        others = (one for one in self._open(flows) if not _same_owner(notice, one))
        fitting = self._closest(notice, others)[:MOST_PROPOSED]
        self._pairs.propose(
            (notice.id, other.id, value) if seeks else (other.id, notice.id, value)
            for other, value in fitting
        )

    def similar(self, notice: Notice, most: int) -> Sequence[Notice]:
        """Returns the open notices of the same flow that are close to a notice, closest first."""
        others = (one for one in self._open([notice.content.flow]) if one.id != notice.id)
        return [other for other, _ in self._closest(notice, others)[:most]]

    def _open(self, flows: Sequence[Flow]) -> Sequence[Notice]:
        return self._notices.public(flows=flows).notices

    def _closest(self, notice: Notice, others: Iterable[Notice]) -> list[tuple[Notice, float]]:
        found = list(others)
        if not found:
            return []
        values = self._closeness().to_each(
            notice.content.wordings, [other.content.wordings for other in found]
        )
        fitting = [pair for pair in zip(found, values, strict=True) if pair[1] >= FITTING]
        return sorted(fitting, key=lambda pair: (-pair[1], pair[0].id))


def _same_owner(notice: Notice, other: Notice) -> bool:
    """Whether two notices are of one account, one e-mail address, or one who asks."""
    pairs = (
        (notice.owner, other.owner),
        (notice.told_at.lower(), other.told_at.lower()),
        (fold(notice.content.asker), fold(other.content.asker)),
    )
    return any(one and one == another for one, another in pairs)


NEAR = 0.95  # the closeness from which a need is related, chosen on other wordings (docs/desk.md)
MOST_RELATED = 4
COMPARED = 200  # most needs compared, those of the board first: each is embedded once


@dataclass(frozen=True, slots=True)
class RelatedNeed:
    text: str
    lang: str


class RelatedNeeds:
    def __init__(
        self, stores: StorePool, notices: Notices, closeness: Callable[[], NoticeCloseness]
    ) -> None:
        self._stores, self._notices, self._closeness = stores, notices, closeness

    def near(self, asked: str, lang: str) -> Sequence[RelatedNeed]:
        """Returns the nearest `MOST_RELATED` needs, a story once, none in the words asked."""
        said = {frozenset(query_stems(asked))}
        needs = []
        for need in islice(chain(self._of_board([Flow.SEEKS]), self._of_cases(lang)), COMPARED):
            stems = _stems(need.text)
            if stems not in said:
                said.add(stems)
                needs.append(need)
        values = self._closeness().to_each([asked], [[need.text] for need in needs])
        near = [pair for pair in zip(values, needs, strict=True) if pair[0] >= NEAR]
        return [need for _, need in sorted(near, key=lambda pair: -pair[0])[:MOST_RELATED]]

    def examples(self, lang: str) -> Sequence[RelatedNeed]:
        """Returns texts to try a search with: of cases, notices, actors, in a language if any."""
        with self._stores.lend() as store:
            said = [RelatedNeed(*row) for row in store.descriptions(lang, COMPARED)]
        found = chain(self._of_cases(lang), self._of_board(tuple(Flow)), said)
        return sorted(found, key=lambda need: need.lang != lang)

    def _of_board(self, flows: Collection[Flow]) -> Iterator[RelatedNeed]:
        for notice in self._notices.public(flows=flows, limit=COMPARED).notices:
            yield RelatedNeed(notice.content.title, notice.content.lang)

    def _of_cases(self, lang: str) -> Iterator[RelatedNeed]:
        with self._stores.lend() as store:
            needs = store.needs()
        in_lang = {story for _, of, story in needs if of == lang}
        stories: set[str] = set()
        for text, of, story in needs:
            if story not in stories and (of == lang or story not in in_lang):
                stories.add(story)
                yield RelatedNeed(text, of)


_stems = lru_cache(maxsize=10 * COMPARED)(lambda known: frozenset(query_stems(known)))
