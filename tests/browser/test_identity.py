"""The header on a telephone, and the pages of the operator, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_menu_of_a_telephone_opens_by_the_keyboard(visit: Visits, scheme: str) -> None:
    page = visit.open("/en/privacy", width=360, scheme=scheme, expected=200)
    about = page.get_by_role("navigation", name="Main").get_by_role("link", name="About")
    expect(about).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(about).to_be_visible()
    check_page(page, 360)
    # On a wide screen the same links stand in the header, without a button.
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.get_by_text("Menu", exact=True)).to_be_hidden()
    expect(about).to_be_visible()
