"""The widget on a page that is somebody else's: nothing of one reaches the other."""

import re
from base64 import b64encode
from hashlib import sha384

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget.conftest import (
    Embedding,
    field_of,
    options_of,
    part,
    pass_time,
    search,
)

pytestmark = pytest.mark.browser

HOSTILE = "* { all: unset !important; font-size: 40px }"

LOOK = """element => {
    const { display, paddingTop, borderTopWidth, fontWeight, textAlign, whiteSpace, visibility,
        textTransform, letterSpacing, lineHeight, position } = getComputedStyle(element);
    return { display, paddingTop, borderTopWidth, fontWeight, textAlign, whiteSpace, visibility,
        textTransform, letterSpacing, lineHeight, position };
}"""
PARTS = ["root", "label", "input", "popup", "note", "option", "name", "passage", "case", "more"]


def look(page: Page) -> dict[str, object]:
    search(page, "cirages sanitiser")
    return {name: part(page, name).first.evaluate(LOOK) for name in PARTS}


def test_hostile_styles_change_nothing_inside(embedding: Embedding) -> None:
    friendly = look(embedding.open())
    inherited = (
        "html { font: bold 16px/3 monospace; text-align: center; text-transform: uppercase; "
        "letter-spacing: 5px; white-space: pre; visibility: visible }"
    )
    assert look(embedding.open(styles=HOSTILE)) == friendly
    assert look(embedding.open(styles=inherited)) == friendly


def test_nothing_leaks_out(embedding: Embedding) -> None:
    body = "<input id='own'><ul><li id='item'>Un</li></ul>{}<mark id='mark'>Deux</mark>"
    looks = []
    for widget in ("", "<quisait-search></quisait-search>"):
        page = embedding.open(body=body.format(widget) or " ")
        if widget:
            search(page, "cirages")
        looks.append(
            [
                page.locator(one).evaluate(
                    "one => [...getComputedStyle(one)].map(name => "
                    "[name, getComputedStyle(one).getPropertyValue(name)])"
                    ".filter(([name]) => !/origin|width|height|size|top|bottom/.test(name))"
                )
                for one in ("#own", "#item", "#mark", "h1", "#after")
            ]
        )
    assert looks[0] == looks[1]


def strict(embedding: Embedding) -> dict[str, str]:
    site = embedding.site
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src {site}; style-src 'self'; "
        f"connect-src {site}; require-trusted-types-for 'script'; trusted-types 'none'"
    }


def test_a_strict_policy_of_the_host_is_met(embedding: Embedding) -> None:
    page = embedding.open(headers=strict(embedding))
    search(page, "cirages sanitiser")
    page.keyboard.press("ArrowDown")
    assert part(page, "option").first.evaluate("one => getComputedStyle(one).display") == "grid"
    # The style sheet is a constructed one: nothing is inline.
    assert page.locator("quisait-search").evaluate(
        "one => one.shadowRoot.adoptedStyleSheets.length === 1"
        " && !one.shadowRoot.querySelector('style, [style]')"
    )


def integrity_of(embedding: Embedding) -> str:
    content = httpx.get(f"{embedding.site}/embed/v1/quisait.js").content
    return f"sha384-{b64encode(sha384(content).digest()).decode()}"


def pinned(embedding: Embedding, integrity: str) -> str:
    return (
        f'<script src="{embedding.site}/embed/v1/quisait.js" integrity="{integrity}"'
        ' crossorigin="anonymous" async></script>'
    )


def test_the_script_can_be_pinned_and_another_does_not_run(embedding: Embedding) -> None:
    search(embedding.open(head=pinned(embedding, integrity_of(embedding))), "cirages")
    page = embedding.open(
        head=pinned(embedding, integrity_of(embedding)[:-8] + "AAAAAAAA"),
        body='<quisait-search><a href="#">Le catalogue</a></quisait-search>',
        fails=True,
    )
    expect(page.get_by_role("link", name="Le catalogue")).to_be_visible()
    expect(field_of(page)).to_have_count(0)


def test_filter_and_number_of_answers_are_the_hosts_to_say(embedding: Embedding) -> None:
    page = embedding.open('limit="1" lang="en"')
    search(page, "sanitiser", 1)
    expect(part(page, "note")).to_have_text("3 answers")
    page.locator("quisait-search").evaluate("one => one.setAttribute('department', '17')")
    expect(part(page, "name")).to_have_text(["Distillerie Merlet"])


def test_light_and_dark_are_the_hosts(embedding: Embedding) -> None:
    page = embedding.open()
    for scheme, expected in (("light", "rgb(255, 252, 244)"), ("dark", "rgb(36, 32, 27)")):
        page.evaluate("scheme => { document.documentElement.style.colorScheme = scheme }", scheme)
        ground = field_of(page).evaluate("one => getComputedStyle(one).backgroundColor")
        assert ground == expected


def test_colours_and_font_are_the_hosts_to_set(embedding: Embedding) -> None:
    page = embedding.open(
        styles="quisait-search { --quisait-paper: rgb(1, 2, 3); --quisait-ink: rgb(250, 250, 250);"
        " --quisait-font: monospace; --quisait-radius: 7px; }"
    )
    style = field_of(page).evaluate(
        "one => { const { backgroundColor, color, fontFamily, borderTopLeftRadius } ="
        " getComputedStyle(one); return [backgroundColor, color, fontFamily, borderTopLeftRadius] }"
    )
    assert style == ["rgb(1, 2, 3)", "rgb(250, 250, 250)", "monospace", "7px"]


def test_the_language_of_the_texts_is_told(embedding: Embedding) -> None:
    for html, language, label in (
        ("EN-gb", "en-gb", "What do you need?"),
        # Texts in French are told to be, in whatever page.
        ("de", "fr", "De quoi avez-vous besoin\xa0?"),
    ):
        page = embedding.open(html=f'lang="{html}"')
        expect(part(page, "label")).to_have_text(label)
        assert part(page, "root").get_attribute("lang") == language


def test_texts_are_the_hosts_to_change(embedding: Embedding) -> None:
    page = embedding.open(
        'label="Qui, près d’ici ?" placeholder="du gel" text-more="Tout voir" text-strong="Oui"'
    )
    search(page, "cirages sanitiser")
    expect(field_of(page)).to_have_accessible_name("Qui, près d’ici ?")
    expect(field_of(page)).to_have_attribute("placeholder", "du gel")
    expect(part(page, "more")).to_have_text("Tout voir")
    expect(part(page, "fit").first).to_have_text("Oui")


def test_the_page_hears_of_a_search_and_of_what_is_chosen(embedding: Embedding) -> None:
    page = embedding.open(body="<div id='around'><quisait-search></quisait-search></div>")
    page.evaluate(
        """() => {
            window.heard = [];
            for (const name of ["quisait:search", "quisait:select"]) {
                document.querySelector("#around").addEventListener(name, event => {
                    window.heard.push([name, event.detail]);
                    event.preventDefault();
                });
            }
        }"""
    )
    search(page, "cirages sanitiser")[0].click()
    searched, selected = page.evaluate("window.heard")
    assert searched == [
        "quisait:search",
        {"query": "cirages sanitiser", "total": 4, "fits": True},
    ]
    assert selected[0] == "quisait:select"
    told = {name: selected[1][name] for name in ("id", "name", "url", "rank", "query")}
    assert told == {
        "id": "avel",
        "name": "Avel (Saphir)",
        "url": f"{embedding.site}/fr/acteurs/avel",
        "rank": 1,
        "query": "cirages sanitiser",
    }
    # It was prevented: the page goes where it wants, or nowhere.
    expect(page).to_have_url(re.compile("/page$"))


def test_a_dialog_is_opened_with_its_button_and_closed_with_escape(embedding: Embedding) -> None:
    page = embedding.open('open="dialog" shortcut="k"')
    button = page.get_by_role("button", name="Chercher qui sait faire")
    expect(button).to_contain_text("Ctrl K")
    button.click()
    dialog = page.get_by_role("dialog", name="Chercher qui sait faire")
    expect(dialog).to_be_visible()
    expect(field_of(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Control+k")
    search(page, "sanitiser")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    button.click()
    page.get_by_role("button", name="Fermer").click()
    expect(dialog).to_be_hidden()


SHIFTS = """() => {
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(one => window.shift += one.value))
        .observe({ type: "layout-shift", buffered: true });
}"""


def test_the_page_does_not_move_when_it_loads_or_answers(embedding: Embedding) -> None:
    page = embedding.open(clock_stands=True)
    page.evaluate(SHIFTS)
    field_of(page).wait_for()
    below = page.locator("#after").bounding_box()
    search(page, "sanitiser")
    pass_time(page, 600)
    assert page.locator("#after").bounding_box() == below
    assert page.evaluate("window.shift") == 0


def test_focus_and_active_answer_are_seen_in_high_contrast_too(embedding: Embedding) -> None:
    page = embedding.open()
    field_of(page).wait_for()
    page.keyboard.press("Tab")
    expect(field_of(page)).to_be_focused()
    outline = field_of(page).evaluate(
        "one => [getComputedStyle(one).outlineStyle, getComputedStyle(one).outlineWidth]"
    )
    assert outline == ["solid", "3px"]
    page.emulate_media(forced_colors="active")
    search(page, "sanitiser")
    page.keyboard.press("ArrowDown")
    outline = options_of(page).first.evaluate(
        "one => [getComputedStyle(one).outlineStyle, getComputedStyle(one).outlineWidth]"
    )
    assert outline == ["solid", "2px"]


def test_at_four_hundred_percent_everything_is_reached(embedding: Embedding) -> None:
    # 1280 by 1024 pixels, of which a quarter each way is left.
    page = embedding.open(viewport={"width": 320, "height": 256})
    search(page, "sanitiser", 3)
    page.keyboard.press("ArrowUp")
    expect(options_of(page).last).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_on_a_telephone_it_fits(embedding: Embedding) -> None:
    page = embedding.open(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    field_of(page).tap()
    search(page, "cirages sanitiser")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    # Below 16 pixels, telephones enlarge the page when the field is touched.
    assert page.evaluate("visualViewport.scale") == 1
    options_of(page).first.tap()
    expect(page).to_have_url(f"{embedding.site}/fr/acteurs/avel")
