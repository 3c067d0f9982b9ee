"""The dashboard in a real browser: its plots and tables, at any width and in both schemes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.clock import before, today
from kb.registers.demand import need_words
from kb.registers.sites import SiteCounts
from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits, made_base, sign_in
from tests.web.sample_base import AVEL

pytestmark = pytest.mark.browser

DAY_S = 24 * 60 * 60


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    with made_base(tmp_path_factory, [AVEL], {"Léa": AccountRole.ADMINISTRATOR}) as base:
        base.demand.choose(counted=True, by="Léa")
        asked = need_words("bottes en caoutchouc")
        assert asked
        fits = {"strong": 2, "possible": 3, "weak": 1, "none": 1}
        for day in (before(20 * DAY_S)[:10], before(9 * DAY_S)[:10], today()):
            base.demand.count(day, fits, [asked], key="k")
        network = base.sites.add("Réseau", ["https://reseau.example"])
        base.sites.count(today(), {network.key: SiteCounts(requests=9, searches=3, empty=1)})
        yield base


def test_the_dashboard_is_accessible_and_fits(browser: Browser, site: str) -> None:
    visits = Visits(browser, site, keeps_cookies=True)
    page = visits.open("/fr/connexion?next=/fr/tableau-de-bord")
    sign_in(page, "Léa")
    page.wait_for_url("**/fr/tableau-de-bord")
    expect(page.locator("svg.plot")).to_have_count(2)
    check_page(page)
    for details in page.locator("main details").all():
        details.evaluate("folded => { folded.open = true }")
    check_page(page)
    page.get_by_role("link", name="Publier ce besoin – bottes caoutchouc").click()
    expect(page.locator("#f-title")).to_have_value("bottes caoutchouc")
    visits.close()
