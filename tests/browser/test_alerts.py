"""A weekly digest: from a search to the mail that tells of a newcomer, counted in clicks."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from kb.models import Actor
from kb.settings import Settings
from tests.browser.accessibility import check_page
from tests.browser.conftest import PUBLIC, Visits, mailing
from tests.web.mail.smtp_receiver import SmtpReceiver
from tests.web.sample_base import SampleBase
from web.alerts.digests import Digests
from web.app import ROOM_FILTERS
from web.http.templating import Assets, Renderer
from web.mail import MailSender

pytestmark = pytest.mark.browser

CLAIRE = "claire@example.org"
NEWCOMER = Actor(
    id="cirier", name="Cirier de Cognac", description="Fait des cirages.", department="16"
)


@pytest.fixture(scope="module")
def base() -> SampleBase:
    return SampleBase()


@pytest.fixture(scope="module")
def settings(receiver: SmtpReceiver) -> Settings:
    return mailing(receiver)


def test_a_weekly_digest_takes_five_clicks_and_leads_to_the_newcomer(
    visit: Visits, site: str, base: SampleBase, settings: Settings, receiver: SmtpReceiver
) -> None:
    page, clicks = visit.open("/en/search?q=cirages"), []

    def click(role: str, name: str) -> None:
        clicks.append(name)
        page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    def open_mail(page: Page) -> str:
        """Shows the HTML of the newest mail, its links leading to this server; returns its text."""
        message = receiver.messages[-1]
        html, text = message.get_body(("html",)), message.get_body(("plain",))
        assert html is not None
        assert text is not None
        page.goto("about:blank")  # whose rules for content are nobody's
        page.set_content(html.get_content().replace(PUBLIC, site))
        return str(text.get_content())

    # The colours of a mail are those of the mail program.
    check_mail = partial(check_page, judges_contrast=False)
    page.get_by_text("Print, get alerts, justify").click()
    clicks.append("Print, get alerts, justify")
    click("link", "Get alerts")
    expect(page.get_by_label("Your need")).to_have_value("cirages")
    check_page(page)
    page.get_by_label("Your e-mail address").fill(CLAIRE)
    click("button", "Get these alerts")
    expect(page.get_by_role("status")).to_contain_text("Look at your mailbox")
    assert MailSender(base, settings).send_due() == 1
    open_mail(page)
    check_mail(page)
    click("link", "Confirm the alert")
    check_page(page)
    click("button", "Yes, send me these mails")
    expect(page.get_by_role("status")).to_contain_text("The alert is on")
    check_page(page)
    assert len(clicks) == 5

    base.put([NEWCOMER])
    renderer = Renderer(Assets(mounted_at="/static"), ROOM_FILTERS)
    next_week = datetime.now(UTC) + timedelta(days=8)
    assert Digests(base, settings, renderer).queue_due(next_week) == 1
    assert MailSender(base, settings).send_due(next_week.isoformat(timespec="milliseconds")) == 1
    assert "Cirier de Cognac" in open_mail(page)
    check_mail(page)
    page.get_by_role("link", name="Cirier de Cognac").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cirier de Cognac")

    open_mail(page)
    page.get_by_role("link", name="Stop all").click()
    check_page(page)
    page.get_by_role("button", name="Stop all and delete my address").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The mails are stopped")
    assert base.subscriptions.confirmed() == []
