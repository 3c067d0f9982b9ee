"""How to put the search on a site: tried as one chooses, copied, and pasted into another site."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits
from tests.browser.host_pages import HostPages
from tests.web.embed.test_frame import CHARENTE
from tests.web.sample_base import ACTORS, CASES, PERFUMER, SampleBase

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def base() -> SampleBase:
    return SampleBase((*ACTORS, PERFUMER), CASES, (CHARENTE,))


def set_colour(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).evaluate(
        """(field, value) => {
            field.value = value;
            field.dispatchEvent(new Event("input", {bubbles: true}));
        }""",
        value,
    )


def test_preview_and_code_follow_what_is_typed(visit: Visits) -> None:
    page = visit.open("/en/embed")
    page.evaluate("window.sameage = true")
    preview, element = page.locator("quisait-search"), page.locator("#element")
    expect(preview.locator("label")).to_have_text("What do you need?")
    page.get_by_label("Field label").press_sequentially("Qui coud ?")
    expect(preview.locator("label")).to_have_text("Qui coud ?")
    expect(element).to_contain_text('label="Qui coud ?"')
    expect(page.locator("#form")).to_contain_text(">Qui coud ?</label>")
    page.get_by_label("Language").select_option("fr")
    expect(preview.locator("input")).to_have_attribute(
        "placeholder", "un objet, une matière, un geste"
    )
    expect(page.locator("#frame")).to_contain_text("/embed/search?lang=fr")
    page.get_by_label("Display").select_option("dialog")
    page.get_by_label("Shortcut").fill("k")
    expect(preview.get_by_role("button")).to_contain_text("Ctrl K")
    expect(page.locator("#element-style")).to_contain_text("min-height: max(3rem, 48px);")
    page.get_by_label("Field label").fill("")
    expect(element).not_to_contain_text("label=")
    assert page.evaluate("window.sameage")
    # It can be reloaded, and changed to the other language, with all that was chosen.
    assert "open=dialog" in page.url
    page.reload()
    expect(page.get_by_label("Shortcut")).to_have_value("k")
    page.get_by_role("link", name="Français").click()
    expect(page).to_have_url(re.compile(r"/fr/integrer\?.*open=dialog"))
    expect(page.get_by_label("Raccourci")).to_have_value("k")


def test_the_preview_has_the_chosen_look(visit: Visits) -> None:
    page = visit.open("/en/embed")
    field = page.locator("quisait-search input")

    def colour(of: str) -> str:
        value: str = field.evaluate("(one, of) => getComputedStyle(one)[of]", of)
        return value

    # As on a site of others, and not as on ours.
    assert colour("backgroundColor") == "rgb(255, 252, 244)"
    set_colour(page, "Background", "#102030")
    expect(page.get_by_label("Your own colours")).to_be_checked()
    style = page.locator("#element-style")
    expect(style).to_contain_text("--quisait-paper: #102030;")
    assert colour("backgroundColor") == "rgb(16, 32, 48)"
    warned = page.get_by_role("status").filter(has_text="The text is hard to read")
    expect(warned).to_be_visible()
    set_colour(page, "Text", "#ffffff")
    expect(page.get_by_text("The text is hard to read")).to_be_hidden()
    page.get_by_label("Corner radius").fill("12")
    expect(style).to_contain_text("--quisait-radius: 12px;")
    assert colour("borderRadius") == "12px"
    page.get_by_label("Your own colours").uncheck()
    expect(style).not_to_contain_text("--quisait-paper")
    assert colour("backgroundColor") == "rgb(255, 252, 244)"
    page.get_by_label("Light or dark").select_option("dark")
    expect(style).to_contain_text("color-scheme: dark;")
    assert colour("backgroundColor") == "rgb(36, 32, 27)"


def test_what_cannot_be_used_is_told_beside_its_field(visit: Visits) -> None:
    page = visit.open("/en/embed", fails_later=True)
    limit = page.get_by_label("Maximum number of results")
    limit.fill("99")
    message = "The number of results is a whole number from 1 to 20."
    expect(page.locator("#s-limit-error")).to_have_text(message)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(limit).to_have_attribute("aria-invalid", "true")
    expect(limit).to_have_attribute("aria-describedby", "s-limit-error")
    expect(page.locator("#made")).to_be_hidden()
    # Once it is sent, all that is wrong is said aloud.
    limit.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(message)
    limit.fill("9")
    expect(page.locator("#made")).to_be_visible()
    expect(page.locator("#s-limit-error")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert limit.get_attribute("aria-invalid") is None
    assert limit.get_attribute("aria-describedby") is None


def test_code_is_copied_and_that_is_told(visit: Visits) -> None:
    page = visit.open("/en/embed")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = "navigator.clipboard.readText()"
    for name, id_ in [
        ("The widget", "element"),
        ("the style of the widget", "element-style"),
        ("A frame", "frame"),
        ("the style of the frame", "frame-style"),
        ("A plain form", "form"),
    ]:
        page.get_by_role("button", name=f"Copy – {name}", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_attached()
        code = f'document.getElementById("{id_}").textContent'
        page.wait_for_function(f"{copied}.then((one) => one === {code})")


def test_what_is_copied_works_where_it_is_pasted(
    browser: Browser, site: str, host: HostPages
) -> None:
    """All three ways on one page of another site, with the script pinned by its hash."""
    ours = Visits(browser, site)
    page = ours.open("/fr/integrer?limit=2&target=_blank")
    pasted = [page.locator(f"#{id_}").inner_text() for id_ in ("element", "frame", "form")]
    frame_script = page.locator("#frame-script").inner_text()
    styles = page.locator("#element-style").inner_text() + page.locator("#frame-style").inner_text()
    ours.close()
    assert "integrity=" in pasted[0]

    host.put(
        "/",
        f"""<!doctype html><html lang="fr"><meta charset="utf-8"><title>Réseau</title>
        <style>{styles}</style>{"<hr>".join(pasted)}{frame_script}""",
    )
    theirs = Visits(browser, host.url, also=[site])
    page = theirs.open("/")
    widget = page.locator("quisait-search")
    height = widget.evaluate("(one) => one.offsetHeight")
    assert height == 80  # what was reserved
    widget.get_by_role("combobox").fill("cirages sanitiser")
    expect(widget.get_by_role("option")).to_have_count(2)
    assert widget.evaluate("(one) => one.offsetHeight") == height
    page.keyboard.press("Escape")

    page.wait_for_function("""document.querySelector("iframe").offsetHeight < 300""")
    frame = page.frame_locator("iframe")
    frame.get_by_role("searchbox").fill("cirages sanitiser")
    frame.get_by_role("button", name="Chercher").click()
    expect(frame.locator("h3")).to_have_count(2)

    with page.expect_popup() as opened:
        page.locator("form").get_by_role("searchbox").fill("cirages sanitiser")
        page.locator("form").get_by_role("button", name="Chercher").click()
    expect(opened.value.locator("h1")).to_have_text(re.compile("^4 pistes sérieuses"))
    theirs.close()


def test_it_is_accessible_and_fits(visit: Visits) -> None:
    for path, status in (
        ("/fr/integrer", 200),
        ("/en/embed?open=dialog&shortcut=k&colours=own&ink=%23aaaaaa&accent=%23eeeeee", 200),
        ("/fr/integrer?limit=99&department=zz&site=qss_nobody&accent=x", 400),
    ):
        page = visit.open(path, expected=status)
        # The colours that the page warns of are none of ours.
        check_page(page, judges_contrast="colours=own" not in path)


def test_the_focus_is_always_seen(visit: Visits) -> None:
    page = visit.open("/fr/integrer", scheme="dark")
    for _ in range(34):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => { let one = document.activeElement;
                if (one.shadowRoot) one = one.shadowRoot.activeElement;
                const style = getComputedStyle(one);
                return [style.outlineStyle, parseFloat(style.outlineWidth)]; }"""
        )
        assert outline == ["solid", 3]
