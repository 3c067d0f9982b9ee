"""Reports: a search on record, with every candidate.

A report says what was asked, of which state of which base, by which encoder and with which weights,
and who came out, in order, each with what its score is made of. `kb.explanation.report_files` gives
it out, signed.
"""

import importlib.metadata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from kb.language_model.wording import Wording
from kb.models import Kind
from kb.search.context import SearchContext
from kb.search.filters import ids_left
from kb.search.query import Query
from kb.search.results import ActorHit, Evidence, Filters, MatchedCase, SearchResult, Steering
from kb.search.weights import RankingWeights

FORMAT = "quisait report 5"
"""Raised whenever the content or the layout of a report changes."""

DIGITS = 6
"""Count of decimals of a score: enough to show any difference of two rankings."""


@dataclass(frozen=True, slots=True)
class BaseState:
    """The state of the base that was searched."""

    generation: str
    actors: int
    cases: int
    passages: int


@dataclass(frozen=True, slots=True)
class EncoderState:
    """The encoder that was used; `adaptation` names what is added to its weights, or is empty."""

    name: str
    fingerprint: str
    adaptation: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Counts of the actors of the base that are no candidates, by reason.

    `by_filters` are left out by the department, the theme or the distance. Of the others, `closed`
    are closed by now, `unlike` are counterexamples, `silent` have no description, and `by_words`
    lack a required word or have an unwanted word.
    """

    by_filters: int
    closed: int
    unlike: int
    silent: int
    by_words: int


@dataclass(frozen=True, slots=True)
class SearchReport:
    """One search on record.

    `at` is when it was made: UTC, ISO 8601, to the second. `hits` are all the candidates, best
    first: every actor that is not `left_out`. Fits require more where `ceiling` is high, and where
    `need`, the probability that the query is a need at all, is low. `matched` are the matched
    cases, best first. `wording` has the phrases of a language model that the query was moved
    towards.
    """

    at: str
    version: str
    asked: Query
    filters: Filters
    steering: Steering
    base: BaseState
    encoder: EncoderState
    weights: RankingWeights
    ceiling: float
    need: float
    matched: tuple[MatchedCase, ...]
    hits: tuple[ActorHit, ...]
    left_out: LeftOut
    wording: Wording

    def content(self) -> dict[str, Any]:
        """The content of the report as plain values, which are signed."""
        return {
            "format": FORMAT,
            "at": self.at,
            "program": {"name": "quisait", "version": self.version},
            "query": {
                "typed": self.asked.typed,
                "text": self.asked.text,
                "required": list(self.asked.required),
                "wanted": list(self.asked.wanted),
                "unwanted": list(self.asked.unwanted),
                "sentences": list(self.asked.sentences),
                "need": self.asked.need,
                "parts": {
                    kind: [part.text for part in self.asked.reading.parts if part.kind is kind]
                    for kind in dict.fromkeys(part.kind for part in self.asked.reading.parts)
                },
            },
            "filters": {
                "department": self.filters.department,
                "departments": list(self.filters.departments),
                "theme": self.filters.theme,
                "near": self.filters.near.label if self.filters.near else "",
                "within": self.filters.within,
            },
            "steering": {"like": list(self.steering.like), "unlike": list(self.steering.unlike)},
            "wording": self._plain_wording(),
            "base": asdict(self.base),
            "encoder": asdict(self.encoder),
            "constants": asdict(self.weights),
            "ceiling": _rounded(self.ceiling),
            "need": _rounded(self.need),
            "matched": {
                match.case.id: {
                    "closeness": _rounded(match.closeness),
                    "relevance": _rounded(match.relevance),
                }
                for match in self.matched
            },
            "left_out": asdict(self.left_out),
            "candidates": [
                {**_plain_hit(hit), "distance_km": self.filters.whole_km_to(hit.actor)}
                for hit in self.hits
            ],
        }

    def _plain_wording(self) -> dict[str, Any]:
        """What was used of a language model: nothing, and not its name, if it gave nothing."""
        given = self.wording.phrases or self.wording.taken_back
        return {
            "model": self.wording.model if given else "",
            "phrases": [phrase.text for phrase in self.wording.phrases],
            "taken_back": [phrase.text for phrase in self.wording.taken_back],
        }


def report_of(result: SearchResult, context: SearchContext, *, steering: Steering) -> SearchReport:
    """The report of a complete search of actors, made in the same context."""
    store, encoder = context.store, context.encoder
    counts = store.counts(encoder.fingerprint)
    return SearchReport(
        at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        version=importlib.metadata.version("quisait"),
        asked=result.asked,
        filters=result.filters,
        steering=steering,
        base=BaseState(store.generation, counts.actors, counts.cases, counts.passages),
        encoder=EncoderState(
            encoder.name, encoder.fingerprint, str(getattr(encoder, "adaptation", ""))
        ),
        weights=context.weights,
        ceiling=result.ceiling,
        need=result.need,
        matched=result.matched,
        hits=result.hits,
        left_out=_left_out(result, context, steering),
        wording=result.wording,
    )


def _left_out(result: SearchResult, context: SearchContext, steering: Steering) -> LeftOut:
    store = context.store
    ids = ids_left(result.filters, Kind.ACTOR, store)
    missing = store.actors(set(ids) - {hit.actor.id for hit in result.hits})
    closed = {id_ for id_, actor in missing.items() if actor.closed_on}
    unlike = missing.keys() & (set(steering.unlike) - closed)
    others = missing.keys() - closed - unlike
    passages = store.passages(store.passage_ids_of(Kind.ACTOR, others))
    speaking = {passage.record_id for id_, passage in passages.items() if id_ in context.index}
    return LeftOut(
        by_filters=len(store.ids(Kind.ACTOR)) - len(ids),
        closed=len(closed),
        unlike=len(unlike),
        silent=len(others - speaking),
        by_words=len(others & speaking),
    )


def _plain_hit(hit: ActorHit) -> dict[str, Any]:
    actor = hit.actor.public
    return {
        "rank": hit.rank,
        "id": actor.id,
        "name": actor.name,
        "siret": actor.siret,
        "place": actor.place,
        "department": actor.department,
        "country": actor.country,
        "phone": list(actor.phone),
        "email": list(actor.email),
        "address": actor.address,
        "contact": actor.contact,
        "website": actor.website,
        "fit": str(hit.fit),
        "score": _rounded(hit.score),
        "parts": {
            name: None if value is None else _rounded(value)
            for name, value in asdict(hit.parts).items()
        },
        "evidence": _plain_evidence(hit.evidence[0]) if hit.evidence else None,
        "source": actor.source_url,
    }


def _plain_evidence(evidence: Evidence) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "kind": str(evidence.kind),
        "text": evidence.text,
        "source": evidence.source,
    }
    if evidence.case and evidence.participation:
        plain["case"] = {
            "id": evidence.case.id,
            "title": evidence.case.title,
            "date": evidence.case.date,
            "period": evidence.case.period,
            "role": str(evidence.participation.role),
            "contribution": evidence.participation.contribution,
        }
    if evidence.precedent:
        plain["precedent"] = {
            name: getattr(evidence.precedent, name)
            for name in ("id", "name", "place", "source_url")
        }
    if evidence.means:
        plain["means"] = {
            "trade": evidence.means.trade.code,
            "phrase": evidence.means.phrase,
            "means": list(evidence.means.means),
        }
    return plain


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # no negative zero
