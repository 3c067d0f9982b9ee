"""Leaving a page asks first, if a form of it has changes that were not sent."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.browser.conftest import Visits, made_base, signed_in
from tests.web.editorial.test_draft import CASE, PROPOSALS, SOURCE
from tests.web.sample_base import ANGOULEME, AVEL

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    with made_base(tmp_path_factory, [AVEL, ANGOULEME], {"Léa": AccountRole.MODERATOR}) as base:
        yield base


@pytest.fixture(scope="module")
def desk(browser: Browser, site: str) -> Iterator[Visits]:
    visits = Visits(browser, site, cookies=signed_in(browser, site, "Léa"))
    yield visits
    visits.close()


@pytest.fixture
def draft_path(base: KnowledgeBase) -> str:
    draft = base.drafts.add(
        CASE, by="Léa", origin="gel.pdf", source_text=SOURCE, proposals=PROPOSALS
    )
    return f"/en/drafts/{draft.id}"


def asks(page: Page) -> bool:
    """Whether the page would ask if it were left now.

    It is asked itself: a browser whose machine is busy leaves without a dialog.
    """
    leaving = "!window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    return bool(page.evaluate(leaving))


def leaves(page: Page, link: Locator, target: str) -> None:
    """Follows a link without being asked: a dialog that nobody answers would keep the page."""
    link.click()
    expect(page).to_have_url(re.compile(f"{target}$"))


def about(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Main").get_by_role("link", name="About")


FORMS = (
    ("/en/contribute/organisation?corrects=avel", "What it says it does"),
    ("/en/edit/cases/angouleme?item=0", "What the organisation did"),
    ("/en/contribute", "Text"),
    ("", "The need that was met"),
)


def test_leaving_asks_only_while_something_is_changed(desk: Visits, draft_path: str) -> None:
    for path, label in FORMS:
        page = desk.open(path or draft_path)
        field = page.locator("main").get_by_label(label).first
        before = field.input_value()
        field.fill(f"{before} changed")
        assert asks(page), path
        field.fill(before)
        assert not asks(page), path
        leaves(page, about(page), "/en/about")


def test_who_is_asked_can_stay(desk: Visits, draft_path: str) -> None:
    page = desk.open(draft_path)
    need = page.get_by_label("The need that was met")
    need.fill("Another need")
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as shown:
        about(page).click()
    assert shown.value.type == "beforeunload"
    expect(need).to_have_value("Another need")


def test_sending_the_form_does_not_ask(desk: Visits, base: KnowledgeBase, draft_path: str) -> None:
    page = desk.open(draft_path)
    page.get_by_label("The need that was met").fill("Another need")
    leaves(page, page.get_by_role("button", name="Save the draft"), "done=saved")
    leaves(page, about(page), "/en/about")
