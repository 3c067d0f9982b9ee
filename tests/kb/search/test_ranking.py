"""Fusion, fits, and what cases say: the arithmetic of a score."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.models import Case, Kind, Participation
from kb.reference.roles import Role
from kb.search.background import Chance
from kb.search.candidates import Candidate, ScoredPassage, best_first, gathered
from kb.search.close_trades import MOST_CLOSENESS, Lift, Likeness, Witness, lift
from kb.search.fusion import (
    INFERRED_POSSIBLE,
    INFERRED_WEAK,
    LEXICAL_WEIGHT,
    POSSIBLE,
    STRONG,
    WEAK,
    asked_of_a_fit,
    fit_of,
    fuse,
    reciprocal_rank,
)
from kb.search.results import Fit
from kb.search.vouching import (
    WEIGHTS,
    HeardCase,
    Voucher,
    closeness,
    heard,
    one_edition_each,
    relevance,
    vouchers,
)
from kb.store.passages import Passage
from tests.kb.records import SANITISER, SANITISER_IN_ENGLISH

FITS = [Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.STRONG]


def chance(closest: float) -> Chance:
    return Chance({"fr": 0.0, "en": 0.0}, {"fr": 1.0, "en": 1.0}, closest)


def passage(record_id: str, score: float, id_: int = 1, kind: Kind = Kind.ACTOR) -> ScoredPassage:
    said = Passage(id_, kind, record_id, "description", "fr", "")
    return ScoredPassage(said, dense=score, lexical=0.0, overlap=0.0, score=score)


# Fusion


def test_each_thing_that_speaks_for_a_passage_raises_its_score() -> None:
    plain = fuse(1.5, 4.0, 0.2)
    assert fuse(2.5, 4.0, 0.2) == pytest.approx(plain + 1.0)
    assert fuse(1.5, 5.0, 0.2) == pytest.approx(plain + LEXICAL_WEIGHT)
    assert fuse(1.5, 4.0, 0.3) > plain > fuse(1.5, 4.0, 0.0)
    # What the encoder has not read is neither as good as the best nor as bad as the worst.
    assert fuse(1.5, 4.0, 1.0) > fuse(1.5, 4.0) > fuse(1.5, 4.0, 0.0)


def test_reciprocal_ranks_by_hand() -> None:
    found = reciprocal_rank([7, 8], [8, 9])
    assert found == {
        7: pytest.approx(1 / 61),
        8: pytest.approx(1 / 62 + 1 / 61),
        9: pytest.approx(1 / 62),
    }


def test_fits_by_their_bounds() -> None:
    of = chance(4.0)
    level, bit = asked_of_a_fit(of), 1e-6
    assert fit_of(level + STRONG + bit, of) is Fit.STRONG
    assert fit_of(level + STRONG - bit, of) is Fit.POSSIBLE
    assert fit_of(level + POSSIBLE + bit, of) is Fit.POSSIBLE
    assert fit_of(level + POSSIBLE - bit, of) is Fit.WEAK
    assert fit_of(level + WEAK + bit, of) is Fit.WEAK
    assert fit_of(level + WEAK - bit, of) is Fit.NONE


def test_the_closer_some_trade_is_the_more_is_asked() -> None:
    score = asked_of_a_fit(chance(4.0)) + STRONG
    fits = [FITS.index(fit_of(score, chance(closest))) for closest in (3.0, 4.0, 8.0, 40.0)]
    assert fits == sorted(fits, reverse=True)
    assert fits[0] == FITS.index(Fit.STRONG)
    assert fits[-1] == FITS.index(Fit.NONE)


# Cases


@given(st.floats(-10, 40), st.floats(-10, 40), st.floats(0.5, 30))
@settings(deadline=None)
def test_a_nearer_need_is_never_less_relevant(one: float, other: float, closest: float) -> None:
    lower, higher = sorted((one, other))
    low, high = relevance(lower, chance(closest)), relevance(higher, chance(closest))
    assert 0 <= low <= high <= 1


@given(st.floats(-10, 40), st.floats(0.5, 30), st.floats(0.5, 30))
@settings(deadline=None)
def test_the_closer_a_trade_is_the_nearer_a_need_must_be(
    score: float, one: float, other: float
) -> None:
    lower, higher = sorted((one, other))
    if score > 0:
        assert relevance(score, chance(lower)) >= relevance(score, chance(higher))


def test_the_same_need_is_relevant_and_a_chance_one_is_not() -> None:
    of = chance(5.0)
    assert relevance(2 * of.closest, of) > 0.9
    assert relevance(0.0, of) < 0.1


@given(st.floats(-5, 1), st.floats(2, 30))
@settings(deadline=None)
def test_a_need_that_is_another_one_adds_nothing(score: float, closest: float) -> None:
    """A need no nearer than half the closest trades is not heard: it changes no score at all."""
    of_need = min(score, 0.5 * closest)
    assert heard({SANITISER.id: of_need}, {SANITISER.id: SANITISER}, chance(closest), "") == []
    assert vouchers([]) == {}


@given(st.floats(0, 60), st.floats(0.5, 30))
@settings(deadline=None)
def test_a_case_never_says_more_than_its_need_is_near(score: float, closest: float) -> None:
    told = heard({SANITISER.id: score}, {SANITISER.id: SANITISER}, chance(closest), "")
    for of_actor in vouchers(told).values():
        for voucher in of_actor:
            assert 0 <= voucher.score <= score
            assert 0 <= voucher.weight <= 1


def near(case: Case, score: float = 10.0, relevant: float = 1.0) -> HeardCase:
    return HeardCase(case, score, relevant)


def test_a_case_vouches_for_its_actors_by_their_roles() -> None:
    found = vouchers([near(SANITISER, 4.0, 0.5)])
    assert found.keys() == {"avel", "matha", "not-yet-known"}
    assert found["avel"][0].score == pytest.approx(2.0 * WEIGHTS[Role.PRODUCER])
    assert found["matha"][0].score == pytest.approx(2.0 * WEIGHTS[Role.SUPPLIER])
    assert found["avel"][0].participation.contribution == "prépare le gel"
    assert found["avel"][0].case == SANITISER


def test_the_best_word_comes_first() -> None:
    other = replace(
        SANITISER, id="other", participants=(Participation("Avel", Role.PRODUCER, "avel"),)
    )
    given = vouchers([near(SANITISER, 4.0), near(other, 5.0)])["avel"]
    assert [voucher.case.id for voucher in given] == ["other", SANITISER.id]
    ties = vouchers([near(other, 4.0), near(SANITISER, 4.0)])["avel"]
    assert [voucher.case.id for voucher in ties] == [SANITISER.id, "other"]


def test_every_role_has_a_weight() -> None:
    assert WEIGHTS.keys() == set(Role)
    assert max(WEIGHTS, key=WEIGHTS.__getitem__) is Role.PRODUCER
    assert min(WEIGHTS, key=WEIGHTS.__getitem__) is Role.BUYER


EDITIONS = {SANITISER.id: SANITISER, SANITISER_IN_ENGLISH.id: SANITISER_IN_ENGLISH}


@pytest.mark.parametrize(
    ("lang", "told"), [("fr", SANITISER), ("en", SANITISER_IN_ENGLISH), ("", SANITISER_IN_ENGLISH)]
)
def test_a_story_is_heard_once_with_the_score_of_its_best_edition(lang: str, told: Case) -> None:
    scores = {SANITISER.id: 20.0, SANITISER_IN_ENGLISH.id: 30.0}
    (one,) = heard(scores, EDITIONS, chance(5.0), lang)
    assert one.case == told
    assert one.score == 30.0
    assert one.relevance == relevance(30.0, chance(5.0))


def test_the_nearest_need_is_heard_first_and_ties_by_id() -> None:
    a, b, c = (replace(SANITISER, id=id_) for id_ in "abc")
    told = heard({"b": 20.0, "c": 25.0, "a": 20.0}, {"a": a, "b": b, "c": c}, chance(5.0), "")
    assert [one.case.id for one in told] == ["c", "a", "b"]


def test_editions_keep_the_order_of_their_stories() -> None:
    other = replace(SANITISER, id="other")
    cases = [other, SANITISER_IN_ENGLISH, SANITISER]
    assert one_edition_each(cases, "fr") == [other, SANITISER]
    assert one_edition_each(cases, "") == [other, SANITISER_IN_ENGLISH]


# Candidates


def voucher(score: float, relevant: float = 1.0) -> Voucher:
    return Voucher(near(SANITISER, score, relevant), SANITISER.participants[0])


def test_a_record_has_the_score_of_its_best_passage() -> None:
    found = gathered([passage("a", 1.0, 1), passage("b", 2.0, 2), passage("a", 3.0, 3)])
    one = found[Kind.ACTOR]["a"]
    assert [scored.passage.id for scored in one.passages] == [3, 1]
    assert one.score == one.own == 3.0
    assert found[Kind.CASE] == {}


def test_passages_and_candidates_as_good_as_each_other_are_in_the_order_of_their_ids() -> None:
    found = gathered([passage("b", 1.0, 9), passage("b", 1.0, 4), passage("a", 1.0, 7)])
    assert [scored.passage.id for scored in found[Kind.ACTOR]["b"].passages] == [4, 9]
    assert [one.record_id for one in best_first(found[Kind.ACTOR].values())] == ["a", "b"]


@given(st.floats(-5, 30), st.floats(0, 30), st.floats(0, 30))
@settings(deadline=None)
def test_two_grounds_are_worth_more_than_the_better_and_less_than_both(
    own: float, shown: float, more: float
) -> None:
    alone = Candidate("a", [passage("a", own)])
    both = Candidate("a", [passage("a", own)], vouchers=[voucher(shown)])
    better = Candidate("a", [passage("a", own)], vouchers=[voucher(shown + more)])
    bit = 1e-9
    assert max(alone.own, both.shown) - bit <= both.score <= max(own, 0.0) + shown + bit
    assert alone.score <= both.score + bit
    assert both.score <= better.score + bit


def test_parts_add_up_to_what_speaks_for_an_actor() -> None:
    said = replace(passage("a", 1.4), dense=1.0, lexical=2.0, overlap=0.3)
    one = Candidate("a", [said, passage("a", 0.5)], [voucher(3.0)], lift=Lift(2.0, 2.4), name=7.0)
    parts = one.parts
    assert (parts.dense, parts.lexical, parts.overlap, parts.own) == (1.0, 2.0, 0.3, 1.4)
    assert (parts.case, parts.similar, parts.name) == (3.0, one.inferred, 7.0)
    assert (parts.said, parts.goal) == (2.0, 2.4)
    assert 0 < parts.similar < 1.0


@given(st.floats(-5, 30), st.floats(0, 60), st.floats(1, 30))
@settings(deadline=None)
def test_what_is_only_inferred_is_possible_at_best(
    own: float, inferred: float, closest: float
) -> None:
    of = chance(closest)
    without = Candidate("a", [passage("a", own)]).fit(of)
    very_close = [(likeness("w", MOST_CLOSENESS), passage("a", own).passage)]
    following = Candidate(
        "a", [passage("a", own)], likenesses=very_close, lift=Lift(1e12, own + inferred)
    )
    fit = following.fit(of)
    assert FITS.index(fit) >= FITS.index(without)
    if without is not Fit.STRONG:
        assert fit is not Fit.STRONG


def test_what_is_inferred_says_no_more_than_its_trade_is_close() -> None:
    fits = []
    for how_close in (0.01, INFERRED_WEAK, INFERRED_POSSIBLE, MOST_CLOSENESS):
        said = [(likeness("w", how_close), passage("a", -50.0).passage)]
        one = Candidate("a", [passage("a", -50.0)], likenesses=said, lift=Lift(1e12, 50.0))
        fits.append(one.fit(chance(5.0)))
    assert fits == [Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.POSSIBLE]


@given(st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None)
def test_the_more_relevant_a_case_the_better_the_fit_of_who_did_it(
    one: float, other: float
) -> None:
    fits = [
        FITS.index(Candidate("a", vouchers=[voucher(10.0, relevant)]).fit(chance(5.0)))
        for relevant in sorted((one, other))
    ]
    assert fits == sorted(fits)


def test_who_did_the_same_is_a_strong_fit_and_who_did_something_else_is_none() -> None:
    assert Candidate("a", vouchers=[voucher(10.0, 1.0)]).fit(chance(5.0)) is Fit.STRONG
    assert Candidate("a", vouchers=[voucher(10.0, 0.0)]).fit(chance(5.0)) is Fit.NONE


def test_the_words_of_a_need_count_as_far_as_it_says_what_is_asked() -> None:
    assert closeness(2.0, 0.0, 0.0) == 2.0
    assert closeness(2.0, 5.0, 0.0) == 2.0
    assert closeness(2.0, 5.0, 1.0) > closeness(2.0, 5.0, 0.5) > 2.0
    assert closeness(2.0, 5.0, 1.0) == pytest.approx(2.0 + 5.0 * LEXICAL_WEIGHT)


# Close trades


def likeness(witness_id: str, closeness: float, weight: float = 1.0, id_: int = 1) -> Likeness:
    given = voucher(10.0, weight)
    return Likeness(Witness(witness_id, np.zeros(2, np.float32), given, weight), id_, closeness)


CLOSENESS = st.floats(0.01, 5)


@given(st.floats(-10, 20), CLOSENESS, CLOSENESS, st.floats(0.1, 1))
@settings(deadline=None)
def test_nobody_is_raised_above_the_example_or_lowered(
    own: float, one: float, other: float, weight: float
) -> None:
    example = likeness("w", one, weight)
    raised = lift([example]).above(own)
    assert raised >= 0
    assert own + raised <= max(own, weight * 10.0) + 1e-9
    near, far = sorted((one, other), reverse=True)
    assert lift([likeness("w", near)]).above(own) >= lift([likeness("w", far)]).above(own)
    assert lift([example, likeness("v", other, weight)]).above(own) >= raised - 1e-9


@given(st.lists(CLOSENESS, min_size=1, max_size=5))
@settings(deadline=None)
def test_of_one_witness_the_closest_passage_counts_once(closeness: list[float]) -> None:
    given_ = [likeness("w", one, id_=id_) for id_, one in enumerate(closeness)]
    assert lift(given_).said == pytest.approx(lift([likeness("w", max(closeness))]).said)


def test_no_example_raises_nobody() -> None:
    assert lift([]).above(0.0) == 0


def test_a_name_is_a_strong_fit() -> None:
    assert Candidate("a", name=1.0).fit(chance(5.0)) is Fit.STRONG
    assert Candidate("a").fit(chance(5.0)) is Fit.NONE
