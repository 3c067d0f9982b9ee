"""Every kind of page in a real browser: accessible, quiet, and whole at any width."""

import pytest

from tests.browser.accessibility import LOOKS, check_page, check_targets
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser

PAGES = [
    ("/fr/", 200),
    ("/en/", 200),
    ("/fr/recherche?q=cirages+sanitiser", 200),
    ("/en/search?q=cirages+sanitiser&department=16", 200),
    ("/fr/recherche?q=fus%C3%A9e", 200),
    ("/en/search?q=rocket", 200),
    ("/fr/recherche?q=sanitiser+%2Bgel+-parfum&like=avel&unlike=hostile&department=16", 200),
    ("/en/search?q=sanitiser+%2Bgel+-parfum&like=avel&unlike=hostile", 200),
    ("/fr/recherche/qui-appeler?q=sanitiser", 200),
    ("/en/search/who-to-call?q=sanitiser", 200),
    ("/en/search/who-to-call?q=rocket", 200),
    ("/fr/recherche/pourquoi?q=cirages+sanitiser&id=avel", 200),
    ("/en/search/why?q=sanitiser&id=parfumeur", 200),
    ("/en/search/why?q=sanitiser&id=avel&unlike=avel", 200),
    ("/fr/recherche/compte-rendu?q=cirages+sanitiser", 200),
    ("/en/search/report?q=cirages+sanitiser", 200),
    ("/fr/recherche?q=", 400),
    ("/en/search?q=", 400),
    ("/fr/acteurs/avel", 200),
    ("/en/actors/avel", 200),
    ("/fr/acteurs/hostile", 200),
    ("/fr/acteurs/bare", 200),
    ("/en/actors/bare", 200),
    ("/fr/cas/angouleme", 200),
    ("/en/cases/angouleme", 200),
    ("/fr/cas/kalundborg", 200),
    ("/fr/cas/bare", 200),
    ("/en/cases/bare", 200),
    ("/fr/themes", 200),
    ("/en/themes", 200),
    ("/fr/themes?theme=Chimie+et+formulation", 200),
    ("/en/themes?theme=Chimie+et+formulation", 200),
    ("/fr/a-propos", 200),
    ("/en/about", 200),
    ("/fr/rien", 404),
    ("/en/nothing", 404),
    ("/api/docs", 200),
]


@LOOKS
@pytest.mark.parametrize(("path", "status"), PAGES)
def test_a_page_is_accessible_and_fits(
    visit: Visits, path: str, status: int, width: int, scheme: str
) -> None:
    page = visit.open(path, width=width, scheme=scheme, expected=status)
    check_page(page, width)


def test_what_is_pressed_on_a_phone_is_high_enough(visit: Visits) -> None:
    for path in (
        "/fr/",
        "/en/search?q=cirages+sanitiser&department=16",
        "/fr/recherche?q=fus%C3%A9e",
        "/en/search/who-to-call?q=sanitiser",
        "/fr/acteurs/avel",
        "/fr/besoins-et-offres",
        "/fr/liste?id=avel",
    ):
        check_targets(visit.open(path, width=360))
