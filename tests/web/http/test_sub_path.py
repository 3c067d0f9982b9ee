"""A site that is a part of its host, such as net.example/savoir: nothing leads out of it."""

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest.uploads import keep_upload
from kb.reference.roles import Flow
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import NoticeContent
from kb.registers.dossiers import DossierEntry
from kb.registers.identity import Identity
from kb.registers.sites import Sites
from kb.settings import Settings
from tests.web.page_reader import Page as ReadPage
from tests.web.sample_base import ACTORS, ANGOULEME, CASES, SampleBase
from tests.web.signed_in import PASSWORD, sign_in
from web.app import create_app
from web.http.i18n import Language
from web.http.templating import Assets, Renderer
from web.http.urls import PATTERNS, Page, address
from web.mail import MailWriter

HOST = "https://net.example"
PREFIX = "/savoir"
SETTINGS = Settings(
    public_url=HOST + PREFIX,
    contact_url="mailto:reseau@net.example",
    secret=SecretStr("a secret of thirty-two characters"),
)
ELSEWHERE = re.compile(rf"{re.escape(HOST)}(?!{PREFIX}\b)")

FILES = (
    "/robots.txt", "/sitemap.xml", "/opensearch.xml", "/fr/opensearch.xml", "/api/openapi.json",
    "/api/docs", "/api/search?q=cirages", "/api/actors?limit=1", "/api/cases?limit=1",
    "/api/notices", "/api/actors/avel", "/api/explain?q=cirages&actor=avel",
    "/embed/v1/search?q=cirages", "/embed/v1/quisait.js", "/embed/v1/frame.js",
)  # fmt: skip
"""What programs ask for, and no page links to."""


class StrippingProxy:
    """What a proxy does that takes the prefix off, and has other sites beside this one."""

    keeps = False

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            assert path == PREFIX or path.startswith(PREFIX + "/"), f"{path} is of another site"
            scope = {**scope, "path": path if self.keeps else path.removeprefix(PREFIX) or "/"}
        await self._app(scope, receive, send)


class KeepingProxy(StrippingProxy):
    keeps = True


class Seeded(SampleBase):
    """A base with something on every page; of one account, which may do all."""

    def __init__(self) -> None:
        super().__init__(ACTORS, CASES)
        self.sites = Sites(self._stores)
        self.sites.add("A site", ["https://shop.example"])
        self.accounts.add("someone", PASSWORD, AccountRole.ADMINISTRATOR)
        self.identity.save(Identity(accent="#123456"), by="someone", revision=0)
        self.draft = self.drafts.add(ANGOULEME, by="someone", origin="pasted", submitted=True)
        self.job = self.jobs.add("feed", {"url": "https://a.example/"}, by="someone")
        notice = self.notices.add(NoticeContent(Flow.SEEKS, "Des flacons"), owner="someone")
        self.notice = self.notices.publish(notice.id, by="someone", revision=1)
        self.dossier = self.dossiers.pick([DossierEntry("avel")], by="someone")
        self.upload = keep_upload(self, "a.csv", io.BytesIO(b"nom\nAvel\n")).parent.name

    def path(self, page: Page, language: Language) -> str:
        ids = {
            Page.CASE: ANGOULEME.id, Page.CASE_EDIT: ANGOULEME.id, Page.CASE_HISTORY: ANGOULEME.id,
            Page.DRAFT: self.draft.id, Page.JOB: self.job.id, Page.DIRECTORY: self.upload,
            Page.NOTICE: self.notice.id, Page.NOTICE_EDIT: self.notice.id,
        }  # fmt: skip
        record_id = ids.get(page, "avel") if "{" in PATTERNS[page][language] else ""
        query = {"q": "cirages", "id": "avel", "kind": "actor"}
        if page in {Page.CASE_EDIT, Page.ACTOR_EDIT}:
            query = {"item": "0" if page is Page.CASE_EDIT else "description"}
        if page in {
            Page.ALERT_CONFIRM,
            Page.ALERT_STOP,
            Page.MY_ALERTS,
            Page.HOLD_CONFIRM,
            Page.DOSSIER_LINK,
        }:
            query = {"t": "none", "key": "none"}  # a page that says that the link is no more
        if page is Page.ENQUIRY:
            query = {"dossier": self.dossier.id}
        if page is Page.NOTICE_FEED:
            query = {"notice": self.notice.id}
        return address(page, record_id, **query).path(language)


@pytest.fixture(scope="module")
def base() -> Iterator[Seeded]:
    with_everything = Seeded()
    yield with_everything
    with_everything.close()


def browser_of(base: Seeded, proxy: type[StrippingProxy] = StrippingProxy) -> TestClient:
    app = create_app(base, SETTINGS)
    return TestClient(
        proxy(app), base_url=HOST, follow_redirects=False, raise_server_exceptions=False
    )


def named_in(here: str, answer: Any) -> tuple[list[str], list[str]]:
    """The addresses that an answer names, and those that its forms are sent to."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    found = [answer.headers[name] for name in ("Location",) if name in answer.headers]
    found += re.findall(r"<([^>]*)>", answer.headers.get("Link", ""))
    forms = []
    if kind == "text/html":
        for element in ReadPage(answer.text).elements:
            for name, value in element.attributes.items():
                if name == "srcset":
                    found += [each.split()[0] for each in value.split(",")]
                elif name == "action" and element.attributes.get("method") == "post":
                    forms.append(urljoin(here, value))
                elif name in {"href", "src", "action"} or value.startswith(("/", HOST)):
                    found.append(value)
    elif "xml" in kind:
        found += re.findall(rf"{re.escape(HOST)}[^<\"{{]*", answer.text)
    return [urljoin(here, each) for each in found], forms


@pytest.mark.thorough
def test_no_link_form_or_file_of_any_page_leads_out_of_the_site(base: Seeded) -> None:
    stranger, someone = browser_of(base), browser_of(base, KeepingProxy)
    assert sign_in(someone, "someone", path=f"{PREFIX}/en/sign-in").status_code == 303
    pages = [base.path(page, language) for page in Page for language in Language]
    pages = [path for path in pages if not path.endswith(("/sign-out", "/deconnexion"))]
    named, sent_to = set(), set()
    for browser in (stranger, someone):
        for path in (*pages, *FILES):
            here = f"{HOST}{PREFIX}{path}"
            answer = browser.get(here)
            assert answer.status_code not in {404, 500}, path
            if "image" not in answer.headers.get("Content-Type", ""):
                assert not ELSEWHERE.search(answer.text), path
            links, forms = named_in(here, answer)
            named |= {link for link in links if link.startswith(HOST)}
            sent_to |= set(forms)
    assert len(named) > 150
    assert len(sent_to) > 25
    assert not [
        url for url in named if urlsplit(url).path.removeprefix(PREFIX)[:1] not in {"", "/"}
    ]
    assert not [url for url in named | sent_to if not url.startswith(f"{HOST}{PREFIX}")]
    routes = create_app(base, SETTINGS).routes
    for form in sent_to:
        path = urlsplit(form).path.removeprefix(PREFIX)
        scope = {"type": "http", "method": "POST", "path": path, "headers": []}
        assert any(route.matches(scope)[0] is Match.FULL for route in routes), form


@pytest.mark.parametrize("proxy", [StrippingProxy, KeepingProxy])
def test_redirects_cookies_and_forms_stay_under_the_prefix(
    base: Seeded, proxy: type[StrippingProxy]
) -> None:
    browser = browser_of(base, proxy)
    assert browser.get(PREFIX).headers["Location"] == f"{PREFIX}/fr/"
    assert browser.get(f"{PREFIX}/").headers["Location"] == f"{PREFIX}/fr/"
    asked = browser.get(f"{PREFIX}/fr/moderation?done=x")
    assert asked.headers["Location"] == f"{PREFIX}/fr/connexion?next=%2Ffr%2Fmoderation%3Fdone%3Dx"
    page = ReadPage(browser.get(asked.headers["Location"]).text)
    hidden = {
        one.attributes["name"]: one.attributes["value"] for one in page.all("input", type="hidden")
    }
    answer = browser.post(
        f"{PREFIX}/fr/connexion", data={**hidden, "name": "someone", "password": PASSWORD}
    )
    assert answer.headers["Location"] == f"{PREFIX}/fr/moderation?done=x"
    cookie = answer.headers["Set-Cookie"]
    assert f"Path={PREFIX};" in cookie
    assert cookie.startswith("__Secure-")  # what begins with __Host- must be for the whole host
    assert "Secure" in cookie
    assert browser.get(f"{PREFIX}/fr/moderation").status_code == 200
    token = base.accounts.issue_token("someone", "program")
    made = browser.post(
        f"{PREFIX}/api/contributions",
        json={"text": "Avel met du gel en flacons pour un voisin."},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert made.headers["Location"] == f"{PREFIX}/api/contributions/{made.json()['id']}"
    assert browser.get(f"{PREFIX}/api/openapi.json").json()["servers"] == [{"url": PREFIX}]


def test_the_widget_and_the_frame_are_found_under_the_prefix(base: Seeded) -> None:
    browser = browser_of(base)
    code = ReadPage(browser.get(f"{PREFIX}/fr/integrer").text).all("code")[0].text
    assert f'src="{HOST}{PREFIX}/embed/v1/quisait.' in code
    frame = browser.get(
        f"{PREFIX}/embed/search?q=cirages&site={base.sites.list()[0].key}",
        headers={"Sec-Fetch-Dest": "iframe"},
    )
    page = ReadPage(frame.text)
    assert page.all("form")[0].attributes["action"] == f"{PREFIX}/embed/search#found"
    [script] = page.all("script")
    assert script.attributes["data-counts"] == f"{PREFIX}/embed/v1/counts"
    found = browser.get(f"{PREFIX}/embed/v1/search?q=cirages").json()
    assert found["url"].startswith(f"{HOST}{PREFIX}/fr/")
    assert {hit["url"].startswith(f"{HOST}{PREFIX}/fr/") for hit in found["hits"]} == {True}


def test_mails_lead_to_the_site_under_the_prefix() -> None:
    written = MailWriter(Renderer(Assets(mounted_at="/static")), SETTINGS).write(
        "mail/test", Language.FR, recipient="lea@avel.example", purpose="test"
    )
    assert f"{HOST}{PREFIX}/fr/" in written.text
    for text in (written.text, written.html):
        assert not ELSEWHERE.search(text)


@pytest.mark.parametrize("wrong", ["https://a.example/a?b", "https://a.example/a b", "https:///a"])
def test_a_public_url_that_is_no_place_for_a_site_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="a host and a path"):
        Settings(public_url=wrong)
    assert Settings(public_url="https://net.example:8443/a/b-c/").public_path == "/a/b-c"
