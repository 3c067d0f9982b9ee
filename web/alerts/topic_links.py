"""Where the pages and feeds of a topic are."""

from collections.abc import Callable, Mapping
from html import unescape

from kb.registers.alerts.subscriptions import NewsTopic, TopicKind
from web.http.i18n import Language
from web.http.urls import Address, Page, address

_FEEDS: Mapping[TopicKind, Page] = {
    TopicKind.CASES: Page.CASES_FEED,
    TopicKind.CATALOGUE: Page.CATALOGUE_FEED,
    TopicKind.SEARCH: Page.SEARCH_FEED,
    TopicKind.BOARD: Page.BOARD_FEED,
}


def feed_of(topic: NewsTopic) -> Address:
    """Returns the address of the feed of a topic."""
    if topic.kind is TopicKind.NOTICE:
        return address(Page.NOTICE_FEED, notice=topic.notice_id)
    return address(
        _FEEDS[topic.kind],
        q=topic.q,
        flow=topic.flow,
        department=topic.department,
        theme=topic.theme,
    )


def kind_of_topic(topic: NewsTopic) -> str:
    """Returns the kind and flow of a topic as the form of an alert names them."""
    return f"{topic.kind}-{topic.flow}" if topic.flow else topic.kind.value


def alert_of(topic: NewsTopic) -> Address:
    """Returns the address of the form to be told of a topic."""
    if topic.kind is TopicKind.NOTICE:
        return address(Page.ALERTS, notice=topic.notice_id)
    kind = "" if topic.kind is TopicKind.SEARCH else kind_of_topic(topic)
    return address(
        Page.ALERTS, q=topic.q, department=topic.department, theme=topic.theme, kind=kind
    )


def page_of(topic: NewsTopic) -> Address:
    """Returns the address of the page that shows what a topic is about."""
    filters = {"department": topic.department, "theme": topic.theme}
    if topic.kind is TopicKind.SEARCH:
        return address(Page.SEARCH, q=topic.q, **filters)
    if topic.kind is TopicKind.BOARD:
        return address(Page.BOARD, flow=topic.flow, **filters)
    if topic.kind is TopicKind.NOTICE:
        return address(Page.NOTICE, topic.notice_id)
    return address(Page.THEMES, theme=topic.theme) if topic.theme else address(Page.HOME)


def filters(_language: Language) -> Mapping[str, Callable[..., object]]:
    """Returns the filters of templates that lead to topics."""
    return {"feed_of": feed_of, "page_of": page_of, "plain": unescape}
