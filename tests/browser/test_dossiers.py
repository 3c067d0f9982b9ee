"""Counted in clicks: from a need to vCards, a link, mails; and from a browser to an account."""

from dataclasses import replace
from pathlib import Path

import pytest
import vobject
from playwright.sync_api import Browser, expect

from kb.registers.accounts import AccountRole
from kb.registers.dossiers import CallStatus
from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits, sign_in
from tests.web.sample_base import ACTORS, AVEL, CASES, DISTILLERY, SampleBase
from tests.web.signed_in import PASSWORD

pytestmark = pytest.mark.browser

NAME = "Léa"
MANY = [
    replace(
        AVEL,
        id=f"cirier-{number}",
        name=f"Cirier {number} de la Charente et de l’Angoumois",
        siret="",
        phone=(f"+335364900{number:02}",),
        email=(f"contact@cirier-{number}.example",),
        address="12 rue des Cordonniers, 16000",
    )
    for number in range(10)
]


@pytest.fixture(scope="module")
def base() -> SampleBase:
    base = SampleBase((*ACTORS, *MANY), CASES)
    base.accounts.add(NAME, PASSWORD, AccountRole.CONTRIBUTOR)
    return base


def test_from_a_need_to_vcards_in_five_clicks(visit: Visits) -> None:
    page = visit.open("/en/")
    clicks: list[str] = []

    def click(role: str, name: str) -> None:
        clicks.append(name)
        page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    page.locator("#q").fill("sanitiser")
    click("button", "Search")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    # An address that changes has a browser look at the picture of its tab again.
    page.on("request", lambda one: asked.append(one.url) if "favicon" not in one.url else None)
    click("checkbox", f"Keep in the dossier – {AVEL.name}")
    click("checkbox", f"Keep in the dossier – {DISTILLERY.name}")
    expect(page.locator("[data-picked-count]")).to_have_text("2")
    assert asked == []
    click("link", "Dossier 2")
    expect(page.locator(".call h2")).to_have_text([AVEL.name, DISTILLERY.name])
    expect(page.get_by_role("heading", level=1)).to_have_text("sanitiser")
    expect(page.locator(".reasons li").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked.clear()
    page.get_by_label(f"Note – {AVEL.name}").fill("rappeler lundi, œuvre")
    page.get_by_label(f"Where it stands – {AVEL.name}").select_option("Interested")
    assert asked == []  # statuses and notes are kept in the browser alone
    with page.expect_download() as download:
        click("button", "Contacts for telephone and e-mail (vCard)")
    cards = list(vobject.readComponents(Path(download.value.path()).read_text(encoding="utf-8")))
    assert [card.fn.value for card in cards] == [AVEL.name, DISTILLERY.name]
    assert "Interested.\nrappeler lundi, œuvre." in cards[0].note.value
    assert len(clicks) == 5
    page.reload()
    expect(page.get_by_label(f"Note – {AVEL.name}")).to_have_value("rappeler lundi, œuvre")
    assert page.context.cookies() == []
    check_page(page)
    page.get_by_role("button", name=f"Remove – {AVEL.name}").click()
    expect(page.locator("[data-picked-count]")).to_have_text("1")
    page.goto(page.url.replace("dossier?", "dossier?id=weavers+%26+co%3F+100%25&"))
    page.get_by_role("button", name="Keep them in my dossier").click()
    expect(page.locator("[data-picked-count]")).to_have_text("2")
    # Another need has a dossier of its own.
    page.goto(page.url.split("/en/")[0] + "/en/search?q=cirages")
    expect(page.locator("[data-picked-count]")).to_be_hidden()
    page.get_by_role("checkbox", name=f"Keep in the dossier – {AVEL.name}").check()
    page.get_by_role("link", name="Dossier 1").click()
    page.get_by_role("link", name="sanitiser").click()
    expect(page.locator(".call h2")).to_have_count(2)


def test_from_results_to_a_link_in_four_clicks_and_to_five_mails_in_three(
    visit: Visits, browser: Browser, base: SampleBase
) -> None:
    page = visit.open("/en/sign-in")
    sign_in(page, NAME)
    page.goto(page.url.split("/en/")[0] + "/en/search?q=500+cirages+avant+fin+mars")
    page.get_by_text("Print, get alerts, justify").click()
    page.get_by_role("link", name="Who to call: a dossier to print").click()
    page.get_by_role("button", name="Keep them in my account").first.click()
    page.get_by_role("button", name="Make a link to read", exact=True).click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    check_page(page)
    with browser.new_context(viewport={"width": 320, "height": 700}) as context:
        reader = context.new_page()
        reader.goto(page.get_by_label("Link to read", exact=True).input_value())
        expect(reader.locator(".call h2").first).to_be_visible()
        expect(reader.locator(".reasons li").first).to_be_visible()
        assert reader.evaluate("document.documentElement.scrollWidth") == 320
        check_page(reader)
    page.get_by_role("link", name="Write to several").click()
    assert page.locator("input[name=id]:checked").count() >= 5
    check_page(page)
    page.get_by_role("button", name="Write with my mail program").click()
    link = page.get_by_role("link", name="Open it in my mail program").get_attribute("href")
    assert link
    assert link.count("contact%40cirier-") + link.count("contact@cirier-") >= 5
    assert "avant%20fin%20mars" in link
    base.dossiers.delete(base.dossiers.of(NAME)[0].id, by=NAME)


def test_a_dossier_goes_from_the_browser_to_the_account_that_signs_in(
    visit: Visits, base: SampleBase
) -> None:
    page = visit.open("/en/search?q=cirages", fails_later=True)
    page.get_by_role("checkbox", name=f"Keep in the dossier – {AVEL.name}").check()
    page.goto(page.url.split("/en/")[0] + "/en/dossier")  # a bookmark: the script names the ids
    expect(page.locator(".call h2")).to_have_text([AVEL.name])
    page.get_by_label(f"Note – {AVEL.name}").fill("du navigateur")
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, NAME)
    assert base.dossiers.for_picks(NAME) is None
    # The page of the dossier offers it once, with the notes of the browser.
    expect(page.get_by_label(f"Note – {AVEL.name}")).to_have_value("du navigateur")
    page.get_by_role("button", name="Keep them in my account").click()
    expect(page.locator("[role=status]").first).to_have_text(
        "The organisations of this browser are in your account."
    )
    kept = base.dossiers.for_picks(NAME)
    assert kept
    assert [(one.actor_id, one.need, one.note, one.status) for one in kept.entries] == [
        ("avel", "cirages", "du navigateur", CallStatus.TO_CALL)
    ]
    assert page.evaluate("localStorage.length") == 0
    check_page(page)
    page.goto(page.url.split("/en/")[0] + "/en/search?q=cirages")
    tick = page.get_by_role("checkbox", name=f"Keep in the dossier – {AVEL.name}")
    expect(tick).to_be_checked()
    with page.expect_response("**/en/dossier"):
        tick.uncheck()
    expect(page.locator("[data-picked-count]")).to_be_hidden()
    page.route("**/en/dossier", lambda route: route.abort())
    tick.click()
    expect(page.get_by_role("alert")).to_contain_text("This was not kept")
    expect(tick).not_to_be_checked()
    page.unroute("**/en/dossier")
    page.goto(page.url.split("/en/")[0] + "/en/search?q=sanitiser")
    page.get_by_role("radio", name="Manufacturing").check()
    with page.expect_response("**/en/dossier"):
        page.get_by_role("button", name="Keep this whole part in the dossier").first.click()
    count = page.locator("#role-maker [data-pick]").count()
    expect(page.locator("[data-picked-count]")).to_have_text(str(count))
    after = base.dossiers.for_picks(NAME, "sanitiser")
    assert after
    assert len(after.entries) == count > 1
