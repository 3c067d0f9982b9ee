"""Search: from a query to actors and cases, each with its fit and its evidence.

    query ─ encode ─ nearest passages (kb.index) ─┐
          └ stems ── matching words (kb.store) ───┴ fused (kb.fusion)
                 ─ gathered into actors and cases ─ cases vouch (kb.cases)
                 ─ exact names and numbers first ─ filtered, ranked, evidence drawn

A record scores as its best passage, so that a long description does not win by its length.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb import fusion
from kb.cases import Voucher, one_edition_each, vouchers
from kb.departments import department_code
from kb.documents import NAME, NEED, PARTICIPANTS, TITLE, quotation
from kb.embedding import Encoder, TextKind
from kb.errors import QueryError
from kb.hits import ActorHit, CaseHit, Evidence, EvidenceKind, Filters, Fit, SearchResult
from kb.index import Index
from kb.language import fold, name_key, stems, words
from kb.models import Actor, Case, Kind
from kb.query import parse
from kb.store import Store
from kb.store_passages import Passage
from kb.store_records import usual_spelling

DENSE_CANDIDATES = 400
LEXICAL_CANDIDATES = 400
PASSAGES_PER_HIT = 2
CASES_PER_HIT = 2
SIREN_DIGITS, SIRET_DIGITS = 9, 14
SECOND_WITNESS_SHARE = 0.1
"""What the weaker of an actor's two witnesses, its words and its cases, adds to the stronger."""
NAME_SCORE = 1000.0
"""Added to an exact name or number, so that nothing outranks it."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a ranking is made of; each can be left out, to see what it is worth."""

    dense: bool = True
    lexical: bool = True
    cases: bool = True


@dataclass(slots=True)
class _Candidate:
    """A record that some passage of it brought up, with its passages, best first."""

    record_id: str
    score: float = float("-inf")
    passages: list[tuple[Passage, float]] = field(default_factory=list)
    vouchers: Sequence[Voucher] = ()
    named: bool = False

    def score_of(self, part: str) -> float:
        """The score of the best passage of this part of the record."""
        scores = (score for passage, score in self.passages if passage.part == part)
        return max(scores, default=float("-inf"))

    def fit(self, n_passages: int) -> Fit:
        return fusion.fit_of(self.score, n_passages)


def search(
    query: str,
    *,
    store: Store,
    index: Index,
    encoder: Encoder,
    limit: int = 10,
    filters: Filters = Filters(),
    lang: str = "",
    ingredients: Ingredients = Ingredients(),
) -> SearchResult:
    """Finds the actors and the cases that could answer a query.

    A case that is told in several languages is given once: in `lang` where it is told in it, else
    in the one that answers best. Its score is the best of them.

    Raises:
        QueryError: the query is empty, too long, or without a word, or there is no such department.
    """
    started = time.perf_counter()
    asked = parse(query)
    query = asked.text
    filters = _checked_filters(filters)
    wanted = set(asked.stems)
    dense, lexical = _passage_scores(query, wanted, filters, store, index, encoder, ingredients)
    actors, cases = _candidates(dense, lexical, store)
    known_cases = store.cases(cases.keys())
    named = _named(query, store)
    if ingredients.cases:
        _let_cases_vouch(actors, cases, known_cases, named, lang, len(index))
    _put_first(named, actors)

    # A case may name an actor that has no entry here yet, and one that is closed by now: it
    # answers no need, but is found by whoever asks for it.
    known_actors = store.actors(actors.keys())
    actors = {
        id_: one
        for id_, one in actors.items()
        if id_ in known_actors and (one.named or not known_actors[id_].closed_on)
    }

    ranked_actors = _ranked(actors, Kind.ACTOR, filters, store)
    ranked_cases = _one_of_each_story(_ranked(cases, Kind.CASE, filters, store), known_cases, lang)
    departments, themes = _facets(
        [known_actors[id_] for id_, one in actors.items() if one.fit(len(index)) is not Fit.NONE],
        filters,
    )
    return SearchResult(
        query=asked.typed,
        asked=asked,
        hits=tuple(
            _actor_hit(rank, candidate, known_actors[candidate.record_id], wanted, len(index))
            for rank, candidate in enumerate(ranked_actors[:limit], start=1)
        ),
        cases=tuple(
            _case_hit(rank, candidate, known_cases[candidate.record_id], wanted, len(index))
            for rank, candidate in enumerate(ranked_cases[:limit], start=1)
        ),
        total=_count_answering(ranked_actors, len(index)),
        total_cases=_count_answering(ranked_cases, len(index)),
        departments=departments,
        themes=themes,
        took_ms=(time.perf_counter() - started) * 1000,
    )


def _checked_filters(filters: Filters) -> Filters:
    if not filters.department:
        return filters
    try:
        return replace(filters, department=department_code(filters.department))
    except ValueError as error:
        raise QueryError(f"{error}.", reason="department") from None


def _passage_scores(
    query: str,
    wanted: set[str],
    filters: Filters,
    store: Store,
    index: Index,
    encoder: Encoder,
    ingredients: Ingredients,
) -> tuple[dict[int, float], dict[int, float]]:
    """The standardised cosines and the BM25 of the passages that could matter, by id.

    The whole base is searched whatever the filters: they do not keep a case from vouching, and
    what they would leave is counted. What they let through is searched besides, so that it is
    found however deep it lies.
    """
    scopes: list[Collection[int] | None] = [None]
    if filters.department or filters.theme:
        left = store.ids(Kind.ACTOR, filters.department, filters.theme)
        scopes.append(store.passage_ids_of(Kind.ACTOR, left))
    lexical: dict[int, float] = {}
    if ingredients.lexical:
        for scope in scopes:
            lexical.update(store.match_words(wanted, LEXICAL_CANDIDATES, among=scope))
    dense: dict[int, float] = {}
    if ingredients.dense:
        (embedded,) = encoder.encode([query], TextKind.QUERY)
        cosines: dict[int, float] = {}
        for scope in scopes:
            cosines.update(index.search(embedded, DENSE_CANDIDATES, among=scope))
        cosines.update(index.cosines(embedded, [id_ for id_ in lexical if id_ not in cosines]))
        dense = index.standardised(embedded, cosines)
    return dense, lexical


def _candidates(
    dense: Mapping[int, float], lexical: Mapping[int, float], store: Store
) -> tuple[dict[str, _Candidate], dict[str, _Candidate]]:
    """The actors and the cases that scored passages bring up, by id."""
    found: dict[Kind, dict[str, _Candidate]] = {Kind.ACTOR: {}, Kind.CASE: {}}
    for id_, passage in store.passages(dense.keys() | lexical.keys()).items():
        # To the encoder, a passage that it has not read is a chance one.
        score = fusion.fuse(dense.get(id_, 0.0), lexical.get(id_, 0.0))
        candidate = found[passage.kind].setdefault(passage.record_id, _Candidate(passage.record_id))
        candidate.passages.append((passage, score))
        candidate.score = max(candidate.score, score)
    for candidate in (*found[Kind.ACTOR].values(), *found[Kind.CASE].values()):
        candidate.passages.sort(key=lambda scored: (-scored[1], scored[0].id))
    return found[Kind.ACTOR], found[Kind.CASE]


def _let_cases_vouch(
    actors: dict[str, _Candidate],
    cases: Mapping[str, _Candidate],
    known_cases: Mapping[str, Case],
    named: set[str],
    lang: str,
    n_passages: int,
) -> None:
    """Raises the actors of the cases that met such a need.

    An article touches on much that was not its need, so that its other passages vouch for
    nobody; a query that is a name asks for nobody else.
    """
    told = {
        id_: one.score_of(NEED if known_cases[id_].need else TITLE) for id_, one in cases.items()
    }
    best_first = sorted(told, key=lambda id_: (-told[id_], id_))
    fitting = [id_ for id_ in best_first if fusion.fit_of(told[id_], n_passages) is not Fit.NONE]
    best_told = {known_cases[id_].story: told[id_] for id_ in reversed(fitting)}
    editions = one_edition_each((known_cases[id_] for id_ in best_first), lang)
    scored = [(case, best_told[case.story]) for case in editions if case.story in best_told]
    for actor_id, given in vouchers(scored).items():
        if named and actor_id not in named:
            continue
        actor = actors.setdefault(actor_id, _Candidate(actor_id, score=0.0))
        actor.vouchers = given
        lower, higher = sorted((actor.score, given[0].score))
        actor.score = higher + SECOND_WITNESS_SHARE * max(lower, 0.0)


def _named(query: str, store: Store) -> set[str]:
    """The ids of the actors whose exact name or number the query is."""
    number = "".join(query.split())
    named = set(store.actors_named(name_key(query)))
    if number.isdigit() and len(number) in {SIREN_DIGITS, SIRET_DIGITS}:
        named |= set(store.actors_registered(number))
    return named


def _put_first(named: set[str], actors: dict[str, _Candidate]) -> None:
    for actor_id in named:
        actor = actors.setdefault(actor_id, _Candidate(actor_id, score=0.0))
        actor.named = True
        actor.score += NAME_SCORE


def _ranked(
    candidates: Mapping[str, _Candidate], kind: Kind, filters: Filters, store: Store
) -> list[_Candidate]:
    """The candidates that the filters leave, best first, ties by id."""
    if filters.kind not in {None, kind}:
        return []
    left = set(candidates)
    if filters.department or filters.theme:
        left &= set(store.ids(kind, filters.department, filters.theme))
    return _best_first(candidates[id_] for id_ in left)


def _best_first(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    return sorted(candidates, key=lambda one: (-one.score, one.record_id))


def _one_of_each_story(
    candidates: Sequence[_Candidate], known_cases: Mapping[str, Case], lang: str
) -> list[_Candidate]:
    """One of each case and its translations, with the score of the best of them."""
    by_id = {candidate.record_id: candidate for candidate in candidates}
    best: dict[str, float] = {}
    for candidate in candidates:
        best.setdefault(known_cases[candidate.record_id].story, candidate.score)
    editions = one_edition_each((known_cases[id_] for id_ in by_id), lang)
    return [replace(by_id[case.id], score=best[case.story]) for case in editions]


def _count_answering(candidates: Sequence[_Candidate], n_passages: int) -> int:
    return sum(candidate.fit(n_passages) is not Fit.NONE for candidate in candidates)


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


def _actor_hit(
    rank: int, candidate: _Candidate, actor: Actor, wanted: set[str], n_passages: int
) -> ActorHit:
    evidence = []
    if candidate.named:
        marks = _marks(actor.name, actor.lang, wanted)
        evidence.append(Evidence(EvidenceKind.NAME, actor.name, marks, actor.source_url))
    for voucher in candidate.vouchers[:CASES_PER_HIT]:
        text = voucher.participation.contribution or voucher.case.need or voucher.case.title
        evidence.append(
            Evidence(
                EvidenceKind.CASE,
                text,
                _marks(text, voucher.case.lang, wanted),
                voucher.participation.source_url or voucher.case.source_url,
                voucher.case,
                voucher.participation,
            )
        )
    evidence += _quotations(candidate, {NAME}, actor.source_url, wanted)
    return ActorHit(rank, candidate.score, candidate.fit(n_passages), actor, tuple(evidence))


def _case_hit(
    rank: int, candidate: _Candidate, case: Case, wanted: set[str], n_passages: int
) -> CaseHit:
    evidence = _quotations(candidate, {TITLE, PARTICIPANTS}, case.source_url, wanted)
    return CaseHit(rank, candidate.score, candidate.fit(n_passages), case, tuple(evidence))


def _quotations(
    candidate: _Candidate, unquoted: set[str], source: str, wanted: set[str]
) -> list[Evidence]:
    """The best passages of a candidate, but for the parts that its heading shows anyway."""
    passages = [passage for passage, _ in candidate.passages if passage.part not in unquoted]
    quoted = [
        (quotation(passage.part, passage.text), passage.lang)
        for passage in passages[:PASSAGES_PER_HIT]
    ]
    return [
        Evidence(EvidenceKind.PASSAGE, text, _marks(text, lang, wanted), source)
        for text, lang in quoted
    ]


def _marks(text: str, lang: str, wanted: set[str]) -> tuple[tuple[int, int], ...]:
    """Where in a text the words of the query stand."""
    return tuple((word.start, word.end) for word in words(text) if stems(word, lang) & wanted)
