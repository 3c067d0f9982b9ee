"""Related needs: needs that cases met, or that stand on the board, near to what is asked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from kb.hints.matching import NoticeCloseness
from kb.reference.flows import Flow
from kb.registers.board.notices import Notices
from kb.store.pool import StorePool
from kb.text.analysis import query_stems

NEAR = 0.95  # the closeness from which a need is related, chosen on other wordings (docs/desk.md)
MOST_RELATED = 4
COMPARED = 200  # most needs compared, those of the board first: each is embedded once


@dataclass(frozen=True, slots=True)
class RelatedNeed:
    """A need in its own words, and their language."""

    text: str
    lang: str


class RelatedNeeds:
    """Finds related needs. `closeness` gives what measures them."""

    def __init__(
        self, stores: StorePool, notices: Notices, closeness: Callable[[], NoticeCloseness]
    ) -> None:
        self._stores, self._notices, self._closeness = stores, notices, closeness

    def near(self, asked: str, lang: str) -> Sequence[RelatedNeed]:
        """Returns the nearest `MOST_RELATED` needs, a story once, none in the words asked."""
        said = {frozenset(query_stems(asked))}
        needs = []
        for need in islice(self._known(lang), COMPARED):
            stems = _stems(need.text)
            if stems not in said:
                said.add(stems)
                needs.append(need)
        values = self._closeness().to_each([asked], [[need.text] for need in needs])
        near = [pair for pair in zip(values, needs, strict=True) if pair[0] >= NEAR]
        return [need for _, need in sorted(near, key=lambda pair: -pair[0])[:MOST_RELATED]]

    def _known(self, lang: str) -> Iterator[RelatedNeed]:
        for notice in self._notices.public(flows=[Flow.SEEKS], limit=COMPARED).notices:
            yield RelatedNeed(notice.content.title, notice.content.lang)
        with self._stores.lend() as store:
            needs = store.needs()
        in_lang = {story for _, of, story in needs if of == lang}
        stories: set[str] = set()
        for text, of, story in needs:
            if story not in stories and (of == lang or story not in in_lang):
                stories.add(story)
                yield RelatedNeed(text, of)


_stems = lru_cache(maxsize=10 * COMPARED)(lambda known: frozenset(query_stems(known)))
