"""The board in a real browser: from a need without an answer to a case, and a pair told to both."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind
from kb.registers.accounts import AccountRole
from kb.registers.drafts import DraftState
from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits, made_base, signed_in
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY

pytestmark = pytest.mark.browser

NEED = "cinq cents tonneaux"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    accounts = {
        "Max": AccountRole.MODERATOR,
        "Léa": AccountRole.CONTRIBUTOR,
        "Zoé": AccountRole.CONTRIBUTOR,
    }
    with made_base(tmp_path_factory, [AVEL, DISTILLERY, ANGOULEME], accounts) as base:
        yield base


class Clicks:
    """Clicks what it is given, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, target: Locator) -> None:
        target.click()
        self.count += 1


class People:
    """Opens pages as those who have an account."""

    def __init__(self, browser: Browser, site: str) -> None:
        self._browser = browser
        self._site = site
        self.visits: list[Visits] = []

    def as_(self, name: str) -> Visits:
        cookies = signed_in(self._browser, self._site, name)
        self.visits.append(visits := Visits(self._browser, self._site, cookies=cookies))
        return visits


@pytest.fixture
def people(browser: Browser, site: str) -> Iterator[People]:
    people = People(browser, site)
    yield people
    for visits in people.visits:
        visits.close()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_a_need_without_an_answer_becomes_a_notice_that_is_answered_and_a_case(
    people: People, base: KnowledgeBase
) -> None:
    lea, zoe, max_ = people.as_("Léa"), people.as_("Zoé"), people.as_("Max")
    # Posted in two clicks from the page of results.
    clicks = Clicks()
    page = lea.open(f"/fr/recherche?q={NEED.replace(' ', '+')}&department=16")
    clicks(page.get_by_role("link", name="Publier ce besoin dans « Besoins et offres »"))
    expect(page.get_by_label("En quelques mots")).to_have_value(NEED)
    check_page(page)
    clicks(button(page, "Publier"))
    expect(page.get_by_role("status").first).to_contain_text("Bien reçu")
    assert clicks.count == 2
    path = urlsplit(page.url).path
    # Published by a moderator, from their page.
    page = max_.open("/fr/moderation")
    page.get_by_role("link", name=NEED).click()
    button(page, "Publier").click()
    expect(page.get_by_role("status").first).to_contain_text("Publiée")
    # Answered by a member with a click, on a phone.
    clicks = Clicks()
    page = zoe.open(path, width=360, scheme="dark")
    page.get_by_label("Quelle organisation").fill("merl")
    page.get_by_role("option", name=DISTILLERY.name).wait_for()
    check_page(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Quelle organisation")).to_have_value(DISTILLERY.name)
    expect(page.locator("#f-organisation_id")).to_have_value(DISTILLERY.id)
    page.get_by_label("Votre réponse").fill("Nous en avons de vieux.")
    check_page(page)
    clicks(button(page, "Envoyer la réponse"))
    expect(page.get_by_role("link", name=DISTILLERY.name)).to_be_visible()
    assert clicks.count == 1
    # Closed as a case: the form is filled in, one more click submits it.
    clicks = Clicks()
    page = lea.open(path)
    clicks(button(page, "L’annonce a abouti : en faire un cas"))
    expect(page.get_by_role("status").first).to_contain_text("L’annonce est close")
    clicks(button(page, "Soumettre à la modération"))
    expect(page.get_by_role("status").first).to_contain_text("Soumis")
    assert clicks.count == 2
    (draft,) = base.drafts.list([DraftState.SUBMITTED])
    case = draft.record
    assert isinstance(case, Case)
    assert case.need == NEED
    assert DISTILLERY.id in {participant.actor_id for participant in case.participants}
    base.publish(draft.id, by="Max", revision=draft.revision)
    page = zoe.open(path)
    page.get_by_role("link", name="Lire comment cela s’est fait").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NEED)
    assert case.id in base.ids(Kind.CASE)
