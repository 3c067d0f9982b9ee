"""The widget when something is amiss, what it asks for, and what is counted of it."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from kb.errors import KnowledgeBaseError
from tests.browser.widget.conftest import (
    KEY,
    POOR,
    SEARCH,
    Embedding,
    field_of,
    options_of,
    part,
    pass_time,
    search,
    settle,
)
from web.embed import access

pytestmark = pytest.mark.browser


def test_a_server_that_takes_its_time_is_waited_for_in_words(embedding: Embedding) -> None:
    page = embedding.open(clock_stands=True)
    with embedding.base.withholding("sanitiser"):
        field_of(page).fill("sanitiser")
        note = part(page, "note")
        pass_time(page, 300)
        expect(note).to_have_text("Recherche…")
        pass_time(page, 3700)
        expect(note).to_have_text("C’est plus long que d’habitude…")
        pass_time(page, 600)
        expect(page.get_by_role("status")).to_have_text("C’est plus long que d’habitude…")
    expect(options_of(page)).to_have_count(3)


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


def test_a_quota_that_is_used_up_is_said(
    embedding: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the last minutes of a day the widget offers to try again: then it is soon worth it.
    monkeypatch.setattr(access, "_seconds_to_midnight", lambda: 3600)
    page = embedding.open(f'site="{POOR}"', fails=True)
    search(page, "sanitiser")
    field_of(page).fill("cirages")
    expect(part(page, "note")).to_have_text("Plus de recherches aujourd’hui.")
    expect(part(page, "retry")).to_be_hidden()


def test_a_page_of_another_origin_than_the_sites_reads_nothing(embedding: Embedding) -> None:
    page = embedding.open(f'site="{KEY}"', fails=True)
    page.goto(page.url.replace("127.0.0.1", "localhost"))
    field_of(page).fill("sanitiser")
    # A browser does not tell a page why it may not read.
    expect(part(page, "note")).to_have_text(re.compile(r"^127\.0\.0\.1:\d+ ne répond pas\.$"))
    assert embedding.base.queries == []


def test_an_answer_that_is_late_is_dropped(embedding: Embedding) -> None:
    page = embedding.open()
    with embedding.base.withholding("sanitiser"):
        with page.expect_request(SEARCH):
            field_of(page).fill("sanitiser")
        field_of(page).fill("cirages")
        expect(part(page, "note")).to_have_text("2 réponses")
    until(lambda: embedding.base.queries == ["cirages", "sanitiser"])
    settle(page)
    expect(part(page, "note")).to_have_text("2 réponses")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_search_that_stands_is_counted_once(embedding: Embedding) -> None:
    before = embedding.counted()
    page = embedding.open(f'site="{KEY}"', clock_stands=True)
    search(page, "sanitiser")
    with page.expect_response(re.compile(r"/counts\?site=qss_reseau&event=search$")) as answered:
        page.clock.run_for(1500)
    assert answered.value.status == 204
    asked = embedding.asked(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    pass_time(page, 5000)
    assert asked == []
    until(lambda: embedding.counted() == (before[0] + 1, before[1], before[2]))


def test_what_is_chosen_is_counted_though_the_page_is_left(embedding: Embedding) -> None:
    before = embedding.counted()
    page = embedding.open(f'site="{KEY}"')
    search(page, "cirages sanitiser")[0].click()
    expect(page).to_have_url(f"{embedding.site}/fr/acteurs/avel")
    until(lambda: embedding.counted() == (before[0] + 1, before[1], before[2] + 1))


def test_nothing_is_counted_without_a_key(embedding: Embedding) -> None:
    page = embedding.open(clock_stands=True)
    asked = embedding.asked(page)
    search(page, "cirages")
    page.keyboard.press("Enter")
    pass_time(page, 5000)
    assert [one for one in asked if "counts" in one] == []


def test_no_cookie_and_no_address_of_the_page_is_sent(embedding: Embedding) -> None:
    page = embedding.open(f'site="{KEY}"')
    cookie = {"name": "quisait", "value": "x", "url": embedding.site}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    with page.expect_request(SEARCH) as asked:
        search(page, "sanitiser")
    sent = asked.value.all_headers()
    assert "cookie" not in sent
    assert sent["origin"] == embedding.host.url
    assert sent.get("referer", f"{embedding.host.url}/") == f"{embedding.host.url}/"
    assert [one["value"] for one in page.context.cookies()] == ["x"]
