"""Reports: a search on record, with every candidate, given out by `kb.explanation.report_files`."""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from kb.language_model import Wording
from kb.models import Kind
from kb.search.context import SearchContext
from kb.search.filters import ids_left
from kb.search.query import Query
from kb.search.results import ActorHit, Evidence, Filters, MatchedCase, SearchResult, Steering
from kb.search.weights import RankingWeights

FORMAT = "quisait report 6"  # raised whenever the content or the layout of a report changes
DIGITS = 6  # count of decimals of a score: enough to show any difference of two rankings


@dataclass(frozen=True, slots=True)
class SearchReport:
    """One search on record, with all candidates; `left_out` counts actors by reason."""

    at: str
    version: str
    asked: Query
    filters: Filters
    steering: Steering
    base: Mapping[str, Any]
    encoder: Mapping[str, str]
    weights: RankingWeights
    ceiling: float
    need: float
    matched: tuple[MatchedCase, ...]
    hits: tuple[ActorHit, ...]
    left_out: Mapping[str, int]
    wording: Wording

    def content(self) -> dict[str, Any]:
        asked, wording = self.asked, self.wording
        parts: dict[str, list[str]] = {}
        for part in asked.reading.parts:
            parts.setdefault(part.kind, []).append(part.text)
        return {
            "format": FORMAT,
            "at": self.at,
            "program": {"name": "quisait", "version": self.version},
            "query": {
                **{name: getattr(asked, name) for name in ("typed", "text", "need")},
                **{name: list(getattr(asked, name)) for name in ("required", "wanted", "unwanted")},
                "parts": parts,
            },
            "filters": {
                "department": self.filters.department,
                "departments": list(self.filters.departments),
                "theme": self.filters.theme,
                "near": self.filters.near.label if self.filters.near else "",
                "within": self.filters.within,
            },
            "steering": {"like": list(self.steering.like), "unlike": list(self.steering.unlike)},
            # A model that gave nothing is not named.
            "wording": {
                "model": wording.model if wording.phrases or wording.taken_back else "",
                "phrases": [phrase.text for phrase in wording.phrases],
                "taken_back": [phrase.text for phrase in wording.taken_back],
            },
            "base": dict(self.base),
            "encoder": dict(self.encoder),
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
            "left_out": dict(self.left_out),
            "candidates": [
                {
                    **_plain_hit(hit),
                    "distance_km": self.filters.whole_km_to(hit.actor),
                    "near": self.filters.is_near(hit.actor),
                }
                for hit in self.hits
            ],
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
        base={
            "generation": store.generation,
            **{name: getattr(counts, name) for name in ("actors", "cases", "passages")},
        },
        encoder={
            "name": encoder.name,
            "fingerprint": encoder.fingerprint,
            "adaptation": str(getattr(encoder, "adaptation", "")),
        },
        weights=context.weights,
        ceiling=result.ceiling,
        need=result.need,
        matched=result.matched,
        hits=result.hits,
        left_out=_left_out(result, context, steering),
        wording=result.wording,
    )


def _left_out(result: SearchResult, context: SearchContext, steering: Steering) -> dict[str, int]:
    """Counts the actors that are no candidates, by reason; `silent` ones have no description."""
    store = context.store
    ids = ids_left(result.filters, Kind.ACTOR, store)
    missing = store.actors(set(ids) - {hit.actor.id for hit in result.hits})
    closed = {id_ for id_, actor in missing.items() if actor.closed_on}
    unlike = missing.keys() & (set(steering.unlike) - closed)
    others = missing.keys() - closed - unlike
    passages = store.passages(store.passage_ids_of(Kind.ACTOR, others))
    speaking = {passage.record_id for id_, passage in passages.items() if id_ in context.index}
    return {
        "by_filters": len(store.ids(Kind.ACTOR)) - len(ids),
        "closed": len(closed),
        "unlike": len(unlike),
        "silent": len(others - speaking),
        "by_words": len(others & speaking),
    }


def _plain_hit(hit: ActorHit) -> dict[str, Any]:
    actor = hit.actor.public
    shown = ("id", "name", "siret", "place", "department", "country")
    contacts = ("address", "contact", "website")
    return {
        "rank": hit.rank,
        **{name: getattr(actor, name) for name in (*shown, *contacts)},
        "phone": list(actor.phone),
        "email": list(actor.email),
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
    kind, text, source = str(evidence.kind), evidence.text, evidence.source
    plain: dict[str, Any] = {"kind": kind, "text": text, "source": source, "code": evidence.code}
    if evidence.case and evidence.participation:
        plain["case"] = {
            **{name: getattr(evidence.case, name) for name in ("id", "title", "date", "period")},
            "role": str(evidence.participation.role),
            "contribution": evidence.participation.contribution,
        }
    if evidence.precedent:
        plain["precedent"] = {
            name: getattr(evidence.precedent, name)
            for name in ("id", "name", "place", "source_url")
        }
    if of := evidence.means:
        plain["means"] = {"trade": of.trade.code, "phrase": of.phrase, "means": list(of.means)}
    return plain


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # no negative zero
