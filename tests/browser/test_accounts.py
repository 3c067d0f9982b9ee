"""Signing in and the pages of accounts, in a real browser on a real knowledge base."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.store.store import Store
from tests.browser.accessibility import LOOKS, check_page
from tests.browser.conftest import Visits, serving
from tests.encoders import WordCountEncoder
from tests.web.signed_in import PASSWORD

pytestmark = pytest.mark.browser

NAME = "Léa"
LONG_NAME = "Communauté d’agglomération du Grand Angoulême, service du développement"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder: Path = tmp_path_factory.mktemp("accounts") / "kb"
    folder.mkdir()
    Store.open(folder / DATABASE_FILE, create=True).close()
    base = KnowledgeBase(folder, WordCountEncoder)
    base.accounts.add(NAME, PASSWORD, AccountRole.ADMINISTRATOR)
    base.accounts.add(LONG_NAME, PASSWORD, AccountRole.CONTRIBUTOR)
    base.accounts.add("Vincent", PASSWORD, AccountRole.MODERATOR)
    base.accounts.disable("Vincent")
    base.accounts.issue_token(NAME, "L’import de chaque nuit, qui a un nom un peu long")
    yield base
    base.close()


@pytest.fixture(scope="module")
def site(base: KnowledgeBase) -> Iterator[str]:
    with serving(base) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visits]:
    visits = Visits(browser, site, keeps_cookies=True)
    yield visits
    visits.close()


def sign_in(page: Page, name: str = NAME, password: str = PASSWORD) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")


@LOOKS
@pytest.mark.parametrize(
    "language", [("/fr/connexion", "/fr/compte", "/fr/comptes"),
                 ("/en/sign-in", "/en/account", "/en/accounts")],
)  # fmt: skip
def test_the_pages_of_accounts_are_accessible_and_fit(
    visit: Visits, language: tuple[str, str, str], width: int, scheme: str
) -> None:
    sign_in_path, account_path, accounts_path = language
    page = visit.open(sign_in_path, width=width, scheme=scheme)
    check_page(page, width)
    sign_in(page)
    page.wait_for_url(f"**{account_path}")
    check_page(page, width)
    page.locator("#label").fill("Une autre importation")
    page.locator("#label").press("Enter")
    assert (page.locator("code").text_content() or "").startswith("qsf_")
    check_page(page, width)
    page = visit.open(accounts_path, width=width, scheme=scheme)
    page.locator("main summary").first.click()
    check_page(page, width)


def test_a_refusal_is_told_beside_the_form_and_keeps_the_name(visit: Visits) -> None:
    page = visit.open("/fr/connexion", width=320, expected=200)
    sign_in(page, "Personne", "pas celui-là")
    told = page.get_by_role("alert")
    assert "mot de passe incorrect" in (told.text_content() or "")
    assert page.locator("#name").input_value() == "Personne"
    check_page(page, 320)
    visit.complaints[:] = [one for one in visit.complaints if "status of 403" not in one]


def test_signing_in_leads_back_to_the_page_that_was_asked_for_and_out_again(
    visit: Visits,
) -> None:
    page = visit.open("/en/accounts")
    sign_in(page)
    page.wait_for_url("**/en/accounts")
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/en/")
    assert page.get_by_role("link", name="Sign in").is_visible()


def test_a_long_name_fits_at_the_top_of_a_narrow_page(visit: Visits) -> None:
    page = visit.open("/fr/connexion", width=320)
    sign_in(page, LONG_NAME)
    page.wait_for_url("**/fr/compte")
    check_page(page, 320)


def test_a_form_survives_a_session_that_ended(visit: Visits, base: KnowledgeBase) -> None:
    page = visit.open("/en/sign-in")
    sign_in(page)
    page.wait_for_url("**/en/account")
    page.locator("#label").fill("Written before the session ended")
    page.context.clear_cookies()
    page.locator("#label").press("Enter")
    assert "Nothing that you wrote is lost" in (page.locator("main").text_content() or "")
    other = page.context.new_page()
    other.goto(page.url.replace("/account", "/sign-in"))
    sign_in(other)
    other.wait_for_url("**/en/account")
    page.go_back()
    page.locator("#label").fill("Written before the session ended")
    page.locator("#label").press("Enter")
    assert (page.locator("code").text_content() or "").startswith("qsf_")
    visit.complaints[:] = [one for one in visit.complaints if "status of 403" not in one]
