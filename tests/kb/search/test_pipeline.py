from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.errors import QueryError
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind, Record
from kb.reference.roles import Role
from kb.search.query import MAX_QUERY_CHARS
from kb.search.results import EvidenceKind, Filters, Fit
from kb.search.weights import PassageWeights, RankingWeights
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import GLOVER, POLISH, RECORDS, SANITISER, SANITISER_IN_ENGLISH

OTHERS = [
    Actor(id=f"other-{i}", name=f"Autre {i}", description=f"Travaille la matière {i}.")
    for i in range(40)
]


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put(RECORDS)
    base.put(OTHERS)
    return base


def ids(base: KnowledgeBase, query: str, filters: Filters) -> list[str]:
    return [hit.actor.id for hit in base.search(query, filters=filters).hits]


def test_the_best_passage_wins(base: KnowledgeBase) -> None:
    first = base.search("qui coud des gants de cuir ?").hits[0]
    assert first.actor == GLOVER
    assert first.rank == 1
    assert first.fit is Fit.STRONG
    (evidence,) = first.evidence
    assert evidence.kind is EvidenceKind.PASSAGE
    assert evidence.text == GLOVER.description
    assert [evidence.text[start:end] for start, end in evidence.marks] == ["coud", "gants", "cuir"]


def test_a_case_endorses_those_who_met_the_need(base: KnowledgeBase) -> None:
    result = base.search("gel hydroalcoolique")
    assert [hit.case.id for hit in result.cases[:1]] == [SANITISER.id]
    assert [hit.actor.id for hit in result.hits[:2]] == ["avel", "matha"]
    evidence = result.hits[0].evidence[0]
    assert evidence.kind is EvidenceKind.CASE
    assert evidence.case == SANITISER
    assert evidence.participation is not None
    assert evidence.participation.role is Role.PRODUCER
    assert evidence.text == "prépare le gel"
    assert evidence.source == SANITISER.source_url


@pytest.mark.parametrize(
    ("query", "edition"),
    [("gel hydroalcoolique hôpital", SANITISER), ("hand sanitiser hospital", SANITISER_IN_ENGLISH)],
)
def test_a_story_is_given_once_in_the_language_that_answers_best(
    base: KnowledgeBase, query: str, edition: Case
) -> None:
    base.put([SANITISER_IN_ENGLISH])
    result = base.search(query)
    assert [hit.case for hit in result.cases] == [edition]
    assert [e.case for e in result.hits[0].evidence if e.kind is EvidenceKind.CASE] == [edition]
    assert result.hits[0].actor == POLISH


@pytest.mark.parametrize(
    "query", ["Harmonie", "ste harmonie", "l'harmonie", "SOCIÉTÉ L’HARMONIE", "harmonie sarl"]
)
def test_an_exact_name_is_first(base: KnowledgeBase, query: str) -> None:
    # Rivals whose descriptions say little else than the name.
    base.put(
        [Actor(id=f"r{i}", name=f"Rival {i}", description="Harmonie harmonie.") for i in range(3)]
    )
    first = base.search(query).hits[0]
    assert first.actor.id == "gants"
    assert first.evidence[0].kind is EvidenceKind.NAME
    assert first.fit is Fit.STRONG


def test_filters_leave_what_they_say(base: KnowledgeBase) -> None:
    assert ids(base, "cuir", Filters(department="87")) == ["gants"]
    assert set(ids(base, "cuir", Filters(theme="CUIR"))) == {"avel", "gants"}
    assert ids(base, "cuir", Filters(department="23")) == []
    assert base.search("cuir", filters=Filters(theme="inconnu")).hits == ()


def test_kinds(base: KnowledgeBase) -> None:
    only_cases = base.search("gel", filters=Filters(kind=Kind.CASE))
    assert only_cases.hits == ()
    assert only_cases.total == 0
    assert only_cases.cases
    only_actors = base.search("gel", filters=Filters(kind=Kind.ACTOR))
    assert only_actors.cases == ()
    assert only_actors.hits


def test_counts_say_what_each_filter_would_leave(base: KnowledgeBase) -> None:
    query = "crèmes pour le cuir, gants de cuir fins"
    result = base.search(query, filters=Filters(theme="cuir"))
    assert result.departments == {"16": 1, "87": 1}
    result = base.search(query, filters=Filters(department="16"))
    assert result.themes == {"Chimie": 1, "Cuir": 1}
    assert result.departments["87"] == 1
    assert result.total == 1


def test_limit_bounds_hits_but_not_total(base: KnowledgeBase) -> None:
    whole = base.search("travaille la matière", limit=100)
    cut = base.search("travaille la matière", limit=2)
    assert [hit.actor.id for hit in cut.hits] == [hit.actor.id for hit in whole.hits[:2]]
    assert cut.total == whole.total
    assert [hit.rank for hit in whole.hits] == list(range(1, len(whole.hits) + 1))
    scores = [hit.score for hit in whole.hits]
    assert scores == sorted(scores, reverse=True)


def test_nothing_fits_and_the_nearest_are_still_given(base: KnowledgeBase) -> None:
    result = base.search("porcelaine")
    assert result.total == 0
    assert result.departments == {}
    assert len(result.hits) == 10
    assert all(hit.fit is Fit.NONE for hit in result.hits)


def test_the_next_are_given_for_those_who_closed_or_are_elsewhere(base: KnowledgeBase) -> None:
    everybody = base.search("porcelaine", complete=True).hits
    gone, away = everybody[:25], everybody[25:30]
    base.put(
        [
            *(replace(hit.actor, closed_on="2024-01-01") for hit in gone),
            *(replace(hit.actor, department="2A") for hit in away),
            *(replace(hit.actor, department="16") for hit in everybody[30:]),
        ]
    )
    found = base.search("porcelaine", limit=4, filters=Filters(department="16"))
    whole = base.search("porcelaine", filters=Filters(department="16"), complete=True)
    assert found.total == 0
    assert [hit.actor for hit in found.hits] == [hit.actor for hit in whole.hits[:4]]
    assert len(found.hits) == 4


def test_themes_that_differ_in_spelling_are_counted_as_they_filter(base: KnowledgeBase) -> None:
    base.put([replace(POLISH, description=GLOVER.description)])
    base.put([replace(GLOVER, id=f"g{i}", name=f"G {i}", themes=("CUIR",)) for i in range(2)])
    counted = base.search("gants de cuir").themes
    assert counted["CUIR"] == 4  # of "Cuir", "cuir" and twice "CUIR"
    assert {"Cuir", "cuir"}.isdisjoint(counted)
    assert base.search("gants de cuir", filters=Filters(theme="CUIR")).total == 4


def test_queries_that_cannot_be_searched(base: KnowledgeBase) -> None:
    cases: list[tuple[str, str]] = [
        ("", "empty_query"), (" \n\t\0 ", "empty_query"), ("x" * 10_000, "long_query"),
        ("🧴🧤", "wordless_query"), ("?!… --", "wordless_query"),
    ]  # fmt: skip
    for query, reason in cases:
        with pytest.raises(QueryError) as raised:
            base.search(query)
        assert raised.value.code == reason
        assert "\n" not in str(raised.value)


def test_syntax_is_only_text(base: KnowledgeBase) -> None:
    cases: list[str] = [
        "'; drop table actors; --", 'c++ "gants', "gants AND (cuir OR NEAR(x",
        "gants* -cuir ^x : {a b}", "NOT", "name: gants", "🧤 gants", "x" * MAX_QUERY_CHARS,
    ]  # fmt: skip
    for query in cases:
        result = base.search(query)
        assert result.query == query
        assert base.actor("avel") == POLISH


@given(st.text(min_size=1, max_size=80))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered_or_refused(base: KnowledgeBase, query: str) -> None:
    try:
        result = base.search(query)
    except QueryError:
        return
    for hit in result.hits:
        for evidence in hit.evidence:
            end = 0
            for mark_start, mark_end in evidence.marks:
                assert end <= mark_start < mark_end <= len(evidence.text)
                end = mark_end


def test_a_closed_actor_answers_no_need_but_is_found_by_its_name_and_number(
    base: KnowledgeBase,
) -> None:
    needs = ("cirages et crèmes pour le cuir", "gel hydroalcoolique")
    assert [POLISH.id in ids(base, need, Filters()) for need in needs] == [True, True]
    base.put([replace(POLISH, closed_on="2024-01-31")])
    assert [POLISH.id in ids(base, need, Filters()) for need in needs] == [False, False]
    for query in ("Avel", "552081317", "552 081 317 66522"):
        assert base.search(query).hits[0].actor.id == POLISH.id
    case = base.search("gel hydroalcoolique").cases[0].case
    assert case.participants[0].actor_id == POLISH.id


# All that there is


def test_complete_and_a_page_agree(base: KnowledgeBase) -> None:
    for query in ("gants de cuir", "gel hydroalcoolique", "Harmonie"):
        page, whole = base.search(query), base.search(query, complete=True)
        assert [(hit.actor.id, hit.fit) for hit in page.hits] == [
            (hit.actor.id, hit.fit) for hit in whole.hits[:10]
        ]
        assert [hit.score for hit in page.hits] == pytest.approx(
            [hit.score for hit in whole.hits[:10]]
        )
        assert (page.total, page.departments, page.themes) == (
            whole.total,
            whole.departments,
            whole.themes,
        )


def looking_at(count: int) -> RankingWeights:
    """Weights with which a search looks at so many passages only."""
    passages = PassageWeights(dense_candidates=count, lexical_candidates=count)
    return RankingWeights(passages=passages)


def test_in_a_large_base_a_page_is_the_beginning_of_all_there_is(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    """However deep the few are that a filter leaves: they are measured like all others."""
    base = open_base(word_counts, weights=looking_at(20))
    base.put([*RECORDS, *OTHERS])

    def firm(i: int, description: str, department: str) -> Actor:
        # Each says something else besides, so that no two are as good.
        besides = " ".join(f"mot{i}x{k}" for k in range(i % 30))
        description = f"{description} {besides}"
        return Actor(id=f"f{i}", name=f"F {i}", description=description, department=department)

    base.put([firm(i, "Gants de cuir fins, coudre des gants de cuir.", "33") for i in range(90)])
    base.put([firm(i, "Portails, rampes, gants, cuir, grilles.", "40") for i in range(90, 102)])
    for filters in (Filters(department="40"), Filters(department="87")):
        page = base.search("coudre des gants de cuir", filters=filters)
        whole = base.search("coudre des gants de cuir", filters=filters, complete=True)
        assert [hit.fit for hit in page.hits] == [hit.fit for hit in whole.hits[:10]]
        assert [hit.score for hit in page.hits] == pytest.approx(
            [hit.score for hit in whole.hits[:10]], abs=1e-3
        )
        assert page.total == whole.total


# Names, numbers, ties


def test_a_name_asks_for_nobody_else(base: KnowledgeBase) -> None:
    for query in ["Avel", "552 081 317"]:
        result = base.search(query)
        assert result.hits[0].actor == POLISH
        assert result.parts == ()
        assert [hit.parts.name for hit in result.hits[1:]] == [0.0] * len(result.hits[1:])
        assert all(hit.parts.case == hit.parts.similar == 0 for hit in result.hits[1:])


@pytest.mark.thorough
@pytest.mark.parametrize("query", ["travaille la matière", "gel hydroalcoolique", "cuir"])
def test_the_same_base_answers_the_same(
    open_base: OpenBase, base: KnowledgeBase, query: str
) -> None:
    """Whatever the order in which its records came; as good as each other are by id."""
    other = open_base(WordCountEncoder(), "other")
    records: list[Record] = [*RECORDS, *OTHERS]
    for record in reversed(records):
        other.put([record])
    one, again, theirs = (
        [(hit.actor.id, hit.score, hit.fit, hit.evidence) for hit in of.search(query).hits]
        for of in (base, base, other)
    )
    assert one == again == theirs
    order = [(-score, id_) for id_, score, *_ in one]
    assert order == sorted(order)
