"""Feeds, read back by a reader of feeds: what is in them, in which order, and when they changed."""

from dataclasses import replace
from typing import Any

import feedparser
import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY, SampleBase
from tests.web.signed_in import SITE, client_of

FEEDS = ("/fr/flux/cas.atom", "/fr/flux/catalogue.atom", "/fr/flux/recherche.atom?q=cirages")


def read(client: TestClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.version == "atom10"
    assert len({entry.id for entry in feed.entries}) == len(feed.entries)
    for entry in feed.entries:
        assert entry.published_parsed <= entry.updated_parsed <= feed.feed.updated_parsed
    return feed


def titles(feed: Any) -> list[str]:
    return [entry.title for entry in feed.entries]


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_can_be_read_and_names_its_page(client: TestClient, path: str) -> None:
    feed = read(client, path)
    assert feed.entries
    assert feed.feed.language == "fr"
    links = {link.rel: link.href for link in feed.feed.links}
    assert links["self"] == SITE + path
    assert client.get(links["alternate"]).status_code == 200
    for entry in feed.entries:
        assert client.get(entry.link).status_code == 200


def test_filters_hold_in_feeds(client: TestClient) -> None:
    of_department = read(client, "/fr/flux/catalogue.atom?department=17")
    assert DISTILLERY.name in titles(of_department)
    assert AVEL.name not in titles(of_department)
    assert "Charente-Maritime (17)" in of_department.feed.title
    of_theme = read(client, "/fr/flux/cas.atom?theme=sant%C3%A9")
    assert titles(of_theme) == [ANGOULEME.title]
    assert client.get("/fr/flux/cas.atom?department=1000").status_code == 400


def test_a_search_feed_has_what_is_worth_a_call_with_its_evidence(client: TestClient) -> None:
    feed = read(client, "/fr/flux/recherche.atom?q=sanitiser")
    (avel,) = [entry for entry in feed.entries if entry.title == AVEL.name]
    assert avel.summary == (
        "Magnac-Lavalette · Charente (16). Montré – fabrique et conditionne le gel"
    )
    assert not read(client, "/fr/flux/recherche.atom?q=forage").entries
    assert client.get("/fr/flux/recherche.atom?q=").status_code == 400


def test_a_story_is_in_a_feed_once_in_the_readers_language(base: KnowledgeBase) -> None:
    english = replace(
        ANGOULEME, id="en", lang="en", title="From polish to gel", translation_of=ANGOULEME.id
    )
    base.put([ANGOULEME, english])
    client = client_of(base)
    assert titles(read(client, "/en/feeds/cases.atom")) == ["From polish to gel"]
    assert titles(read(client, "/fr/flux/cas.atom")) == [ANGOULEME.title]


@pytest.mark.parametrize("path", FEEDS)
def test_who_has_a_feed_is_sent_nothing_until_something_changes(path: str) -> None:
    base = SampleBase()
    client = client_of(base)
    answer = client.get(path)
    unchanged = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304
    assert unchanged.content == b""
    assert unchanged.headers["ETag"] == answer.headers["ETag"]
    base.put(
        [
            Actor(id="new", name="Un nouveau", description="Il fait des cirages."),
            replace(ANGOULEME, id="new", title="Un nouveau cas", translation_of=""),
        ]
    )
    changed = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != answer.headers["ETag"]


def test_what_xml_cannot_hold_and_what_is_markup_does_no_harm(base: KnowledgeBase) -> None:
    base.put(
        [Actor(id="a/b & c", name="<b>R&D\x0b</b>", description="Un \x00texte & <i>deux</i>.")]
    )
    (entry,) = read(client_of(base), "/fr/flux/catalogue.atom").entries
    assert entry.title_detail.type == "text/plain"
    assert entry.title == "<b>R&D</b>"
    assert entry.link == f"{SITE}/fr/acteurs/a%2Fb%20%26%20c"
    assert entry.id == "tag:quisait.example,2026:actor/a%2Fb%20%26%20c"
