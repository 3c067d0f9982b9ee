"""What a person does: search with the keyboard, filter, follow the evidence, change language."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    """The name, text or id of the element that has the focus."""
    text: str = page.evaluate(
        "document.activeElement.name || document.activeElement.innerText.trim()"
        " || document.activeElement.id"
    )
    return text


def press_tab_until(page: Page, wanted: str, at_most: int) -> None:
    passed = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        passed.append(focused(page))
        if passed[-1] == wanted:
            return
    pytest.fail(f"{wanted!r} was not reached: {passed}")


def test_the_first_hit_is_reached_with_the_keyboard_alone(visit: Visits) -> None:
    page = visit.open("/fr/")
    press_tab_until(page, "q", at_most=8)
    page.keyboard.type("cirages et sanitiser")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/fr/recherche\?q=cirages\+et\+sanitiser$"))
    press_tab_until(page, "Avel (Saphir)", at_most=14)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/fr/acteurs/avel$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Avel (Saphir)")


def test_the_skip_link_appears_and_leads_to_the_content(visit: Visits) -> None:
    page = visit.open("/en/search?q=cirages")
    skip = page.get_by_text("Skip to the content")
    assert (skip.bounding_box() or {"y": 0})["y"] < 0
    page.keyboard.press("Tab")
    assert (skip.bounding_box() or {"y": -1})["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert focused(page) == "q"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_always_seen(visit: Visits, scheme: str) -> None:
    page = visit.open("/fr/recherche?q=cirages+sanitiser", scheme=scheme)
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => { const style = getComputedStyle(document.activeElement);
                return [style.outlineStyle, parseFloat(style.outlineWidth)]; }"""
        )
        assert outline == ["solid", 3], focused(page)


def test_a_filter_narrows_the_answer_and_can_be_removed(visit: Visits) -> None:
    page = visit.open("/en/search?q=sanitiser")
    hits = page.locator(".hit h3")
    expect(hits).to_have_text(["Avel (Saphir)", "Distillerie Merlet"])
    page.get_by_label("Department").select_option("17")
    page.get_by_role("button", name="Filter").click()
    expect(hits).to_have_text(["Distillerie Merlet"])
    page.get_by_role("link", name="Remove the filter Charente-Maritime (17)").click()
    expect(hits).to_have_text(["Avel (Saphir)", "Distillerie Merlet"])


def test_the_language_changes_and_the_search_stays(visit: Visits) -> None:
    page = visit.open("/fr/recherche?q=sanitiser&department=16")
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(re.compile(r"/en/search\?q=sanitiser&department=16$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("1 actor for “sanitiser”")
    expect(page.get_by_role("searchbox")).to_have_value("sanitiser")


def test_the_evidence_leads_to_the_case_and_back_to_its_actors(visit: Visits) -> None:
    page = visit.open("/fr/recherche?q=sanitiser")
    page.locator(".hit .shown a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Angoulême")
    page.get_by_role("link", name="Merlet").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Distillerie Merlet")


def test_a_refusal_is_announced_and_the_words_are_kept(visit: Visits) -> None:
    page = visit.open("/en/search?q=%F0%9F%99%82", expected=400)
    expect(page.get_by_role("alert")).to_contain_text("There is no word to search for here.")
    expect(page.get_by_role("searchbox")).to_have_value("🙂")


def test_pages_work_without_scripts(visit: Visits) -> None:
    page = visit.open("/fr/")
    scripts = page.evaluate(
        "[...document.scripts].filter(one => one.type !== 'application/ld+json').length"
    )
    assert scripts == 0


def test_on_paper_the_sources_are_spelled_out_and_the_navigation_is_gone(visit: Visits) -> None:
    page = visit.open("/fr/acteurs/avel")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    spelled = page.evaluate(
        "getComputedStyle(document.querySelector('.source a'), '::after').content"
    )
    assert spelled == '" <https://www.angouleme.example/avel>"'
