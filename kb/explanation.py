"""Explanations: why one record stands where it stands in one search.

Nothing is ranked here: the search is made as always, and the record looked up in what it gave. What
it was made of is then told in figures that add up (docs/ranking.md): the passages with their
cosine, their z and their BM25; z word by word, of the query and of the passage; the case that
vouches, with how close its need is; and for what is inferred, how close two trades are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.background import Background, Chance
from kb.candidates import ScoredPassage
from kb.cases import WEIGHTS, HeardCase, Voucher, relevance
from kb.documents import ACTIVITY, NEED, TITLE, encoder_text, quotation
from kb.embedding import Embeddings, TextKind, WordEmbeddings
from kb.formula import Constant, constants
from kb.hits import ActorHit, CaseHit, Evidence, EvidenceKind, Filters, Steering
from kb.language import query_stems, stems, words
from kb.models import Actor, Case, Kind, Participation, Record, kind_of
from kb.query import Query
from kb.scoring import Room, Scorer
from kb.search import actor_embeddings, asked_embedding, search, unit
from kb.similar import Likeness, likenesses, witnesses
from kb.word_shares import CloseWord, WordShares, closest_words, word_shares

PASSAGES = 3
"""How many of a record's passages are explained."""


@dataclass(frozen=True, slots=True)
class StemMatch:
    """A stem of the query that stands in a text: the spans of the words that have it."""

    stem: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PassageExplanation:
    """A passage, and what its score is made of.

    `score` is `dense` + 0.2 · `lexical`: z and BM25. `cosine` is None for a passage that is found
    by its words alone. `query_shares` and `passage_shares` both add up to `dense`, the former in
    words of the query's need, the latter in words of `text`; None where the encoder does not show
    its words. `matches` are what BM25 counts; `close` the words that mean like one of the query's
    (`other_start` and `other_end` are of the need); `marks` the spans of both, in order and apart.
    """

    part: str
    lang: str
    text: str
    source: str
    score: float
    cosine: float | None
    dense: float
    lexical: float
    query_shares: WordShares | None
    passage_shares: WordShares | None
    matches: tuple[StemMatch, ...]
    close: tuple[CloseWord, ...]

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        found = {span for match in self.matches for span in match.spans}
        found |= {(word.start, word.end) for word in self.close}
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class CasePath:
    """From the query to an actor by way of a case: its need, then the part that the actor took.

    `need` is the passage by which the case is heard (in whichever language it is closest),
    `relevance` how far that is the need asked for, from 0 to 1, and `weight` what the role counts;
    `given` is their product, of the score of the need and both.
    """

    case: Case
    participation: Participation
    need: PassageExplanation | None
    relevance: float
    weight: float

    @property
    def given(self) -> float:
        return self.need.score * self.relevance * self.weight if self.need else 0.0


@dataclass(frozen=True, slots=True)
class SimilarPath:
    """From a case to an actor by way of a witness: who took part in it has a trade close to this.

    `text` is the actor's passage that is closest to what the witness says of itself; `cosine` and
    `dense` how close, the latter in deviations above a chance trade, as `closest` is that of the
    closest of all trades. `weight` is how much the example counts, by the relevance of the case and
    the role, and `said` what this witness's word is worth before it is joined with others'.
    """

    by: CasePath
    witness: Actor
    text: str
    cosine: float
    dense: float
    closest: float
    weight: float
    said: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record stands where it stands.

    `hit` has its rank, its score and the parts of it; None if the search leaves the record out, by
    `filters`, by a word that must or must not be there, or because it is closed. `closest` is how
    close the closest of all trades are to the query, from which its fit is measured.
    """

    asked: Query
    record: Record
    hit: ActorHit | CaseHit | None
    passages: tuple[PassageExplanation, ...]
    cases: tuple[CasePath, ...]
    similar: tuple[SimilarPath, ...]
    filters: Filters
    steering: Steering
    closest: float
    constants: Mapping[str, Constant]


def explain(
    query: str,
    record: Record,
    room: Room,
    *,
    filters: Filters = Filters(),
    steering: Steering = Steering(),
    lang: str = "",
) -> Explanation:
    """Explains a record of the room's base for a query.

    Raises:
        QueryError: as `kb.search.search`.
    """
    kind = kind_of(record)
    filters = replace(filters, kind=None)
    result = search(query, room, filters=filters, steering=steering, lang=lang, complete=True)
    hit: ActorHit | CaseHit | None
    if isinstance(record, Case):
        hit = next((one for one in result.cases if one.case.story == record.story), None)
    else:
        hit = next((one for one in result.hits if one.actor.id == record.id), None)
    told = _Telling(result.asked, steering, room)
    evidence = hit.evidence if isinstance(hit, ActorHit) else ()
    return Explanation(
        asked=result.asked,
        record=record,
        hit=hit,
        passages=told.passages(record, told.ids(kind, record.id), PASSAGES),
        cases=tuple(
            told.case_path(one.case, one.participation)
            for one in evidence
            if one.kind is EvidenceKind.CASE and one.case and one.participation
        ),
        similar=tuple(
            path for one in evidence if (path := told.similar_path(one, record)) is not None
        ),
        filters=filters,
        steering=steering,
        closest=told.chance.closest,
        constants=constants(),
    )


class _Telling:
    """Tells of passages for one query."""

    def __init__(self, asked: Query, steering: Steering, room: Room) -> None:
        self._asked = asked
        self._room = room
        drawn = asked_embedding(asked, steering, room)
        self._embedding = unit(drawn)
        # How much of the steered embedding is the need's own.
        self._own_share = 1 / max(float(np.linalg.norm(drawn)), 1e-12)
        self._stems = asked.stems | query_stems(" ".join(asked.wanted))
        self._words = room.encoder.encode_words(asked.need, TextKind.QUERY)
        self._background = room.measures.background
        self.chance = self._background.chance(self._embedding)

    def ids(self, kind: Kind, *record_ids: str) -> set[int]:
        return self._room.store.passage_ids_of(kind, record_ids)

    def passages(self, record: Record, ids: set[int], limit: int) -> tuple[PassageExplanation, ...]:
        """The best of these passages of a record, best first, as the search scores them."""
        scorer = Scorer(self._room, ids, len(ids))
        scored = [
            one for one in scorer.scored(self._embedding, self._stems) if one.passage.id in ids
        ]
        scored.sort(key=lambda one: (-one.score, one.passage.id))
        return tuple(self._passage(record, one) for one in scored[:limit])

    def case_path(self, case: Case, participation: Participation) -> CasePath:
        """A case is heard for its need, in whichever language that is closest to the query."""
        store = self._room.store
        needs: list[PassageExplanation] = []
        for edition in store.cases(store.editions(case.story)).values():
            ids = self.ids(Kind.CASE, edition.id)
            ids &= store.passage_ids_of_parts(Kind.CASE, [NEED if edition.need else TITLE])
            needs += self.passages(edition, ids, 1)
        need = max(needs, key=lambda one: one.score, default=None)
        return CasePath(
            case,
            participation,
            need,
            relevance(need.score, self.chance) if need else 0.0,
            WEIGHTS[participation.role],
        )

    def similar_path(self, evidence: Evidence, record: Record) -> SimilarPath | None:
        witness, case, part = evidence.witness, evidence.case, evidence.participation
        if evidence.kind is not EvidenceKind.SIMILAR or not (witness and case and part):
            return None
        path = self.case_path(case, part)
        heard_case = HeardCase(case, path.need.score if path.need else 0.0, path.relevance)
        given = {witness.id: [Voucher(path.given, heard_case, part)]}
        passages = self._room.store.passages(self.ids(Kind.ACTOR, record.id))
        ids = [
            id_
            for id_, passage in passages.items()
            if quotation(passage.part, passage.text) == evidence.text
        ]
        for heard in witnesses(given, actor_embeddings([witness.id], self._room)):
            cosines = self._room.index.cosines(heard.embedding, ids)
            found: Likeness | None = max(
                likenesses([heard], [cosines], self._background),
                key=lambda one: one.closeness,
                default=None,
            )
            if found:
                chance = self._background.chance(heard.embedding)
                cosine = cosines[found.passage_id]
                return SimilarPath(
                    by=path,
                    witness=witness,
                    text=evidence.text,
                    cosine=cosine,
                    dense=chance.standardised(cosine),
                    closest=chance.closest,
                    weight=heard.weight,
                    said=found.said,
                )
        return None

    def _passage(self, record: Record, one: ScoredPassage) -> PassageExplanation:
        passage = one.passage
        said = quotation(passage.part, passage.text)
        cosine = self._room.index.cosines(self._embedding, [passage.id]).get(passage.id)
        query_shares: WordShares | None = None
        passage_shares: WordShares | None = None
        close: tuple[CloseWord, ...] = ()
        if cosine is not None:
            read = encoder_text(record, passage.part, said)
            query_shares = self._query_shares(passage.id, passage.lang)
            passage_words = self._room.encoder.encode_words(read, TextKind.DOCUMENT)
            if passage_words and read.endswith(said):
                passage_words = _within(passage_words, len(read) - len(said))
                slope, origin = _line(self.chance, self._background, passage.lang)
                passage_shares = word_shares(
                    passage_words,
                    said,
                    slope * self._embedding,
                    float(origin @ self._embedding),
                )
                if self._words:
                    close = tuple(closest_words(passage_words, said, self._words, self._asked.need))
        return PassageExplanation(
            part=passage.part,
            lang=passage.lang,
            text=said,
            # What an activity code means is said in our words, and in no source.
            source="" if passage.part == ACTIVITY else record.source_url,
            score=one.score,
            cosine=cosine,
            dense=one.dense,
            lexical=one.lexical,
            query_shares=query_shares,
            passage_shares=passage_shares,
            matches=_matches(said, passage.lang, self._stems),
            close=close,
        )

    def _query_shares(self, id_: int, lang: str) -> WordShares | None:
        """Z in words of the need; what steers the search besides has its part in the rest."""
        found = self._room.index.embeddings([id_])
        if self._words is None or id_ not in found:
            return None
        slope, origin = _line(self.chance, self._background, lang)
        direction = slope * found[id_].astype(np.float64) - origin
        own = word_shares(self._words, self._asked.need, self._own_share * direction)
        return replace(own, rest=own.rest + float(self._embedding @ direction) - own.total)


def _line(chance: Chance, background: Background, lang: str) -> tuple[float, Embeddings]:
    """Z as a line of the cosine: the slope a, and the vector b, of z = a (q·x) - q·b.

    As `Chance.standardised`: with the mean μ and the deviation σ of the cosines to the trades as
    told in a language, a = 1/σ and b = μ/σ; of a language that they are not told in, their means.
    """
    langs: Sequence[str] = [lang] if lang in chance.mean else list(chance.mean)
    slopes = [1 / chance.deviation[one] for one in langs]
    origins = [background.mean(one) / chance.deviation[one] for one in langs]
    return sum(slopes) / len(langs), np.asarray(sum(origins) / len(langs))


def _within(embeddings: WordEmbeddings, start: int) -> WordEmbeddings:
    """The same tokens, for the text from `start` on: those before are of no word of it."""
    spans = ((max(a - start, 0), b - start) for a, b in embeddings.spans)
    return replace(embeddings, spans=tuple(one if one[1] > 0 else (0, 0) for one in spans))


def _matches(text: str, lang: str, wanted: frozenset[str] | set[str]) -> tuple[StemMatch, ...]:
    """The stems of the query that stand in a text, in the order in which they do."""
    found: dict[str, list[tuple[int, int]]] = {}
    for word in words(text):
        for stem in sorted(stems(word, lang) & wanted):
            found.setdefault(stem, []).append((word.start, word.end))
    return tuple(StemMatch(stem, tuple(spans)) for stem, spans in found.items())
