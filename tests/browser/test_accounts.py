"""Signing in and the pages of accounts, in a real browser on a real knowledge base."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.browser.accessibility import check_page
from tests.browser.conftest import PUBLIC, Visits, made_base, mailing, sign_in
from tests.web.mail.smtp_receiver import SmtpReceiver
from tests.web.signed_in import PASSWORD

pytestmark = pytest.mark.browser

NAME = "Léa"
EMAIL = "le.service.du.developpement@grand-angouleme.example"
LONG_NAME = "Communauté d’agglomération du Grand Angoulême, service du développement"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    accounts = {
        NAME: AccountRole.ADMINISTRATOR,
        LONG_NAME: AccountRole.CONTRIBUTOR,
        "Vincent": AccountRole.MODERATOR,
    }
    with made_base(tmp_path_factory, accounts=accounts) as base:
        base.accounts.disable("Vincent")
        base.accounts.set_email(LONG_NAME, EMAIL)
        base.accounts.issue_token(NAME, "L’import de chaque nuit, qui a un nom un peu long")
        yield base


@pytest.fixture(scope="module")
def settings(receiver: SmtpReceiver) -> Settings:
    return mailing(receiver)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visits]:
    visits = Visits(browser, site, keeps_cookies=True)
    yield visits
    visits.close()


@pytest.mark.parametrize(
    "language", [("/fr/connexion", "/fr/compte", "/fr/comptes"),
                 ("/en/sign-in", "/en/account", "/en/accounts")],
)  # fmt: skip
def test_the_pages_of_accounts_are_accessible_and_fit(
    visit: Visits, language: tuple[str, str, str]
) -> None:
    sign_in_path, account_path, accounts_path = language
    page = visit.open(sign_in_path)
    check_page(page)
    sign_in(page, NAME)
    page.wait_for_url(f"**{account_path}")
    check_page(page)
    page.locator("#label").fill("Une autre importation")
    page.locator("#label").press("Enter")
    assert (page.locator("code").text_content() or "").startswith("qsf_")
    check_page(page)
    page = visit.open(accounts_path)
    page.locator("main summary").first.click()
    check_page(page)


def test_a_long_name_fits_at_the_top_of_a_narrow_page(visit: Visits) -> None:
    page = visit.open("/fr/connexion", width=320)
    sign_in(page, LONG_NAME)
    page.wait_for_url("**/fr/compte")
    check_page(page)


def test_the_pages_of_a_forgotten_password_are_accessible_and_lead_on(
    visit: Visits, base: KnowledgeBase, site: str
) -> None:
    page = visit.open("/fr/connexion", fails_later=True)
    page.locator("main a").first.click()
    check_page(page)
    page.locator("#email").fill("nobody")
    page.locator("#email").press("Enter")
    page.get_by_role("alert").wait_for()  # Enter alone does not wait for the next page
    check_page(page)
    page.locator("#email").fill(EMAIL)
    page.locator("#email").press("Enter")
    page.get_by_role("status").wait_for()
    check_page(page)
    mail = None
    for _ in range(12_000):  # two minutes at most: the mail is queued after the answer
        if mail := base.outbox.take():
            break
        page.wait_for_timeout(10)
    assert mail is not None
    (link,) = [word for word in mail.mail.text.split() if word.startswith(PUBLIC) and "t=" in word]
    page.goto(site + link.removeprefix(PUBLIC))
    check_page(page)
    page.locator("#new").fill("une autre phrase")
    page.locator("#again").fill("une phrase tout autre")
    page.locator("#again").press("Enter")
    page.get_by_role("alert").wait_for()
    check_page(page)
    page.locator("#new").fill("une autre phrase")
    page.locator("#again").fill("une autre phrase")
    page.locator("#again").press("Enter")
    page.wait_for_url("**/fr/connexion?done=reset")
    check_page(page)
    sign_in(page, LONG_NAME, "une autre phrase")
    page.wait_for_url("**/fr/compte")
    check_page(page)
    base.accounts.set_password(LONG_NAME, PASSWORD)
