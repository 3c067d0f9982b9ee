"""An answer at a glance: how long it is, how often one presses Tab, and what is on paper."""

from dataclasses import replace
from io import BytesIO

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from kb.models import Participation
from kb.reference.roles import Role
from tests.browser.conftest import Visits
from tests.web.sample_base import ANGOULEME, AVEL, SampleBase

pytestmark = pytest.mark.browser

SCREENS = {1280: (800, 3), 360: (740, 6)}
"""By width, the height of a screen and how many of them ten hits may take."""

MOST_STOPS = 60

FOCUS = """() => {
    const focused = document.activeElement;
    if (focused === document.body) return null;
    const {top, bottom} = focused.getBoundingClientRect();
    return [top, bottom, innerHeight];
}"""


@pytest.fixture(scope="module")
def base() -> SampleBase:
    """A base in which twelve made it and all have contacts."""
    makers = [
        replace(
            AVEL,
            id=f"maker-{number}",
            name=f"Ateliers {number:02}",
            siret="",
            phone=(f"+335364900{number:02}",),
            email=(f"contact@maker-{number}.example",),
        )
        for number in range(12)
    ]
    parts = [
        Participation(maker.name, role, maker.id, f"a fait du gel (sanitiser), lot {number}")
        for number, maker in enumerate(makers)
        for role in ([Role.PRODUCER, Role.SUPPLIER] if number % 3 else [Role.PRODUCER])
    ]
    case = replace(ANGOULEME, participants=tuple(parts))
    return SampleBase(makers, [case])


def stops(page: Page) -> list[tuple[float, float, float]]:
    """Where the focus was at each press of Tab, until it left the page: top, bottom, screen."""
    found: list[tuple[float, float, float]] = []
    for _ in range(2 * MOST_STOPS):
        page.keyboard.press("Tab")
        place = page.evaluate(FOCUS)
        if place is None:
            return found
        found.append((place[0], place[1], place[2]))
    pytest.fail(f"more than {len(found)} stops")


@pytest.mark.parametrize("width", SCREENS)
def test_ten_hits_are_a_few_screens_and_a_few_stops(visit: Visits, width: int) -> None:
    height, most = SCREENS[width]
    page = visit.open("/fr/recherche?q=sanitiser", width=width)
    page.set_viewport_size({"width": width, "height": height})
    assert page.locator(".actors .hit").count() == 10
    assert page.evaluate("document.documentElement.scrollHeight") <= most * height
    page.evaluate("document.fonts.ready.then(() => null)")
    first = page.locator(".hit").first.bounding_box()
    assert first is not None
    assert first["y"] + first["height"] <= height
    seen = stops(page)
    assert len(seen) <= MOST_STOPS
    for top, bottom, screen in seen[1:]:
        assert bottom > 0
        assert top < screen


def test_whom_to_call_is_two_pages_on_paper(visit: Visits) -> None:
    page = visit.open("/fr/recherche?q=sanitiser")
    page.get_by_text("Imprimer, être alerté, justifier").click()
    page.get_by_role("link", name="Qui appeler").click()
    page.wait_for_load_state("networkidle")
    paper = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) <= 2
    text = "".join(sheet.extract_text() for sheet in paper.pages)
    assert "05 36 49 00 01" in text
    assert "contact@maker-1.example" in text.replace(" ", "")
