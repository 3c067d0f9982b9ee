"""Search: from a query to actors and cases, each with its fit and its evidence.

query ─ read (kb.search.query), encoded, steered ─┬─ nearest passages (kb.indexing.faiss_index) ──┐
└ stems ─────────────────────────────┴─ matching words (kb.store.store) ────┴ kb.search.scorer
─ gathered into actors and cases (kb.search.candidates)
─ cases that met such a need are heard: for who took part (kb.search.vouching), and for those whose
trade is close to theirs (kb.search.close_trades)
─ names first (kb.search.name_search) ─ filtered, ranked, evidence drawn (kb.search.evidence)
─ who could take which part (kb.search.parts)
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.errors import QueryError
from kb.indexing.derivation import NEED, TITLE
from kb.models import Actor, Kind
from kb.reference.departments import department_code
from kb.search.candidates import Candidate, best_first, gathered
from kb.search.close_trades import SHARES, TRADES_PER_WITNESS, Likeness, lift, likenesses, witnesses
from kb.search.evidence import Drawing
from kb.search.fusion import Fusion, fit_of_need
from kb.search.name_search import is_telling, names_near
from kb.search.parts import answers_by_part
from kb.search.query import Query, parse
from kb.search.results import Filters, Fit, HeardNeed, PartAnswer, SearchResult, Steering
from kb.search.scorer import Means, Room, Scorer
from kb.search.steering import Bounds, actor_embeddings, asked_embedding, unit
from kb.search.vouching import HeardCase, Voucher, heard, one_edition_each, vouchers
from kb.store.passages import Passage
from kb.store.records import usual_spelling
from kb.store.store import Store
from kb.text.analysis import query_stems
from kb.text.folding import fold
from kb.text.organisation_name import name_key

SIREN_DIGITS, SIRET_DIGITS = 9, 14
NAME_SCORE = 1000.0
"""Added to an exact name or number, so that nothing outranks it."""
NEAR_NAME_SCORE = 100.0
"""Added, times its likeness, to a name that is nearly the query."""


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

    @property
    def means(self) -> Means:
        """By which of them passages are scored."""
        return Means(
            dense=self.dense,
            lexical=self.lexical,
            drawn=self.drawn,
            overlap=self.overlap,
            fusion=self.fusion,
        )


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
    found = _Search(
        parse(query), room, _checked_filters(filters), lang, steering, ingredients, complete
    )
    found.hear_cases()
    found.put_names_first()
    found.leave_out()
    result = found.result(None if complete else limit, only)
    return replace(result, took_ms=(time.perf_counter() - started) * 1000)


class _Search:
    """One search on its way: what is asked, in which room, and what speaks for whom so far."""

    def __init__(
        self,
        asked: Query,
        room: Room,
        filters: Filters,
        lang: str,
        steering: Steering,
        ingredients: Ingredients,
        complete: bool,
    ) -> None:
        self._asked, self._filters, self._lang = asked, filters, lang
        self._store, self._ingredients = room.store, ingredients
        self._bounds = Bounds(asked, steering, room.store)
        self._named = _named(asked.text, room.store)
        # A firm may be called what others need: such a name silences nobody.
        self._is_name = bool(self._named) and (
            _is_number(asked.text) or is_telling(asked.text, room.store)
        )
        self._scorer = Scorer(room, _scope(room.store, filters, complete), complete=complete)
        drawn = unit(asked_embedding(asked, steering, room))
        self._aim = self._scorer.aim(drawn, ingredients.means)
        of_cases = room.store.passage_ids_of_parts(Kind.CASE, [NEED, TITLE])
        found = gathered(
            self._scorer.scored(
                self._aim,
                asked.stems | query_stems(" ".join(asked.wanted)),
                ingredients.means,
                besides=of_cases if ingredients.cases else (),
            )
        )
        self._actors, self._cases = found[Kind.ACTOR], found[Kind.CASE]
        self._known_cases = room.store.cases(self._cases.keys())
        self._heard: list[HeardCase] = []

    def hear_cases(self) -> None:
        """Raises who took part in cases of such a need, and whose trade is close to theirs.

        An article touches on much that was not its need, so that its other passages say nothing;
        and who asks for a name asks for nobody else.
        """
        if not self._ingredients.cases:
            return
        unwanted = {
            self._known_cases[id_].story for id_ in filter(self._bounds.unwanted_case, self._cases)
        }
        scores = {}
        for id_, one in self._cases.items():
            case = self._known_cases[id_]
            if id_ not in self._ingredients.unheard and case.story not in unwanted:
                part = NEED if case.need else TITLE
                scores[id_] = one.need_closeness(part, self._asked.text)
        self._heard = heard(scores, self._known_cases, self._aim.chance, self._lang)
        given = vouchers(self._heard)
        if self._is_name:
            given = {id_: said for id_, said in given.items() if id_ in self._named}
        if not self._ingredients.transfer_only:
            for actor_id, said in given.items():
                self._candidate(actor_id).vouchers = said
        if self._ingredients.similar and not self._is_name:
            self._let_close_trades_follow(given)

    def _let_close_trades_follow(self, given: Mapping[str, Sequence[Voucher]]) -> None:
        room = self._scorer.room
        heard_witnesses = witnesses(given, actor_embeddings(given.keys(), room))
        if not heard_witnesses:
            return
        rows = np.stack([one.embedding for one in heard_witnesses])
        nearest = self._scorer.nearest(rows, TRADES_PER_WITNESS)
        found = likenesses(heard_witnesses, nearest, room.measures.background)
        passages = self._scorer.passages({one.passage_id for one in found})
        said: dict[str, list[tuple[Likeness, Passage]]] = {}
        for one in found:
            passage = passages.get(one.passage_id)
            if passage and passage.kind is Kind.ACTOR and passage.record_id != one.witness.actor_id:
                said.setdefault(passage.record_id, []).append((one, passage))
        for actor_id in said:
            self._candidate(actor_id)
        self._read_their_words()
        for actor_id, of_actor in said.items():
            actor = self._actors[actor_id]
            roles = {one.participation.role for one in actor.vouchers}
            if roles and roles.isdisjoint(SHARES):
                # It was there, and for another part than to make it.
                continue
            of_actor.sort(key=lambda pair: (-pair[0].said, pair[0].witness.actor_id, pair[1].id))
            actor.likenesses = of_actor
            actor.lift = lift(one for one, _ in of_actor)

    def put_names_first(self) -> None:
        """Raises whom the query names, exactly or nearly, above all others."""
        for actor_id in self._named:
            self._candidate(actor_id).name = NAME_SCORE
        if self._ingredients.near_names and not self._named:
            for one in names_near(self._asked.text, self._store):
                self._candidate(one.actor_id).name = NEAR_NAME_SCORE * one.likeness

    def leave_out(self) -> None:
        """Takes out what cannot answer, and what a person does not want.

        A case may name an actor that has no entry here yet. One that is closed by now answers no
        need, but is found by whoever asks for it.
        """
        self._read_their_words()
        closed_on = self._store.closed_on(self._actors.keys())
        for id_, one in list(self._actors.items()):
            is_closed = closed_on.get(id_) and one.name < NAME_SCORE
            if id_ not in closed_on or is_closed or self._bounds.leave_out_actor(id_, one.vouchers):
                del self._actors[id_]
        for id_ in filter(self._bounds.leave_out_case, list(self._cases)):
            del self._cases[id_]

    def result(self, limit: int | None, only: str) -> SearchResult:
        """What is found within the filters, best first."""
        chance = self._aim.chance
        left = {kind: _left(kind, self._filters, self._store) for kind in Kind}
        ranked = [
            one for one in best_first(self._actors.values()) if left[Kind.ACTOR](one.record_id)
        ]
        ranks = list(enumerate(ranked, start=1))
        ranks = [one for one in ranks if one[1].record_id == only] if only else ranks[:limit]
        answering = [id_ for id_, one in self._actors.items() if one.fit(chance) is not Fit.NONE]
        draw = self._drawing({*answering, *(one.record_id for _, one in ranks)})
        departments, themes = _facets([draw.actors[id_] for id_ in answering], self._filters)
        stories = self._stories(left[Kind.CASE])

        def may_be_called(id_: str, said: Sequence[Voucher]) -> bool:
            return left[Kind.ACTOR](id_) and not self._bounds.leave_out_actor(id_, said)

        roles: list[PartAnswer] = []
        if not self._is_name and not only and self._filters.kind is not Kind.CASE:
            need, scorer, lang = self._asked.need, self._scorer, self._lang
            roles = answers_by_part(need, self._heard, ranked, draw, scorer, may_be_called, lang)
        return SearchResult(
            query=self._asked.typed,
            asked=self._asked,
            hits=tuple(draw.actor_hit(rank, one, in_full=bool(only)) for rank, one in ranks),
            cases=tuple(
                draw.case_hit(rank, one, self._known_cases[one.record_id], score, fit)
                for rank, (one, score, fit) in enumerate(stories[:limit], start=1)
            ),
            total=sum(map(draw.fits, ranked)),
            total_cases=sum(fit is not Fit.NONE for _, _, fit in stories),
            departments=departments,
            themes=themes,
            roles=tuple(roles),
            closest=chance.closest,
            heard=tuple(HeardNeed(one.case, one.score, one.relevance) for one in self._heard),
        )

    def _drawing(self, ids: Collection[str]) -> Drawing:
        """Draws these actors, with the witnesses whom they follow."""
        followed = {one.witness.actor_id for id_ in ids for one, _ in self._actors[id_].likenesses}
        known = self._store.actors({*ids, *followed})
        return Drawing(self._asked.stems, known, self._aim.chance)

    def _stories(self, is_left: Callable[[str], bool]) -> list[tuple[Candidate, float, Fit]]:
        """One of each case and its translations, best first: their best score, and its fit."""
        ranked = [one for one in best_first(self._cases.values()) if is_left(one.record_id)]
        best: dict[str, float] = {}
        for one in ranked:
            best.setdefault(self._known_cases[one.record_id].story, one.score)
        relevance = {one.case.story: one.relevance for one in self._heard}
        stories = []
        for case in one_edition_each(
            (self._known_cases[one.record_id] for one in ranked), self._lang
        ):
            candidate = self._cases[case.id]
            by_its_words = candidate.fit(self._aim.chance)
            fit = fit_of_need(relevance.get(case.story, 0.0), by_its_words)
            stories.append((candidate, best[case.story], fit))
        return stories

    def _candidate(self, actor_id: str) -> Candidate:
        return self._actors.setdefault(actor_id, Candidate(actor_id))

    def _read_their_words(self) -> None:
        """Adds what actors say whom their own words alone did not bring up."""
        unread = {id_ for id_, one in self._actors.items() if not one.passages}
        if unread:
            passages = self._store.passage_ids_of(Kind.ACTOR, unread)
            scored = self._scorer.fused(self._aim, passages, means=self._ingredients.means)
            for id_, one in gathered(scored)[Kind.ACTOR].items():
                self._actors[id_].passages = one.passages


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


def _left(kind: Kind, filters: Filters, store: Store) -> Callable[[str], bool]:
    """Whether the filters leave a record of this kind, by its id."""
    if filters.kind not in {None, kind}:
        return lambda _: False
    if not (filters.department or filters.theme):
        return lambda _: True
    return set(store.ids(kind, filters.department, filters.theme)).__contains__


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
