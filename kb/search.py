"""Search: from a query to actors and cases, each with its fit and its evidence.

    query ─ encode ─ nearest passages (kb.index) ─┐
          └ stems ── matching words (kb.store) ───┴ fused (kb.fusion)
                 ─ gathered into actors and cases ─ cases vouch (kb.cases)
                 ─ exact names and numbers first ─ filtered, ranked, evidence drawn

A record scores as its best passage, so that a long description does not win by its length.
"""

import time
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kb import fusion
from kb.cases import Voucher, vouchers
from kb.documents import NAME, PARTICIPANTS, TITLE
from kb.embedding import Encoder, TextKind
from kb.errors import QueryError
from kb.hits import ActorHit, CaseHit, Evidence, EvidenceKind, Filters, Fit, SearchResult
from kb.index import Index
from kb.language import fold, name_key, query_stems, stems, words
from kb.models import Actor, Case, Kind
from kb.store import Passage, Store

MAX_QUERY_CHARS = 1000
DENSE_CANDIDATES = 400
LEXICAL_CANDIDATES = 400
PASSAGES_PER_HIT = 2
CASES_PER_HIT = 2
SIREN_DIGITS, SIRET_DIGITS = 9, 14
SECOND_WITNESS_SHARE = 0.1
"""What the weaker of an actor's two witnesses, its words and its cases, adds to the stronger."""
NAME_SCORE = 1000.0
"""Added to an exact name or number, so that nothing outranks it."""


@dataclass(slots=True)
class _Candidate:
    """A record that some passage of it brought up, with its passages, best first."""

    record_id: str
    score: float = float("-inf")
    passages: list[tuple[Passage, float]] = field(default_factory=list)
    vouchers: Sequence[Voucher] = ()
    named: bool = False


def search(
    query: str,
    *,
    store: Store,
    index: Index,
    encoder: Encoder,
    limit: int = 10,
    filters: Filters = Filters(),
) -> SearchResult:
    """Finds the actors and the cases that could answer a query.

    Raises:
        QueryError: the query is empty, too long, or without a word.
    """
    started = time.perf_counter()
    query = _checked(query)
    wanted = query_stems(query)
    actors, cases = _candidates(query, wanted, filters, store, index, encoder)
    known_cases = store.cases(cases.keys())
    _let_cases_vouch(actors, cases, known_cases)
    _put_names_first(query, actors, store)

    ranked_actors = _ranked(actors, Kind.ACTOR, filters, store)
    ranked_cases = _ranked(cases, Kind.CASE, filters, store)
    known_actors = store.actors([candidate.record_id for candidate in ranked_actors[:limit]])
    departments, themes = _facets(actors, filters, store)
    return SearchResult(
        query=query,
        hits=tuple(
            _actor_hit(rank, candidate, known_actors[candidate.record_id], wanted)
            for rank, candidate in enumerate(ranked_actors[:limit], start=1)
        ),
        cases=tuple(
            _case_hit(rank, candidate, known_cases[candidate.record_id], wanted)
            for rank, candidate in enumerate(ranked_cases[:limit], start=1)
        ),
        total=sum(_fit(candidate) is not Fit.NONE for candidate in ranked_actors),
        total_cases=sum(_fit(candidate) is not Fit.NONE for candidate in ranked_cases),
        departments=departments,
        themes=themes,
        took_ms=(time.perf_counter() - started) * 1000,
    )


def _checked(query: str) -> str:
    query = " ".join(unicodedata.normalize("NFC", query).replace("\0", " ").split())
    if not query:
        raise QueryError("The query is empty: say what you are looking for.", reason="empty")
    if len(query) > MAX_QUERY_CHARS:
        raise QueryError(
            f"The query has {len(query)} characters; {MAX_QUERY_CHARS} at most can be searched.",
            reason="too_long",
        )
    if not any(True for _ in words(query)):
        raise QueryError(
            "The query has no word in it: say what you are looking for.", reason="no_word"
        )
    return query


def _candidates(
    query: str,
    wanted: set[str],
    filters: Filters,
    store: Store,
    index: Index,
    encoder: Encoder,
) -> tuple[dict[str, _Candidate], dict[str, _Candidate]]:
    """The actors and the cases that the best passages bring up, by id, scored.

    The whole base is searched whatever the filters: they do not keep a case from vouching, and
    what they would leave is counted. What they let through is searched besides, so that it is
    found however deep it lies.
    """
    (embedded,) = encoder.encode([query], TextKind.QUERY)
    cosines = dict(index.search(embedded, DENSE_CANDIDATES))
    bm25 = dict(store.match_words(wanted, LEXICAL_CANDIDATES))
    if filters.department or filters.theme:
        left = store.passage_ids_of(
            Kind.ACTOR, store.ids(Kind.ACTOR, filters.department, filters.theme)
        )
        cosines.update(index.search(embedded, DENSE_CANDIDATES, among=left))
        bm25.update(store.match_words(wanted, LEXICAL_CANDIDATES, among=left))
    cosines.update(index.cosines(embedded, [id_ for id_ in bm25 if id_ not in cosines]))
    mean, deviation = index.spread(embedded)

    found: dict[Kind, dict[str, _Candidate]] = {Kind.ACTOR: {}, Kind.CASE: {}}
    for id_, passage in store.passages(cosines.keys() | bm25.keys()).items():
        # A passage found by its words alone is, to the encoder, a chance one.
        cosine = cosines.get(id_, mean)
        score = fusion.fuse(cosine, mean, deviation, bm25.get(id_, 0.0))
        of_kind = found[passage.kind]
        candidate = of_kind.setdefault(passage.record_id, _Candidate(passage.record_id))
        candidate.passages.append((passage, score))
        candidate.score = max(candidate.score, score)
    for candidate in (*found[Kind.ACTOR].values(), *found[Kind.CASE].values()):
        candidate.passages.sort(key=lambda scored: (-scored[1], scored[0].id))
    return found[Kind.ACTOR], found[Kind.CASE]


def _let_cases_vouch(
    actors: dict[str, _Candidate],
    cases: Mapping[str, _Candidate],
    known_cases: Mapping[str, Case],
) -> None:
    scored = [(known_cases[id_], candidate.score) for id_, candidate in cases.items()]
    for actor_id, given in vouchers(scored).items():
        actor = actors.setdefault(actor_id, _Candidate(actor_id, score=0.0))
        actor.vouchers = given
        lower, higher = sorted((actor.score, given[0].score))
        actor.score = higher + SECOND_WITNESS_SHARE * max(lower, 0.0)


def _put_names_first(query: str, actors: dict[str, _Candidate], store: Store) -> None:
    number = "".join(query.split())
    exact = set(store.actors_named(name_key(query)))
    if number.isdigit() and len(number) in {SIREN_DIGITS, SIRET_DIGITS}:
        exact |= set(store.actors_registered(number))
    for actor_id in exact:
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
    # Those that only a case names may have no entry here yet.
    if kind is Kind.ACTOR:
        left &= store.actors(left).keys()
    return sorted((candidates[id_] for id_ in left), key=lambda one: (-one.score, one.record_id))


def _facets(
    actors: Mapping[str, _Candidate], filters: Filters, store: Store
) -> tuple[dict[str, int], dict[str, int]]:
    """How many answering actors each department and each theme would leave, most first."""
    answering = store.actors([id_ for id_, one in actors.items() if _fit(one) is not Fit.NONE])
    theme = fold(filters.theme)
    departments: Counter[str] = Counter()
    themes: Counter[str] = Counter()
    for actor in answering.values():
        if actor.department and (not theme or theme in map(fold, actor.themes)):
            departments[actor.department] += 1
        if not filters.department or actor.department == filters.department:
            themes.update(set(actor.themes))

    def most_first(counts: Counter[str]) -> dict[str, int]:
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    return most_first(departments), most_first(themes)


def _fit(candidate: _Candidate) -> Fit:
    return fusion.fit_of(candidate.score)


def _actor_hit(rank: int, candidate: _Candidate, actor: Actor, wanted: set[str]) -> ActorHit:
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
                voucher.case.source_url,
                voucher.case,
                voucher.participation,
            )
        )
    evidence += _quotations(candidate, {NAME}, actor.source_url, wanted)
    return ActorHit(rank, candidate.score, _fit(candidate), actor, tuple(evidence))


def _case_hit(rank: int, candidate: _Candidate, case: Case, wanted: set[str]) -> CaseHit:
    evidence = _quotations(candidate, {TITLE, PARTICIPANTS}, case.source_url, wanted)
    return CaseHit(rank, candidate.score, _fit(candidate), case, tuple(evidence))


def _quotations(
    candidate: _Candidate, unquoted: set[str], source: str, wanted: set[str]
) -> list[Evidence]:
    """The best passages of a candidate, but for the parts that its heading shows anyway."""
    passages = [passage for passage, _ in candidate.passages if passage.part not in unquoted]
    return [
        Evidence(
            EvidenceKind.PASSAGE, passage.text, _marks(passage.text, passage.lang, wanted), source
        )
        for passage in passages[:PASSAGES_PER_HIT]
    ]


def _marks(text: str, lang: str, wanted: set[str]) -> tuple[tuple[int, int], ...]:
    """Where in a text the words of the query stand."""
    return tuple((word.start, word.end) for word in words(text) if stems(word, lang) & wanted)
