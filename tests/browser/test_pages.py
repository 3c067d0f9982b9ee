"""Every kind of page in a real browser: accessible, quiet, and whole at any width."""

import pytest

from tests.browser.accessibility import LOOKS, check_page, check_targets
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser

PAGES = {
    200: (
        "/fr/", "/en/", "/fr/recherche?q=cirages+sanitiser",
        "/en/search?q=cirages+sanitiser&department=16", "/fr/recherche?q=fus%C3%A9e",
        "/en/search?q=rocket",
        "/fr/recherche?q=sanitiser+%2Bgel+-parfum&like=avel&unlike=hostile&department=16",
        "/en/search?q=sanitiser+%2Bgel+-parfum&like=avel&unlike=hostile",
        "/fr/dossier?need=sanitiser&id=avel", "/en/dossier",
        "/fr/recherche/pourquoi?q=cirages+sanitiser&id=avel",
        "/en/search/why?q=sanitiser&id=parfumeur", "/en/search/why?q=sanitiser&id=avel&unlike=avel",
        "/fr/recherche/compte-rendu?q=cirages+sanitiser", "/en/search/report?q=cirages+sanitiser",
        "/fr/acteurs/avel", "/en/actors/avel", "/fr/acteurs/hostile", "/fr/acteurs/bare",
        "/en/actors/bare", "/fr/cas/angouleme", "/en/cases/angouleme", "/fr/cas/kalundborg",
        "/fr/cas/bare", "/en/cases/bare", "/fr/themes", "/en/themes",
        "/fr/themes?theme=Chimie+et+formulation", "/en/themes?theme=Chimie+et+formulation",
        "/fr/a-propos", "/en/about", "/fr/votre-territoire", "/en/your-territory", "/api/docs",
    ),
    400: ("/fr/recherche?q=", "/en/search?q="),
    404: ("/fr/rien", "/en/nothing"),
}  # fmt: skip
"""Pages by the status of their answer, each in both languages."""


def test_pages_are_accessible_and_fit(visit: Visits) -> None:
    for status, paths in PAGES.items():
        for path in paths:
            page = visit.open(path, expected=status)
            check_page(page, LOOKS[:1] if path.startswith("/fr/") else LOOKS[1:])


def test_what_is_pressed_on_a_phone_is_high_enough(visit: Visits) -> None:
    for path in (
        "/fr/",
        "/en/search?q=cirages+sanitiser&department=16",
        "/fr/recherche?q=fus%C3%A9e",
        "/fr/acteurs/avel",
        "/fr/besoins-et-offres",
        "/fr/dossier?id=avel",
    ):
        check_targets(visit.open(path, width=360))
