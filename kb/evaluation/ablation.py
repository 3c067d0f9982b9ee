"""The rankings that are compared, what each is without, and their runs on a set."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from kb.errors import FileError, QueryError
from kb.evaluation.bases import Encoders, base_of
from kb.evaluation.files import Run, SetQuery
from kb.evaluation.fit_counts import FIRST, FitCount, count_fits
from kb.evaluation.sets import DevelopmentSet, Judged, answerable, read_split
from kb.evaluation.worlds import Answer, cases_by_actor, leave_one_out
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.search.context import RankingOptions
from kb.search.results import Filters, Fit, SearchResult
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.settings import NO_ADAPTATION, Settings

DEPTH = 1000
"""Count of actors of a ranking that are measured, as in trec_eval."""

_ACTORS = Filters(kind=Kind.ACTOR)
"""Cases endorse as ever, but are not given: none of the figures is of them."""

_AS_IT_IS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ranking:
    """A way to rank: what it changes of the full system, and of the settings for its encoder."""

    name: str
    options: Mapping[str, Any] = field(default_factory=lambda: _AS_IT_IS)
    encoder: str = ""
    settings: Mapping[str, Any] = field(default_factory=lambda: _AS_IT_IS)


FULL = Ranking("full")

_DENSE = "dense"
_NO_CASES = {"cases": False, "similar": False}
_NO_TRADES = {**_NO_CASES, "expanded": False, "overlap": False, "filing": False}
_OWN_WORDS = {**_NO_TRADES, "near_names": False}
STEPS = (
    Ranking("BM25", {**_OWN_WORDS, "dense": False}),
    Ranking(_DENSE, {**_OWN_WORDS, "lexical": False}),
    Ranking("dense + BM25, standardised", _OWN_WORDS),
    Ranking("+ near names", _NO_TRADES),
    Ranking("+ drawn to trades", {**_NO_TRADES, "expanded": True}),
    Ranking("+ overlap in trades", {**_NO_CASES, "filing": False}),
    Ranking("+ trade index", _NO_CASES),
    Ranking("+ cases", {"similar": False}),
    Ranking("+ similar trades = full"),
)
"""The rankings from words alone to the full system, then the full system less each ingredient."""

_CALLED = {
    "lexical": "BM25",
    "similar": "similar trades",
    "near_names": "near names",
    "expanded": "drawn to trades",
    "overlap": "overlap in trades",
    "filing": "trade index",
}

ENCODERS: Mapping[str, Mapping[str, Any]] = {"plain": {"adaptation": NO_ADAPTATION}, "adapted": {}}
"""The encoders that are compared, by what they change of the settings; the first is the baseline's.

Adapted is as the settings say."""


def rankings() -> list[Ranking]:
    """The rankings of an ablation, those by the baseline's encoder first."""
    without = [
        Ranking(f"full − {_CALLED.get(option.name, option.name)}", {option.name: False})
        for option in fields(RankingOptions)
        if option.default is True
    ]
    first = next(iter(ENCODERS))
    return [
        Ranking(f"{way.name}, {encoder}", way.options, encoder, settings)
        for encoder, settings in ENCODERS.items()
        for way in (*STEPS, *without)
        # Words are the same to every encoder.
        if encoder == first or way.options != STEPS[0].options
    ]


def headline_rankings() -> list[Ranking]:
    """Embeddings alone and the full system, with each encoder, those by the baseline's first."""
    return [way for way in rankings() if way.name in HEADLINES]


BASELINE = f"{_DENSE}, {next(iter(ENCODERS))}"
"""The name of the ranking that all are compared with."""


HEADLINES: Mapping[str, str] = MappingProxyType(
    {
        f"{way.name}, {encoder}": f"{short}, {encoder}"
        for encoder in ENCODERS
        for way, short in ((STEPS[1], _DENSE), (STEPS[-1], FULL.name))
    }
)
"""The rankings that a summary gives, by their names, with names for its columns."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The separation of answerable from unanswerable queries in a language.

    `found` counts the answerable queries with a hit that fits, `silent` the unanswerable queries
    without any, and `strong` the unanswerable queries with a strong fit among the `FIRST`.
    """

    encoder: str
    lang: str
    found: int
    answerable: int
    silent: int
    unanswerable: int
    strong: int


@dataclass(frozen=True, slots=True)
class RankingRuns:
    """The runs on a set's split, by the name of the ranking, its silences, and its counts of fits.

    `left_out` maps each ranking that could not be measured to the reason.
    """

    dataset: DevelopmentSet
    judged: Judged
    runs: Mapping[str, Run]
    silences: Sequence[Silence] = ()
    fits: Sequence[FitCount] = ()
    left_out: Sequence[str] = ()


def run_rankings(
    dataset: DevelopmentSet,
    split: str,
    ways: Sequence[Ranking],
    settings: Settings,
    encoders: Encoders,
    weights: RankingWeights = DEFAULT_WEIGHTS,
    on_query: Callable[[], Any] = lambda: None,
) -> RankingRuns:
    """Ranks for every judged query of a split, each way; `on_query` is called for each of them.

    Silences are asked of the full system alone, with each encoder; so are fits, if it is among the
    `ways`.

    Raises:
        FileError: the set cannot be read, or a query of it cannot be searched.
        KnowledgeBaseError: the base that the settings name cannot be searched.
    """
    runs: dict[str, Run] = {}
    silences: list[Silence] = []
    fits: list[FitCount] = []
    left_out = []
    judged = Judged(split, (), {})
    called: dict[str, str] = {}
    for encoder, overrides in {way.encoder: way.settings for way in ways}.items():
        chosen = settings.model_copy(update=dict(overrides))
        known_as = called.setdefault(encoders.of(chosen).fingerprint, encoder)
        if known_as != encoder:
            left_out.append(f"{encoder}: the encoder is the same as {known_as}")
            continue
        with base_of(dataset, chosen, encoders, weights, may_copy=bool(overrides)) as base:
            judged = read_split(dataset, split, base.ids(Kind.ACTOR))
            # Ways that differ in nothing are asked once.
            done: dict[RankingOptions, Mapping[str, Sequence[Answer]]] = {}
            for way in (way for way in ways if way.encoder == encoder):
                key = _options(dataset, way)
                if key not in done:
                    done[key] = _answers(base, dataset, judged, way, on_query)
                runs[way.name] = {
                    query_id: {answer.actor_id: answer.score for answer in answers}
                    for query_id, answers in done[key].items()
                }
            full = done.get(_options(dataset, FULL))
            if full:
                fits += count_fits(full, judged.queries, judged.qrels, encoder)
            if dataset.silence:
                silences += _silences(base, dataset, judged, encoder)
    return RankingRuns(dataset, judged, runs, silences, fits, left_out)


def _options(
    dataset: DevelopmentSet, way: Ranking, unmatched: frozenset[str] = frozenset()
) -> RankingOptions:
    """The options of a way to rank, for a query for which the cases `unmatched` raise nobody."""
    chosen = dict(way.options)
    if dataset.actors is not None and not dataset.cases:
        # Where there are no cases, ways that differ in what cases say differ in nothing.
        chosen |= _NO_CASES
    return RankingOptions(**chosen, transfer_only=dataset.leave_one_out, unmatched=unmatched)


def _answers(
    base: KnowledgeBase,
    dataset: DevelopmentSet,
    judged: Judged,
    way: Ranking,
    on_query: Callable[[], Any],
) -> dict[str, list[Answer]]:
    """The ranking of each judged query, by its id, best first."""
    own_cases = cases_by_actor(base.cases()) if dataset.leave_one_out else {}
    answers = {}
    for query in judged.queries:
        relevant = {id_ for id_, grade in judged.qrels[query.id].items() if grade > 0}
        answers[query.id] = _ranked(base, dataset, way, query, relevant, own_cases)
        on_query()
    return answers


def _ranked(
    base: KnowledgeBase,
    dataset: DevelopmentSet,
    way: Ranking,
    query: SetQuery,
    relevant: Set[str],
    own_cases: Mapping[str, frozenset[str]],
) -> list[Answer]:
    """The ranking of a query, best first.

    `own_cases` has the ids of the cases of each actor that is to be ranked without them.
    """

    def without(unmatched: frozenset[str]) -> list[Answer]:
        options = _options(dataset, way, unmatched)
        hits = _found(base, dataset, query, DEPTH, options).hits
        return [Answer(hit.actor.id, hit.score, hit.fit) for hit in hits]

    full = without(query.unmatched)
    if not _options(dataset, way).cases:
        return full
    # Actors with the same cases share a world.
    worlds = {
        own: without(query.unmatched | own)
        for own in {own_cases[id_] for id_ in relevant & own_cases.keys()}
        if not own <= query.unmatched
    }
    if not worlds:
        return full
    return leave_one_out(
        full,
        {id_: worlds[own] for id_, own in own_cases.items() if id_ in relevant and own in worlds},
        relevant,
    )


def _silences(
    base: KnowledgeBase, dataset: DevelopmentSet, judged: Judged, encoder: str
) -> Iterator[Silence]:
    asked = answerable(dataset, judged), dataset.unanswerable(judged.split)
    for lang in sorted({query.lang for queries in asked for query in queries}):
        found, silent = (
            [
                _fits(base, dataset, query, refusable=queries is asked[1])
                for query in queries
                if query.lang == lang
            ]
            for queries in asked
        )
        yield Silence(
            encoder,
            lang,
            sum(bool(fits) for fits in found),
            len(found),
            sum(not fits for fits in silent),
            len(silent),
            sum(Fit.STRONG in fits for fits in silent),
        )


def _fits(
    base: KnowledgeBase, dataset: DevelopmentSet, query: SetQuery, *, refusable: bool
) -> set[Fit]:
    """The fits of the first hits of the full system, without NONE.

    If a query is `refusable`, a search that refuses it finds nothing.
    """
    options = _options(dataset, FULL, query.unmatched)
    try:
        hits = base.search(query.text, limit=FIRST, filters=_ACTORS, options=options).hits
    except QueryError as error:
        if refusable:
            return set()
        raise _unasked(dataset, query, error) from None
    return {hit.fit for hit in hits} - {Fit.NONE}


def _found(
    base: KnowledgeBase,
    dataset: DevelopmentSet,
    query: SetQuery,
    limit: int,
    options: RankingOptions,
) -> SearchResult:
    try:
        return base.search(query.text, limit=limit, filters=_ACTORS, options=options)
    except QueryError as error:
        raise _unasked(dataset, query, error) from None


def _unasked(dataset: DevelopmentSet, query: SetQuery, error: QueryError) -> FileError:
    return FileError(f"{dataset.folder}: the query {query.id!r}: {error}")
