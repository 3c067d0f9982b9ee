from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.errors import QueryError
from kb.hits import EvidenceKind, Filters, Fit
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind, Role
from kb.query import MAX_QUERY_CHARS
from kb.search import PASSAGES_PER_HIT, Ingredients
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import (
    DISTILLER,
    GLOVER,
    POLISH,
    RECORDS,
    SANITISER,
    SANITISER_IN_ENGLISH,
)


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put(RECORDS)
    # Enough others that a chance passage is a chance one.
    base.put(
        [
            Actor(id=f"other-{i}", name=f"Autre {i}", description=f"Travaille la matière {i}.")
            for i in range(40)
        ]
    )
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


def test_a_case_vouches_for_those_who_met_the_need(base: KnowledgeBase) -> None:
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
    ("query", "told"),
    [("gel hydroalcoolique hôpital", SANITISER), ("hand sanitiser hospital", SANITISER_IN_ENGLISH)],
)
def test_a_story_is_told_once_in_the_language_that_answers_best(
    base: KnowledgeBase, query: str, told: Case
) -> None:
    base.put([SANITISER_IN_ENGLISH])
    result = base.search(query)
    assert [hit.case for hit in result.cases] == [told]
    assert [e.case for e in result.hits[0].evidence if e.kind is EvidenceKind.CASE] == [told]
    assert result.hits[0].actor == POLISH


def test_an_article_vouches_by_its_need_and_not_by_what_else_it_says(base: KnowledgeBase) -> None:
    base.put([replace(SANITISER, text="Un menuisier a fait des escaliers en chêne massif.")])
    result = base.search("escaliers en chêne massif")
    assert result.cases[0].case.id == SANITISER.id
    kinds = {evidence.kind for hit in result.hits for evidence in hit.evidence}
    assert EvidenceKind.CASE not in kinds


def test_the_page_that_tells_of_a_part_is_its_source(base: KnowledgeBase) -> None:
    maker, *others = SANITISER.participants
    told = replace(maker, source_url="https://exemple.fr/part")
    base.put([replace(SANITISER, participants=(told, *others))])
    avel, matha = base.search(SANITISER.need).hits[:2]
    assert avel.evidence[0].source == "https://exemple.fr/part"
    assert matha.evidence[0].source == SANITISER.source_url


def test_without_cases_nothing_vouches(base: KnowledgeBase) -> None:
    result = base.search("gel hydroalcoolique", ingredients=Ingredients(cases=False))
    kinds = {evidence.kind for hit in result.hits for evidence in hit.evidence}
    assert EvidenceKind.CASE not in kinds


def test_an_unrelated_case_vouches_for_nobody(base: KnowledgeBase) -> None:
    result = base.search("qui coud des gants de cuir ?", limit=100)
    assert all(
        evidence.kind is not EvidenceKind.CASE for hit in result.hits for evidence in hit.evidence
    )


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


@pytest.mark.parametrize("query", ["55208131766522", "552 081 317 66522", "552 081 317"])
def test_an_exact_number_is_first(base: KnowledgeBase, query: str) -> None:
    assert base.search(query).hits[0].actor.id == "avel"


def test_filters_leave_what_they_say(base: KnowledgeBase) -> None:
    assert ids(base, "cuir", Filters(department="87")) == ["gants"]
    assert set(ids(base, "cuir", Filters(theme="CUIR"))) == {"avel", "gants"}
    assert ids(base, "cuir", Filters(department="23")) == []
    assert base.search("cuir", filters=Filters(theme="inconnu")).hits == ()


def test_a_filter_does_not_keep_a_case_from_vouching(base: KnowledgeBase) -> None:
    (hit,) = base.search("gel hydroalcoolique", filters=Filters(department="17")).hits
    assert hit.actor == DISTILLER
    assert hit.evidence[0].case == SANITISER


def test_kinds(base: KnowledgeBase) -> None:
    only_cases = base.search("gel", filters=Filters(kind=Kind.CASE))
    assert only_cases.hits == ()
    assert only_cases.total == 0
    assert only_cases.cases
    only_actors = base.search("gel", filters=Filters(kind=Kind.ACTOR))
    assert only_actors.cases == ()
    assert only_actors.hits


def test_counts_say_what_each_filter_would_leave(base: KnowledgeBase) -> None:
    result = base.search("cuir", filters=Filters(theme="cuir"))
    assert result.departments == {"16": 1, "87": 1}
    result = base.search("cuir", filters=Filters(department="16"))
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


def test_a_long_description_does_not_win_by_its_length(base: KnowledgeBase) -> None:
    long = " ".join(f"Il range des gants et du cuir en rayon {i}.\n\n" for i in range(60))
    base.put([Actor(id="long", name="Long", description=long)])
    result = base.search("coudre des gants de cuir fins")
    assert result.hits[0].actor.id == "gants"
    hit = next(hit for hit in result.hits if hit.actor.id == "long")
    assert len(hit.evidence) == PASSAGES_PER_HIT


def test_nothing_fits_and_the_nearest_are_still_given(base: KnowledgeBase) -> None:
    result = base.search("travaille")  # what nearly all do tells nobody apart
    assert result.total == 0
    assert result.departments == {}
    assert len(result.hits) == 10
    assert all(hit.fit is Fit.NONE for hit in result.hits)


def test_an_empty_base_answers_with_nothing(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    result = open_base(word_counts, "empty").search("cuir")
    assert (result.hits, result.cases, result.total) == ((), (), 0)


def test_themes_that_differ_in_spelling_are_counted_as_they_filter(base: KnowledgeBase) -> None:
    base.put([replace(GLOVER, id=f"g{i}", name=f"G {i}", themes=("CUIR",)) for i in range(2)])
    counted = base.search("gants de cuir").themes
    assert counted["CUIR"] == 4  # of "Cuir", "cuir" and twice "CUIR"
    assert {"Cuir", "cuir"}.isdisjoint(counted)
    assert base.search("gants de cuir", filters=Filters(theme="CUIR")).total == 4


@pytest.mark.parametrize("department", ["87", "Haute-Vienne", "haute vienne (87)"])
def test_a_department_is_named_or_numbered(base: KnowledgeBase, department: str) -> None:
    assert ids(base, "cuir", Filters(department=department)) == ["gants"]


def test_an_unknown_department_is_refused(base: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="'999' is not a department") as raised:
        base.search("cuir", filters=Filters(department="999"))
    assert raised.value.reason == "department"


def test_bytes_that_were_no_text_are_passed_over(base: KnowledgeBase) -> None:
    assert base.search("gants\udce9 de cuir").query == "gants de cuir"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "empty"),
        (" \n\t\0 ", "empty"),
        ("x" * 10_000, "too_long"),
        ("🧴🧤", "no_word"),
        ("?!… --", "no_word"),
    ],
)
def test_queries_that_cannot_be_searched(base: KnowledgeBase, query: str, reason: str) -> None:
    with pytest.raises(QueryError) as raised:
        base.search(query)
    assert raised.value.reason == reason
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "query",
    [
        "'; drop table actors; --",
        'c++ "gants',
        "gants AND (cuir OR NEAR(x",
        "gants* -cuir ^x : {a b}",
        "NOT",
        "name: gants",
        "🧤 gants",
        "x" * MAX_QUERY_CHARS,
    ],
)
def test_syntax_is_only_text(base: KnowledgeBase, query: str) -> None:
    result = base.search(query)
    assert result.query == query
    assert base.actor("avel") == POLISH


@given(st.text(min_size=1, max_size=80))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
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
