"""A real Chromium on a real server, on loopback only."""

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Cookie,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from pydantic import SecretStr

from ingest.extraction.reader.encoded import reading_encoder
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Record
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from kb.store.store import Store
from tests.browser.host_pages import HostPages, hosting
from tests.encoders import WordCountEncoder
from tests.web.mail.smtp_receiver import SmtpReceiver, receiving
from tests.web.sample_base import (
    ACTORS,
    BARE_ACTOR,
    BARE_CASE,
    CASES,
    PERFUMER,
    SampleBase,
)
from tests.web.signed_in import PASSWORD
from web.app import create_app

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first is the same browser without windows: the tests take half as long."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


# A condition is waited for, however busy the machine is: the first search alone may take seconds.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session", autouse=True)
def _reading_is_prepared() -> None:
    """Prepares what reads articles, as the server does when it starts, so that no page waits."""
    reading_encoder()


# Playwright keeps an event loop running in this thread: not beyond this folder, since the tests of
# the server run one of their own.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, the system's or Playwright's own. Missing, it fails in CI and skips elsewhere."""
    installed = (shutil.which(name) for name in PROGRAMS)
    executable = next(filter(None, installed), playwright.chromium.executable_path)
    if not os.access(executable, os.X_OK):
        reason = "no Chromium: install it, or run `playwright install chromium`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
    yield browser
    browser.close()


class _SignallingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()
        self.url = ""

    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        host, port = self.servers[0].sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        self.listening.set()


PUBLIC = "http://kb.example"
"""The address of a site that sends mails: links in them lead there."""


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    """The base that is served; a module may have another."""
    return SampleBase((*ACTORS, PERFUMER, BARE_ACTOR), (*CASES, BARE_CASE))


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(
        contact_url="mailto:reseau@example.org",
        secret=SecretStr("a secret of thirty-two characters"),
    )


@pytest.fixture(scope="module")
def receiver() -> Iterator[SmtpReceiver]:
    """The mail server of a site whose settings are `mailing`."""
    with receiving() as running:
        yield running


def mailing(receiver: SmtpReceiver) -> Settings:
    return Settings(
        public_url=PUBLIC,
        smtp_url=SecretStr(f"smtp://{receiver.address}"),
        mail_from="site@kb.example",
        secret=SecretStr("a secret of thirty-two characters"),
    )


@pytest.fixture(scope="module")
def site(base: KnowledgeBase, settings: Settings) -> Iterator[str]:
    """The address of a running server, without a final slash."""
    with serving(base, settings) as url:
        yield url


@contextmanager
def made_base(
    folders: pytest.TempPathFactory,
    records: Sequence[Record] = (),
    accounts: Mapping[str, AccountRole] = {},
) -> Iterator[KnowledgeBase]:
    """A real knowledge base with these records and accounts, closed in the end."""
    folder = folders.mktemp("base") / "kb"
    folder.mkdir()
    Store.open(folder / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(folder, WordCountEncoder)) as base:
        base.put(records)
        for name, role in accounts.items():
            base.accounts.add(name, PASSWORD, role)
        yield base


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fills in the form to sign in, and sends it."""
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")


def signed_in(browser: Browser, site: str, name: str) -> Sequence[Cookie]:
    """The cookies of a browser in which an account is signed in."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{site}/fr/connexion")
        sign_in(page, name)
        page.wait_for_url("**/fr/compte")
        return context.cookies()


@contextmanager
def serving(base: KnowledgeBase, settings: Settings) -> Iterator[str]:
    """The address of a server of this base, which listens while the context is entered."""
    app = create_app(base, settings)
    server = _SignallingServer(
        uvicorn.Config(app, port=0, log_level="warning", lifespan="off", ws="none")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    assert server.listening.wait(timeout=120)
    app.state.tallies.start()
    yield server.url
    server.should_exit = True
    thread.join(timeout=120)
    app.state.tallies.stop()


@pytest.fixture
def host() -> Iterator[HostPages]:
    """Somebody else's site, that may embed ours."""
    with hosting() as pages:
        yield pages


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator["Visits"]:
    visits = Visits(browser, site)
    yield visits
    visits.close()


class Visits:
    """Opens pages, and fails at the end if one complained or asked another host for anything.

    Each page is a browser of its own, unless it `keeps_cookies` from one to the next; each has
    the `cookies` given. `also` are other origins that pages may ask.
    """

    def __init__(
        self,
        browser: Browser,
        site: str,
        *,
        keeps_cookies: bool = False,
        cookies: Sequence[Any] = (),
        also: Sequence[str] = (),
    ) -> None:
        self._keeps_cookies = keeps_cookies
        self._cookies: list[Any] = list(cookies)
        self._browser = browser
        self._site = site
        self._may_ask = (*(f"{origin}/" for origin in (site, *also)), "data:")
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(
        self,
        path: str,
        *,
        width: int = 1280,
        scheme: str = "light",
        expected: int = 200,
        fails_later: bool = False,
    ) -> Page:
        """Opens a page; `fails_later`: a form on it will be refused, which is no complaint."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        if self._keeps_cookies and self._contexts:
            self._cookies = self._contexts[-1].cookies()
        if self._cookies:
            context.add_cookies(self._cookies)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._look_at(request.url))
        page.on(
            "console",
            lambda message: (
                None
                # Chromium writes every status of 400 and more to the console.
                if (expected >= 400 or fails_later) and "Failed to load resource" in message.text
                else self.complaints.append(message.text)
            ),
        )
        response = page.goto(self._site + path)
        assert response is not None
        assert response.status == expected
        return page

    def _look_at(self, url: str) -> None:
        if not url.startswith(self._may_ask):
            self.complaints.append(f"asked {url}")

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        assert self.complaints == []
