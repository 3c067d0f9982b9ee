"""Fusion, fits, and what cases say: the arithmetic of a score."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kb.models import Case, Kind, Participation
from kb.reference.roles import ROLES, Role
from kb.search.boosts.case_matching import (
    closeness,
    match_stories,
    one_edition_each,
    relevance,
)
from kb.search.boosts.endorsements import Endorsement, endorse, endorsement
from kb.search.boosts.precedents import (
    Boost,
    Comparison,
    Precedent,
    TradeMatch,
    boosts_of,
    mean_likeness,
)
from kb.search.candidates import Candidate, Candidates, Measure, assess, best_first
from kb.search.fits import fit_of, fit_of_words, required_score
from kb.search.fusion import NO_WORDS, ScoredPassage, WordValue, fuse
from kb.search.query import parse
from kb.search.results import Fit, MatchedCase
from kb.search.scorer import gather
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import DEFAULT_WEIGHTS, PrecedentWeights, RankingWeights
from kb.store.passages import Passage
from tests.kb.records import SANITISER, SANITISER_IN_ENGLISH

FITS = [Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.STRONG]


PASSAGES, FITTING = DEFAULT_WEIGHTS.passages, DEFAULT_WEIGHTS.fits


def null(ceiling: float) -> NullDistribution:
    return NullDistribution({"fr": 0.0, "en": 0.0}, {"fr": 1.0, "en": 1.0}, ceiling)


def passage(record_id: str, score: float, id_: int = 1, kind: Kind = Kind.ACTOR) -> ScoredPassage:
    of_record = Passage(id_, kind, record_id, "description", "fr", "")
    return ScoredPassage(
        of_record, dense=score, words=NO_WORDS, overlap=0.0, filing=None, apart=0.0, score=score
    )


fit = partial(fit_of, weights=FITTING)


def fused(dense: float, lexical: float, overlap: float, **others: float) -> float:
    given = {"filing": math.nan, "apart": 0.0, **others}
    return float(fuse(dense, lexical, overlap, weights=PASSAGES, **given))


matches = partial(match_stories, weights=DEFAULT_WEIGHTS)
relevant = partial(relevance, weights=DEFAULT_WEIGHTS)
required = partial(required_score, weights=FITTING)

# Fusion


def test_each_thing_that_speaks_for_a_passage_raises_its_score() -> None:
    plain = fused(1.5, 4.0, 0.2)
    assert fused(2.5, 4.0, 0.2) == pytest.approx(plain + 1.0)
    assert fused(1.5, 5.0, 0.2) == pytest.approx(plain + PASSAGES.lexical)
    assert fused(1.5, 4.0, 0.3) > plain > fused(1.5, 4.0, 0.0)
    # What the encoder has not read is neither as good as the best nor as bad as the worst.
    assert fused(1.5, 4.0, 1.0) > fused(1.5, 4.0, math.nan) > fused(1.5, 4.0, 0.0)


def test_the_same_classes_of_activity_raise_a_score_and_unknown_ones_leave_it() -> None:
    plain = fused(1.5, 4.0, 0.2)
    assert fused(1.5, 4.0, 0.2, filing=PASSAGES.unknown_filing) == pytest.approx(plain)
    assert fused(1.5, 4.0, 0.2, filing=1.0) > plain > fused(1.5, 4.0, 0.2, filing=0.0)
    assert fused(1.5, 4.0, 0.2, filing=0.8) == pytest.approx(
        plain + PASSAGES.filing * (0.8 - PASSAGES.unknown_filing)
    )


def test_a_service_loses_where_a_thing_is_asked_for() -> None:
    plain = fused(1.5, 4.0, 0.2)
    assert fused(1.5, 4.0, 0.2, apart=1.0) == pytest.approx(plain - PASSAGES.apart)
    assert fused(1.5, 4.0, 0.2, apart=0.5) == pytest.approx(plain - PASSAGES.apart / 2)


def test_fits_by_their_bounds() -> None:
    of = null(4.0)
    level, bit = required(of), 1e-6
    assert fit(level + FITTING.strong + bit, of) is Fit.STRONG
    assert fit(level + FITTING.strong - bit, of) is Fit.POSSIBLE
    assert fit(level + FITTING.possible + bit, of) is Fit.POSSIBLE
    assert fit(level + FITTING.possible - bit, of) is Fit.WEAK
    assert fit(level + FITTING.weak + bit, of) is Fit.WEAK
    assert fit(level + FITTING.weak - bit, of) is Fit.NONE


def test_the_closer_some_trade_is_the_more_is_asked() -> None:
    score = required(null(4.0)) + FITTING.strong
    fits = [FITS.index(fit(score, null(ceiling))) for ceiling in (3.0, 4.0, 8.0, 40.0)]
    assert fits == sorted(fits, reverse=True)
    assert fits[0] == FITS.index(Fit.STRONG)
    assert fits[-1] == FITS.index(Fit.NONE)


# Cases


@given(st.floats(-10, 40), st.floats(-10, 40), st.floats(0.5, 30))
def test_a_nearer_need_is_never_less_relevant(one: float, other: float, ceiling: float) -> None:
    lower, higher = sorted((one, other))
    low, high = (
        relevant(lower, null(ceiling)),
        relevant(higher, null(ceiling)),
    )
    assert 0 <= low <= high <= 1


@given(st.floats(-10, 40), st.floats(0.5, 30), st.floats(0.5, 30))
def test_the_closer_a_trade_is_the_nearer_a_need_must_be(
    score: float, one: float, other: float
) -> None:
    lower, higher = sorted((one, other))
    if score > 0:
        assert relevant(score, null(lower)) >= relevance(score, null(higher), DEFAULT_WEIGHTS)


def test_the_same_need_is_relevant_and_a_chance_one_is_not() -> None:
    of = null(5.0)
    assert relevant(2 * of.ceiling, of) > 0.9
    assert relevant(0.0, of) < 0.1


@given(st.floats(-5, 1), st.floats(2, 30))
def test_a_need_that_is_another_one_adds_nothing(score: float, ceiling: float) -> None:
    """A need no nearer than half the closest trades is not matched: it changes no score at all."""
    of_need = min(score, 0.5 * ceiling)
    assert (
        match_stories(
            {SANITISER.id: of_need}, {SANITISER.id: SANITISER}, null(ceiling), "", DEFAULT_WEIGHTS
        )
        == []
    )
    assert endorse([], parse("gel"), DEFAULT_WEIGHTS.cases) == {}


@given(st.floats(0, 60), st.floats(0.5, 30))
def test_a_case_never_counts_more_than_its_need_is_near(score: float, ceiling: float) -> None:
    matched = match_stories(
        {SANITISER.id: score}, {SANITISER.id: SANITISER}, null(ceiling), "", DEFAULT_WEIGHTS
    )
    for of_actor in endorse(matched, parse("gel"), DEFAULT_WEIGHTS.cases).values():
        for given_ in of_actor:
            assert 0 <= given_.score <= score
            assert 0 <= given_.share <= 1


def near(case: Case, score: float = 10.0, relevance_: float = 1.0) -> MatchedCase:
    return MatchedCase(case, score, relevance_)


def test_a_case_endorses_its_actors_by_their_roles() -> None:
    found = endorse([near(SANITISER, 4.0, 0.5)], parse("gel"), DEFAULT_WEIGHTS.cases)
    assert found.keys() == {"avel", "matha", "not-yet-known"}
    assert found["avel"][0].score == pytest.approx(2.0 * ROLES[Role.PRODUCER].endorsement_share)
    assert found["matha"][0].score == pytest.approx(2.0 * ROLES[Role.SUPPLIER].endorsement_share)
    assert found["avel"][0].participation.contribution == "prépare le gel"
    assert found["avel"][0].case == SANITISER


def test_the_best_endorsement_comes_first() -> None:
    other = replace(
        SANITISER, id="other", participants=(Participation("Avel", Role.PRODUCER, "avel"),)
    )
    given = endorse([near(SANITISER, 4.0), near(other, 5.0)], parse("gel"), DEFAULT_WEIGHTS.cases)[
        "avel"
    ]
    assert [one.case.id for one in given] == ["other", SANITISER.id]
    ties = endorse([near(other, 4.0), near(SANITISER, 4.0)], parse("gel"), DEFAULT_WEIGHTS.cases)[
        "avel"
    ]
    assert [one.case.id for one in ties] == [SANITISER.id, "other"]


EDITIONS = {SANITISER.id: SANITISER, SANITISER_IN_ENGLISH.id: SANITISER_IN_ENGLISH}


@pytest.mark.parametrize(
    ("lang", "edition"),
    [("fr", SANITISER), ("en", SANITISER_IN_ENGLISH), ("", SANITISER_IN_ENGLISH)],
)
def test_a_story_is_matched_once_with_the_score_of_its_best_edition(
    lang: str, edition: Case
) -> None:
    scores = {SANITISER.id: 20.0, SANITISER_IN_ENGLISH.id: 30.0}
    (match,) = matches(scores, EDITIONS, null(5.0), lang)
    assert match.case == edition
    assert match.closeness == 30.0
    assert match.relevance == relevant(30.0, null(5.0))


def test_the_nearest_need_is_matched_first_and_ties_by_id() -> None:
    a, b, c = (replace(SANITISER, id=id_) for id_ in "abc")
    matched = match_stories(
        {"b": 20.0, "c": 25.0, "a": 20.0}, {"a": a, "b": b, "c": c}, null(5.0), "", DEFAULT_WEIGHTS
    )
    assert [match.case.id for match in matched] == ["c", "a", "b"]


def test_editions_keep_the_order_of_their_stories() -> None:
    other = replace(SANITISER, id="other")
    cases = [other, SANITISER_IN_ENGLISH, SANITISER]
    assert one_edition_each(cases, "fr") == [other, SANITISER]
    assert one_edition_each(cases, "") == [other, SANITISER_IN_ENGLISH]


# Candidates


def endorsed(score: float, relevance_: float = 1.0) -> Endorsement:
    match = near(SANITISER, score, relevance_)
    return endorsement(match, SANITISER.participants[0], parse("gel"), DEFAULT_WEIGHTS.cases)


def candidate(
    *passages: ScoredPassage,
    endorsements: Sequence[Endorsement] = (),
    boost: Boost = Boost(),
    name: float = 0.0,
    ceiling: float = 5.0,
) -> Candidate:
    return assess(
        "a",
        passages,
        Measure(null(ceiling), DEFAULT_WEIGHTS),
        endorsements=endorsements,
        boost=boost,
        name=name,
    )


def test_a_record_has_the_score_of_its_best_passage() -> None:
    found = gather([passage("a", 1.0, 1), passage("b", 2.0, 2), passage("a", 3.0, 3)])
    passages = found[Kind.ACTOR]["a"]
    assert [scored.passage.id for scored in passages] == [3, 1]
    one = candidate(*passages)
    assert one.score == one.parts.own == 3.0
    assert found[Kind.CASE] == {}


def test_passages_and_candidates_as_good_as_each_other_are_in_the_order_of_their_ids() -> None:
    found = gather([passage("b", 1.0, 9), passage("b", 1.0, 4), passage("a", 1.0, 7)])
    assert [scored.passage.id for scored in found[Kind.ACTOR]["b"]] == [4, 9]
    candidates = [
        assess(id_, passages, Measure(null(5.0), DEFAULT_WEIGHTS))
        for id_, passages in found[Kind.ACTOR].items()
    ]
    assert [one.record_id for one in best_first(candidates)] == ["a", "b"]


@given(st.floats(-5, 30), st.floats(0, 30), st.floats(0, 30))
def test_two_grounds_are_worth_more_than_the_better_and_less_than_both(
    own: float, shown: float, more: float
) -> None:
    alone = candidate(passage("a", own))
    both = candidate(passage("a", own), endorsements=[endorsed(shown)])
    better = candidate(passage("a", own), endorsements=[endorsed(shown + more)])
    bit = 1e-9
    assert max(alone.parts.own, both.parts.case) - bit <= both.score
    assert both.score <= max(own, 0.0) + shown + bit
    assert alone.score <= both.score + bit
    assert both.score <= better.score + bit


@given(st.floats(-5, 3), st.floats(0.1, 30), st.floats(0, 20))
def test_who_did_it_comes_before_who_is_only_like_it(
    own: float, shown: float, rise_: float
) -> None:
    """If their words say as much."""
    did = assess(
        "a",
        [passage("a", min(own, shown))],
        Measure(null(5.0), DEFAULT_WEIGHTS, greatest_rise=rise_),
        endorsements=[endorsed(shown)],
    )
    assert did.parts.lead == pytest.approx(rise_)
    assert did.score >= shown + rise_ - 1e-9
    assert did.score >= min(own, shown) + rise_ - 1e-9


def test_parts_add_up_to_what_counts_for_an_actor() -> None:
    best = passage("a", 1.4)._replace(dense=1.0, words=WordValue(1.5, 0.5, 0.1), overlap=0.3)
    best = best._replace(filing=0.6)
    boost = Boost(2.0, 0.8, 2.4, 1.0, [(match("w", 2.4), best.passage)])
    one = candidate(best, passage("a", 0.5), boost=boost, name=7.0)
    parts = one.parts
    assert (parts.dense, parts.lexical, parts.overlap, parts.own) == (1.0, 2.0, 0.3, 1.4)
    assert (parts.rare, parts.filing) == (0.5, 0.6)
    inferred = boost.rise(FOLLOWING)
    assert (parts.case, parts.similar, parts.lead, parts.name) == (0.0, inferred, 0.0, 7.0)
    assert (parts.support, parts.example, parts.likeness) == (2.0, 0.8, 2.4)
    assert parts.similar > 0
    assert one.score == pytest.approx(1.4 + inferred + 7.0)
    of_case = candidate(best, endorsements=[endorsed(3.0)], name=7.0)
    second = DEFAULT_WEIGHTS.cases.second_ground
    assert of_case.parts.case == 3.0
    assert of_case.score == pytest.approx(3.0 + second * 1.4 + 7.0)


@given(st.floats(-5, 30), st.floats(0, 60), st.floats(1, 30))
def test_what_is_only_inferred_is_possible_at_best(
    own: float, inferred: float, ceiling: float
) -> None:
    without = candidate(passage("a", own), ceiling=ceiling).fit
    very_close = [(match("w", inferred, closeness=10.0), passage("a", own).passage)]
    boost = Boost(1e12, 1.0, inferred, 10.0, very_close)
    fit = candidate(passage("a", own), boost=boost, ceiling=ceiling).fit
    assert FITS.index(fit) >= FITS.index(without)
    if without is not Fit.STRONG:
        assert fit is not Fit.STRONG


@given(
    st.floats(-5, 30),
    st.floats(-5, 60),
    st.floats(-1, 2),
    st.tuples(st.floats(0, 5), st.floats(0, 1)),
    st.floats(0, 1),
    st.sampled_from(FITS),
)
def test_is_fit_whose_fit_is_any_but_none(
    own: float,
    likeness: float,
    closest: float,
    rare: tuple[float, float],
    relevance_: float,
    most: Fit,
) -> None:
    best = passage("a", own)._replace(words=WordValue(0.0, *rare))
    boost = Boost(1.0, 1.0, likeness, closest)
    asked = parse("repreneur pour des chutes de cuir")
    measure = Measure(null(5.0), DEFAULT_WEIGHTS, asked, most=most)
    assume(abs(own - measure.least) > 1e-9)
    for endorsements in ([], [endorsed(10.0, relevance_)]):
        one = assess("a", [best], measure, endorsements=endorsements, boost=boost)
        assert one.is_fit == (one.fit is not Fit.NONE)


@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.tuples(st.floats(-5, 30), st.sampled_from([NO_WORDS, WordValue(0.0, 50.0, 1.0)])),
        min_size=1,
    ),
    st.sampled_from(["cuir", "repreneur pour des chutes de cuir"]),
    st.sampled_from(FITS),
)
def test_candidates_are_ranked_and_fit_as_each_of_them_is(
    found: dict[str, tuple[float, WordValue]], query: str, most: Fit
) -> None:
    offering = "Cède des chutes de cuir."
    passages = {}
    for id_, (score, of_words) in found.items():
        best = passage(id_, score)._replace(words=of_words)
        passages[id_] = [best._replace(passage=best.passage._replace(text=offering))]
    measure = Measure(null(5.0), DEFAULT_WEIGHTS, parse(query), most=most)
    endorsements = {"b": [endorsed(3.0)], "g": [endorsed(2.0)]}
    boosts = {"c": Boost(1.0, 1.0, 9.0, 9.0)}
    names = {"d": 2.0}
    boosted = [*endorsements, *boosts, *names]
    each = [
        assess(
            id_,
            passages.get(id_, ()),
            measure,
            endorsements=endorsements.get(id_, ()),
            boost=boosts.get(id_, Boost()),
            name=names.get(id_, 0.0),
        )
        for id_ in {*passages, *boosted}
    ]
    together = Candidates(passages, boosted, measure, endorsements, boosts, names)
    ids = list(together.scores)
    assert together.scores == {one.record_id: one.score for one in each}
    assert together.fitting(ids) == {one.record_id for one in each if one.is_fit}
    assert together.best_first(ids) == [one.record_id for one in best_first(each)]
    assert [together[id_].fit for id_ in ids] == [
        fit for id_ in ids for fit in [one.fit for one in each if one.record_id == id_]
    ]


def test_an_inferred_hit_shows_only_that_its_trade_is_close() -> None:
    fits = []
    for how_close in (0.01, FITTING.inferred_weak, FITTING.inferred_possible, 10.0):
        matches = [(match("w", 50.0, closeness=how_close), passage("a", -50.0).passage)]
        fits.append(
            candidate(passage("a", -50.0), boost=Boost(1e12, 1.0, 50.0, how_close, matches)).fit
        )
    assert fits == [Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.POSSIBLE]


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_more_relevant_a_case_the_better_the_fit_of_who_did_it(
    one: float, other: float
) -> None:
    fits = [
        FITS.index(candidate(endorsements=[endorsed(10.0, share)]).fit)
        for share in sorted((one, other))
    ]
    assert fits == sorted(fits)


def test_who_did_the_same_is_a_strong_fit_and_who_did_something_else_is_none() -> None:
    assert candidate(endorsements=[endorsed(10.0, 1.0)]).fit is Fit.STRONG
    assert candidate(endorsements=[endorsed(10.0, 0.0)]).fit is Fit.NONE


def test_the_words_of_a_need_count_by_their_share_of_the_query() -> None:
    def close(lexical: float, text: str) -> float:
        scored = passage("a", 0.0)._replace(dense=2.0, words=WordValue(lexical))
        scored = scored._replace(passage=scored.passage._replace(text=text))
        return closeness(scored, "gel hydroalcoolique", DEFAULT_WEIGHTS)

    assert close(0.0, "du gel hydroalcoolique") == 2.0
    assert close(5.0, "des gants") == 2.0
    assert close(5.0, "du gel hydroalcoolique") > close(5.0, "du gel") > 2.0
    assert close(5.0, "du gel hydroalcoolique") == pytest.approx(2.0 + 5.0 * PASSAGES.lexical)


# Rare words


def test_a_rare_word_is_strong_only_if_it_is_all_that_is_asked_for() -> None:
    asked, of = parse("drêches"), null(5.0)

    def fits(share: float, above: float = FITTING.strong + 0.1, rare: float = 10.0) -> Fit:
        scored = passage("a", required(of) + above)
        scored = scored._replace(passage=scored.passage._replace(text="sèche les drêches"))
        scored = scored._replace(words=WordValue(1.0, rare, share))
        return fit_of_words(scored, asked, of, DEFAULT_WEIGHTS)

    assert fits(1.0) is Fit.STRONG
    assert fits(0.67) is Fit.POSSIBLE
    # Half of the need is not most of it: without its rare word this is none.
    assert fits(0.5, rare=12.0) is Fit.NONE
    # What is strong without it stays so.
    assert fits(0.5, above=9.0) is Fit.STRONG
    # Who says all that is asked for is worth a call, whatever the encoder makes of it.
    assert fits(1.0, above=-3.0) is Fit.POSSIBLE
    assert fits(1.0, above=-3.0, rare=0.1) is Fit.NONE


# Precedents

FOLLOWING = DEFAULT_WEIGHTS.precedents


def match(
    actor_id: str, likeness: float, weight: float = 1.0, id_: int = 1, closeness: float = 1.0
) -> TradeMatch:
    precedent = Precedent(actor_id, np.zeros(2, np.float32), endorsed(10.0, weight), weight)
    return TradeMatch(precedent, id_, likeness, closeness)


def compared(*matches: TradeMatch, of: str = "a") -> Comparison:
    """Passages of an actor compared with precedents; those not given are far apart."""
    precedents = {one.precedent.actor_id: one.precedent for one in matches}
    ids = sorted({one.passage_id for one in matches})
    likeness = np.full((len(precedents), len(ids)), -100.0)
    closeness = likeness.copy()
    for one in matches:
        at = list(precedents).index(one.precedent.actor_id), ids.index(one.passage_id)
        likeness[at], closeness[at] = one.likeness, one.closeness
    passages = [passage(of, 0.0, id_).passage for id_ in ids]
    return Comparison(list(precedents.values()), passages, likeness, closeness)


def boost(*matches: TradeMatch, weights: PrecedentWeights | None = None) -> Boost:
    return boosts_of(compared(*matches), weights or FOLLOWING).get("a", Boost())


def rise(*matches: TradeMatch) -> float:
    return boost(*matches).rise(FOLLOWING)


LIKENESS, WEIGHT = st.floats(-5, 10), st.floats(0.05, 1)


def test_the_rise_by_hand() -> None:
    weights = replace(FOLLOWING, strength=5.0, sharpness=1.0, least_likeness=1.0, half_trust=3.0)
    of_one = Boost(support=0.5, example=0.5, likeness=2.0)
    assert of_one.rise(weights) == pytest.approx(5 * 0.5 * 1.0 * 0.5 / 3.5)
    one, other = match("w", 2.0, 1.0), match("v", 3.0, 0.5)
    both = boost(one, other, weights=weights)
    assert (both.support, both.example) == (1.5, 1.0)
    likeness = math.log((math.exp(2.0) + 0.5 * math.exp(3.0)) / 1.5)
    assert both.likeness == pytest.approx(likeness)
    assert both.rise(weights) == pytest.approx(5 * 1.0 * (likeness - 1) * 1.5 / 4.5)
    # The stronger example of the two comes first: what is shown of an actor begins with it.
    assert [found.precedent.actor_id for found, _ in both.matches] == ["v", "w"]


@given(LIKENESS, LIKENESS, WEIGHT, WEIGHT)
def test_the_closer_a_trade_and_the_weightier_its_precedent_the_higher_an_actor_rises(
    one: float, other: float, weight: float, another: float
) -> None:
    near, far = max(one, other), min(one, other)
    heavy, light = max(weight, another), min(weight, another)
    assert rise(match("w", near, heavy)) >= rise(match("w", far, heavy)) >= 0
    assert rise(match("w", near, heavy)) >= rise(match("w", near, light))
    assert rise(match("w", FOLLOWING.least_likeness, heavy)) == 0


@given(LIKENESS, LIKENESS, WEIGHT)
def test_a_second_precedent_that_is_as_close_raises_an_actor_further(
    one: float, other: float, weight: float
) -> None:
    near, far = max(one, other), min(one, other)
    alone = rise(match("w", far, weight))
    assert rise(match("w", far, weight), match("v", near, weight)) >= alone - 1e-9


@given(st.lists(st.tuples(LIKENESS, WEIGHT), min_size=1, max_size=6))
def test_nobody_rises_more_than_by_the_closest_and_the_weightiest_precedent(
    of_each: list[tuple[float, float]],
) -> None:
    matches = [match(str(at), *one, id_=at) for at, one in enumerate(of_each)]
    closest, weightiest = (max(one) for one in zip(*of_each, strict=True))
    most = FOLLOWING.strength * weightiest * max(closest - FOLLOWING.least_likeness, 0.0)
    assert 0 <= rise(*matches) <= most + 1e-9


@given(st.lists(st.tuples(LIKENESS, WEIGHT), min_size=1, max_size=6))
def test_a_mean_likeness_is_none_above_the_closest_and_none_below_the_mean(
    of_each: list[tuple[float, float]],
) -> None:
    likenesses, weights = zip(*of_each, strict=True)
    found = float(mean_likeness(weights, likenesses, FOLLOWING.sharpness))
    assert np.average(likenesses, weights=weights) - 1e-6 <= found <= max(likenesses) + 1e-6


@given(st.lists(LIKENESS, min_size=1, max_size=5))
def test_of_a_precedent_the_closest_passage_counts_once(likenesses: list[float]) -> None:
    matches = [match("w", one, id_=id_) for id_, one in enumerate(likenesses)]
    found = boost(*matches)
    assert (found.support, found.example) == (1.0, 1.0)
    assert found.likeness == pytest.approx(max(likenesses))
    assert len(found.matches) == 1


def test_no_precedent_raises_nobody() -> None:
    assert rise() == 0


def test_nobody_follows_itself() -> None:
    alone = compared(match("w", 5.0), of="w")
    assert boosts_of(alone, FOLLOWING) == {}
    both = boosts_of(compared(match("w", 5.0), match("v", 2.0, 0.5), of="w"), FOLLOWING)["w"]
    assert (both.support, both.example, both.closest) == (0.5, 0.5, 1.0)
    assert both.likeness == pytest.approx(2.0)
    assert [found.precedent.actor_id for found, _ in both.matches] == ["v"]


def test_actors_are_boosted_each_by_its_own_passages() -> None:
    """Actors whose passages lie between those of others do not get theirs."""
    precedents = [match("w", 0.0).precedent, match("v", 0.0, 0.5).precedent]
    passages = [passage(of, 0.0, id_).passage for id_, of in enumerate(["a", "b", "a", "c"])]
    likeness = np.array([[1.0, 2.0, 3.0, 4.0], [8.0, 7.0, 6.0, 5.0]])
    closeness = np.array([[0.1, 0.2, 0.3, 0.4], [0.8, 0.7, 0.6, 0.5]])
    found = boosts_of(Comparison(precedents, passages, likeness, closeness), FOLLOWING)
    assert {id_: of.closest for id_, of in found.items()} == {"a": 0.8, "b": 0.7, "c": 0.5}
    assert [(of.precedent.actor_id, of.likeness, shown.id) for of, shown in found["a"].matches] == [
        ("v", 8.0, 0),
        ("w", 3.0, 2),
    ]
    expected = mean_likeness([1.0, 0.5], [3.0, 8.0], FOLLOWING.sharpness)
    assert found["a"].likeness == pytest.approx(float(expected))


def test_a_name_is_a_strong_fit() -> None:
    assert candidate(name=1.0).fit is Fit.STRONG
    assert candidate().fit is Fit.NONE


# Weights


def test_a_weight_is_changed_by_its_name() -> None:
    changed = DEFAULT_WEIGHTS.with_value("passages.lexical", 0.2)
    assert changed.passages.lexical == 0.2
    assert changed == replace(
        DEFAULT_WEIGHTS, passages=replace(DEFAULT_WEIGHTS.passages, lexical=0.2)
    )
    buyers = DEFAULT_WEIGHTS.with_value("cases.role_shares.buyer", 0)
    assert endorse([near(SANITISER)], parse("gel"), buyers.cases).keys() == {
        "avel",
        "matha",
        "not-yet-known",
    }
    assert buyers.cases.role_shares[Role.BUYER] == 0
    assert DEFAULT_WEIGHTS.with_value("parts.hits", 3.0).parts.hits == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lexical", 1.0),
        ("passages", 1.0),
        ("passages.colour", 1.0),
        ("passages.lexical.more", 1.0),
        ("cases.role_shares", 1.0),
        ("cases.role_shares.king", 1.0),
        ("parts.hits", 2.5),
    ],
)
def test_what_is_no_weight_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"weight|whole"):
        DEFAULT_WEIGHTS.with_value(name, value)


def test_every_role_has_its_shares() -> None:
    weights = RankingWeights()
    assert weights.cases.role_shares.keys() == weights.precedents.role_shares.keys() == set(Role)
