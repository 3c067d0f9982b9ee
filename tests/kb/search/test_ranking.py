"""Scores, fits, and what cases say: the arithmetic of a ranking, whatever its numbers."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.indexing.derivation import ACTIVITY
from kb.models import Case, Kind
from kb.search.boosts.endorsements import Endorsement, endorsement
from kb.search.boosts.precedents import NO_BOOST, Boost
from kb.search.candidates import Candidate, Measure, best_first
from kb.search.fits import FitScale, fit_of_probability
from kb.search.query import Query, parse
from kb.search.results import Fit, MatchedCase
from kb.search.scorer import ScoredPassage
from kb.search.trades.background import NullDistribution
from kb.search.weights import DEFAULT_WEIGHTS, NAMES
from kb.store.passages import Passage
from tests.kb.records import SANITISER

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


# Fits


def test_a_fit_is_a_least_probability() -> None:
    for fit, bound in zip(FITS[1:], (FITTING.weak, FITTING.possible, FITTING.strong), strict=True):
        assert SCALE.fit(SCALE.least(fit)) is fit_of_probability(bound, FITTING) is fit
        below_it = FITS[FITS.index(fit) - 1]
        assert SCALE.fit(SCALE.least(fit) - 1e-9) is below_it
        assert fit_of_probability(bound - 1e-9, FITTING) is below_it


# Cases


def near(case: Case, closeness_: float = 10.0, relevance_: float = 1.0) -> MatchedCase:
    return MatchedCase(case, closeness_, relevance_)


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
    return Candidate("a", measure, passages, endorsements, boost, name)


BOOST = st.builds(Boost, st.floats(0, 1), st.floats(-5, 60), st.floats(0, 0.98))
ABLE = st.floats(0, 1)


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
    every = []
    for at, (own, able, part, text, case, boost, name) in enumerate(found):
        best = passage(str(at), own, able=able, part=part)
        best = best._replace(passage=best.passage._replace(text=text))
        endorsements = [endorsed(case)] if case else []
        every.append(Candidate(str(at), measure, [best], endorsements, boost, name))
    ranked = best_first(every)
    rising = [FITS.index(one.fit) for one in reversed(ranked)]
    assert rising == sorted(rising)
    for one in ranked:
        if not one.name and not one.endorsements:
            assert FITS.index(one.fit) <= FITS.index(most)


# Weights


def test_what_is_no_weight_is_refused() -> None:
    cases: list[tuple[str, float]] = [
        ("lexical", 1.0), ("passages", 1.0), ("passages.colour", 1.0),
        ("passages.lexical.more", 1.0), ("wording.kind_shares", 1.0),
        ("wording.kind_shares.king", 1.0), ("parts.hits", 2.5),
    ]  # fmt: skip
    for name, value in cases:
        with pytest.raises(ValueError, match=r"weight|whole"):
            DEFAULT_WEIGHTS.with_value(name, value)
