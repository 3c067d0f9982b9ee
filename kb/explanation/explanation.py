"""Explanations: why one record stands where it stands in one search.

Nothing is ranked here: the search is made as always, and the record looked up in what it gave. What
it was made of is then told in figures that add up (docs/ranking.md): the passages with their
cosine, their z and their BM25; z word by word, of the query and of the passage; the case that
vouches, with how close its need is; and for what is inferred, how close two trades are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings, TextKind, WordEmbeddings
from kb.explanation.attribution import CloseWord, WordShares, closest_words, word_shares
from kb.indexing.derivation import ACTIVITY, NEED, TITLE, encoder_text, quotation
from kb.models import Actor, Case, Kind, Participation, Record, kind_of
from kb.reference.trades import trades
from kb.search.background import DRAWN_SHARE, Aim, Background
from kb.search.candidates import ScoredPassage
from kb.search.close_trades import Likeness, likenesses, witnesses
from kb.search.pipeline import search
from kb.search.query import Query
from kb.search.results import ActorHit, CaseHit, Evidence, EvidenceKind, Filters, Steering
from kb.search.scorer import Room, Scorer
from kb.search.steering import actor_embeddings, asked_embedding, unit
from kb.search.vouching import WEIGHTS, HeardCase, Voucher, relevance
from kb.search.weights import Constant, constants
from kb.text.analysis import query_stems, stem_spans

PASSAGES = 3
"""How many of a record's passages are explained."""


@dataclass(frozen=True, slots=True)
class StemMatch:
    """A stem of the query that stands in a text: the spans of the words that have it."""

    stem: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TradeShare:
    """What a trade that the query is drawn to has in a z: its code, its words, its part of it.

    `weight` is how far the query is drawn to it, of the 1 of all.
    """

    code: str
    fr: str
    en: str
    weight: float
    share: float


@dataclass(frozen=True, slots=True)
class PassageExplanation:
    """A passage, and what its score is made of.

    `score` is made of `dense`, which is z, of `lexical`, which is BM25, and of `overlap` by
    `kb.search.fusion.fuse`. `cosine` is that of the query itself; None for a passage that is found
    by its words alone. `query_shares` are of words of the query's need and add up to `dense` with
    those of `trades`; `passage_shares` are of words of `text`, and add up to `dense` themselves;
    None where the encoder does not show its words. `matches` are what BM25 counts; `close` the
    words that mean like one of the query's (`other_start` and `other_end` are of the need); `marks`
    the spans of both, in order and apart.
    """

    part: str
    lang: str
    text: str
    source: str
    score: float
    cosine: float | None
    dense: float
    lexical: float
    overlap: float
    query_shares: WordShares | None
    trades: tuple[TradeShare, ...]
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
    `closeness` how close that is (`kb.search.vouching.closeness`), `relevance` how far it is the
    need asked for, from 0 to 1, and `weight` what the role counts; `given` is what the case gives
    the actor: the product of the three.
    """

    case: Case
    participation: Participation
    need: PassageExplanation | None
    closeness: float
    relevance: float
    weight: float

    @property
    def given(self) -> float:
        return self.closeness * self.relevance * self.weight


@dataclass(frozen=True, slots=True)
class SimilarPath:
    """From a case to an actor by way of a witness: who took part in it has a trade close to this.

    `text` is the actor's passage that is closest to what the witness says of itself; `cosine` and
    `dense` how close, the latter in deviations above a chance trade, as `closest` is that of the
    closest of all trades. `weight` is how much the example counts, by the relevance of the case and
    the role; `said` what this witness's word is worth, which draws the actor towards `goal`, by the
    share `said` / (`said` + `kb.search.close_trades.HALF_WAY`) if no other witness speaks.
    """

    by: CasePath
    witness: Actor
    text: str
    cosine: float
    dense: float
    closest: float
    weight: float
    said: float
    goal: float


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
        QueryError: as `kb.search.pipeline.search`.
    """
    kind = kind_of(record)
    filters = replace(filters, kind=None)
    only = "" if isinstance(record, Case) else record.id
    result = search(
        query, room, filters=filters, steering=steering, lang=lang, complete=True, only=only
    )
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
        closest=told.aim.chance.closest,
        constants=constants(),
    )


class _Telling:
    """Tells of passages for one query."""

    def __init__(self, asked: Query, steering: Steering, room: Room) -> None:
        self._asked = asked
        self._room = room
        drawn = asked_embedding(asked, steering, room)
        # How much of the steered embedding is the need's own.
        self._own_share = 1 / max(float(np.linalg.norm(drawn)), 1e-12)
        self._stems = asked.stems | query_stems(" ".join(asked.wanted))
        self._words = room.encoder.encode_words(asked.need, TextKind.QUERY)
        self._background = room.measures.background
        self._scorer = Scorer(room, None, complete=True)
        self.aim = self._scorer.aim(unit(drawn))
        self._needs: dict[str, tuple[PassageExplanation | None, float]] = {}

    def ids(self, kind: Kind, *record_ids: str) -> set[int]:
        return self._room.store.passage_ids_of(kind, record_ids)

    def passages(self, record: Record, ids: set[int], limit: int) -> tuple[PassageExplanation, ...]:
        """The best of these passages of a record, best first, as the search scores them."""
        return tuple(self._passage(record, one) for one in self._scored(ids)[:limit])

    def _scored(self, ids: set[int]) -> list[ScoredPassage]:
        store, index = self._room.store, self._room.index
        lexical = dict(store.match_words(self._stems, len(ids), among=ids))
        read = {id_ for id_ in ids if id_ in index or id_ in lexical}
        scored = self._scorer.fused(self.aim, read, lexical)
        scored.sort(key=lambda one: (-one.score, one.passage.id))
        return scored

    def case_path(self, case: Case, participation: Participation) -> CasePath:
        """A case is heard for its need, in whichever language that is closest to the query."""
        if case.story not in self._needs:
            self._needs[case.story] = self._need(case)
        need, closeness = self._needs[case.story]
        return CasePath(
            case,
            participation,
            need,
            closeness,
            relevance(closeness, self.aim.chance) if need else 0.0,
            WEIGHTS[participation.role],
        )

    def _need(self, case: Case) -> tuple[PassageExplanation | None, float]:
        store = self._room.store
        needs: list[tuple[float, Case, ScoredPassage]] = []
        for edition in store.cases(store.editions(case.story)).values():
            ids = self.ids(Kind.CASE, edition.id)
            ids &= store.passage_ids_of_parts(Kind.CASE, [NEED if edition.need else TITLE])
            needs += ((one.as_need(self._asked.text), edition, one) for one in self._scored(ids))
        closeness, edition, need = max(needs, key=lambda found: found[0], default=(0.0, case, None))
        return (self._passage(edition, need) if need else None), closeness

    def similar_path(self, evidence: Evidence, record: Record) -> SimilarPath | None:
        witness, case, part = evidence.witness, evidence.case, evidence.participation
        if evidence.kind is not EvidenceKind.SIMILAR or not (witness and case and part):
            return None
        path = self.case_path(case, part)
        heard_case = HeardCase(case, path.closeness, path.relevance)
        given = {witness.id: [Voucher(heard_case, part)]}
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
                    goal=heard.weight * heard_case.score,
                )
        return None

    def _passage(self, record: Record, one: ScoredPassage) -> PassageExplanation:
        passage = one.passage
        said = quotation(passage.part, passage.text)
        embedding = self._room.index.embeddings([passage.id]).get(passage.id)
        query_shares: WordShares | None = None
        passage_shares: WordShares | None = None
        trade_shares: tuple[TradeShare, ...] = ()
        close: tuple[CloseWord, ...] = ()
        if embedding is not None:
            line = _Line.of(self.aim, self._background, passage.lang)
            trade_shares = self._trade_shares(embedding, line)
            query_shares = self._query_shares(embedding, line)
            read = encoder_text(record, passage.part, said)
            passage_words = self._room.encoder.encode_words(read, TextKind.DOCUMENT)
            if passage_words and read.endswith(said):
                passage_words = _within(passage_words, len(read) - len(said))
                passage_shares = word_shares(passage_words, said, line.row, line.less)
                if self._words:
                    close = tuple(closest_words(passage_words, said, self._words, self._asked.need))
        return PassageExplanation(
            part=passage.part,
            lang=passage.lang,
            text=said,
            # What an activity code means is said in our words, and in no source.
            source="" if passage.part == ACTIVITY else record.source_url,
            score=one.score,
            cosine=None if embedding is None else float(self.aim.embedding @ embedding),
            dense=one.dense,
            lexical=one.lexical,
            overlap=one.overlap,
            query_shares=query_shares,
            trades=trade_shares,
            passage_shares=passage_shares,
            matches=_matches(said, passage.lang, self._stems),
            close=close,
        )

    def _query_shares(self, embedding: Embeddings, line: "_Line") -> WordShares | None:
        """What the query itself has in z: what steers it by hand has its part in the rest."""
        if self._words is None:
            return None
        direction = line.slope * embedding.astype(np.float64) - line.origin
        own = word_shares(self._words, self._asked.need, self._own_share * direction)
        whole = float(self.aim.embedding @ direction)
        return replace(own, rest=own.rest + whole - own.total)

    def _trade_shares(self, embedding: Embeddings, line: "_Line") -> tuple[TradeShare, ...]:
        """What the trades that the query is drawn to have in z, the rest of it."""
        found = []
        for place, weight in self.aim.trades:
            trade = trades()[place]
            told = [self._background.embeddings[lang][place] for lang in line.langs]
            less = [float(row @ mean) for row, mean in zip(told, line.means, strict=True)]
            own = line.slope * float(np.mean(told, axis=0) @ embedding) - float(np.mean(less))
            share = DRAWN_SHARE * weight * own
            found.append(TradeShare(trade.code, trade.fr, trade.en, weight, share))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Line:
    """What the z of passages in a language is, as a line: z = `row`·x - `less`.

    With r the query drawn to the trades as told in the language, and the mean and the deviation σ
    of its products with all trades, z = (r·x - mean) / σ (`kb.search.background`). r is the query
    and the trades that it is drawn to, and the mean that of their products with μ, the mean trade,
    so that z is a sum over them: each has `slope` times its product with x, less that with
    `origin`, μ/σ. Of a language that no trade is told in, all is the mean over the languages
    `langs` that they are told in. `means` are μ/σ for each of these.
    """

    langs: tuple[str, ...]
    row: NDArray[np.float64]
    less: float
    slope: float
    means: tuple[NDArray[np.float64], ...]

    @property
    def origin(self) -> NDArray[np.float64]:
        return np.asarray(np.mean(self.means, axis=0))

    @classmethod
    def of(cls, aim: Aim, background: Background, lang: str) -> "_Line":
        langs = (lang,) if lang in aim.rows else tuple(aim.rows)
        deviations = [aim.chance.deviation[one] for one in langs]
        slope = float(np.mean([1 / one for one in deviations]))
        less = [
            aim.chance.mean[one] / deviation
            for one, deviation in zip(langs, deviations, strict=True)
        ]
        return cls(
            langs,
            slope * np.asarray(aim.rows.get(lang, aim.mean_row), np.float64),
            float(np.mean(less)),
            slope,
            tuple(
                background.mean(one).astype(np.float64) / deviation
                for one, deviation in zip(langs, deviations, strict=True)
            ),
        )


def _within(embeddings: WordEmbeddings, start: int) -> WordEmbeddings:
    """The same tokens, for the text from `start` on: those before are of no word of it."""
    spans = ((max(a - start, 0), b - start) for a, b in embeddings.spans)
    return replace(embeddings, spans=tuple(one if one[1] > 0 else (0, 0) for one in spans))


def _matches(text: str, lang: str, wanted: frozenset[str] | set[str]) -> tuple[StemMatch, ...]:
    """The stems of the query that stand in a text, in the order in which they do."""
    spans = stem_spans(text, lang)
    found = sorted(wanted & spans.keys(), key=lambda one: (spans[one], one))
    return tuple(StemMatch(one, spans[one]) for one in found)
