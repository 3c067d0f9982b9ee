"""Where the pages and feeds of a topic are."""

from collections.abc import Callable, Mapping
from html import unescape

from kb.registers.alerts.topics import NewsTopic, TopicKind
from web.http.i18n import Language
from web.http.urls import Address, Page, address

_FEEDS: Mapping[TopicKind, Page] = {
    TopicKind.CASES: Page.CASES_FEED,
    TopicKind.CATALOGUE: Page.CATALOGUE_FEED,
    TopicKind.SEARCH: Page.SEARCH_FEED,
}


def feed_of(topic: NewsTopic) -> Address:
    """Returns the address of the feed of a topic."""
    return address(_FEEDS[topic.kind], q=topic.q, department=topic.department, theme=topic.theme)


def page_of(topic: NewsTopic) -> Address:
    """Returns the address of the page that shows what a topic is about."""
    if topic.kind is TopicKind.SEARCH:
        return address(Page.SEARCH, q=topic.q, department=topic.department, theme=topic.theme)
    return address(Page.THEMES, theme=topic.theme) if topic.theme else address(Page.HOME)


def filters(_language: Language) -> Mapping[str, Callable[..., object]]:
    """Returns the filters of templates that lead to topics."""
    return {"feed_of": feed_of, "page_of": page_of, "plain": unescape}
