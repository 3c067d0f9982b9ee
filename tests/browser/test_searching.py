"""What a person does: type, search, filter, open the map, follow the evidence, change language."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import check_page
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
    press_tab_until(page, "q", at_most=10)
    page.keyboard.type("cirages et sanitiser")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/fr/recherche\?q=cirages\+et\+sanitiser$"))
    press_tab_until(page, "Avel (Saphir)", at_most=22)
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


def test_the_focus_is_always_seen(visit: Visits) -> None:
    page = visit.open("/fr/recherche?q=cirages+sanitiser")
    for number in range(12):
        page.emulate_media(color_scheme="dark" if number % 2 else "light")
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => { const style = getComputedStyle(document.activeElement);
                return [style.outlineStyle, parseFloat(style.outlineWidth)]; }"""
        )
        assert outline == ["solid", 3], focused(page)


def test_the_help_opens_and_the_parts_are_reached_with_the_keyboard(visit: Visits) -> None:
    page = visit.open("/fr/recherche?q=sanitiser", width=390)
    help_text = page.get_by_text("entre guillemets : ces mots exacts sont exigés")
    expect(help_text).to_be_hidden()
    press_tab_until(page, "Préciser la recherche", at_most=14)
    page.keyboard.press("Enter")
    expect(help_text).to_be_visible()
    press_tab_until(page, "view", at_most=10)
    block = page.get_by_role("region", name="Contrôle et validation")
    expect(block).to_be_hidden()
    page.get_by_role("radio", name="Contrôle et validation").press("Space")
    expect(block).to_be_in_viewport()
    expect(block).to_contain_text("Agence régionale de santé")
    expect(page.locator(".hit").first).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("region", name="Cas semblables")).to_be_visible()
    expect(block).to_be_hidden()


def test_from_a_hit_to_why_to_the_report_and_its_files(visit: Visits) -> None:
    page = visit.open("/en/search?q=cirages+sanitiser")
    page.locator(".hit summary").first.click()
    page.get_by_role("link", name="Why this one? – Avel (Saphir)").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why Avel (Saphir)")
    page.get_by_role("link", name="Report of this search").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a spreadsheet (CSV)").click()
    assert download.value.suggested_filename == "quisait-report.csv"
    page.get_by_role("link", name="Back to the results").click()
    expect(page.locator(".hit h3").first).to_have_text("Avel (Saphir)")


def test_a_report_on_paper_repeats_its_head_and_keeps_to_the_page(visit: Visits) -> None:
    page = visit.open("/fr/recherche/compte-rendu?q=cirages", width=680)
    page.emulate_media(media="print")
    head = page.locator("thead").evaluate("one => getComputedStyle(one).display")
    assert head == "table-header-group"
    expect(page.get_by_text("Télécharger pour un tableur (CSV)")).to_be_hidden()
    expect(page.get_by_text("Nom", exact=True).last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 680


def test_pages_work_without_scripts(browser: Browser, site: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/fr/")
        page.locator("#q").fill("sanitiser")
        page.keyboard.press("Enter")
        hits = page.get_by_role("region", name="Organisations")
        for name in ("Avel (Saphir)", "Distillerie Merlet"):
            hits.get_by_role("checkbox", name=f"Garder dans le dossier – {name}").check()
        page.get_by_role("button", name="Voir les organisations cochées").click()
        expect(page.locator(".call h2")).to_have_text(["Avel (Saphir)", "Distillerie Merlet"])
        page.get_by_role("button", name="Retirer – Avel (Saphir)").click()
        expect(page.locator(".call h2")).to_have_text(["Distillerie Merlet"])
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("sanitiser")
        expect(page.locator(".call h2")).to_have_text(["Distillerie Merlet"])


def test_on_paper_the_sources_are_spelled_out_and_the_navigation_is_gone(visit: Visits) -> None:
    page = visit.open("/fr/acteurs/avel")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    spelled = page.evaluate(
        "getComputedStyle(document.querySelector('.source a'), '::after').content"
    )
    assert spelled == '" <https://www.angouleme.example/avel>"'


def test_the_menu_of_a_telephone_opens_by_the_keyboard(visit: Visits) -> None:
    page = visit.open("/en/privacy", width=360)
    about = page.get_by_role("navigation", name="Main").get_by_role("link", name="About")
    expect(about).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(about).to_be_visible()
    check_page(page)
    # On a wide screen the same links stand in the header, without a button.
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.get_by_text("Menu", exact=True)).to_be_hidden()
    expect(about).to_be_visible()


def test_list_and_map_are_in_step(visit: Visits) -> None:
    page = visit.open("/fr/recherche?q=sanitiser&near=16100")
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(".drawn-map")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 800})
    drawn, first = (page.locator(one).bounding_box() for one in (".drawn-map", "#actor-1"))
    assert drawn
    assert first
    assert drawn["x"] >= first["x"] + first["width"]
    page.get_by_role("button", name="Se déplacer dans la carte").click()
    expect(page.locator(".large-map .pin").first).to_be_visible()
    check_page(page)
    pin = page.locator(".large-map .pin", has_text="1")
    expect(pin).to_have_accessible_name("1. Avel (Saphir)")
    assert page.locator(".large-map path.land").count() == 101
    hit = page.locator("#actor-1")
    hit.hover()
    expect(pin).to_contain_class("pointed-at")
    pin.hover()
    expect(hit).to_contain_class("pointed-at")
    pin.press("Enter")
    expect(page).to_have_url(re.compile("#actor-1$"))


def test_towns_are_suggested_while_one_is_typed(visit: Visits) -> None:
    page = visit.open("/en/search?q=sanitiser")
    field = page.locator("#near")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    field.press_sequentially("cogn")
    expect(page.locator("#towns option").first).to_have_attribute("value", "Cognac (16)")
    field.fill("Cognac (16)")
    field.press("Enter")
    expect(page.locator(".distance").first).to_have_text("about 50 km")


def test_suggestions_are_followed_by_keys_alone(visit: Visits) -> None:
    page = visit.open("/fr/", width=360)
    field = page.get_by_role("combobox", name="De quoi avez-vous besoin")
    field.focus()
    page.keyboard.type("merl")
    option = page.get_by_role("option", name="Distillerie Merlet")
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="Suggestions")).to_have_text(
        "Suggestions\N{NARROW NO-BREAK SPACE}: 1"
    )
    check_page(page)
    page.keyboard.press("Escape")
    expect(option).to_be_hidden()
    expect(field).to_have_value("merl")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "q-suggestions-0")
    page.keyboard.press("ArrowUp")
    expect(option).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/fr/acteurs/distillerie-merlet")
