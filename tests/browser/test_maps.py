"""The place of a search, and the map of its results, in step with the list."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser


def test_list_and_map_are_in_step(visit: Visits) -> None:
    page = visit.open("/fr/recherche?q=sanitiser&near=16100")
    page.locator(".map > summary").click()
    pin = page.locator(".large-map .pin", has_text="1")
    expect(pin).to_have_accessible_name("1. Avel (Saphir)")
    assert page.locator(".large-map path.land").count() == 101
    hit = page.locator("#actor-1")
    hit.hover()
    expect(pin).to_contain_class("pointed-at")
    pin.hover()
    expect(hit).to_contain_class("pointed-at")
    pin.press("Enter")
    expect(page).to_have_url(re.compile("#actor-1$"))


def test_towns_are_suggested_while_one_is_typed(visit: Visits) -> None:
    page = visit.open("/en/search?q=sanitiser")
    field = page.locator("#near")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    field.press_sequentially("cogn")
    expect(page.locator("#towns option").first).to_have_attribute("value", "Cognac (16)")
    field.fill("Cognac (16)")
    field.press("Enter")
    expect(page.locator(".distance").first).to_have_text("about 50 km")


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_an_open_map_is_accessible_and_fits(visit: Visits, width: int, scheme: str) -> None:
    page = visit.open("/en/search?q=sanitiser&near=16100", width=width, scheme=scheme)
    page.locator(".map > summary").click()
    expect(page.locator(".large-map .pin").first).to_be_visible()
    check_page(page, width)
