"""A page of somebody else's site, on another port, with the widget on it."""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from kb.models import Actor, Kind
from kb.registers.sites import Site
from kb.search.results import SearchResult
from kb.settings import Settings
from tests.browser.conftest import serving
from tests.browser.host_pages import HostPages, hosting
from tests.web.sample_base import ACTORS, CASES, PERFUMER, RegisteredSites, SampleBase
from web import tallies

KEY = "qss_reseau"
OFF = "qss_off"
POOR = "qss_poor"
"""The keys of a site, of one that is switched off, and of one that may search once a day."""

SEARCH = re.compile("/embed/v1/search")
"""The address that a search asks."""

STYLES = "body { margin: 2rem; } quisait-search { display: block; min-height: 5.5rem; }"


class MoodyKnowledgeBase(SampleBase):
    """Answers when a test wants, or not at all."""

    def __init__(self) -> None:
        super().__init__((*ACTORS, PERFUMER), CASES)
        self._gates: dict[str, threading.Event] = {}
        self.trouble: Exception | None = None

    def search(self, query: str, **others: Any) -> SearchResult:
        if gate := self._gates.get(query):
            assert gate.wait(timeout=60)
        if self.trouble:
            raise self.trouble
        return super().search(query, **others)

    @contextmanager
    def withholding(self, *queries: str) -> Iterator[None]:
        """Answers these queries once the context is left, and not before."""
        gate = threading.Event()
        self._gates.update(dict.fromkeys(queries, gate))
        try:
            yield
        finally:
            self._gates.clear()
            gate.set()

    @contextmanager
    def holding(self, actors: Iterable[Actor]) -> Iterator[None]:
        """Knows these actors and no others, for as long as the context is entered."""
        before = self.actors()
        self._exchange(actors)
        yield
        self._exchange(before)

    def _exchange(self, actors: Iterable[Actor]) -> None:
        known = list(actors)
        self.put(known)
        self.remove(Kind.ACTOR, self.ids(Kind.ACTOR) - {actor.id for actor in known})

    @property
    def queries(self) -> list[str]:
        """What was asked, in order."""
        return [query for query, _, _ in self.searches]


@dataclass
class Embedding:
    """The host site, the catalogue, and a browser that goes to the one and asks the other.

    At the end it fails if a page complained, unless the test expects that.
    """

    browser: Browser
    host: HostPages
    site: str
    base: MoodyKnowledgeBase
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def script(self) -> str:
        return f'<script src="{self.site}/embed/v1/quisait.js" async></script>'

    def open(
        self,
        attributes: str = "",
        *,
        body: str = "",
        head: str = "",
        styles: str = "",
        headers: Mapping[str, str] | None = None,
        html: str = 'lang="fr"',
        fails: bool = False,
        clock_stands: bool = False,
        **context: Any,
    ) -> Page:
        """A page with a widget that has these attributes, or with this body.

        `fails`: the browser is to complain of what it loads. `clock_stands`: timers of the page
        wait for `pass_time`. `context` is Playwright's.
        """
        body = body or f"<quisait-search {attributes}></quisait-search>"
        self.host.put("/favicon.ico", "", {"Content-Type": "image/x-icon"})
        self.host.put("/host.css", STYLES + styles, {"Content-Type": "text/css"})
        url = self.host.put(
            "/page",
            f"<!doctype html><html {html}><head><meta charset='utf-8'><title>Un réseau</title>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<link rel='stylesheet' href='/host.css'>{head or self.script}</head>"
            f"<body><main><h1>Un réseau</h1><p id='before'>Avant</p>{body}"
            "<p id='after'>Après</p></main></body></html>",
            headers,
        )
        context.setdefault("viewport", {"width": 1000, "height": 800})
        made = self.browser.new_context(**context)
        self.contexts.append(made)
        page = made.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                None if fails and message.type == "error" else self.complaints.append(message.text)
            ),
        )
        if clock_stands:
            page.clock.install(time=0)
            page.clock.pause_at(1000)
        page.goto(url)
        return page

    def asked(self, page: Page) -> list[str]:
        """Which addresses of the catalogue the page asked from now on, filled as it does."""
        asked: list[str] = []
        page.on(
            "request",
            lambda request: (
                asked.append(f"{request.method} {request.url.removeprefix(self.site)}")
                if request.url.startswith(self.site)
                else None
            ),
        )
        return asked

    def counted(self, key: str = KEY) -> tuple[int, int, int]:
        """Searches, those that found nothing, and selections that are written down for a site."""
        sites = self.base.sites
        assert isinstance(sites, RegisteredSites)
        all_days = [counts for (of, _), counts in sites.counted.items() if of == key]
        return (
            sum(one.searches for one in all_days),
            sum(one.empty for one in all_days),
            sum(one.selections for one in all_days),
        )

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        assert self.complaints == []


@pytest.fixture(scope="module")
def base() -> MoodyKnowledgeBase:
    return MoodyKnowledgeBase()


@pytest.fixture(scope="module")
def site(base: MoodyKnowledgeBase, settings: Settings) -> Iterator[str]:
    # What is counted is written down soon.
    with patch.object(tallies, "WRITTEN_EVERY_S", 0.05), serving(base, settings) as url:
        yield url


@pytest.fixture(scope="module")
def module_host() -> Iterator[HostPages]:
    with hosting() as pages:
        yield pages


@pytest.fixture
def embedding(
    browser: Browser, module_host: HostPages, site: str, base: MoodyKnowledgeBase
) -> Iterator[Embedding]:
    def registered(key: str, *, per_day: int = 1000, disabled: bool = False) -> Site:
        return Site(key, "Un réseau", (module_host.url,), "", "", per_day, "", disabled)

    sites = base.sites
    assert isinstance(sites, RegisteredSites)
    for one in (registered(KEY), registered(OFF, disabled=True), registered(POOR, per_day=1)):
        sites.known[one.key] = one
    base.trouble = None
    base.searches.clear()
    made = Embedding(browser, module_host, site, base)
    yield made
    made.close()


def settle(page: Page) -> None:
    """Waits until all that the page asked before this has begun, and been seen to begin."""
    page.evaluate("fetch('/favicon.ico').then(answer => answer.text())")


def pass_time(page: Page, milliseconds: int) -> None:
    """Lets time pass in a page whose clock stands, and waits until what it set off has begun."""
    page.clock.run_for(milliseconds)
    settle(page)


def field_of(page: Page) -> Locator:
    return page.get_by_role("combobox")


def options_of(page: Page) -> Locator:
    return page.get_by_role("option")


def part(page: Page, name: str) -> Locator:
    return page.locator(f"quisait-search [part~={name}]")


def search(page: Page, query: str, count: int | None = None) -> Sequence[Locator]:
    """Writes a need into the widget, and waits for its answers."""
    field_of(page).fill(query)
    expect(options_of(page).first).to_be_visible()
    found = options_of(page).all()
    assert count is None or len(found) == count
    return found
