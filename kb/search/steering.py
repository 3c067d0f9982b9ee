"""Steering: the embedding of a need, moved by a person's choices and by a model's phrases."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind
from kb.language_model import Wording
from kb.reference.roles import Flow
from kb.search.context import Calibration, RankingOptions, SearchContext
from kb.search.need.reading import read_need
from kb.search.query import Query, parse
from kb.search.results import Steering
from kb.search.trades.background import ComparedQuery
from kb.text.analysis import query_stems
from kb.text.written_words import accented


def understood(query: str, steering: Steering) -> Query:
    """Returns a query as it is understood: its need taken apart, but a long text left whole."""
    asked = parse(query)
    reading = read_need(asked.words, (*steering.taken_back, *asked.required, *asked.wanted))
    stems = frozenset(query_stems(reading.object))
    return replace(asked, text=reading.rest, need=reading.object, stems=stems, reading=reading)


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A query's embeddings: `steered`, not unit; of the `whole` need; of `phrases`."""

    steered: Embeddings
    whole: Embeddings
    phrases: Embeddings


def encoded(
    asked: Query, wording: Wording, steering: Steering, context: SearchContext
) -> EncodedQuery:
    """Embeds a query and moves it as it is steered; a thing for somebody counts again."""
    weights = context.weights.steering
    terms = [
        (asked.need, 1.0),
        *((text, weights.wanted) for text in asked.wanted),
        *((text, -weights.unwanted) for text in asked.unwanted),
    ]
    if thing := asked.thing_for_somebody:
        terms.append((thing, weights.thing))
    if asked.need != asked.unread.need:
        terms.append((asked.unread.need, 0.0))
    rows = context.encoder.encode([accented(text) for text, _ in terms], TextKind.QUERY)
    steered = np.array([weight for _, weight in terms], np.float32) @ rows
    for ids, weight in ((steering.like, weights.wanted), (steering.unlike, -weights.unwanted)):
        for example in actor_embeddings(ids, context).values():
            steered = steered + weight * example
    phrases = phrase_embeddings(wording, context.calibration) if wording.phrases else rows[:0]
    whole = rows[-1] if asked.need != asked.unread.need else rows[0]
    return EncodedQuery(np.asarray(steered + phrases.sum(axis=0)), whole, phrases)


def compare(
    asked: Query,
    encoded: EncodedQuery,
    calibration: Calibration,
    options: RankingOptions = RankingOptions(),
) -> ComparedQuery:
    """Returns the steered need compared with all trades, with the odds that it is a need."""
    compared = calibration.background.compared(
        unit(encoded.steered),
        asked.stems,
        filed=options.filing,
        able=options.means,
        offered=asked.flow is Flow.OFFERS,
    )
    odds = calibration.probe.log_odds(asked.words, unit(encoded.whole))
    return replace(compared, null=replace(compared.null, need_odds=odds))


def phrase_embeddings(wording: Wording, calibration: Calibration) -> Embeddings:
    """Returns what each phrase of a model adds, `(phrases, dimension)`."""
    weights = calibration.weights.wording
    rows = calibration.embedded([phrase.text for phrase in wording.phrases])
    shares = np.array([weights.kind_shares[phrase.kind] for phrase in wording.phrases])
    shares *= weights.share / max(float(shares.sum()), 1e-12)
    return np.asarray(rows * shares[:, np.newaxis], np.float32)


def unit(embedding: Embeddings) -> Embeddings:
    return np.asarray(embedding / max(float(np.linalg.norm(embedding)), 1e-12), np.float32)


def actor_embeddings(ids: Collection[str], context: SearchContext) -> dict[str, Embeddings]:
    """Returns the `(dimension,)` unit mean of the embeddings of each actor's description, by id."""
    passages = context.passages(context.passages_of_actors(ids))
    rows: dict[str, list[Embeddings]] = {}
    for id_, row in context.index.embeddings(passages.keys()).items():
        rows.setdefault(passages[id_].record_id, []).append(row)
    return {actor_id: unit(np.mean(of_actor, axis=0)) for actor_id, of_actor in rows.items()}
