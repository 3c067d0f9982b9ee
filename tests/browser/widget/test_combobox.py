"""What a person does with the widget: by keyboard, by touch, by mouse, and what is told to them."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kb.errors import KnowledgeBaseError
from tests.browser.accessibility import check_page
from tests.browser.widget.conftest import Embedding, field_of, options_of, part, search

pytestmark = pytest.mark.browser


def accessibility_tree(page: Page) -> list[dict[str, Any]]:
    """Chromium's own, as it tells assistive technology: role, name, description, properties."""
    session = page.context.new_cdp_session(page)
    session.send("Accessibility.enable")
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return [
        {
            "role": node["role"]["value"],
            "name": node.get("name", {}).get("value", ""),
            "description": node.get("description", {}).get("value", ""),
            "id": node["nodeId"],
            **{
                one["name"]: one["value"].get("value", one["value"].get("relatedNodes"))
                for one in node.get("properties", [])
            },
        }
        for node in nodes
        if not node.get("ignored")
    ]


def only(page: Page, role: str) -> dict[str, Any]:
    (found,) = [node for node in accessibility_tree(page) if node["role"] == role]
    return found


def test_a_closed_combobox_opens_as_a_list_for_assistive_technology(embedding: Embedding) -> None:
    page = embedding.open()
    field_of(page).focus()
    combobox = only(page, "combobox")
    assert combobox["name"] == "De quoi avez-vous besoin\xa0?"
    assert combobox["expanded"] is False
    assert combobox["focused"] is True
    assert combobox["autocomplete"] == "list"
    expect(part(page, "popup")).to_be_hidden()
    search(page, "cirages sanitiser")
    assert only(page, "combobox")["expanded"] is True
    options = [node for node in accessibility_tree(page) if node["role"] == "option"]
    assert options[0]["name"] == "Avel (Saphir) Magnac-Lavalette, Charente (16) Convient bien"
    assert options[0]["description"].startswith("Avel fabrique des cirages")
    assert "Montré dans le cas" in options[0]["description"]
    assert [one["selected"] for one in options] == [False] * len(options)


def test_typing_shows_who_and_why_and_markup_as_text(embedding: Embedding) -> None:
    page = embedding.open()
    first = search(page, "cirages sanitiser")[0]
    expect(first.locator("[part=name]")).to_have_text("Avel (Saphir)")
    expect(first.locator("[part=place]")).to_have_text("Magnac-Lavalette, Charente (16)")
    expect(first.locator("[part~=fit]")).to_have_text("Convient bien")
    expect(first.locator("[part=passage]")).to_contain_text("Avel fabrique des cirages et des")
    expect(first.locator("mark")).to_have_text("cirages")
    expect(first.locator("[part=case]")).to_have_text(
        "Montré dans le cas «\xa0Angoulême : du cirage au gel hydroalcoolique\xa0»"
    )
    field_of(page).fill("cirages")
    expect(options_of(page)).to_have_count(2)
    hostile = options_of(page).first
    expect(hostile.locator("[part=name]")).to_have_text('<script>alert("name")</script>')
    expect(hostile.locator("[part=passage]")).to_contain_text('<img src=x onerror="alert(1)">')
    assert hostile.locator("img, script, b").count() == 0


def active(page: Page) -> int:
    """Which answer the field says is active, or -1: as Chromium tells, and as the page shows."""
    (related,) = only(page, "combobox").get("activedescendant") or [None]
    options = options_of(page).all()
    marked = [one.get_attribute("aria-selected") == "true" for one in options]
    ids = [one.get_attribute("id") for one in options]
    told = ids.index(related["idref"]) if related else -1
    assert marked == [index == told for index in range(len(options))]
    return told


def test_arrows_home_and_end_lead_through_the_answers_and_back_to_the_text(
    embedding: Embedding,
) -> None:
    page = embedding.open()
    search(page, "sanitiser", 3)
    assert active(page) == -1
    for key, answer in (
        ("ArrowDown", 0), ("ArrowDown", 1), ("End", 2), ("Home", 0), ("ArrowUp", -1),
        ("ArrowUp", 2), ("ArrowDown", -1), ("ArrowDown", 0), ("ArrowLeft", -1),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert active(page) == answer
        expect(field_of(page)).to_be_focused()
    page.keyboard.type("X")
    expect(field_of(page)).to_have_value("sanitiseXr")
    page.keyboard.press("Home")
    page.keyboard.type("du ")
    expect(field_of(page)).to_have_value("du sanitiseXr")


def test_escape_closes_the_answers_and_then_empties_the_field(embedding: Embedding) -> None:
    page = embedding.open()
    search(page, "sanitiser")
    page.keyboard.press("Escape")
    expect(part(page, "popup")).to_be_hidden()
    expect(field_of(page)).to_have_value("sanitiser")
    assert only(page, "combobox")["expanded"] is False
    page.keyboard.press("Alt+ArrowDown")
    expect(options_of(page).first).to_be_visible()
    assert active(page) == -1
    page.keyboard.press("Alt+ArrowUp")
    expect(part(page, "popup")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(field_of(page)).to_have_value("")
    field_of(page).fill("a")  # too little to be asked
    page.keyboard.press("Escape")
    expect(field_of(page)).to_have_value("")
    with embedding.base.withholding("cirages"):
        field_of(page).fill("cirages")
        page.keyboard.press("Escape")  # before the answer is there
        expect(field_of(page)).to_have_value("cirages")
    expect(part(page, "popup")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(options_of(page).first).to_be_visible()


def test_enter_leads_to_the_active_answer(embedding: Embedding) -> None:
    page = embedding.open()
    search(page, "cirages sanitiser")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{embedding.site}/fr/acteurs/avel")


def test_enter_in_the_text_asks_at_once_and_stays(embedding: Embedding) -> None:
    page = embedding.open()
    field_of(page).press_sequentially("a")
    page.keyboard.press("Enter")
    expect(part(page, "note")).to_have_text("Personne ici.")
    expect(page).to_have_url(re.compile("/page$"))


def test_tab_leads_to_all_answers_and_then_out(embedding: Embedding) -> None:
    page = embedding.open(body='<quisait-search></quisait-search><a id="next" href="#">Suite</a>')
    search(page, "sanitiser")
    page.keyboard.press("Tab")
    more = page.get_by_role("link", name="Toutes les réponses")
    expect(more).to_be_focused()
    assert more.get_attribute("href") == f"{embedding.site}/fr/recherche?q=sanitiser"
    page.keyboard.press("Tab")
    expect(page.locator("#next")).to_be_focused()
    expect(part(page, "popup")).to_be_hidden()


def test_a_click_leads_to_the_answer_and_one_elsewhere_closes_all(embedding: Embedding) -> None:
    page = embedding.open()
    search(page, "sanitiser")
    page.locator("h1").click()
    expect(part(page, "popup")).to_be_hidden()
    search(page, "cirages sanitiser")[0].click()
    expect(page).to_have_url(f"{embedding.site}/fr/acteurs/avel")


def test_a_host_can_have_answers_opened_in_a_tab(embedding: Embedding) -> None:
    page = embedding.open('target="_blank"')
    first = search(page, "cirages sanitiser")[0]
    expect(part(page, "more")).to_have_text("Toutes les réponses (nouvel onglet)")
    with page.expect_popup() as opened:
        first.click()
    expect(opened.value).to_have_url(f"{embedding.site}/fr/acteurs/avel")
    assert opened.value.evaluate("window.opener") is None


def test_what_was_found_is_announced_when_typing_pauses(embedding: Embedding) -> None:
    page = embedding.open('lang="en"')
    live = page.get_by_role("status")
    expect(live).to_have_text("")
    search(page, "sanitiser")
    expect(live).to_have_text("3 answers")
    assert only(page, "status")["live"] == "polite"
    field_of(page).fill("flacons gel")
    nearest = "Nothing certain. The nearest:"
    expect(part(page, "note")).to_have_text(nearest)
    expect(part(page, "fit")).to_have_text(["Unlikely", "Unlikely"])
    expect(live).to_have_text(nearest)


def test_where_nobody_could_do_it_the_site_is_linked_and_nobody_is_shown(
    embedding: Embedding,
) -> None:
    page = embedding.open('lang="en"')
    field_of(page).fill("rocket")
    expect(part(page, "note")).to_have_text("Nobody here.")
    expect(options_of(page)).to_have_count(0)
    more = part(page, "more")
    expect(more).to_have_text(f"Search on {embedding.site.partition('://')[2]}")
    expect(more).to_have_attribute("href", f"{embedding.site}/en/search?q=rocket")


STATES = ["closed", "open", "active", "nearest", "nothing", "slow", "failed", "dialog"]


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_fits(embedding: Embedding, state: str) -> None:
    attributes = {"nothing": 'department="2A"', "dialog": 'open="dialog" shortcut="k"'}
    page = embedding.open(
        attributes.get(state, ""),
        styles=":root { color-scheme: light dark; background: Canvas; color: CanvasText; }",
        fails=state == "failed",
    )
    if state == "dialog":
        page.get_by_role("button").click()
    if state == "failed":
        embedding.base.trouble = KnowledgeBaseError("broken")
    with embedding.base.withholding(*["sanitiser"][: state == "slow"]):
        if state != "closed":
            needs = {"nearest": "flacons gel", "nothing": "rocket"}
            field_of(page).fill(needs.get(state, "sanitiser"))
            part(page, "note").wait_for()
        if state in {"open", "active", "nearest", "dialog"}:
            options_of(page).first.wait_for()
        if state == "active":
            page.keyboard.press("ArrowDown")
        check_page(page)
