"""The explainer: why a record stands where it stands, looked up in the result of the search."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import TextKind, WordEmbeddings
from kb.explanation.explanation import (
    CasePath,
    CloseWord,
    Explanation,
    PassageExplanation,
    PhraseShare,
    SimilarPath,
    StemMatch,
    WordShares,
    attribute,
    closest_words,
)
from kb.indexing.derivation import ACTIVITY, encoder_text, quotation
from kb.language_model import NO_WORDING, Wording
from kb.models import Case, Kind, Participation, Record, kind_of
from kb.search.boosts.case_matching import closeness, credited, relevance, tells
from kb.search.boosts.endorsements import Endorsement, endorsement
from kb.search.boosts.precedents import compare_trades, precedents_elsewhere, precedents_of
from kb.search.context import SearchContext
from kb.search.fits import FitScale
from kb.search.pipeline import search
from kb.search.query import Query
from kb.search.results import (
    ActorHit,
    CaseHit,
    Evidence,
    EvidenceKind,
    Filters,
    MatchedCase,
    Steering,
)
from kb.search.scorer import ScoredPassage, WordValues, score
from kb.search.steering import compare, encoded
from kb.search.trades.background import Background, ComparedQuery
from kb.text.analysis import meaning_spans

PASSAGES = 3  # count of a record's passages that are explained


def explain(
    query: str,
    record: Record,
    context: SearchContext,
    *,
    filters: Filters = Filters(),
    steering: Steering = Steering(),
    lang: str = "",
    wording: Wording = NO_WORDING,
) -> Explanation:
    """The explanation of a record for a query, moved by a `wording`; raises `QueryError`."""
    kind = kind_of(record)
    filters = replace(filters, kind=None)
    only = "" if isinstance(record, Case) else record.id
    result = search(
        query,
        context,
        filters=filters,
        steering=steering,
        lang=lang,
        complete=True,
        only=only,
        wording=wording,
    )
    hit: ActorHit | CaseHit | None
    if isinstance(record, Case):
        hit = next((hit for hit in result.cases if hit.case.story == record.story), None)
    else:
        hit = next((hit for hit in result.hits if hit.actor.id == record.id), None)
    explainer = Explainer(result.asked, steering, context, wording, lang)
    evidence = hit.evidence if isinstance(hit, ActorHit) else ()
    return Explanation(
        asked=result.asked,
        record=record,
        hit=hit,
        passages=explainer.passages(record, explainer.ids(kind, record.id), PASSAGES),
        cases=tuple(
            explainer.case_path(item.case, item.participation)
            for item in evidence
            if item.kind is EvidenceKind.CASE and item.case and item.participation
        ),
        similar=tuple(
            path for item in evidence if (path := explainer.similar_path(item, record)) is not None
        ),
        filters=result.filters,
        steering=steering,
        probability=explainer.scale.probability(hit.score) if hit else None,
        ceiling=result.ceiling,
        need=result.need,
        weights=context.weights,
        wording=wording,
        trades=result.trades,
    )


@dataclass(frozen=True, slots=True)
class LinearScore:
    """The z of passages x in a language: z = `row`·x - `less`, a sum over parts of the query."""

    row: NDArray[np.float64]
    less: float
    slope: float
    origin: NDArray[np.float64]

    @classmethod
    def of(cls, compared: ComparedQuery, background: Background, lang: str) -> "LinearScore":
        null = compared.null
        langs = (lang,) if lang in null.mean else tuple(null.mean)
        slope = float(np.mean([1 / null.deviation[known] for known in langs]))
        less = float(np.mean([null.mean[known] / null.deviation[known] for known in langs]))
        origins = [
            background.embeddings[known].mean(axis=0).astype(np.float64) / null.deviation[known]
            for known in langs
        ]
        row = slope * np.asarray(compared.embedding, np.float64)
        return cls(row, less, slope, np.asarray(np.mean(origins, axis=0)))


class Explainer:
    def __init__(
        self,
        asked: Query,
        steering: Steering,
        context: SearchContext,
        wording: Wording = NO_WORDING,
        lang: str = "",
    ) -> None:
        self._asked, self._lang, self._context = asked, lang, context
        self._wording = wording
        self._encoded = encoded(asked, wording, steering, context)
        # How much of the steered embedding is the need's own.
        self._own_share = 1 / max(float(np.linalg.norm(self._encoded.steered)), 1e-12)
        self._stems = asked.stems_sought
        self._word_values = WordValues(self._stems, context)
        self._words = context.encoder.encode_words(asked.need, TextKind.QUERY)
        self._background = context.calibration.background
        self._compared = compare(asked, self._encoded, context.calibration)
        self.scale = FitScale(self._compared.null, context.weights.fits)
        self._needs: dict[str, tuple[PassageExplanation | None, float]] = {}

    def ids(self, kind: Kind, *record_ids: str) -> set[int]:
        return self._context.store.passage_ids_of(kind, record_ids)

    def passages(self, record: Record, ids: set[int], limit: int) -> tuple[PassageExplanation, ...]:
        """The best of these passages of a record, best first, as the search scores them."""
        return tuple(self._passage(record, scored) for scored in self._scored(ids)[:limit])

    def _scored(self, ids: set[int]) -> list[ScoredPassage]:
        words = self._word_values.best(len(ids), among=ids)
        read = {id_ for id_ in ids if id_ in self._context.index or id_ in words}
        scored = score(self._compared, read, self._context, words=words)
        return sorted(scored, key=lambda passage: (-passage.score, passage.passage.id))

    def case_path(self, case: Case, participation: Participation) -> CasePath:
        """The path by a case, with its need in whichever language is closest to the query."""
        need, endorsed = self._endorsement(case, participation)
        return _path(endorsed, need)

    def _endorsement(
        self, case: Case, participation: Participation
    ) -> tuple[PassageExplanation | None, Endorsement]:
        if case.story not in self._needs:
            self._needs[case.story] = self._need(case)
        need, close = self._needs[case.story]
        weights = self._context.weights
        relevant = relevance(close, self._compared.null, weights) if need else 0.0
        (matched,) = credited([MatchedCase(case, close, relevant)], self._compared, self._context)
        return need, endorsement(matched, participation, self._asked, weights.cases)

    def _need(self, case: Case) -> tuple[PassageExplanation | None, float]:
        store, weights = self._context.store, self._context.weights
        needs = [
            (closeness(scored, self._asked.text, weights), edition, scored)
            for edition in store.cases(store.editions(case.story)).values()
            for scored in self._scored(self.ids(Kind.CASE, edition.id))
            if tells(scored, self._asked.text, weights)
        ]
        if not needs:
            return None, 0.0
        close, edition, need = max(needs, key=lambda found: found[0])
        return self._passage(edition, need), close

    def similar_path(self, evidence: Evidence, record: Record) -> SimilarPath | None:
        actor, case, participation = evidence.precedent, evidence.case, evidence.participation
        if evidence.kind is not EvidenceKind.SIMILAR or not (actor and case and participation):
            return None
        if not actor.id:
            known = precedents_elsewhere(self._compared, self._asked, self._lang, self._context)
            precedents = [of for of in known if of.endorsement.case.id == case.id]
        else:
            _, endorsed = self._endorsement(case, participation)
            precedents = precedents_of({actor.id: [endorsed]}, self._context)
        passages = self._context.passages(self.ids(Kind.ACTOR, record.id))
        passages_said = {
            id_: passage
            for id_, passage in passages.items()
            if quotation(passage.part, passage.text) == evidence.text
        }
        if not precedents:
            return None
        compared, likeness = compare_trades(precedents, passages_said, self._context)
        if not compared:
            return None
        precedent, at = precedents[0], int(likeness[0].argmax())
        by = _path(precedent.endorsement) if not actor.id else self.case_path(case, participation)
        closest = compared[at].id
        return SimilarPath(
            by=by,
            precedent=actor,
            text=evidence.text,
            cosine=self._context.index.cosines(precedent.embedding, [closest])[closest],
            likeness=float(likeness[0, at]),
            weight=precedent.weight,
        )

    def _passage(self, record: Record, scored: ScoredPassage) -> PassageExplanation:
        passage = scored.passage
        text = quotation(passage.part, passage.text)
        embedding = self._context.index.embeddings([passage.id]).get(passage.id)
        query_shares: WordShares | None = None
        passage_shares: WordShares | None = None
        phrase_shares: tuple[PhraseShare, ...] = ()
        close: tuple[CloseWord, ...] = ()
        if embedding is not None:
            line = LinearScore.of(self._compared, self._background, passage.lang)
            direction = line.slope * embedding.astype(np.float64) - line.origin
            of_phrases = (self._encoded.phrases @ direction * self._own_share).tolist()
            phrase_shares = tuple(map(PhraseShare, self._wording.phrases, of_phrases))
            query_shares = self._query_shares(direction, sum(of_phrases))
            read = encoder_text(record, passage.part, text)
            passage_words = self._context.encoder.encode_words(read, TextKind.DOCUMENT)
            if passage_words and read.endswith(text):
                passage_words = _within(passage_words, len(read) - len(text))
                passage_shares = attribute(passage_words, text, line.row, line.less)
                if self._words:
                    close = tuple(closest_words(passage_words, text, self._words, self._asked.need))
        return PassageExplanation(
            part=passage.part,
            lang=passage.lang,
            text=text,
            # The meaning of an activity code is in our words, and in no source.
            source="" if passage.part == ACTIVITY else record.source_url,
            score=scored.score,
            cosine=None if embedding is None else float(self._compared.embedding @ embedding),
            dense=scored.dense,
            lexical=scored.lexical,
            filing=scored.filing,
            able=scored.able,
            query_shares=query_shares,
            phrases=phrase_shares,
            passage_shares=passage_shares,
            matches=_matches(text, passage.lang, self._stems),
            close=close,
        )

    def _query_shares(self, direction: NDArray[np.float64], of_phrases: float) -> WordShares | None:
        """The shares of the query's own words in z; what else steers it is in the rest."""
        if self._words is None:
            return None
        own = attribute(self._words, self._asked.need, self._own_share * direction, asks=True)
        whole = float(self._compared.embedding @ direction) - of_phrases
        return replace(own, rest=own.rest + whole - own.total)


def _path(endorsed: Endorsement, need: PassageExplanation | None = None) -> CasePath:
    """The path by an endorsement; of a firm elsewhere, there is no passage with the need."""
    matched, part = endorsed.matched, endorsed.participation
    weight = endorsed.role_share * matched.credit(part)
    figures = matched.closeness, matched.relevance, weight, endorsed.probability
    return CasePath(endorsed.case, part, need, *figures)


def _within(embeddings: WordEmbeddings, start: int) -> WordEmbeddings:
    """The same tokens, for the text from `start` on: those before are of no word of it."""
    spans = ((max(a - start, 0), b - start) for a, b in embeddings.spans)
    return replace(embeddings, spans=tuple(span if span[1] > 0 else (0, 0) for span in spans))


def _matches(text: str, lang: str, wanted: frozenset[str] | set[str]) -> tuple[StemMatch, ...]:
    """The stems of the query that stand in a text, in the order in which they do."""
    spans = meaning_spans(text, lang)
    found = sorted(wanted & spans.keys(), key=lambda stem: (spans[stem], stem))
    return tuple(StemMatch(stem, spans[stem]) for stem in found)
