"""The page of the sites that embed the search, in a real browser on a real knowledge base."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.clock import today
from kb.registers.sites import SiteCounts
from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits, made_base, sign_in
from tests.web.sample_base import AVEL

pytestmark = pytest.mark.browser

NAME = "Léa"
LONG_NAME = "Club d’écologie industrielle de la communauté d’agglomération du Grand Cognac"
LONG_ORIGIN = "https://le-reseau-des-entreprises-de-la-communaute-d-agglomeration.example"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    with made_base(tmp_path_factory, [AVEL], {NAME: AccountRole.ADMINISTRATOR}) as base:
        busy = base.sites.add(
            LONG_NAME, [LONG_ORIGIN, "http://localhost:3000"], department="16", theme=AVEL.themes[0]
        )
        base.sites.count(today(), {busy.key: SiteCounts(20_000, 12_345, 678, 9)})
        base.sites.disable(base.sites.add("Réseau", ["https://www.reseau.example"]).key)
        yield base


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visits]:
    visits = Visits(browser, site, keeps_cookies=True)
    yield visits
    visits.close()


def opened(visit: Visits, path: str, width: int = 1280) -> Page:
    """The page, signed in on the way there."""
    page = visit.open(path, width=width, fails_later=True)
    sign_in(page, NAME)
    page.wait_for_url(f"**{path}")
    return page


def test_the_page_of_sites_is_accessible_and_fits(visit: Visits) -> None:
    page = opened(visit, "/fr/sites")
    check_page(page)
    for summary in page.locator("main summary").all():
        summary.click()
    check_page(page)
    page.locator("#name-new").fill("Un autre")
    page.locator("#origins-new").fill(f"{LONG_ORIGIN}/une/page/dont-l-adresse-est-longue?q=1")
    page.locator("button[value=add]").click()
    assert page.get_by_role("alert").is_visible()
    check_page(page)


def test_a_refusal_leads_the_keyboard_to_its_field(visit: Visits) -> None:
    page = opened(visit, "/fr/sites", width=320)
    page.locator("main summary").first.click()
    page.locator("#per-day-1").fill("0")
    page.locator("#per-day-1").press("Enter")
    told = page.get_by_role("alert")
    assert "de 1 à" in (told.text_content() or "")
    assert page.evaluate("document.activeElement.id") == "per-day-1"
    assert page.locator("#per-day-1").is_visible()
    assert told.is_visible()


def test_a_site_is_added_set_up_and_deleted_with_the_keyboard(
    visit: Visits, base: KnowledgeBase
) -> None:
    page = opened(visit, "/en/sites")
    page.locator("#name-new").fill("Zone")
    page.locator("#name-new").press("Tab")
    page.keyboard.type("https://zone.example/")
    page.keyboard.press("Enter")
    page.keyboard.type("http://zone.example:80")
    page.locator("#per-day-new").press("Enter")
    page.wait_for_url("**/en/sites?added=*")
    added = base.sites.list()[-1]
    assert page.url.endswith(f"#{added.key}")
    assert (added.name, added.origins) == ("Zone", ("https://zone.example", "http://zone.example"))
    entry = page.locator(f"#{added.key}")
    done = entry.get_by_role("status")
    assert added.key in done.inner_text()
    assert done.evaluate("(one) => one.getBoundingClientRect().bottom <= innerHeight")
    entry.locator(".key").click()
    assert page.evaluate("getSelection().toString()") == added.key
    link = entry.get_by_role("link", name="Set up the search")
    assert link.get_attribute("href") == f"/en/embed?site={added.key}"
    summary = entry.locator("summary", has_text="Delete")
    summary.focus()
    summary.press("Enter")
    field = entry.get_by_label("To confirm, type its name")
    field.fill("Zone")
    field.press("Enter")
    page.wait_for_url("**/en/sites?done=deleted")
    assert "Zone" not in [one.name for one in base.sites.list()]
