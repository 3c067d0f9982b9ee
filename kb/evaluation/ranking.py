"""The ranking of a set's queries, by the whole system and by fifty lines."""

import contextlib
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kb.encoder.encoder import Encoder
from kb.encoder.prepared import load_encoder
from kb.errors import FileError, QueryError
from kb.evaluation.fifty_lines import FiftyLines
from kb.evaluation.metrics import Run
from kb.evaluation.sets import DevelopmentSet, Judged, SetQuery, answerable, read_split
from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind
from kb.search.context import RankingOptions
from kb.search.results import Filters, Fit
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.settings import NO_ADAPTATION, Settings
from kb.trade_index.trade_index import find_trade_index

DEPTH = 1000  # count of actors of a ranking that are measured, as in trec_eval
SHOWN = 20  # count of hits of which none may fit where the system is silent
FULL, FIFTY_LINES = "full", "fifty lines"
Way = Mapping[str, Any]  # the options of a ranking that are not those of the whole system
_ACTORS = Filters(kind=Kind.ACTOR)  # cases endorse as ever, but are not given


class Encoders:
    """The encoder that settings name, and the `plain` one, without what it learnt of trades."""

    def __init__(self, settings: Settings) -> None:
        self.full = self.plain = load_encoder(settings)
        if settings.adaptation != NO_ADAPTATION:
            self.plain = load_encoder(settings.model_copy(update={"adaptation": NO_ADAPTATION}))


@dataclass(frozen=True, slots=True)
class Answer:
    actor_id: str
    score: float
    fit: Fit


@dataclass(frozen=True, slots=True)
class Ranked:
    """What was found for the queries of a set's split; the first of `runs` is compared with."""

    dataset: DevelopmentSet
    judged: Judged
    runs: Mapping[str, Run]
    answers: Mapping[str, Sequence[Answer]]
    shown: Sequence[tuple[str, SetQuery, Set[Fit]]]


def rank(
    dataset: DevelopmentSet,
    split: str,
    settings: Settings,
    encoders: Encoders,
    weights: RankingWeights = DEFAULT_WEIGHTS,
    ways: Mapping[str, Way] | None = None,
    on_query: Callable[[], Any] = lambda: None,
) -> Ranked:
    """Ranks for every judged query of a split, by fifty lines and then in each of the `ways`."""
    with base_of(dataset, settings, encoders.full, weights) as base:
        judged = read_split(dataset, split, base.ids(Kind.ACTOR))
        actors = list(base.actors())
        if not actors:
            raise FileError(f"{dataset.folder}: there is no actor to rank.")
        fifty = FiftyLines(actors, encoders.plain)
        runs: dict[str, Run] = {
            FIFTY_LINES: {query.id: fifty.rank(query.text, DEPTH) for query in judged.queries}
        }
        own_cases = cases_by_actor(base.cases()) if dataset.leave_one_out else {}
        answers: dict[str, dict[str, list[Answer]]] = {}
        for name, way in (ways or {FULL: {}}).items():
            answers[name] = {}
            for query in judged.queries:
                relevant = {id_ for id_, grade in judged.qrels[query.id].items() if grade > 0}
                answers[name][query.id] = _ranked(base, dataset, way, query, relevant, own_cases)
                on_query()
            runs[name] = {
                id_: {answer.actor_id: answer.score for answer in of_query}
                for id_, of_query in answers[name].items()
            }
        shown = list(_shown(base, dataset, judged)) if dataset.silence else []
    return Ranked(dataset, judged, runs, answers.get(FULL, {}), shown)


@contextlib.contextmanager
def base_of(
    dataset: DevelopmentSet,
    settings: Settings,
    encoder: Encoder,
    weights: RankingWeights = DEFAULT_WEIGHTS,
) -> Iterator[KnowledgeBase]:
    """The base that the set's queries are asked of: of its corpus, or the one of the settings."""
    with contextlib.ExitStack() as stack:
        place = settings
        if dataset.actors is not None:
            folder = tempfile.TemporaryDirectory(prefix="quisait-evaluation-")
            place = Settings(kb=Path(stack.enter_context(folder)))
        KnowledgeBase.open(place, create=dataset.actors is not None).close()
        base = KnowledgeBase(
            place.folder,
            lambda: encoder,
            settings.cache,
            weights,
            trade_index=find_trade_index(settings),
            database=place.database,
        )
        stack.enter_context(contextlib.closing(base))
        if dataset.actors is not None:
            base.put([*dataset.actors, *dataset.cases])
        yield base


def found(
    base: KnowledgeBase,
    dataset: DevelopmentSet,
    query: SetQuery,
    way: Way | None = None,
    limit: int = DEPTH,
) -> list[Answer]:
    # Judgements say who could, wherever it is.
    chosen = {**(way or {}), "places": False} | ({} if dataset.elsewhere else {"elsewhere": False})
    options = RankingOptions(
        **chosen, transfer_only=dataset.leave_one_out, unmatched=query.unmatched
    )
    try:
        hits = base.search(query.text, limit=limit, filters=_ACTORS, options=options).hits
    except QueryError as error:
        raise FileError(f"{dataset.folder}: the query {query.id!r}: {error}") from None
    return [Answer(hit.actor.id, hit.score, hit.fit) for hit in hits]


def _shown(
    base: KnowledgeBase, dataset: DevelopmentSet, judged: Judged
) -> Iterator[tuple[str, SetQuery, Set[Fit]]]:
    asked = [("answerable", query) for query in answerable(dataset, judged)] + [
        (query.about.get("kind", "unanswerable"), query)
        for query in dataset.silence
        if query.split == judged.split
    ]
    for kind, query in asked:
        answers: list[Answer] = []
        with contextlib.suppress(FileError):  # what is refused finds nothing
            answers = found(base, dataset, query, limit=SHOWN)
        yield kind, query, {answer.fit for answer in answers} - {Fit.NONE}


def _ranked(
    base: KnowledgeBase,
    dataset: DevelopmentSet,
    way: Way,
    query: SetQuery,
    relevant: Set[str],
    own_cases: Mapping[str, frozenset[str]],
) -> list[Answer]:
    """The ranking of a query; `own_cases` are of the actors that are to be ranked without them."""
    full = found(base, dataset, query, way)
    if not way.get("cases", True):
        return full
    # Actors with the same cases share a world.
    worlds = {
        own: found(base, dataset, replace(query, unmatched=query.unmatched | own), way)
        for own in {own_cases[id_] for id_ in relevant & own_cases.keys()}
        if not own <= query.unmatched
    }
    of_actors = {
        id_: worlds[own] for id_, own in own_cases.items() if id_ in relevant and own in worlds
    }
    return leave_one_out(full, of_actors, relevant) if worlds else full


def cases_by_actor(cases: Iterable[Case]) -> dict[str, frozenset[str]]:
    of: dict[str, set[str]] = {}
    for case in cases:
        for participation in case.participants:
            if participation.actor_id:
                of.setdefault(participation.actor_id, set()).add(case.id)
    return {actor_id: frozenset(ids) for actor_id, ids in of.items()}


def leave_one_out(
    full: Sequence[Answer], worlds: Mapping[str, Sequence[Answer]], relevant: Collection[str]
) -> list[Answer]:
    """One ranking of everybody, in which each relevant actor has the place of its own world.

    Its own case proves nothing, so `worlds` has a ranking without it for each; `full` has all.
    Scores never rise: one from another world is lowered to the one before.
    """
    placed: list[tuple[int, float, str, Answer]] = []
    for actor_id in relevant:
        above = 0
        for answer in worlds.get(actor_id, full):
            if answer.actor_id == actor_id:
                placed.append((above, -answer.score, actor_id, answer))
                break
            above += answer.actor_id not in relevant
    others = [answer for answer in full if answer.actor_id not in relevant]
    merged: list[Answer] = []
    passed = 0
    for above, _, _, answer in sorted(placed, key=lambda place: place[:3]):
        merged += [*others[passed:above], answer]
        passed = max(passed, above)
    merged += others[passed:]
    best = float("inf")
    for index, answer in enumerate(merged):
        best = min(best, answer.score)
        merged[index] = replace(answer, score=best)
    return merged
