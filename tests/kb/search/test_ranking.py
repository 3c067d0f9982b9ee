"""Scores, fits, and what cases say: the arithmetic of a ranking, whatever its numbers."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.indexing.derivation import ACTIVITY
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
    NO_BOOST,
    Boost,
    Comparison,
    Precedent,
    TradeMatch,
    boosts_of,
    mean_likeness,
)
from kb.search.candidates import Candidate, Candidates, Measure, assess, best_first
from kb.search.fits import MOST_NEED, FitScale, below, fit_of_probability
from kb.search.fusion import ScoredPassage, fuse
from kb.search.query import Query, parse
from kb.search.results import Fit, MatchedCase
from kb.search.scorer import gather
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import DEFAULT_WEIGHTS, NAMES, FitWeights
from kb.store.passages import Passage
from tests.kb.records import SANITISER, SANITISER_IN_ENGLISH

FITS = [Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.STRONG]
PASSAGES, FITTING, CASES = DEFAULT_WEIGHTS.passages, DEFAULT_WEIGHTS.fits, DEFAULT_WEIGHTS.cases
FOLLOWING = DEFAULT_WEIGHTS.precedents

SCORE, PROBABILITY = st.floats(-20, 40), st.floats(0.001, 0.999)


def null(ceiling: float = 5.0, need_odds: float = 0.0) -> NullDistribution:
    return NullDistribution({"fr": 0.0, "en": 0.0}, {"fr": 1.0, "en": 1.0}, ceiling, need_odds)


SCALE = FitScale(null(), FITTING)
MEASURE = Measure(SCALE, DEFAULT_WEIGHTS)


def passage(
    record_id: str, score: float, id_: int = 1, able: float = 0.0, part: str = "description"
) -> ScoredPassage:
    """A passage whose own words have this score, in a trade that has so much of the means."""
    of_record = Passage(id_, Kind.ACTOR, record_id, part, "fr", "")
    return ScoredPassage(of_record, score, 0.0, None, able, score + PASSAGES.able * able)


# Passages


def test_the_score_of_a_passage_by_hand() -> None:
    def fused(filing: float = math.nan, able: float = math.nan) -> float:
        return float(fuse(1.5, 4.0, filing, able, PASSAGES))

    plain = PASSAGES.dense * 1.5 + PASSAGES.lexical * 4.0
    assert fused() == fused(able=0.0) == pytest.approx(plain)
    assert fused(PASSAGES.unknown_filing) == pytest.approx(plain)
    more = PASSAGES.filing * (0.8 - PASSAGES.unknown_filing) + PASSAGES.able * 0.6
    assert fused(0.8, 0.6) == pytest.approx(plain + more)


# Fits


def test_the_probability_of_a_score_by_hand() -> None:
    weights = FitWeights(slope=2.0, ceiling=0.5, need=0.3, intercept=-1.0)
    of_query = FitScale(null(4.0, need_odds=-1.5), weights)
    odds = 2.0 * 1.7 - 0.5 * 4.0 - 0.3 * 1.5 - 1.0
    assert of_query.probability(1.7) == pytest.approx(1 / (1 + math.exp(-odds)))
    sure, surer = (FitScale(null(4.0, odds), weights).probability(1.7) for odds in (MOST_NEED, 9.0))
    assert surer == sure > of_query.probability(1.7)


@given(PROBABILITY, st.floats(0.5, 30), st.floats(-10, 10))
def test_probability_and_score_are_inverse(
    probability: float, ceiling: float, need_odds: float
) -> None:
    scale = FitScale(null(ceiling, need_odds), FITTING)
    score = scale.score_of(probability)
    assert scale.probability(score) == pytest.approx(probability)


def test_a_fit_is_a_least_probability() -> None:
    for fit, bound in zip(FITS[1:], (FITTING.weak, FITTING.possible, FITTING.strong), strict=True):
        assert SCALE.fit(SCALE.least(fit)) is fit_of_probability(bound, FITTING) is fit
        below_it = FITS[FITS.index(fit) - 1]
        assert SCALE.fit(SCALE.least(fit) - 1e-9) is below_it
        assert fit_of_probability(bound - 1e-9, FITTING) is below_it


@given(SCORE, SCORE, st.sampled_from(FITS))
def test_what_is_lowered_keeps_its_order_and_has_no_better_fit(
    one: float, other: float, most: Fit
) -> None:
    lower, higher = sorted((one, other))
    low, high = (SCALE.at_most(score, most) for score in (lower, higher))
    assert low <= high <= higher
    assert FITS.index(SCALE.fit(high)) <= FITS.index(most)


@given(SCORE, st.floats(-0.02, 0.02))
def test_just_below_a_bound_the_order_is_kept(bound: float, away: float) -> None:
    assert below(bound + away, bound) <= below(bound + away + 0.001, bound) < bound


# Cases

matches = partial(match_stories, weights=DEFAULT_WEIGHTS)
relevant = partial(relevance, weights=DEFAULT_WEIGHTS)


@given(SCORE, SCORE, st.floats(0.5, 30), st.floats(0.5, 30))
def test_a_need_is_more_relevant_the_nearer_it_is_and_the_farther_all_trades_are(
    one: float, other: float, ceiling: float, another: float
) -> None:
    lower, higher = sorted((one, other))
    near, far = sorted((ceiling, another))
    assert 0 <= relevant(lower, null(near)) <= relevant(higher, null(near)) <= 1
    if higher > 0:
        assert relevant(higher, null(near)) >= relevant(higher, null(far))


def test_the_same_need_is_relevant_and_a_chance_one_is_not_matched() -> None:
    of = null(5.0)
    assert relevant(2 * of.ceiling, of) > 0.9
    assert matches({SANITISER.id: 0.0}, {SANITISER.id: SANITISER}, of, "") == []


def near(case: Case, closeness_: float = 10.0, relevance_: float = 1.0) -> MatchedCase:
    return MatchedCase(case, closeness_, relevance_)


def test_a_case_endorses_its_actors_by_their_roles() -> None:
    found = endorse([near(SANITISER, relevance_=0.5)], parse("gel"), CASES)
    assert found.keys() == {"avel", "matha", "not-yet-known"}
    for id_, role in (("avel", Role.PRODUCER), ("matha", Role.SUPPLIER)):
        assert found[id_][0].share == pytest.approx(0.5 * ROLES[role].endorsement_share)
    assert found["avel"][0].participation.contribution == "prépare le gel"
    assert found["avel"][0].case == SANITISER


def test_the_best_endorsement_comes_first() -> None:
    maker = (Participation("Avel", Role.PRODUCER, "avel"),)
    other = replace(SANITISER, id="other", participants=maker)
    for of_other, first in ((0.9, "other"), (0.5, min(SANITISER.id, "other")), (0.1, SANITISER.id)):
        both = [near(SANITISER, relevance_=0.5), near(other, relevance_=of_other)]
        found = endorse(both, parse("gel"), CASES)["avel"]
        assert found[0].case.id == first


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
    scores = {"b": 20.0, "c": 25.0, "a": 20.0}
    matched = matches(scores, {"a": a, "b": b, "c": c}, null(5.0), "")
    assert [match.case.id for match in matched] == ["c", "a", "b"]


def test_editions_keep_the_order_of_their_stories() -> None:
    other = replace(SANITISER, id="other")
    cases = [other, SANITISER_IN_ENGLISH, SANITISER]
    assert one_edition_each(cases, "fr") == [other, SANITISER]
    assert one_edition_each(cases, "") == [other, SANITISER_IN_ENGLISH]


def test_the_words_of_a_need_count_by_their_share_of_the_query() -> None:
    def close(lexical: float, text: str) -> float:
        scored = passage("a", 2.0)._replace(lexical=lexical)
        scored = scored._replace(passage=scored.passage._replace(text=text))
        return closeness(scored, "gel hydroalcoolique", DEFAULT_WEIGHTS)

    assert close(0.0, "du gel hydroalcoolique") == close(5.0, "des gants") == 2.0
    assert close(5.0, "du gel hydroalcoolique") > close(5.0, "du gel") > 2.0
    assert close(5.0, "du gel hydroalcoolique") == pytest.approx(2.0 + 5.0 * CASES.lexical)


# Candidates


def endorsed(probability: float) -> Endorsement:
    """The endorsement of a maker that is right with at most this probability."""
    match = near(SANITISER, relevance_=probability)
    return endorsement(match, SANITISER.participants[0], parse("gel"), CASES)


def candidate(
    *passages: ScoredPassage,
    endorsements: Sequence[Endorsement] = (),
    boost: Boost = NO_BOOST,
    name: float = 0.0,
    measure: Measure = MEASURE,
) -> Candidate:
    return assess("a", passages, measure, endorsements=endorsements, boost=boost, name=name)


BOOST = st.builds(Boost, st.floats(0, 1), st.floats(-5, 60), st.floats(0, 0.98), st.just(()))
ABLE = st.floats(0, 1)


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
    candidates = [assess(id_, of, MEASURE) for id_, of in found[Kind.ACTOR].items()]
    assert [one.record_id for one in best_first(candidates)] == ["a", "b"]


@given(SCORE, ABLE, st.none() | PROBABILITY, BOOST, st.floats(0, 9))
def test_a_score_is_the_sum_of_its_parts(
    own: float, able: float, case: float | None, boost: Boost, name: float
) -> None:
    endorsements = [endorsed(case)] if case else []
    one = candidate(passage("a", own, able=able), endorsements=endorsements, boost=boost, name=name)
    parts = one.parts
    assert parts.own == pytest.approx(own)
    assert parts.similar == boost.rise(FOLLOWING)
    assert parts.inferred == pytest.approx(PASSAGES.able * able + parts.similar)
    words = parts.own + parts.inferred
    better, other = (words, 0.0)
    if case:
        assert parts.case == SCALE.score_of(endorsements[0].probability)
        better, other = max(words, parts.case), max(min(words, parts.case), 0.0)
    total = better + CASES.second_ground * other + parts.limit + parts.name
    assert one.score == pytest.approx(total)
    assert parts.limit <= 0


@given(SCORE, st.floats(0.01, 0.98), st.floats(0.01, 0.98))
def test_two_grounds_are_worth_no_less_than_the_better(
    own: float, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    alone = candidate(passage("a", own))
    both = candidate(passage("a", own), endorsements=[endorsed(less)])
    better = candidate(passage("a", own), endorsements=[endorsed(more)])
    assert alone.score <= both.score + 0.01
    assert both.parts.case <= both.score + 0.01
    assert both.score <= better.score + 0.01


@given(SCORE, ABLE, BOOST, st.floats(0.5, 30))
def test_what_is_only_inferred_is_possible_at_best(
    own: float, able: float, boost: Boost, ceiling: float
) -> None:
    measure = Measure(FitScale(null(ceiling), FITTING), DEFAULT_WEIGHTS)
    without = candidate(passage("a", own), measure=measure)
    one = candidate(passage("a", own, able=able), boost=boost, measure=measure)
    assert one.score >= without.score - 1e-9
    assert one.own_fit is without.own_fit is without.fit
    if without.fit is not Fit.STRONG:
        assert one.fit is not Fit.STRONG


@given(SCORE, ABLE, st.floats(0.01, 60), st.floats(FITTING.possible, 0.999), SCORE)
def test_who_did_it_stands_above_who_is_only_similar(
    own: float, able: float, likeness: float, relevance_: float, of_who_did: float
) -> None:
    given = endorsed(relevance_)
    did = candidate(passage("a", of_who_did), endorsements=[given])
    boost = Boost(1.0, likeness, given.probability)
    similar = candidate(passage("b", own, able=able), boost=boost)
    if similar.own < did.parts.case:
        assert similar.score < did.score


@given(
    st.lists(
        st.tuples(
            SCORE,
            ABLE,
            st.sampled_from(["description", ACTIVITY]),
            st.sampled_from(["Cède du cuir.", "Reprend du cuir.", "Du cuir."]),
            st.none() | PROBABILITY,
            BOOST,
            st.sampled_from([0.0, NAMES.near]),
        ),
        min_size=2,
        max_size=3,
    ),
    st.sampled_from([parse("cuir"), parse("repreneur pour des chutes de cuir")]),
    st.sampled_from(FITS),
)
def test_the_order_of_a_list_never_contradicts_its_fits(
    found: list[tuple[float, float, str, str, float | None, Boost, float]], asked: Query, most: Fit
) -> None:
    measure = Measure(SCALE, DEFAULT_WEIGHTS, asked, most=most)
    passages, endorsements, boosts, names = {}, {}, {}, {}
    for at, (own, able, part, text, case, boost, name) in enumerate(found):
        id_, best = str(at), passage(str(at), own, able=able, part=part)
        passages[id_] = [best._replace(passage=best.passage._replace(text=text))]
        endorsements[id_] = [endorsed(case)] if case else []
        boosts[id_], names[id_] = boost, name
    every = Candidates(passages, (), measure, endorsements, boosts, names)
    ranked = [every[id_] for id_ in every.best_first(every.scores)]
    rising = [FITS.index(one.fit) for one in reversed(ranked)]
    assert rising == sorted(rising)
    assert best_first(ranked) == ranked
    assert every.fitting(passages) == {one.record_id for one in ranked if one.fit is not Fit.NONE}
    for one in ranked:
        if not one.name and not one.endorsements:
            assert FITS.index(one.fit) <= FITS.index(most)


@given(PROBABILITY, PROBABILITY)
def test_the_more_relevant_a_case_the_better_the_fit_of_who_did_it(
    one: float, other: float
) -> None:
    fits = [
        FITS.index(candidate(endorsements=[endorsed(share)]).fit) for share in sorted((one, other))
    ]
    assert fits == sorted(fits)
    assert candidate(endorsements=[endorsed(1.0)]).fit is Fit.STRONG
    assert candidate(endorsements=[endorsed(0.1)]).fit is Fit.NONE


def test_a_class_of_activity_alone_is_not_strong() -> None:
    score = SCALE.least(Fit.STRONG) + 3
    assert candidate(passage("a", score, part=ACTIVITY)).fit is Fit.POSSIBLE
    assert candidate(passage("a", score)).fit is Fit.STRONG


def test_a_name_is_a_strong_fit() -> None:
    assert candidate(name=1.0).fit is Fit.STRONG
    assert candidate().fit is SCALE.fit(0.0)


# Precedents


def match(actor_id: str, likeness: float, weight: float = 1.0, id_: int = 1) -> TradeMatch:
    precedent = Precedent(actor_id, np.zeros(2, np.float32), endorsed(weight), weight)
    return TradeMatch(precedent, id_, likeness)


def compared(*matches: TradeMatch, of: str = "a") -> Comparison:
    """Passages of an actor compared with precedents; those not given are far apart."""
    precedents = {one.precedent.actor_id: one.precedent for one in matches}
    ids = sorted({one.passage_id for one in matches})
    likeness = np.full((len(precedents), len(ids)), -100.0)
    for one in matches:
        at = list(precedents).index(one.precedent.actor_id), ids.index(one.passage_id)
        likeness[at] = one.likeness
    passages = [passage(of, 0.0, id_).passage for id_ in ids]
    return Comparison(list(precedents.values()), passages, likeness)


def boost_by(*matches: TradeMatch) -> Boost:
    return boosts_of(compared(*matches), FOLLOWING).get("a", NO_BOOST)


def rise(*matches: TradeMatch) -> float:
    return boost_by(*matches).rise(FOLLOWING)


LIKENESS, WEIGHT = st.floats(-5, 10), st.floats(0.05, 1)


def test_the_rise_by_hand() -> None:
    one, other = match("w", 2.0, 1.0), match("v", 3.0, 0.5)
    both, sharp = boost_by(one, other), FOLLOWING.sharpness
    likeness = math.log((math.exp(sharp * 2.0) + 0.5 * math.exp(sharp * 3.0)) / 1.5) / sharp
    assert both.example == 1.0
    assert both.likeness == pytest.approx(likeness)
    assert both.did == other.precedent.endorsement.probability, "the least of the two"
    assert both.rise(FOLLOWING) == pytest.approx(FOLLOWING.strength * likeness)
    assert both.rise(replace(FOLLOWING, strength=0.0)) == 0
    # What is shown of an actor begins with the stronger example of the two.
    stronger = "v" if 0.5 * math.exp(sharp) > 1 else "w"
    assert both.matches[0][0].precedent.actor_id == stronger


@given(LIKENESS, LIKENESS, WEIGHT, WEIGHT)
def test_the_closer_a_trade_and_the_weightier_its_precedent_the_higher_an_actor_rises(
    one: float, other: float, weight: float, another: float
) -> None:
    near, far = max(one, other), min(one, other)
    heavy, light = max(weight, another), min(weight, another)
    assert rise(match("w", near, heavy)) >= rise(match("w", far, heavy)) >= 0
    assert rise(match("w", near, heavy)) >= rise(match("w", near, light))
    assert rise(match("w", far, heavy), match("v", near, heavy)) >= rise(match("w", far, heavy))


@given(st.lists(st.tuples(LIKENESS, WEIGHT), min_size=1, max_size=6))
def test_a_mean_likeness_is_none_above_the_closest_and_none_below_the_mean(
    of_each: list[tuple[float, float]],
) -> None:
    likenesses, weights = zip(*of_each, strict=True)
    found = float(mean_likeness(weights, likenesses, FOLLOWING.sharpness))
    assert np.average(likenesses, weights=weights) - 1e-6 <= found <= max(likenesses) + 1e-6


@given(st.lists(LIKENESS, min_size=1, max_size=5))
def test_of_a_precedent_the_closest_passage_counts_once(likenesses: list[float]) -> None:
    found = boost_by(*(match("w", one, id_=id_) for id_, one in enumerate(likenesses)))
    assert (found.example, len(found.matches)) == (1.0, 1)
    assert found.likeness == pytest.approx(max(likenesses))


def test_nobody_follows_itself() -> None:
    assert boosts_of(compared(match("w", 5.0), of="w"), FOLLOWING) == {}
    two = match("w", 5.0), match("v", 2.0, 0.5)
    both = boosts_of(compared(*two, of="w"), FOLLOWING)["w"]
    assert (both.example, both.did) == (0.5, two[1].precedent.endorsement.probability)
    assert both.likeness == pytest.approx(2.0)
    assert [found.precedent.actor_id for found, _ in both.matches] == ["v"]


def test_actors_are_boosted_each_by_its_own_passages() -> None:
    """Actors whose passages lie between those of others do not get theirs."""
    precedents = [match("w", 0.0).precedent, match("v", 0.0, 0.5).precedent]
    passages = [passage(of, 0.0, id_).passage for id_, of in enumerate(["a", "b", "a", "c"])]
    likeness = np.array([[1.0, 2.0, 3.0, 4.0], [18.0, 7.0, 6.0, 5.0]])
    found = boosts_of(Comparison(precedents, passages, likeness), FOLLOWING)
    assert found.keys() == {"a", "b", "c"}
    assert [(of.precedent.actor_id, of.likeness, shown.id) for of, shown in found["a"].matches] == [
        ("v", 18.0, 0),
        ("w", 3.0, 2),
    ]
    expected = mean_likeness([1.0, 0.5], [3.0, 18.0], FOLLOWING.sharpness)
    assert found["a"].likeness == pytest.approx(float(expected))


# Weights


def test_a_weight_is_changed_by_its_name() -> None:
    changed = DEFAULT_WEIGHTS.with_value("passages.lexical", 0.2)
    assert changed.passages.lexical == 0.2
    assert changed == replace(DEFAULT_WEIGHTS, passages=replace(PASSAGES, lexical=0.2))
    assert DEFAULT_WEIGHTS.with_value("parts.hits", 3.0).parts.hits == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lexical", 1.0),
        ("passages", 1.0),
        ("passages.colour", 1.0),
        ("passages.lexical.more", 1.0),
        ("wording.kind_shares", 1.0),
        ("wording.kind_shares.king", 1.0),
        ("parts.hits", 2.5),
    ],
)
def test_what_is_no_weight_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"weight|whole"):
        DEFAULT_WEIGHTS.with_value(name, value)
