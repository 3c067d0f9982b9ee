"""The rankings that are compared, what each is without, and their runs on a set."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from kb.errors import FileError, QueryError
from kb.evaluation import first_hits
from kb.evaluation.bases import Encoders, base_of
from kb.evaluation.fifty_lines import FiftyLines
from kb.evaluation.files import Run, SetQuery
from kb.evaluation.first_hits import FIRST, FitCount, Silence
from kb.evaluation.sets import DevelopmentSet, Judged, answerable, read_split
from kb.evaluation.worlds import Answer, cases_by_actor, leave_one_out
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.search.context import RankingOptions
from kb.search.results import Filters, Fit
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.settings import NO_ADAPTATION, Settings

DEPTH = 1000
"""Count of actors of a ranking that are measured, as in trec_eval."""

SHOWN = 20
"""Count of hits of which none may fit where the system is silent."""

FIFTY_LINES = "fifty lines"
"""The name of the ranking that all are compared with (`kb.evaluation.fifty_lines`)."""

_ACTORS = Filters(kind=Kind.ACTOR)
"""Cases endorse as ever, but are not given: none of the figures is of them."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A way to rank: what it changes of the full system; `plain` if the encoder is not adapted."""

    name: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    plain: bool = False


FULL = Ranking("full")

_NO_CASES = {"cases": False, "similar": False, "elsewhere": False}
_NO_MEANS = {**_NO_CASES, "means": False}
_NO_TRADES = {**_NO_MEANS, "filing": False}
_DENSE = Ranking("dense", {**_NO_TRADES, "near_names": False, "lexical": False})
STEPS = (
    Ranking("BM25", {**_NO_TRADES, "near_names": False, "dense": False}),
    _DENSE,
    Ranking("dense + BM25", _NO_TRADES),
    Ranking("+ filing", _NO_MEANS),
    Ranking("+ means", _NO_CASES),
    Ranking("+ known conversions", {"cases": False}),
)
"""The rankings from words alone up to the full system."""

_PLAIN = Ranking("full − adaptation", plain=True)

HEADLINES = (_DENSE, FULL, _PLAIN)


def rankings() -> list[Ranking]:
    """The rankings of an ablation, beside fifty lines."""
    without = [
        Ranking(f"full − {option.name}", {option.name: False})
        for option in fields(RankingOptions)
        if option.default is True and option.name != "places"
    ]
    return [*STEPS, FULL, *without, _PLAIN]


@dataclass(frozen=True, slots=True)
class RankingRuns:
    """The runs on a set's split by the name of the ranking, and what the full system's hits say.

    The first run is the one that all are compared with. `overlaps` are those of the first hits of
    wordings, by ranking and group.
    """

    dataset: DevelopmentSet
    judged: Judged
    runs: Mapping[str, Run]
    silences: Sequence[Silence] = ()
    fits: Sequence[FitCount] = ()
    overlaps: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def run_rankings(
    dataset: DevelopmentSet,
    split: str,
    ways: Sequence[Ranking],
    settings: Settings,
    encoders: Encoders,
    weights: RankingWeights = DEFAULT_WEIGHTS,
    on_query: Callable[[], Any] = lambda: None,
) -> RankingRuns:
    """Ranks for every judged query of a split, by fifty lines and then each way.

    `on_query` is called for each query of each way. Silences, fits and wordings are asked of the
    full system, which is among the `ways` that come before those with the plain encoder.

    Raises:
        FileError: the set cannot be read, or a query of it cannot be searched.
        KnowledgeBaseError: the base that the settings name cannot be searched.
    """
    plain = settings.model_copy(update={"adaptation": NO_ADAPTATION})
    with base_of(dataset, settings, encoders, weights) as base:
        judged = read_split(dataset, split, base.ids(Kind.ACTOR))
        actors = list(base.actors())
        if not actors:
            raise FileError(f"{dataset.folder}: there is no actor to rank.")
        contestant = FiftyLines(actors, encoders.of(plain))
        runs: dict[str, Run] = {
            FIFTY_LINES: {query.id: contestant.rank(query.text, DEPTH) for query in judged.queries}
        }
        adapted = [way for way in ways if not way.plain]
        answers = _answers(base, dataset, judged, adapted, on_query)
        fits = list(first_hits.count_fits(answers[FULL.name], judged.queries, judged.qrels))
        silences = first_hits.count_silences(
            [*_fits(base, dataset, judged)] if dataset.silence else []
        )
        first: dict[str, dict[str, list[str]]] = {FIFTY_LINES: {}, FULL.name: {}}
        wordings = [wording for wording in dataset.wordings if wording.split == split]
        for wording in wordings:
            hits = _found(base, dataset, wording, limit=FIRST[0])
            first[FULL.name][wording.id] = [answer.actor_id for answer in hits]
            first[FIFTY_LINES][wording.id] = [*contestant.rank(wording.text, DEPTH)][: FIRST[0]]
        compared = {name: first_hits.overlaps(wordings, run) for name, run in first.items()}
    if of_plain := [way for way in ways if way.plain]:
        with base_of(dataset, plain, encoders, weights, may_copy=True) as base:
            answers |= _answers(base, dataset, judged, of_plain, on_query)
    runs |= {
        name: {
            query_id: {answer.actor_id: answer.score for answer in of_query}
            for query_id, of_query in of_way.items()
        }
        for name, of_way in answers.items()
    }
    return RankingRuns(dataset, judged, runs, list(silences), fits, compared)


def _options(
    dataset: DevelopmentSet, way: Ranking, unmatched: frozenset[str] = frozenset()
) -> RankingOptions:
    """The options of a way to rank, for a query for which the cases `unmatched` raise nobody."""
    # Judgements say who could, wherever it is.
    chosen = {**way.options, "places": False}
    if not dataset.elsewhere:
        chosen["elsewhere"] = False
    if dataset.actors is not None and not dataset.cases:
        # Where there are no cases, ways that differ in what cases say differ in nothing.
        chosen["cases"] = False
    return RankingOptions(**chosen, transfer_only=dataset.leave_one_out, unmatched=unmatched)


def _answers(
    base: KnowledgeBase,
    dataset: DevelopmentSet,
    judged: Judged,
    ways: Sequence[Ranking],
    on_query: Callable[[], Any],
) -> dict[str, Mapping[str, list[Answer]]]:
    """The ranking of each judged query, by the name of the way and its id, best first."""
    own_cases = cases_by_actor(base.cases()) if dataset.leave_one_out else {}
    # Ways that differ in nothing are asked once.
    done: dict[RankingOptions, dict[str, list[Answer]]] = {}
    for way in ways:
        if (options := _options(dataset, way)) in done:
            continue
        of_way = done[options] = {}
        for query in judged.queries:
            relevant = {id_ for id_, grade in judged.qrels[query.id].items() if grade > 0}
            of_way[query.id] = _ranked(base, dataset, way, query, relevant, own_cases)
            on_query()
    return {way.name: done[_options(dataset, way)] for way in ways}


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
    full = _found(base, dataset, query, way)
    if not _options(dataset, way).cases:
        return full
    # Actors with the same cases share a world.
    worlds = {
        own: _found(base, dataset, replace(query, unmatched=query.unmatched | own), way)
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


def _fits(
    base: KnowledgeBase, dataset: DevelopmentSet, judged: Judged
) -> Iterator[tuple[str, SetQuery, set[Fit]]]:
    """Yields the kind of each answerable and unanswerable query, and the fits of its first hits.

    An unanswerable query that the search refuses finds nothing.
    """
    unanswerable = dataset.unanswerable(judged.split)
    asked = [("answerable", query, False) for query in answerable(dataset, judged)]
    asked += [(query.about.get("kind", "unanswerable"), query, True) for query in unanswerable]
    for kind, query, refusable in asked:
        found = _found(base, dataset, query, limit=SHOWN, refusable=refusable)
        yield kind, query, {answer.fit for answer in found} - {Fit.NONE}


def _found(
    base: KnowledgeBase,
    dataset: DevelopmentSet,
    query: SetQuery,
    way: Ranking = FULL,
    limit: int = DEPTH,
    *,
    refusable: bool = False,
) -> list[Answer]:
    """The first actors that the search finds, best first; none if it may refuse and does."""
    options = _options(dataset, way, query.unmatched)
    try:
        hits = base.search(query.text, limit=limit, filters=_ACTORS, options=options).hits
    except QueryError as error:
        if refusable:
            return []
        raise FileError(f"{dataset.folder}: the query {query.id!r}: {error}") from None
    return [Answer(hit.actor.id, hit.score, hit.fit) for hit in hits]
