"""From a need to vCards, counted in clicks; and a list that moves from a browser to an account."""

from dataclasses import replace
from pathlib import Path

import pytest
import vobject
from playwright.sync_api import expect

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
    click("checkbox", f"Keep in my list – {AVEL.name}")
    click("checkbox", f"Keep in my list – {DISTILLERY.name}")
    expect(page.locator("[data-picked-count]")).to_have_text("2")
    assert asked == []
    click("link", "My list 2")
    expect(page.locator(".call h2")).to_have_text([AVEL.name, DISTILLERY.name])
    expect(page.locator(".picked-for a").first).to_have_text("sanitiser")
    page.wait_for_load_state("networkidle")
    asked.clear()
    page.get_by_label(f"Note – {AVEL.name}").fill("rappeler lundi, œuvre")
    page.get_by_label(f"Where it stands – {AVEL.name}").select_option("Interested")
    page.get_by_role("button", name=f"Down – {AVEL.name}").click()
    expect(page.locator(".call h2")).to_have_text([DISTILLERY.name, AVEL.name])
    assert asked == []  # statuses, notes and order are kept in the browser alone
    with page.expect_download() as download:
        click("button", "Contacts for telephone and e-mail (vCard)")
    cards = list(vobject.readComponents(Path(download.value.path()).read_text(encoding="utf-8")))
    assert [card.fn.value for card in cards] == [DISTILLERY.name, AVEL.name]
    assert "Interested\nrappeler lundi, œuvre" in cards[1].note.value
    assert len(clicks) == 5
    page.reload()
    expect(page.get_by_label(f"Note – {AVEL.name}")).to_have_value("rappeler lundi, œuvre")
    assert page.context.cookies() == []
    check_page(page)
    page.get_by_role("button", name=f"Remove – {AVEL.name}").click()
    expect(page.locator("[data-picked-count]")).to_have_text("1")
    page.goto(page.url.replace("list?", "list?id=weavers+%26+co%3F+100%25&"))
    page.get_by_role("button", name="Keep them in my list").click()
    expect(page.locator("[data-picked-count]")).to_have_text("2")


def test_a_list_goes_from_the_browser_to_the_account_that_signs_in(
    visit: Visits, base: SampleBase
) -> None:
    page = visit.open("/en/search?q=cirages", fails_later=True)
    page.get_by_role("checkbox", name=f"Keep in my list – {AVEL.name}").check()
    page.goto(page.url.split("/en/")[0] + "/en/dossier")  # a bookmark: the script names the ids
    expect(page.locator(".call h2")).to_have_text([AVEL.name])
    page.get_by_label(f"Note – {AVEL.name}").fill("du navigateur")
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, NAME)
    assert base.dossiers.for_picks(NAME) is None
    # The page of the list offers it once, with the notes of the browser.
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
    page.goto(page.url.split("/en/")[0] + "/en/search/who-to-call?q=cirages")
    tick = page.get_by_role("checkbox", name=f"Keep in my list – {AVEL.name}")
    expect(tick).to_be_checked()
    with page.expect_response("**/en/dossier"):
        tick.uncheck()
    expect(page.locator("[data-picked-count]")).to_be_hidden()
    page.route("**/en/dossier", lambda route: route.abort())
    tick.click()
    expect(page.get_by_role("alert")).to_contain_text("This was not kept")
    expect(tick).not_to_be_checked()
    page.unroute("**/en/dossier")
    with page.expect_response("**/en/dossier"):
        page.get_by_role("button", name="Keep this whole part in my list").click()
    count = page.locator("[data-pick]").count()
    expect(page.locator("[data-picked-count]")).to_have_text(str(count))
    after = base.dossiers.for_picks(NAME)
    assert after
    assert len(after.entries) == count > 5
