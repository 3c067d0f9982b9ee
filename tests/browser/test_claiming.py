"""An organisation takes its page in hand and proposes a correction, counted in clicks."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.browser.accessibility import check_page
from tests.browser.conftest import PUBLIC, Visits, mailing, sign_in
from tests.web.mail.smtp_receiver import SmtpReceiver
from tests.web.sample_base import ACTORS, AVEL, SampleBase
from tests.web.signed_in import PASSWORD
from web.mail import MailSender

pytestmark = pytest.mark.browser

LEA = "lea@avel.example"
OWN = replace(AVEL, website="https://www.avel.example")


@pytest.fixture(scope="module")
def base() -> SampleBase:
    base = SampleBase((OWN, *(actor for actor in ACTORS if actor.id != OWN.id)))
    base.accounts.add("Max", PASSWORD, AccountRole.MODERATOR)
    return base


@pytest.fixture(scope="module")
def settings(receiver: SmtpReceiver) -> Settings:
    return mailing(receiver)


def test_an_organisation_takes_its_page_in_hand_in_six_clicks(
    visit: Visits, site: str, base: SampleBase, settings: Settings, receiver: SmtpReceiver
) -> None:
    page, clicks = visit.open(f"/en/actors/{OWN.id}"), []

    def click(role: str, name: str) -> None:
        clicks.append(name)
        page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    click("link", "Is this your organisation?")
    check_page(page)
    page.get_by_label("Your e-mail address at the organisation").fill(LEA)
    click("button", "Ask for this page")
    expect(page.get_by_role("status")).to_contain_text("Check your mailbox")
    assert MailSender(base, settings).send_due() == 1
    html = receiver.messages[-1].get_body(("html",))
    assert html is not None
    page.goto("about:blank")  # whose rules for content are nobody's
    page.set_content(html.get_content().replace(PUBLIC, site))
    click("link", "Manage this page")
    check_page(page)
    expect(page.get_by_label("Account name")).to_have_value(OWN.name)
    page.get_by_label("Password (required)", exact=True).fill(PASSWORD)
    page.get_by_label("Repeat the password").fill(PASSWORD)
    click("button", "Manage this page")
    expect(page.get_by_role("status")).to_contain_text("This page is now yours")
    check_page(page)
    click("link", "Correct this entry")
    page.locator("#f-description").fill("Cirages, crèmes, et gel depuis 2020.")
    check_page(page)
    click("button", "Submit to the moderators")
    expect(page.get_by_role("status")).to_be_visible()
    assert len(clicks) == 6
    (draft,) = base.drafts.list()
    assert (draft.created_by, draft.record.id) == (OWN.name, OWN.id)

    moderator = visit.open("/en/sign-in?next=/en/moderation")
    sign_in(moderator, "Max")
    moderator.locator("[aria-labelledby=holds]").get_by_role("link", name=OWN.name).click()
    check_page(moderator)
    moderator.get_by_role("button", name="Accept and say so on the page").click()
    stranger = visit.open(f"/en/actors/{OWN.id}")
    expect(stranger.get_by_text("Looked after by the organisation itself since")).to_be_visible()

    stranger.get_by_role("link", name="Something is wrong on this page").click()
    check_page(stranger)
    stranger.get_by_label("What is it about?").select_option("rights")
    stranger.get_by_label("What is wrong?").fill("Mon nom est à retirer.")
    stranger.get_by_role("button", name="Send").click()
    expect(stranger.get_by_role("status")).to_contain_text("Thank you")
    moderator.goto(f"{site}/en/reported-problems")
    expect(moderator.get_by_text("Rights of a person")).to_be_visible()
    check_page(moderator)
