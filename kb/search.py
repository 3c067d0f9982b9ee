"""Search: from a query to actors and cases, each with its fit and its evidence.

query ─ read (kb.query), encoded, steered ─┬─ nearest passages (kb.index) ──┐
└ stems ─────────────────────────────┴─ matching words (kb.store) ────┴ kb.scoring
─ gathered into actors and cases (kb.candidates)
─ cases that met such a need are heard: for who took part (kb.cases), and for those whose
trade is close to theirs (kb.similar)
─ names first (kb.names) ─ filtered, ranked, evidence drawn (kb.evidence)
─ who could take which part (kb.roles)
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.background import Aim, Chance
from kb.candidates import Candidate, best_first, gathered
from kb.cases import HeardCase, Voucher, heard, one_edition_each, vouchers
from kb.departments import department_code
from kb.documents import NAME, NEED, TITLE
from kb.embedding import Embeddings, TextKind
from kb.errors import QueryError
from kb.evidence import Drawing
from kb.fusion import Fusion, fit_of_need
from kb.hits import Filters, Fit, HeardNeed, SearchResult, Steering
from kb.language import fold, name_key, query_stems
from kb.models import Actor, Case, Kind
from kb.names import NearName, is_telling, names_near
from kb.query import Query, parse
from kb.roles import answers_by_role
from kb.scoring import Means, Room, Scorer
from kb.similar import (
    SHARES,
    TRADES_PER_WITNESS,
    Likeness,
    centre,
    lift,
    likenesses,
    witnesses,
)
from kb.store import Store
from kb.store_passages import Passage
from kb.store_records import usual_spelling

SIREN_DIGITS, SIRET_DIGITS = 9, 14
NAME_SCORE = 1000.0
"""Added to an exact name or number, so that nothing outranks it."""
NEAR_NAME_SCORE = 100.0
"""Added, times its likeness, to a name that is nearly the query."""

WANTED_SHARE, UNWANTED_SHARE = 0.5, 0.3
"""How far a query is drawn towards what a person wants more of, and away from what not."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a ranking is made of; each can be left out, to see what it is worth.

    With `transfer_only`, a case vouches for others than the actors who took part in it: a measure
    of what it tells of firms that no case knows. The cases `unheard`, by id, vouch for nobody.
    """

    dense: bool = True
    lexical: bool = True
    drawn: bool = True
    overlap: bool = True
    fusion: Fusion = Fusion.STANDARDISED
    cases: bool = True
    similar: bool = True
    near_names: bool = True
    transfer_only: bool = False
    unheard: frozenset[str] = frozenset()


def search(
    query: str,
    room: Room,
    *,
    limit: int = 10,
    filters: Filters = Filters(),
    lang: str = "",
    steering: Steering = Steering(),
    ingredients: Ingredients = Ingredients(),
    complete: bool = False,
    only: str = "",
) -> SearchResult:
    """Finds the actors and the cases that could answer a query.

    A case that is told in several languages is given once: in `lang` where it is told in it, else
    in the one that answers best. Its score is the best of them. With `complete`, every actor and
    every case that the filters leave is scored and given, whatever the limit; with the id of an
    actor, `only` that one is given, with all its evidence, and nothing is said of the parts.

    Raises:
        QueryError: the query is empty, too long, or without a word, or there is no such department.
    """
    started = time.perf_counter()
    asked = parse(query)
    filters = _checked_filters(filters)
    store = room.store
    scope = _scope(store, filters, complete)
    scorer = Scorer(room, scope, complete=complete)
    means = Means(
        dense=ingredients.dense,
        lexical=ingredients.lexical,
        drawn=ingredients.drawn,
        overlap=ingredients.overlap,
        fusion=ingredients.fusion,
    )
    aim = scorer.aim(unit(asked_embedding(asked, steering, room)), means)
    chance = aim.chance
    scored = scorer.scored(
        aim,
        asked.stems | query_stems(" ".join(asked.wanted)),
        means,
        besides=store.passage_ids_of_parts(Kind.CASE, [NEED, TITLE]) if ingredients.cases else (),
    )
    found = gathered(scored)
    actors, cases = found[Kind.ACTOR], found[Kind.CASE]
    known_cases = store.cases(cases.keys())

    named = _named(asked.text, store)
    # A firm may be called what others need: such a name silences nobody.
    is_name = bool(named) and (_is_number(asked.text) or is_telling(asked.text, store))
    bounds = _Bounds(asked, steering, store)
    heard_cases: list[HeardCase] = []
    if ingredients.cases:
        unheard = {*ingredients.unheard, *filter(bounds.unwanted_case, cases)}
        heard_cases = _heard(asked, cases, known_cases, chance, lang, unheard)
        for_whom = named if is_name else None
        _let_cases_vouch(actors, heard_cases, for_whom, aim, scorer, means, ingredients)
    near = names_near(asked.text, store) if ingredients.near_names and not named else []
    _put_names_first(actors, named, near)
    _read_their_words(actors, aim, scorer, means)

    _leave_out(actors, cases, store.closed_on(actors.keys()), bounds)

    left = {kind: _left(kind, filters, store) for kind in Kind}

    def left_to_call(id_: str, said: Sequence[Voucher]) -> bool:
        return left[Kind.ACTOR](id_) and not bounds.leave_out_actor(id_, said)

    ranked_actors = [one for one in best_first(actors.values()) if left[Kind.ACTOR](one.record_id)]
    ranked_cases = [one for one in best_first(cases.values()) if left[Kind.CASE](one.record_id)]
    stories = _one_of_each_story(ranked_cases, known_cases, lang)
    relevance = {one.case.story: one.relevance for one in heard_cases}
    case_fits = [
        fit_of_need(relevance.get(known_cases[one.record_id].story, 0.0), one.fit(chance))
        for one, _ in stories
    ]
    shown = slice(None if complete else limit)
    answering = [id_ for id_, one in actors.items() if one.fit(chance) is not Fit.NONE]
    ranks = list(enumerate(ranked_actors, start=1))
    ranks = [(rank, one) for rank, one in ranks if one.record_id == only] if only else ranks[shown]
    told = {*answering, *(one.record_id for _, one in ranks)}
    witnesses_ids = {one.witness.actor_id for id_ in told for one, _ in actors[id_].likenesses}
    known_actors = store.actors(told | witnesses_ids)
    draw = Drawing(asked.stems, known_actors, chance)
    departments, themes = _facets([known_actors[id_] for id_ in answering], filters)
    return SearchResult(
        query=asked.typed,
        asked=asked,
        hits=tuple(draw.actor_hit(rank, one, in_full=bool(only)) for rank, one in ranks),
        cases=tuple(
            draw.case_hit(rank, candidate, known_cases[candidate.record_id], score, fit)
            for rank, ((candidate, score), fit) in enumerate(
                list(zip(stories, case_fits, strict=True))[shown], start=1
            )
        ),
        total=sum(map(draw.fits, ranked_actors)),
        total_cases=sum(fit is not Fit.NONE for fit in case_fits),
        departments=departments,
        themes=themes,
        roles=tuple(
            answers_by_role(
                asked.need, heard_cases, ranked_actors, draw, scorer, left_to_call, lang
            )
            if not is_name and not only and filters.kind is not Kind.CASE
            else ()
        ),
        closest=chance.closest,
        heard=tuple(HeardNeed(one.case, one.score, one.relevance) for one in heard_cases),
        took_ms=(time.perf_counter() - started) * 1000,
    )


def _checked_filters(filters: Filters) -> Filters:
    if not filters.department:
        return filters
    try:
        return replace(filters, department=department_code(filters.department))
    except ValueError as error:
        raise QueryError(f"{error}.", reason="department") from None


def _scope(store: Store, filters: Filters, complete: bool) -> Collection[int] | None:
    """The passages of the actors that the filters leave; None if they are all in reach anyway."""
    if complete or not (filters.department or filters.theme):
        return None
    left = store.ids(Kind.ACTOR, filters.department, filters.theme)
    return store.passage_ids_of(Kind.ACTOR, left)


def asked_embedding(asked: Query, steering: Steering, room: Room) -> Embeddings:
    """The `(dimension,)` embedding of the need, drawn towards and away from what is said; not unit.

    A linear combination of embeddings, that of the need itself in full: its standardised cosines
    combine those of its parts.
    """
    texts = [asked.need, *asked.wanted, *asked.unwanted]
    rows = room.encoder.encode(texts, TextKind.QUERY)
    liked = _of_actors(steering.like, room)
    unliked = _of_actors(steering.unlike, room)
    first_unwanted = 1 + len(asked.wanted)
    drawn: Embeddings = rows[0].copy()
    for towards in (*rows[1:first_unwanted], *liked):
        drawn += WANTED_SHARE * towards
    for away in (*rows[first_unwanted:], *unliked):
        drawn -= UNWANTED_SHARE * away
    return drawn


def unit(embedding: Embeddings) -> Embeddings:
    """A `(dimension,)` embedding made unit."""
    return np.asarray(embedding / max(float(np.linalg.norm(embedding)), 1e-12), np.float32)


def _of_actors(ids: Sequence[str], room: Room) -> list[Embeddings]:
    """The unit mean of what each of these actors says of itself; nothing of who says nothing."""
    return list(actor_embeddings(ids, room).values())


def actor_embeddings(ids: Collection[str], room: Room) -> dict[str, Embeddings]:
    """The `(dimension,)` unit mean of the embeddings of each actor's passages, by its id."""
    passages = room.store.passages(room.store.passage_ids_of(Kind.ACTOR, ids))
    known = room.index.embeddings(passages.keys())
    rows: dict[str, list[Embeddings]] = {}
    for id_, row in known.items():
        if passages[id_].part != NAME:
            rows.setdefault(passages[id_].record_id, []).append(row)
    return {actor_id: centre(of_actor) for actor_id, of_actor in rows.items()}


def _heard(
    asked: Query,
    cases: Mapping[str, Candidate],
    known_cases: Mapping[str, Case],
    chance: Chance,
    lang: str,
    unheard: Collection[str],
) -> list[HeardCase]:
    """The cases that met such a need.

    An article touches on much that was not its need, so that its other passages say nothing.
    """
    scores = {
        id_: one.need_closeness(NEED if known_cases[id_].need else TITLE, asked.text)
        for id_, one in cases.items()
        if id_ not in unheard
    }
    return heard(scores, known_cases, chance, lang)


def _let_cases_vouch(
    actors: dict[str, Candidate],
    heard_cases: Sequence[HeardCase],
    for_whom: Collection[str] | None,
    aim: Aim,
    scorer: Scorer,
    means: Means,
    ingredients: Ingredients,
) -> None:
    """Raises who took part in the cases, and whose trade is close to theirs.

    A query that is a name asks for nobody else than those `for_whom` it is.
    """
    given = vouchers(heard_cases)
    if for_whom is not None:
        given = {id_: said for id_, said in given.items() if id_ in for_whom}
    if not ingredients.transfer_only:
        for actor_id, said in given.items():
            actors.setdefault(actor_id, Candidate(actor_id)).vouchers = said
    if ingredients.similar and for_whom is None:
        _let_close_trades_follow(actors, given, aim, scorer, means)


def _let_close_trades_follow(
    actors: dict[str, Candidate],
    given: Mapping[str, Sequence[Voucher]],
    aim: Aim,
    scorer: Scorer,
    means: Means,
) -> None:
    heard_witnesses = witnesses(given, actor_embeddings(given.keys(), scorer.room))
    if not heard_witnesses:
        return
    rows = np.stack([one.embedding for one in heard_witnesses])
    nearest = scorer.nearest(rows, TRADES_PER_WITNESS)
    background = scorer.room.measures.background
    found = likenesses(heard_witnesses, nearest, background)
    passages = scorer.passages({one.passage_id for one in found})
    said: dict[str, list[tuple[Likeness, Passage]]] = {}
    for one in found:
        passage = passages.get(one.passage_id)
        if passage and passage.kind is Kind.ACTOR and passage.record_id != one.witness.actor_id:
            said.setdefault(passage.record_id, []).append((one, passage))
    for actor_id in said:
        actors.setdefault(actor_id, Candidate(actor_id))
    _read_their_words(actors, aim, scorer, means)
    for actor_id, of_actor in said.items():
        actor = actors[actor_id]
        if actor.vouchers and not any(one.participation.role in SHARES for one in actor.vouchers):
            # It was there, and for another part than to make it.
            continue
        of_actor.sort(key=lambda pair: (-pair[0].said, pair[0].witness.actor_id, pair[1].id))
        actor.likenesses = of_actor
        actor.lift = lift(one for one, _ in of_actor)


def _read_their_words(
    actors: Mapping[str, Candidate], aim: Aim, scorer: Scorer, means: Means
) -> None:
    """Adds what actors say whom their own words alone did not bring up."""
    unread = {id_ for id_, one in actors.items() if not one.passages}
    if unread:
        passages = scorer.room.store.passage_ids_of(Kind.ACTOR, unread)
        for id_, one in gathered(scorer.fused(aim, passages, means=means))[Kind.ACTOR].items():
            actors[id_].passages = one.passages


def _named(text: str, store: Store) -> set[str]:
    """The ids of the actors whose exact name or number this is."""
    named = set(store.actors_named(name_key(text)))
    if _is_number(text):
        named |= set(store.actors_registered("".join(text.split())))
    return named


def _is_number(text: str) -> bool:
    """Whether this could be a SIREN or a SIRET."""
    number = "".join(text.split())
    return number.isdigit() and len(number) in {SIREN_DIGITS, SIRET_DIGITS}


def _put_names_first(
    actors: dict[str, Candidate], named: Collection[str], near: Sequence[NearName]
) -> None:
    for actor_id in named:
        actors.setdefault(actor_id, Candidate(actor_id)).name = NAME_SCORE
    for one in near:
        candidate = actors.setdefault(one.actor_id, Candidate(one.actor_id))
        candidate.name = NEAR_NAME_SCORE * one.likeness


class _Bounds:
    """What a person does not want, and what must be said: who cannot answer.

    A word that must be there may be said by a case that vouches.
    """

    def __init__(self, asked: Query, steering: Steering, store: Store) -> None:
        self._required = [store.records_saying(phrase) for phrase in asked.required]
        self._unwanted = [store.records_saying(phrase) for phrase in asked.unwanted]
        self._unlike = frozenset(steering.unlike)

    def leave_out_actor(self, id_: str, vouching: Iterable[Voucher]) -> bool:
        its_own = (Kind.ACTOR, id_)
        theirs = {(Kind.CASE, said.case.id) for said in vouching}
        return (
            id_ in self._unlike
            or any(its_own in those for those in self._unwanted)
            or any(its_own not in those and not theirs & those for those in self._required)
        )

    def leave_out_case(self, id_: str) -> bool:
        return self.unwanted_case(id_) or any(
            (Kind.CASE, id_) not in those for those in self._required
        )

    def unwanted_case(self, id_: str) -> bool:
        """Whether a case says what is not wanted: it vouches for nobody."""
        return any((Kind.CASE, id_) in those for those in self._unwanted)


def _leave_out(
    actors: dict[str, Candidate],
    cases: dict[str, Candidate],
    closed_on: Mapping[str, str],
    bounds: _Bounds,
) -> None:
    """Takes out what cannot answer, and what a person does not want.

    A case may name an actor that has no entry here yet. One that is closed by now answers no
    need, but is found by whoever asks for it.
    """
    for id_, one in list(actors.items()):
        is_closed = closed_on.get(id_) and one.name < NAME_SCORE
        if id_ not in closed_on or is_closed or bounds.leave_out_actor(id_, one.vouchers):
            del actors[id_]
    for id_ in filter(bounds.leave_out_case, list(cases)):
        del cases[id_]


def _left(kind: Kind, filters: Filters, store: Store) -> Callable[[str], bool]:
    """Whether the filters leave a record of this kind, by its id."""
    if filters.kind not in {None, kind}:
        return lambda _: False
    if not (filters.department or filters.theme):
        return lambda _: True
    return set(store.ids(kind, filters.department, filters.theme)).__contains__


def _one_of_each_story(
    candidates: Sequence[Candidate], known_cases: Mapping[str, Case], lang: str
) -> list[tuple[Candidate, float]]:
    """One of each case and its translations, with the score of the best of them."""
    by_id = {candidate.record_id: candidate for candidate in candidates}
    best: dict[str, float] = {}
    for candidate in candidates:
        best.setdefault(known_cases[candidate.record_id].story, candidate.score)
    editions = one_edition_each((known_cases[id_] for id_ in by_id), lang)
    return [(by_id[case.id], best[case.story]) for case in editions]


def _facets(answering: Iterable[Actor], filters: Filters) -> tuple[dict[str, int], dict[str, int]]:
    """How many of these actors each department and each theme would leave, most first."""
    theme = fold(filters.theme)
    departments: Counter[str] = Counter()
    themes: dict[str, Counter[str]] = {}
    for actor in answering:
        if actor.department and (not theme or theme in map(fold, actor.themes)):
            departments[actor.department] += 1
        if not filters.department or actor.department == filters.department:
            for name in actor.themes:
                themes.setdefault(fold(name), Counter())[name] += 1

    def most_first(counts: Mapping[str, int]) -> dict[str, int]:
        return dict(sorted(counts.items(), key=lambda item: (-item[1], fold(item[0]))))

    by_usual_spelling = {usual_spelling(names): names.total() for names in themes.values()}
    return most_first(departments), most_first(by_usual_spelling)
