"""What is asked, as links change it."""

import pytest

from kb.search.query import parse
from web.http.i18n import Language
from web.http.urls import Page
from web.search.request import SearchRequest


def test_an_address_holds_all_that_is_asked_and_nothing_that_is_not() -> None:
    asked = SearchRequest("du gel", theme="Santé", like=("avel", "a b"), unlike=("c",))
    assert asked.at(limit=25).path(Language.EN) == (
        "/en/search?q=du+gel&theme=Sant%C3%A9&like=avel&like=a+b&unlike=c&limit=25"
    )
    assert asked.data("/api/report", format="csv", at="") == (
        "/api/report?q=du+gel&theme=Sant%C3%A9&like=avel&like=a+b&unlike=c&format=csv"
    )
    assert SearchRequest().at(Page.REPORT).path(Language.FR) == "/fr/recherche/compte-rendu"


@pytest.mark.parametrize(
    ("typed", "sign", "said", "left"),
    [
        ("gel +flacon", "+", "flacon", "gel flacon"),
        ("gel +flacon +flacons", "+", "flacon", "gel flacon +flacons"),
        ("gel -parfum", "-", "parfum", "gel"),
        ("gel −parfum", "-", "parfum", "gel"),
        ('gel -"eau de toilette"', "-", "eau de toilette", "gel"),
        ('gel "sans alcool"', "", "sans alcool", "gel sans alcool"),
        ("gel « sans alcool »", "", "sans alcool", "gel sans alcool"),
        ("gel «\xa0sans alcool\xa0»", "", "sans alcool", "gel sans alcool"),
        ("+“sans alcool” gel", "+", "sans alcool", "sans alcool gel"),
        ("gel +C++ +c", "+", "C++", "gel C++ +c"),
        ("porte-fût -fût", "-", "fût", "porte-fût"),
    ],
)  # fmt: skip
def test_a_sign_is_taken_back(typed: str, sign: str, said: str, left: str) -> None:
    before, after = parse(typed), parse(SearchRequest(typed).without_sign(sign, said).q)
    signs = {"": "required", "+": "wanted", "-": "unwanted"}
    assert said in getattr(before, signs[sign])
    assert after.typed == left
    assert said not in getattr(after, signs[sign])
