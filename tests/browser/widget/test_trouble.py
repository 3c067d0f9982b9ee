"""The widget when something is amiss, what it asks for, and what is counted of it."""

import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from kb.errors import KnowledgeBaseError
from tests.browser.widget.conftest import (
    KEY,
    OFF,
    POOR,
    Embedding,
    field_of,
    options_of,
    part,
    search,
)

pytestmark = pytest.mark.browser


def test_a_server_that_takes_its_time_is_waited_for_in_words(embedding: Embedding) -> None:
    page = embedding.open()
    embedding.base.delays_s = {"sanitiser": 5}
    field_of(page).fill("sanitiser")
    note = part(page, "note")
    expect(note).to_have_text("Recherche…")
    expect(note).to_have_text("C’est plus long que d’habitude…", timeout=6000)
    expect(page.get_by_role("status")).to_have_text("C’est plus long que d’habitude…")
    expect(options_of(page)).to_have_count(3)


def test_a_fast_answer_is_not_announced_by_a_wait(embedding: Embedding) -> None:
    page = embedding.open()
    notes: list[str] = []
    # Playwright hangs something on what it is given: not on a method of a list.
    page.expose_function("noted", lambda note: notes.append(note))  # noqa: PLW0108
    part(page, "note").wait_for(state="attached")
    page.evaluate(
        """() => {
            const note = document.querySelector("quisait-search").shadowRoot
                .querySelector("[part=note]");
            new MutationObserver(() => window.noted(note.textContent))
                .observe(note, { childList: true });
        }"""
    )
    search(page, "sanitiser")
    took_ms = page.evaluate("performance.getEntriesByType('resource').at(-1).duration")
    # On a machine that is too busy there is a wait to announce.
    assert set(notes) == {"3 réponses"} or took_ms > 250


def test_a_server_that_fails_can_be_asked_again(embedding: Embedding) -> None:
    page = embedding.open(fails=True)
    embedding.base.trouble = KnowledgeBaseError("broken")
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("Trop de recherches à la fois.")
    embedding.base.trouble = None
    page.get_by_role("button", name="Réessayer").click()
    expect(options_of(page)).to_have_count(3)
    expect(field_of(page)).to_be_focused()
    expect(page.get_by_role("button", name="Réessayer")).to_be_hidden()


def test_a_server_that_breaks_can_be_asked_again(embedding: Embedding) -> None:
    page = embedding.open('lang="en"', fails=True)
    embedding.base.trouble = RuntimeError()
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("The search does not answer.")
    expect(page.get_by_role("status")).to_have_text("The search does not answer.")
    embedding.base.trouble = None
    page.get_by_role("button", name="Try again").click()
    expect(options_of(page)).to_have_count(3)


def test_a_second_attempt_is_shown_and_its_failure_heard_again(embedding: Embedding) -> None:
    page = embedding.open('lang="en"', fails=True)
    embedding.base.trouble = KnowledgeBaseError("broken")
    field_of(page).fill("sanitiser")
    expect(page.get_by_role("status")).to_have_text("Too many searches at once.")
    embedding.base.delays_s = {"sanitiser": 1.0}
    page.get_by_role("button", name="Try again").click()
    expect(part(page, "note")).to_have_text("Searching…")
    expect(part(page, "retry")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("Searching…")
    expect(page.get_by_role("status")).to_have_text("Too many searches at once.")


def test_an_error_does_not_stand_under_other_words(embedding: Embedding) -> None:
    page = embedding.open(fails=True)
    embedding.base.trouble = KnowledgeBaseError("broken")
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("Trop de recherches à la fois.")
    embedding.base.trouble = None
    embedding.base.delays_s = {"cirages": 1.0}
    field_of(page).fill("cirages")
    expect(part(page, "popup")).to_be_hidden()
    expect(part(page, "note")).to_have_text("2 réponses")


def test_an_attribute_that_is_wrong_is_not_blamed_on_words(embedding: Embedding) -> None:
    page = embedding.open('department="999"', fails=True)
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("Cette recherche n’est pas ouverte à ce site.")


def test_who_is_offline_is_told_and_goes_on_when_they_are_back(embedding: Embedding) -> None:
    page = embedding.open(fails=True)
    field_of(page).wait_for()
    page.context.set_offline(True)
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("Vous êtes hors ligne.")
    page.context.set_offline(False)
    expect(options_of(page)).to_have_count(3)


def test_what_cannot_be_searched_is_said(embedding: Embedding) -> None:
    page = embedding.open(fails=True)
    field_of(page).fill("🙂🙂")
    expect(part(page, "note")).to_have_text("Dites le besoin en quelques mots.")
    expect(part(page, "retry")).to_be_hidden()
    field_of(page).fill("sanitiser")
    expect(options_of(page)).to_have_count(3)


def test_a_quota_that_is_used_up_is_said(embedding: Embedding) -> None:
    page = embedding.open(f'site="{POOR}"', fails=True)
    search(page, "sanitiser")
    field_of(page).fill("cirages")
    expect(part(page, "note")).to_have_text("Ce site a fait toutes ses recherches du jour.")
    expect(part(page, "retry")).to_be_hidden()


def test_a_site_that_is_switched_off_is_told(embedding: Embedding) -> None:
    page = embedding.open(f'site="{OFF}" lang="en"', fails=True)
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("The search is not open to this site.")


def test_a_page_of_another_origin_than_the_sites_reads_nothing(embedding: Embedding) -> None:
    page = embedding.open(f'site="{KEY}"', fails=True)
    page.goto(page.url.replace("127.0.0.1", "localhost"))
    field_of(page).fill("sanitiser")
    # A browser does not tell a page why it may not read.
    expect(part(page, "note")).to_have_text("La recherche ne répond pas.")
    assert embedding.base.queries == []


def test_an_answer_that_is_late_is_dropped(embedding: Embedding) -> None:
    page = embedding.open()
    embedding.base.delays_s = {"sanitiser": 1.0}
    field_of(page).fill("sanitiser")
    page.wait_for_timeout(300)
    field_of(page).fill("cirages")
    expect(part(page, "note")).to_have_text("2 réponses")
    page.wait_for_timeout(1200)
    expect(part(page, "note")).to_have_text("2 réponses")
    assert embedding.base.queries == ["cirages", "sanitiser"]


def test_an_emptied_field_drops_the_answer_that_is_on_its_way(embedding: Embedding) -> None:
    page = embedding.open()
    embedding.base.delays_s = {"sanitiser": 0.5}
    field_of(page).fill("sanitiser")
    page.wait_for_timeout(100)
    field_of(page).fill("")
    page.wait_for_timeout(800)
    expect(part(page, "popup")).to_be_hidden()


def test_a_search_is_over_when_typing_goes_on(embedding: Embedding) -> None:
    page = embedding.open()
    page.evaluate(
        """() => {
            window.heard = [];
            addEventListener("quisait:search", event => window.heard.push(event.detail.query));
        }"""
    )
    embedding.base.delays_s = {"cirages": 0.3, "cirages sanitiser": 0.3}
    field_of(page).fill("cirages")
    page.wait_for_timeout(250)
    field_of(page).fill("cirages sanitiser")
    expect(part(page, "note")).to_have_text("4 réponses")
    assert page.evaluate("window.heard") == ["cirages sanitiser"]


def test_nothing_is_awaited_when_too_little_is_left_to_ask(embedding: Embedding) -> None:
    page = embedding.open()
    embedding.base.delays_s = {"sanitiser": 2.0}
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("Recherche…")
    field_of(page).fill("s")
    expect(part(page, "popup")).to_be_hidden()


def test_nothing_is_awaited_after_it_was_taken_away(embedding: Embedding) -> None:
    page = embedding.open()
    embedding.base.delays_s = {"sanitiser": 2.0}
    field_of(page).fill("sanitiser")
    expect(part(page, "note")).to_have_text("Recherche…")
    page.evaluate(
        """() => {
            window.widget = document.querySelector("quisait-search");
            window.widget.remove();
        }"""
    )
    page.evaluate("document.querySelector('main').append(window.widget)")
    field_of(page).focus()
    expect(part(page, "popup")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(part(page, "note")).to_have_text("3 réponses")


def test_fast_typing_asks_for_the_beginning_and_the_whole(embedding: Embedding) -> None:
    page = embedding.open()
    field_of(page).focus()
    page.keyboard.type("cirages sanitiser", delay=20)
    expect(part(page, "note")).to_have_text("4 réponses")
    assert embedding.base.queries[-1] == "cirages sanitiser"
    assert len(embedding.base.queries) <= 2


STARTS = """() => {
    window.delays = [];
    let key;
    addEventListener("keydown", event => (key = event.timeStamp), true);
    new PerformanceObserver(list => list.getEntries()
        .filter(one => one.name.includes("/embed/v1/search"))
        .forEach(one => window.delays.push(one.startTime - key)))
        .observe({ type: "resource" });
}"""


def test_a_pause_is_waited_for_but_not_after_one(embedding: Embedding) -> None:
    page = embedding.open()
    search(page, "sanitiser")
    page.wait_for_timeout(400)
    page.evaluate(STARTS)
    page.keyboard.type("s")
    page.wait_for_function("window.delays.length === 1")
    page.keyboard.type("s")
    page.wait_for_function("window.delays.length === 2")
    at_once, after_a_pause = page.evaluate("window.delays")
    assert after_a_pause >= 190
    assert at_once < after_a_pause


def test_one_letter_is_not_searched(embedding: Embedding) -> None:
    page = embedding.open()
    field_of(page).fill("s")
    page.wait_for_timeout(400)
    assert embedding.base.queries == []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_search_that_stands_is_counted_once(embedding: Embedding) -> None:
    before = embedding.counted()
    page = embedding.open(f'site="{KEY}"')
    with page.expect_response(re.compile(r"/counts\?site=qss_reseau&event=search$")) as answered:
        search(page, "sanitiser")
    assert answered.value.status == 204
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    until(lambda: embedding.counted() == (before[0] + 1, before[1], before[2]))


def test_what_is_only_passed_through_is_not_counted(embedding: Embedding) -> None:
    page = embedding.open(f'site="{KEY}"')
    asked = embedding.asked(page)
    for query in ("cirages", "sanitiser"):
        field_of(page).fill(query)
        page.wait_for_timeout(400)
    field_of(page).fill("")
    page.wait_for_timeout(1800)
    assert [one for one in asked if "counts" in one] == []


def test_a_search_that_finds_nothing_is_counted_as_such(embedding: Embedding) -> None:
    before = embedding.counted()
    page = embedding.open(f'site="{KEY}"')
    with page.expect_response(re.compile("event=empty")):
        search(page, "rocket")
    until(lambda: embedding.counted() == (before[0] + 1, before[1] + 1, before[2]))


def test_what_is_chosen_is_counted_though_the_page_is_left(embedding: Embedding) -> None:
    before = embedding.counted()
    page = embedding.open(f'site="{KEY}"')
    search(page, "cirages sanitiser")[0].click()
    expect(page).to_have_url(f"{embedding.site}/fr/acteurs/avel")
    until(lambda: embedding.counted() == (before[0] + 1, before[1], before[2] + 1))


def test_nothing_is_counted_without_a_key(embedding: Embedding) -> None:
    page = embedding.open()
    asked = embedding.asked(page)
    search(page, "cirages")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1800)
    assert [one for one in asked if "counts" in one] == []


def test_no_cookie_and_no_address_of_the_page_is_sent(embedding: Embedding) -> None:
    page = embedding.open(f'site="{KEY}"')
    cookie = {"name": "quisait", "value": "x", "url": embedding.site}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    with page.expect_request(re.compile("/embed/v1/search")) as asked:
        search(page, "sanitiser")
    sent = asked.value.all_headers()
    assert "cookie" not in sent
    assert sent["origin"] == embedding.host.url
    assert sent.get("referer", f"{embedding.host.url}/") == f"{embedding.host.url}/"
    assert [one["value"] for one in page.context.cookies()] == ["x"]


def test_a_filter_of_the_site_holds_until_the_page_says_otherwise(embedding: Embedding) -> None:
    sites = embedding.base.sites
    sites.known[KEY] = replace(sites.known[KEY], department="17")  # type: ignore[attr-defined]
    page = embedding.open(f'site="{KEY}"')
    search(page, "sanitiser", 1)
    page.locator("quisait-search").evaluate("one => one.setAttribute('department', '')")
    expect(options_of(page)).to_have_count(3)
