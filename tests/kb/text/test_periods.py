"""Periods are read from what people write, and only where it leaves no doubt."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.periods import NoPeriod, Period, periods_in, read_period
from web.http.i18n import Language, written_period


def test_words_and_standard_forms_are_understood() -> None:
    cases: list[tuple[str, str]] = [
        ("2020", "2020"), (" l’année 2020 ", "2020"), ("mars 2020", "2020-03"),
        ("Mars 2020", "2020-03"), ("sept. 2019", "2019-09"), ("03/2020", "2020-03"),
        ("2020-03", "2020-03"), ("le 18 mars 2020", "2020-03-18"), ("1er avril 2020", "2020-04-01"),
        ("18/03/2020", "2020-03-18"), ("March 18, 2020", "2020-03-18"),
        ("18th of March 2020", "2020-03-18"), ("printemps 2020", "2020-21"),
        ("Au printemps 2020", "2020-21"), ("l'été 2021", "2021-22"),
        ("in the autumn of 2021", "2021-23"), ("fall 2021", "2021-23"), ("hiver 2020", "2020-24"),
        ("hiver 2019-2020", "2019-12/2020-02"), ("mars à mai 2020", "2020-03/2020-05"),
        ("de mars à mai 2020", "2020-03/2020-05"), ("mai et juin 2020", "2020-05/2020-06"),
        ("from March to May 2020", "2020-03/2020-05"),
        ("novembre 2019 – mars 2020", "2019-11/2020-03"),
        ("du 17 mars au 11 mai 2020", "2020-03-17/2020-05-11"), ("entre 2019 et 2021", "2019/2021"),
        ("2019-2021", "2019/2021"), ("depuis 2019", "2019/.."),
        ("depuis le printemps 2020", "2020-21/.."), ("since March 2020", "2020-03/.."),
        ("from March 2020", "2020-03/.."), ("jusqu’en 2019", "../2019"),
        ("until summer 2020", "../2020-22"), ("2020-21/2021", "2020-21/2021"),
        ("2020/2020", "2020"),
    ]  # fmt: skip
    for written, edtf in cases:
        assert read_period(written) == edtf


def test_what_leaves_a_doubt_is_no_period() -> None:
    cases: list[str] = [
        "", "mars", "le 18 mars", "bientôt", "2019 et 2021", "31 février 2020", "2021/2019",
        "de mai 2020 à mars 2020", "../..", "0999", "2020-13", "2020-25", "20200", "2020 masques",
        "en 2020 ou 2021", "2020~", "2020-03-18T10:00", "printemps " * 20 + "2020",
    ]  # fmt: skip
    for written in cases:
        with pytest.raises(NoPeriod):
            read_period(written)


_MOMENTS = st.one_of(
    st.integers(1500, 2099).map(str),
    st.builds("{}-{:02}".format, st.integers(1500, 2099), st.integers(1, 12)),
    st.builds("{}-{:02}".format, st.integers(1500, 2099), st.integers(21, 24)),
    st.dates(date(1500, 1, 1), date(2099, 12, 31)).map(date.isoformat),
)


def _in_order(first: str, last: str) -> str:
    try:
        return str(Period.of(f"{first}/{last}"))
    except NoPeriod:
        return str(Period.of(f"{last}/{first}"))


@given(
    st.one_of(
        _MOMENTS, _MOMENTS.map("{}/..".format), _MOMENTS.map("../{}".format),
        st.builds(_in_order, _MOMENTS, _MOMENTS),
    ),
    st.sampled_from(Language),
)  # fmt: skip
def test_the_words_that_pages_show_are_read_as_the_same_period(
    edtf: str, language: Language
) -> None:
    assert read_period(edtf) == edtf
    assert read_period(written_period(edtf, language)) == edtf


def test_periods_are_shown_in_the_words_of_the_page() -> None:
    cases: list[tuple[str, str, str]] = [
        ("2020-21", "printemps 2020", "spring 2020"),
        ("2020-03/2020-05", "mars\u2009–\u2009mai 2020", "March\u2009–\u2009May 2020"),
        ("2019/2021", "2019–2021", "2019–2021"),
        ("2020-22/..", "depuis l’été 2020", "since summer 2020"),
        ("../2020-03-18", "jusqu’au 18 mars 2020", "until 18 March 2020"),
        ("../2020-03", "jusqu’en mars 2020", "until March 2020"),
        ("une autre fois", "une autre fois", "une autre fois"),
    ]  # fmt: skip
    for edtf, french, english in cases:
        assert written_period(edtf, Language.FR) == french
        assert written_period(edtf, Language.EN) == english


def test_periods_are_found_among_other_words() -> None:
    text = "Fondé en 1985, l'atelier a cousu 2000 masques de mars à mai 2020 ; le 3 juin il cesse."
    assert [(each.edtf, each.before[-6:]) for each in periods_in(text)] == [
        ("1985", "fonde"),
        ("2020-03/2020-05", "asques"),
    ]
