"""What a need may become while it is typed, by keyboard and pointer."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser


def test_suggestions_are_followed_by_keys_alone(visit: Visits) -> None:
    page = visit.open("/fr/", width=360)
    field = page.get_by_role("combobox", name="De quoi avez-vous besoin")
    field.focus()
    page.keyboard.type("merl")
    option = page.get_by_role("option", name="Distillerie Merlet")
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="Suggestions")).to_have_text(
        "Suggestions\N{NARROW NO-BREAK SPACE}: 1"
    )
    check_page(page, 360)
    page.keyboard.press("Escape")
    expect(option).to_be_hidden()
    expect(field).to_have_value("merl")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "q-suggestions-0")
    page.keyboard.press("ArrowUp")
    expect(option).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/fr/acteurs/distillerie-merlet")
