"""Steering: the embedding of a need, moved by a person's choices and by a model's phrases."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind, begin
from kb.indexing.derivation import NAME
from kb.language_model.wording import Wording
from kb.search.context import Calibration, RankingOptions, SearchContext
from kb.search.need.letters import asking_sentences, is_letter
from kb.search.need.reading import read_need
from kb.search.query import Query, parse
from kb.search.results import Steering
from kb.search.trades.background import ComparedQuery
from kb.text.analysis import query_stems


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """The embeddings of a query's texts: that of its need, `(dimension,)`, and `(n, dimension)`.

    `whole` is that of the need before it was taken apart, `phrases` are what the phrases of a
    wording add (`phrase_embeddings`).
    """

    need: Embeddings
    whole: Embeddings
    wanted: Embeddings
    unwanted: Embeddings
    thing: Embeddings
    phrases: Embeddings


def encoded(
    asked: Query, wording: Wording, encoder: Encoder, calibration: Calibration
) -> EncodedQuery:
    """Returns the embeddings of all texts of a query."""
    return encoding(asked, wording, encoder, calibration)()


def encoding(
    asked: Query, wording: Wording, encoder: Encoder, calibration: Calibration
) -> Callable[[], EncodedQuery]:
    """Begins to embed all texts of a query; returns what waits for them, as `begin`."""
    thing = [asked.thing_for_somebody] if asked.thing_for_somebody else []
    whole = [asked.unread.need] if asked.reading.parts else []
    texts = [asked.need, *asked.wanted, *asked.unwanted, *thing, *whole]
    first_unwanted = 1 + len(asked.wanted)
    first_thing = first_unwanted + len(asked.unwanted)
    first_whole = first_thing + len(thing)
    embeddings = begin(encoder, texts, TextKind.QUERY)

    def wait() -> EncodedQuery:
        rows = embeddings()
        phrases = phrase_embeddings(wording, calibration) if wording.phrases else rows[:0]
        return EncodedQuery(
            rows[0],
            rows[first_whole] if whole else rows[0],
            rows[1:first_unwanted],
            rows[first_unwanted:first_thing],
            rows[first_thing:first_whole],
            phrases,
        )

    return wait


class Examples(NamedTuple):
    """The embeddings of the actors that a person likes, and of the others: `(dimension,)` each."""

    liked: Collection[Embeddings]
    unliked: Collection[Embeddings]


def examples(steering: Steering, context: SearchContext) -> Examples:
    """Returns the examples of a search, as far as they have a description."""
    liked, unliked = (
        actor_embeddings(ids, context).values() for ids in (steering.like, steering.unlike)
    )
    return Examples(liked, unliked)


def steered_embedding(asked: EncodedQuery, given: Examples, calibration: Calibration) -> Embeddings:
    """Returns the steered `(dimension,)` embedding of the need; it is not unit.

    It is a linear combination of embeddings, in which the need itself has weight 1. Its
    standardised cosines combine those of its parts. Where a need says what a thing is for, the
    thing counts again: gowns for a hospital are no hospital.
    """
    weights = calibration.weights.steering
    steered: Embeddings = asked.need.copy()
    for towards in (*asked.wanted, *given.liked):
        steered += weights.wanted * towards
    for of_thing in asked.thing:
        steered += weights.thing * of_thing
    for away in (*asked.unwanted, *given.unliked):
        steered -= weights.unwanted * away
    return np.asarray(steered + asked.phrases.sum(axis=0))


def understood(query: str, steering: Steering, encoder: Encoder, calibration: Calibration) -> Query:
    """Returns a query as it is understood: its need taken apart; of a letter, what it asks for.

    Raises:
        QueryError: as `kb.search.query.parse`.
    """
    asked, weights = parse(query), calibration.weights.letters
    if steering.whole:
        return asked
    if not is_letter(query, weights):
        return _read(asked, steering)

    def embed(needs: Sequence[str]) -> Embeddings:
        return encoder.encode(needs, TextKind.QUERY)

    sentences = asking_sentences(query, calibration.probe, embed, weights)
    if not sentences:
        return asked
    asking = replace(parse(" ".join(sentences)), typed=asked.typed, sentences=sentences)
    return _read(asking, steering)


def _read(asked: Query, steering: Steering) -> Query:
    left = (*steering.taken_back, *asked.required, *asked.wanted)
    reading = read_need(asked.words, left)
    stems = frozenset(query_stems(reading.object))
    return replace(asked, text=reading.rest, need=reading.object, stems=stems, reading=reading)


def compare(
    asked: Query,
    encoded: EncodedQuery,
    given: Examples,
    calibration: Calibration,
    options: RankingOptions = RankingOptions(),
) -> ComparedQuery:
    """Returns the steered need compared with all trades, with the odds that it is a need at all.

    No store is read. The odds are of all that was typed, whatever steers it: somebody who steers a
    recipe has no need.
    """
    steered = unit(steered_embedding(encoded, given, calibration))
    compared = calibration.background.compared(
        steered,
        asked.stems,
        filed=options.filing,
        able=options.means,
        offered=not asked.is_filed,
    )
    odds = calibration.probe.log_odds(asked.words, unit(encoded.whole))
    return replace(compared, null=replace(compared.null, need_odds=odds))


@contextmanager
def comparing(
    asked: Query,
    wording: Wording,
    steering: Steering,
    context: SearchContext,
    options: RankingOptions,
) -> Iterator[Callable[[], ComparedQuery]]:
    """Has a query embedded while this thread reads the store.

    Gives a function that waits for the embeddings and compares the query with all trades; it is
    called once, after this, and raises what the encoder does. After an error here, the encoder has
    ended too.
    """
    calibration = context.calibration
    given = examples(steering, context)
    wait = encoding(asked, wording, context.encoder, calibration)

    def compared() -> ComparedQuery:
        return compare(asked, wait(), given, calibration, options)

    try:
        yield compared
    except BaseException:
        with suppress(Exception):
            wait()
        raise


def phrase_embeddings(wording: Wording, calibration: Calibration) -> Embeddings:
    """Returns what each phrase of a model adds to an embedding, `(phrases, dimension)`.

    Together they are the weighted mean of the phrases' embeddings, times its share.
    """
    weights = calibration.weights.wording
    texts = [phrase.text for phrase in wording.phrases]
    rows = calibration.phrases.embedded(texts)
    shares = np.array([weights.kind_shares[phrase.kind] for phrase in wording.phrases])
    shares *= weights.share / max(float(shares.sum()), 1e-12)
    return np.asarray(rows * shares[:, np.newaxis], np.float32)


def unit(embedding: Embeddings) -> Embeddings:
    return np.asarray(embedding / max(float(np.linalg.norm(embedding)), 1e-12), np.float32)


def actor_embeddings(ids: Collection[str], context: SearchContext) -> dict[str, Embeddings]:
    """Returns the `(dimension,)` unit mean of the embeddings of each actor's passages, by its id.

    An actor without a description has none.
    """
    if not ids:
        return {}
    passages = context.passages(context.passages_of_actors(ids))
    rows: dict[str, list[Embeddings]] = {}
    for id_, row in context.index.embeddings(passages.keys()).items():
        if passages[id_].part != NAME:
            rows.setdefault(passages[id_].record_id, []).append(row)
    return {actor_id: unit(np.mean(of_actor, axis=0)) for actor_id, of_actor in rows.items()}
