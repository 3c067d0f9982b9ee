"""The widget on a page that is somebody else's: nothing of one reaches the other."""

import re
from base64 import b64encode
from hashlib import sha384

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget.conftest import (
    SEARCH,
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


@pytest.mark.parametrize(
    ("styles", "size"),
    [
        (HOSTILE, "16px"),
        ("html { font-size: 10px }", "16px"),
        ("html { font-size: 18px }", "18px"),
        ("html { font-size: 40px }", "20px"),
    ],
)
def test_the_text_of_the_field_is_never_too_small_or_too_large(
    embedding: Embedding, styles: str, size: str
) -> None:
    page = embedding.open(styles=styles)
    assert field_of(page).evaluate("one => getComputedStyle(one).fontSize") == size


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


def test_a_strict_policy_is_met_by_the_dialog(embedding: Embedding) -> None:
    page = embedding.open('open="dialog"', headers=strict(embedding))
    page.get_by_role("button", name="Chercher qui sait faire").click()
    search(page, "cirages sanitiser")


def test_a_page_that_isolates_itself_can_have_it(embedding: Embedding) -> None:
    page = embedding.open(
        headers={
            "Cross-Origin-Embedder-Policy": "require-corp",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
    )
    search(page, "cirages sanitiser")
    assert page.evaluate("crossOriginIsolated") is True


def integrity_of(embedding: Embedding) -> str:
    content = httpx.get(f"{embedding.site}/embed/v1/quisait.js").content
    return f"sha384-{b64encode(sha384(content).digest()).decode()}"


def pinned(embedding: Embedding, integrity: str) -> str:
    return (
        f'<script src="{embedding.site}/embed/v1/quisait.js" integrity="{integrity}"'
        ' crossorigin="anonymous" async></script>'
    )


def test_the_script_can_be_pinned(embedding: Embedding) -> None:
    page = embedding.open(head=pinned(embedding, integrity_of(embedding)))
    search(page, "cirages")


def test_a_script_that_is_not_the_pinned_one_does_not_run(embedding: Embedding) -> None:
    page = embedding.open(
        head=pinned(embedding, integrity_of(embedding)[:-8] + "AAAAAAAA"),
        body='<quisait-search><a href="#">Le catalogue</a></quisait-search>',
        fails=True,
    )
    expect(page.get_by_role("link", name="Le catalogue")).to_be_visible()
    expect(field_of(page)).to_have_count(0)


def test_what_stood_in_its_place_is_gone_when_it_is_there(embedding: Embedding) -> None:
    page = embedding.open(body='<quisait-search><a href="#">Le catalogue</a></quisait-search>')
    field_of(page).wait_for()
    expect(page.get_by_text("Le catalogue")).to_be_hidden()


def test_the_script_can_be_there_twice(embedding: Embedding) -> None:
    page = embedding.open(head=embedding.script * 2)
    search(page, "cirages")


def test_two_widgets_know_nothing_of_each_other(embedding: Embedding) -> None:
    page = embedding.open(
        body='<quisait-search id="a" department="16"></quisait-search>'
        '<quisait-search id="b" department="17" lang="en"></quisait-search>'
    )
    first, second = page.locator("#a"), page.locator("#b")
    first.get_by_role("combobox").fill("sanitiser")
    expect(first.locator("[part=name]")).to_have_text(["Avel (Saphir)", "Parfums d'Angoulême"])
    second.get_by_role("combobox").fill("sanitiser")
    expect(second.locator("[part=name]")).to_have_text(["Distillerie Merlet"])
    expect(second.locator("[part=note]")).to_have_text("1 answer")
    expect(first.locator("[part=popup]")).to_be_hidden()


def test_a_page_that_renders_itself_anew_does_not_disturb_typing(embedding: Embedding) -> None:
    page = embedding.open()
    field_of(page).focus()
    page.evaluate(
        """() => {
            const widget = document.querySelector("quisait-search");
            window.turns = 0;
            window.rendering = setInterval(() => {
                widget.setAttribute("class", "turn-" + window.turns++);
                widget.setAttribute("lang", "fr");
                widget.parentNode.insertBefore(widget, widget.nextSibling?.nextSibling ?? null);
            }, 20);
        }"""
    )
    page.keyboard.type("cirages sanitiser", delay=30)
    expect(options_of(page).first).to_contain_text("Avel (Saphir)")
    assert page.evaluate("clearInterval(window.rendering), window.turns") > 10
    expect(field_of(page)).to_have_value("cirages sanitiser")
    expect(field_of(page)).to_be_focused()


def test_a_widget_that_is_made_by_a_script_works(embedding: Embedding) -> None:
    page = embedding.open(body="<div id='app'></div>")
    page.wait_for_function("!!customElements.get('quisait-search')")
    page.evaluate(
        """() => {
            const made = document.createElement("quisait-search");
            made.setAttribute("lang", "en");
            made.setAttribute("department", "17");
            document.querySelector("#app").append(made);
        }"""
    )
    search(page, "sanitiser", 1)
    expect(part(page, "label")).to_have_text("What do you need?")


def test_a_widget_that_comes_back_knows_what_it_knew(embedding: Embedding) -> None:
    page = embedding.open('shortcut="k"')
    search(page, "sanitiser", 3)
    page.evaluate(
        """() => {
            window.widget = document.querySelector("quisait-search");
            window.widget.remove();
        }"""
    )
    page.evaluate("document.querySelector('main').append(window.widget)")
    expect(field_of(page)).to_have_value("sanitiser")
    expect(part(page, "popup")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(options_of(page)).to_have_count(3)


def test_a_widget_that_is_gone_hears_no_more(embedding: Embedding) -> None:
    page = embedding.open('shortcut="k"')
    field_of(page).wait_for()
    page.evaluate(
        """() => {
            document.querySelector("quisait-search").remove();
            window.prevented = [];
            addEventListener("keydown", event => window.prevented.push(event.defaultPrevented));
        }"""
    )
    page.keyboard.press("Control+k")
    assert page.evaluate("window.prevented")[-1] is False


def test_another_filter_asks_anew(embedding: Embedding) -> None:
    page = embedding.open()
    search(page, "sanitiser", 3)
    page.locator("quisait-search").evaluate("one => one.setAttribute('department', '17')")
    expect(part(page, "name")).to_have_text(["Distillerie Merlet"])


def test_several_changes_at_once_ask_once(embedding: Embedding) -> None:
    page = embedding.open(clock_stands=True)
    search(page, "sanitiser", 3)
    asked = embedding.asked(page)
    page.locator("quisait-search").evaluate(
        "one => { one.setAttribute('department', '17'); one.setAttribute('limit', '2');"
        " one.setAttribute('theme', 'Spiritueux et distillation'); }"
    )
    pass_time(page, 200)
    expect(part(page, "name")).to_have_text(["Distillerie Merlet"])
    pass_time(page, 1000)
    assert len(asked) == 1


def test_a_filter_that_changes_while_an_answer_is_awaited_holds(embedding: Embedding) -> None:
    page = embedding.open()
    with embedding.base.withholding("sanitiser"):
        with page.expect_request(SEARCH):
            field_of(page).fill("sanitiser")
        with page.expect_request(SEARCH):
            page.locator("quisait-search").evaluate("one => one.setAttribute('department', '17')")
    expect(part(page, "name")).to_have_text(["Distillerie Merlet"])


def test_the_number_of_answers_is_the_hosts_to_say(embedding: Embedding) -> None:
    page = embedding.open('limit="1" lang="en"')
    search(page, "sanitiser", 1)
    expect(part(page, "note")).to_have_text("3 answers")


@pytest.mark.parametrize(("scheme", "light"), [("light", True), ("dark", False)])
def test_light_and_dark_are_the_hosts(embedding: Embedding, scheme: str, light: bool) -> None:
    page = embedding.open(styles=f"html {{ color-scheme: {scheme} }}")
    ground = field_of(page).evaluate("one => getComputedStyle(one).backgroundColor")
    assert ground == ("rgb(255, 252, 244)" if light else "rgb(36, 32, 27)")


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


CONTRAST = """() => {
    const root = document.querySelector("quisait-search").shadowRoot;
    const mark = getComputedStyle(root.querySelector("mark"));
    const canvas = document.createElement("canvas")
        .getContext("2d", { willReadFrequently: true });
    const luminance = colour => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(one => one / 255)
            .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const both = [luminance(mark.color), luminance(mark.backgroundColor)].sort((a, b) => a - b);
    return (both[1] + 0.05) / (both[0] + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("paper", "ink"), [("#102030", "#ffffff"), ("#ffffff", "#241e18"), ("", "")]
)
def test_telling_words_are_read_on_any_ground(
    embedding: Embedding, paper: str, ink: str, scheme: str
) -> None:
    own = f"--quisait-paper: {paper}; --quisait-ink: {ink};" if paper else ""
    page = embedding.open(styles=f"html {{ color-scheme: {scheme}; }} quisait-search {{ {own} }}")
    search(page, "cirages")
    assert page.evaluate(CONTRAST) >= 4.5


def test_each_part_is_the_hosts_to_style(embedding: Embedding) -> None:
    page = embedding.open(styles="quisait-search::part(name) { color: rgb(0, 0, 200); }")
    search(page, "sanitiser")
    colour = part(page, "name").first.evaluate("one => getComputedStyle(one).color")
    assert colour == "rgb(0, 0, 200)"


def test_the_font_of_the_page_is_taken_over(embedding: Embedding) -> None:
    page = embedding.open(styles="body { font-family: monospace }")
    assert field_of(page).evaluate("one => getComputedStyle(one).fontFamily") == "monospace"


@pytest.mark.parametrize(
    ("html", "language", "label"),
    [
        ("EN-gb", "en-gb", "What do you need?"),
        ("fr_FR", "fr-fr", "De quoi avez-vous besoin\xa0?"),
        # Texts in French are told to be, in whatever page.
        ("de", "fr", "De quoi avez-vous besoin\xa0?"),
    ],
)
def test_the_language_of_the_texts_is_told(
    embedding: Embedding, html: str, language: str, label: str
) -> None:
    page = embedding.open(html=f'lang="{html}"')
    expect(part(page, "label")).to_have_text(label)
    assert part(page, "root").get_attribute("lang") == language
    search(page, "sanitiser", 3)


def test_the_language_of_the_page_is_heard_in_another_shadow_root(embedding: Embedding) -> None:
    page = embedding.open(html='lang="en"', body="<div id='app'></div>")
    page.evaluate(
        """() => {
            const root = document.querySelector("#app").attachShadow({ mode: "open" });
            root.append(document.createElement("quisait-search"));
        }"""
    )
    expect(page.locator("label")).to_have_text("What do you need?")


def test_a_brace_in_a_text_of_the_host_is_a_brace(embedding: Embedding) -> None:
    page = embedding.open('label="Quoi {ici} ?"')
    expect(part(page, "label")).to_have_text("Quoi {ici} ?")


def test_texts_are_the_hosts_to_change(embedding: Embedding) -> None:
    page = embedding.open(
        'label="Qui, près d’ici ?" placeholder="du gel" text-more="Tout voir" text-strong="Oui"'
    )
    search(page, "cirages sanitiser")
    expect(field_of(page)).to_have_accessible_name("Qui, près d’ici ?")
    expect(field_of(page)).to_have_attribute("placeholder", "du gel")
    expect(part(page, "more")).to_have_text("Tout voir")
    expect(part(page, "fit").first).to_have_text("Oui")


def test_one_file_adds_a_language(embedding: Embedding) -> None:
    embedding.host.put(
        "/br.json",
        '{"label": "Petra ho peus ezhomm?", "found": {"one": "{n} respont", "two": "{n} respont",'
        ' "few": "{n} respont nebeut", "many": "{n} a respontoù", "other": "{n} respont"}}',
        {"Content-Type": "application/json"},
    )
    page = embedding.open('lang="br" texts="/br.json"')
    expect(part(page, "label")).to_have_text("Petra ho peus ezhomm?")
    search(page, "sanitiser", 3)
    # Breton has a form of its own for three; what is not translated is in French.
    expect(part(page, "note")).to_have_text("3 respont nebeut")
    expect(part(page, "fit").first).to_have_text("Convient bien")


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
    page = embedding.open('open="dialog"')
    button = page.get_by_role("button", name="Chercher qui sait faire")
    button.click()
    dialog = page.get_by_role("dialog", name="Chercher qui sait faire")
    expect(dialog).to_be_visible()
    expect(field_of(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    search(page, "sanitiser")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    button.click()
    page.get_by_role("button", name="Fermer").click()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("size", [(320, 256), (640, 360), (844, 390)])
def test_answers_in_a_dialog_are_reached_on_a_small_screen(
    embedding: Embedding, size: tuple[int, int]
) -> None:
    page = embedding.open('open="dialog"', viewport={"width": size[0], "height": size[1]})
    page.get_by_role("button").click()
    search(page, "sanitiser", 3)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
        expect(page.locator("[aria-selected=true]")).to_be_in_viewport(ratio=0.5)
    close = page.get_by_role("button", name="Fermer")
    close.focus()
    expect(close).to_be_in_viewport()


def test_a_dialog_that_is_moved_is_closed_and_opens_again(embedding: Embedding) -> None:
    page = embedding.open('open="dialog"')
    page.get_by_role("button").click()
    page.evaluate("document.body.append(document.querySelector('quisait-search'))")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button").click()
    assert page.locator("dialog").evaluate("one => one.matches(':modal')")


def test_a_shortcut_opens_the_dialog(embedding: Embedding) -> None:
    page = embedding.open('open="dialog" shortcut="k"')
    expect(page.get_by_role("button")).to_contain_text("Ctrl K")
    page.keyboard.press("Control+k")
    search(page, "sanitiser", 3)


@pytest.mark.parametrize("keys", ["Control+Shift+k", "Control+Alt+k", "k"])
def test_other_keys_than_the_shortcut_are_the_pages(embedding: Embedding, keys: str) -> None:
    page = embedding.open('shortcut="k"')
    field_of(page).wait_for()
    page.evaluate("addEventListener('keydown', event => window.prevented = event.defaultPrevented)")
    page.keyboard.press(keys)
    assert page.evaluate("window.prevented") is False
    expect(field_of(page)).not_to_be_focused()


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


def test_texts_in_french_are_read_from_left_to_right_in_any_page(embedding: Embedding) -> None:
    page = embedding.open(html='lang="ar" dir="rtl"')
    first = search(page, "cirages sanitiser")[0]
    direction = first.locator("[part=case]").evaluate("one => getComputedStyle(one).direction")
    assert direction == "ltr"


def test_from_right_to_left_all_is_mirrored(embedding: Embedding) -> None:
    embedding.host.put(
        "/ar.json", '{"label": "ماذا تحتاج؟"}', {"Content-Type": "application/json; charset=utf-8"}
    )
    page = embedding.open('texts="/ar.json"', html='lang="ar" dir="rtl"')
    expect(part(page, "label")).to_have_text("ماذا تحتاج؟")
    first = search(page, "cirages sanitiser")[0]
    name, fit = first.locator("[part=name]"), first.locator("[part~=fit]")
    assert (name.bounding_box() or {"x": 0})["x"] > (fit.bounding_box() or {"x": 9e9})["x"]
    edge = first.locator("[part=case]").evaluate("one => getComputedStyle(one).borderRightWidth")
    assert edge == "3px"
    # A passage in French is read from left to right even there.
    direction = first.locator("[part=passage]").evaluate("one => getComputedStyle(one).direction")
    assert direction == "ltr"


def test_the_active_answer_is_seen_in_high_contrast(embedding: Embedding) -> None:
    page = embedding.open()
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


def test_the_focus_is_seen(embedding: Embedding) -> None:
    page = embedding.open()
    field_of(page).wait_for()
    page.keyboard.press("Tab")
    expect(field_of(page)).to_be_focused()
    outline = field_of(page).evaluate(
        "one => [getComputedStyle(one).outlineStyle, getComputedStyle(one).outlineWidth]"
    )
    assert outline == ["solid", "3px"]


def test_a_host_that_frames_what_has_the_focus_frames_nothing_twice(embedding: Embedding) -> None:
    page = embedding.open(styles="*:focus { outline: 5px solid red !important; }")
    field_of(page).focus()
    widget = page.locator("quisait-search")
    assert widget.evaluate("one => getComputedStyle(one).outlineStyle") == "none"
    assert field_of(page).evaluate("one => getComputedStyle(one).outlineWidth") == "3px"


def test_in_a_row_it_has_room_for_its_answers(embedding: Embedding) -> None:
    page = embedding.open(
        body="<div id='row'><quisait-search label='Quoi ?'></quisait-search></div>",
        styles="#row { display: flex; align-items: flex-start; }",
    )
    assert (field_of(page).bounding_box() or {"width": 0})["width"] >= 320


def test_nothing_moves_by_itself(embedding: Embedding) -> None:
    page = embedding.open()
    search(page, "sanitiser")
    moving = page.locator("quisait-search").evaluate(
        """one => [...one.shadowRoot.querySelectorAll("*")].filter(part => {
            const style = getComputedStyle(part);
            return style.transitionDuration !== "0s" || style.animationName !== "none"
                || style.scrollBehavior !== "auto";
        }).length"""
    )
    assert moving == 0


def test_on_a_telephone_it_fits(embedding: Embedding) -> None:
    page = embedding.open(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    field_of(page).tap()
    search(page, "cirages sanitiser")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    # Below 16 pixels, telephones enlarge the page when the field is touched.
    assert page.evaluate("visualViewport.scale") == 1
