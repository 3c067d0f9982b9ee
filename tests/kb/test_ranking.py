"""Fusion, fits and vouchers: the arithmetic of a score."""

import math
from dataclasses import replace

import pytest

from kb.cases import WEIGHTS, vouchers
from kb.fusion import LEXICAL_WEIGHT, POSSIBLE, STRONG, WEAK, chance_level, fit_of, fuse
from kb.hits import Fit
from kb.models import Participation, Role
from tests.kb.records import SANITISER


def test_fuse_by_hand() -> None:
    assert fuse(1.5, 4.0) == pytest.approx(1.5 + LEXICAL_WEIGHT * 4.0)
    assert fuse(-0.5, 0.0) == -0.5


def test_chance_grows_with_the_corpus() -> None:
    assert chance_level(100) == pytest.approx(math.sqrt(2 * math.log(100)))
    assert chance_level(0) == chance_level(1) == chance_level(2)


def test_fits_by_their_bounds() -> None:
    level, bit = chance_level(1000), 1e-6
    assert fit_of(level + STRONG + bit, 1000) is Fit.STRONG
    assert fit_of(level + STRONG - bit, 1000) is Fit.POSSIBLE
    assert fit_of(level + POSSIBLE + bit, 1000) is Fit.POSSIBLE
    assert fit_of(level + POSSIBLE - bit, 1000) is Fit.WEAK
    assert fit_of(level + WEAK + bit, 1000) is Fit.WEAK
    assert fit_of(level + WEAK - bit, 1000) is Fit.NONE


def test_a_case_vouches_for_its_actors_by_their_roles() -> None:
    found = vouchers([(SANITISER, 4.0)])
    assert found.keys() == {"avel", "matha", "not-yet-known"}
    assert found["avel"][0].score == 4.0 * WEIGHTS[Role.PRODUCER]
    assert found["matha"][0].score == 4.0 * WEIGHTS[Role.SUPPLIER]
    assert found["avel"][0].participation.contribution == "prépare le gel"


def test_the_best_word_comes_first() -> None:
    other = replace(
        SANITISER, id="other", participants=(Participation("Avel", Role.SUPPLIER, "avel"),)
    )
    given = vouchers([(other, 5.0), (SANITISER, 4.0)])["avel"]
    assert [voucher.case.id for voucher in given] == ["other", SANITISER.id]


def test_every_role_has_a_weight() -> None:
    assert WEIGHTS.keys() == set(Role)
    assert max(WEIGHTS, key=WEIGHTS.__getitem__) is Role.PRODUCER
