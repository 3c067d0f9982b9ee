"""Who may open which door: every route that pages and programs have, asked by everyone.

The routes are read from the application. One that is in none of the tables fails the first test,
so that whoever adds a page has to say whom it is for.
"""

import io
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fastapi.routing import APIRoute

from ingest.uploads import keep_upload
from kb.base_folder import UPLOADS
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.reference.flows import Flow
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import NewMail
from kb.registers.board.notice import NoticeContent, NoticeState
from kb.registers.lists.contact_list import ListEntry
from kb.store.store import Store
from tests.encoders import WordCountEncoder
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import PASSWORD, account_client, client_of, csrf_token, sign_in
from web.api import catalogue, read, reference
from web.app import BOARD, DASHBOARD, EDITORIAL, HOLDERS, IDENTITY, PRIVACY, WRITING_API
from web.board import read_api as board_read_api
from web.catalogue import discovery, pages
from web.embed import configurator
from web.http.i18n import Language
from web.http.urls import PATTERNS, Page
from web.lists import pages as list_pages
from web.mail import pages as mail_pages
from web.mcp import page as assistants
from web.search import pages as search_pages

pytestmark = pytest.mark.thorough

STRANGER, OTHER, CONTRIBUTOR, MODERATOR, ADMINISTRATOR = (
    "a stranger", "another contributor", "a contributor", "a moderator", "an administrator"
)  # fmt: skip
EVERYONE = (STRANGER, OTHER, CONTRIBUTOR, MODERATOR, ADMINISTRATOR)

PUBLIC = {
    Page.HOME, Page.SEARCH, Page.ACTOR, Page.CASE, Page.THEMES, Page.ABOUT, Page.CONTRIBUTE,
    Page.SIGN_IN, Page.SIGN_OUT, Page.WHO_TO_CALL, Page.WHY, Page.REPORT, Page.EMBED,
    Page.LEGAL, Page.ACCESSIBILITY, Page.PRIVACY,
    Page.BOARD, Page.NOTICE, Page.NEW_NOTICE,
    Page.ASSISTANTS, Page.LIST, Page.LIST_SHEET, Page.FLAG,
    Page.HOLD, Page.HOLD_CONFIRM,
}  # fmt: skip
"""Pages that anyone may look at; those of the accounts only show their forms."""

LOWEST: dict[Page, str] = {
    Page.ACCOUNT: OTHER,
    Page.CONTRIBUTIONS: OTHER,
    Page.ORGANISATION: OTHER,
    Page.JOBS: OTHER,
    Page.DRAFT: CONTRIBUTOR,
    Page.NOTICE_EDIT: CONTRIBUTOR,
    Page.JOB: CONTRIBUTOR,
    Page.DIRECTORY: MODERATOR,
    Page.MODERATION: MODERATOR,
    Page.FLAGGED: MODERATOR,
    Page.DASHBOARD: MODERATOR,
    Page.DASHBOARD_FILE: MODERATOR,
    Page.DUPLICATES: MODERATOR,
    Page.SOURCES: MODERATOR,
    Page.ACTOR_HISTORY: MODERATOR,
    Page.CASE_HISTORY: MODERATOR,
    Page.ACTOR_EDIT: MODERATOR,
    Page.CASE_EDIT: MODERATOR,
    Page.ACCOUNTS: ADMINISTRATOR,
    Page.SITES: ADMINISTRATOR,
    Page.MAIL: ADMINISTRATOR,
    Page.SETTINGS: ADMINISTRATOR,
    Page.PERSONAL_DATA: ADMINISTRATOR,
}
"""Who is the least of those who may see a page and send its form.

The draft, the job and the notice are the contributor's; another contributor stands below.
"""

TAKERS: dict[Page, str] = {
    Page.SIGN_IN: STRANGER,
    Page.SIGN_OUT: OTHER,
    Page.CONTRIBUTE: OTHER,
    Page.LIST: OTHER,
    Page.NEW_NOTICE: STRANGER,
    Page.NOTICE: STRANGER,
    Page.FLAG: STRANGER,
    Page.HOLD: STRANGER,
    Page.HOLD_CONFIRM: STRANGER,
    Page.BOARD: MODERATOR,
    **{page: LOWEST[page] for page in LOWEST if page not in {
        Page.CONTRIBUTIONS, Page.JOBS, Page.DASHBOARD_FILE,
    }},
}  # fmt: skip
"""The pages that take a form, and the least of those whose form is read."""

STATELESS = {Page.LIST_SHEET}
"""The pages that answer what a form holds, and change nothing: anyone may send it, with no token.

Strangers have no cookie that a token could be bound to. Forms of other sites are refused.
"""


def _routes(*rooms: Any) -> Iterator[tuple[str, str]]:
    for room in rooms:
        for route in room.router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                yield method, route.path


PAGE_ROUTES = sorted(
    set(
        _routes(
            pages,
            search_pages,
            list_pages,
            configurator,
            assistants,
            mail_pages,
            *EDITORIAL,
            *IDENTITY,
            *BOARD,
            *HOLDERS,
            *DASHBOARD,
            *PRIVACY,
        )
    )
)
KINDS = {path: page for page, paths in PATTERNS.items() for path in paths.values()}


class Site:
    """A site on which each has something of their own, and a browser for each of them."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        base.put([AVEL, ANGOULEME])
        self.clients = {
            STRANGER: client_of(base),
            OTHER: account_client(base, name=OTHER),
            CONTRIBUTOR: account_client(base, name=CONTRIBUTOR),
            MODERATOR: account_client(base, AccountRole.MODERATOR, MODERATOR),
            ADMINISTRATOR: account_client(base, AccountRole.ADMINISTRATOR, ADMINISTRATOR),
        }
        self.draft = base.drafts.add(ANGOULEME, by=CONTRIBUTOR, origin="pasted", submitted=True)
        self.job = base.jobs.add("feed", {"url": "https://a.example/"}, by=CONTRIBUTOR)
        self.list_id = base.lists.pick([ListEntry(AVEL.id)], by=CONTRIBUTOR).id
        notice = base.notices.add(NoticeContent(Flow.SEEKS, "Des flacons"), owner=CONTRIBUTOR)
        self.notice = base.notices.publish(notice.id, by=MODERATOR, revision=1)
        self.key = self._link()
        self.upload = keep_upload(base.folder, "a.csv", io.BytesIO(b"nom\nAvel\n")).parent.name

    def _link(self) -> str:
        """Asks for a page; returns the key of the link."""
        keys = []

        def write(key: str) -> NewMail:
            keys.append(key)
            return NewMail("lea@avel.example", "", "", "", "fr", "")

        self.base.holds.ask(AVEL.id, "lea@avel.example", message="", lang="fr", write=write)
        return keys[0]

    def path(self, page: Page, pattern: str) -> str:
        if page in {Page.WHO_TO_CALL, Page.WHY, Page.REPORT}:
            return f"{pattern}?q=cirage&id={AVEL.id}"
        if page is Page.HOLD_CONFIRM:
            return f"{pattern}?key={self.key}"
        if page is Page.FLAG:
            return f"{pattern}?kind=actor&id={AVEL.id}"
        item = "?item=0" if page is Page.CASE_EDIT else "?item=description"
        ids = {
            Page.DRAFT: self.draft.id,
            Page.JOB: self.job.id,
            Page.NOTICE: self.notice.id,
            Page.NOTICE_EDIT: self.notice.id,
            Page.DIRECTORY: self.upload,
            Page.CASE: ANGOULEME.id,
            Page.CASE_HISTORY: ANGOULEME.id,
            Page.CASE_EDIT: ANGOULEME.id,
        }
        path = pattern.replace("{record_id:path}", ids.get(page, AVEL.id))
        return path + item if page in {Page.CASE_EDIT, Page.ACTOR_EDIT} else path

    def state(self) -> object:
        """What no refused form may change."""
        return (
            self.base.drafts.get(self.draft.id),
            self.base.jobs.list(),
            self.base.notices.list(list(NoticeState)),
            self.base.answers.of(self.notice.id),
            self.base.flags.waiting(),
            self.base.holds.of(AVEL.id),
            [len(self.base.history(kind, one)) for kind, one in (
                (Kind.CASE, ANGOULEME.id), (Kind.ACTOR, AVEL.id)
            )],
            self.base.accounts.list(),
            [self.base.accounts.tokens(account.name) for account in self.base.accounts.list()],
            sorted(path.name for path in (self.base.folder / UPLOADS).iterdir()),
            self.base.duplicates.count(),
            self.base.sites.list(),
            [self.base.lists.of(who) for who in EVERYONE],
            self.base.identity.current(),
            self.base.demand.choice(),
            [self.base.contact_choices.of(name) for name, _ in self.base.claims.sources()],
        )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests, since none of them may change it; signing in takes long."""
    folder = tmp_path_factory.mktemp("doors")
    Store.open(folder / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(folder, WordCountEncoder)) as base:
        yield Site(base)


def _may(who: str, lowest: str) -> bool:
    return EVERYONE.index(who) >= EVERYONE.index(lowest)


def test_every_route_of_a_page_is_in_the_tables() -> None:
    takers = {KINDS.get(path) for method, path in PAGE_ROUTES if method not in {"GET", "HEAD"}}
    assert takers == set(TAKERS) | STATELESS
    shown = {KINDS[path] for method, path in PAGE_ROUTES if method == "GET" and path in KINDS}
    assert shown == PUBLIC | set(LOWEST)


def test_only_the_api_and_the_tables_change_anything() -> None:
    apis = (read, catalogue, board_read_api, reference)
    reading = set(_routes(pages, search_pages, configurator, *apis, discovery))
    assert {method for method, _ in reading} <= {"GET", "HEAD"}


SHOWN = [path for method, path in PAGE_ROUTES if method == "GET" and path in KINDS]


@pytest.mark.parametrize("path", SHOWN)
def test_a_page_is_shown_to_whom_it_is_for(site: Site, path: str) -> None:
    page = KINDS[path]
    lowest = STRANGER if page in PUBLIC else LOWEST[page]
    for who, client in site.clients.items():
        answer = client.get(site.path(page, path))
        if page in {Page.SIGN_IN, Page.SIGN_OUT, Page.LIST_SHEET}:
            assert answer.status_code in {200, 303}
        elif _may(who, lowest):
            assert answer.status_code == 200, who
        elif who == STRANGER:
            assert answer.status_code == 303
            assert "/connexion?next=" in answer.headers["Location"] or (
                "/sign-in?next=" in answer.headers["Location"]
            )
        else:
            assert answer.status_code == 403, who
        if who != STRANGER:
            assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "path", [path for method, path in PAGE_ROUTES if method == "HEAD" and path in KINDS]
)
def test_the_head_of_a_page_is_for_whom_the_page_is(site: Site, path: str) -> None:
    address = site.path(KINDS[path], path)
    for who in (STRANGER, ADMINISTRATOR):
        client = site.clients[who]
        head, whole = client.head(address), client.get(address)
        assert head.status_code == whole.status_code, who
        assert head.headers.get("Location") == whole.headers.get("Location")
        assert head.content == b""


SENT_TO = [(KINDS[path], path) for method, path in PAGE_ROUTES if method == "POST"]
TAKING = [(page, path) for page, path in SENT_TO if page not in STATELESS]


@pytest.mark.parametrize("path", [path for page, path in SENT_TO if page in STATELESS])
def test_a_form_without_a_token_is_answered_where_it_changes_nothing(site: Site, path: str) -> None:
    before = site.state()
    for who, client in site.clients.items():
        for do in ("vcf", "remove avel", "save", "delete", "drop"):
            answer = client.post(path, data={"do": do, "id": AVEL.id, "list": site.list_id})
            refused = 404 if who != CONTRIBUTOR and who != STRANGER else 200
            assert answer.status_code == ({"vcf": refused, "remove avel": 200}.get(do, 400)), (
                who,
                do,
            )
        crossed = client.post(path, data={"do": "vcf"}, headers={"Sec-Fetch-Site": "same-site"})
        assert crossed.status_code == 403
    assert site.state() == before


@pytest.mark.parametrize(("page", "path"), TAKING)
def test_a_form_without_its_token_changes_nothing(site: Site, page: Page, path: str) -> None:
    address = site.path(page, path)
    foreign = csrf_token(site.clients[OTHER], "/fr/compte")
    before = site.state()
    for who, client in site.clients.items():
        for token in ({}, {"csrf": ""}, {"csrf": "."}, {"csrf": foreign}):
            if who == OTHER and token.get("csrf") == foreign:
                continue  # it is their own
            # What is to be done is not read: all is tried with no token, a little with others.
            actions = ("delete", "publish", "erase", "withdraw", "cancel", "add", "disable")
            for do in actions[: 1 if token else None]:
                answer = client.post(address, data={**token, "do": do, "name": OTHER})
                assert answer.status_code == 403, who
            answer = client.post(address, files={"files": b"a"}, data={**token, "do": "files"})
            assert answer.status_code == 403, who
    assert site.state() == before


@pytest.mark.parametrize(("page", "path"), TAKING)
def test_a_form_that_another_site_sends_changes_nothing(site: Site, page: Page, path: str) -> None:
    client = site.clients[ADMINISTRATOR]
    token = csrf_token(client, "/fr/compte")
    before = site.state()
    for name, value in (
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
    ):
        # What is to be done is not read: all of it is tried from one site, a little from others.
        actions = ("delete", "publish", "cancel", "end_sessions", "apply", "keep_left")
        for do in actions[: None if value == "cross-site" else 1]:
            sent = {"csrf": token, "do": do}
            answer = client.post(site.path(page, path), data=sent, headers={name: value})
            assert answer.status_code == 403, (value, do)
    assert site.state() == before


@pytest.mark.parametrize(
    ("page", "path"),
    # Signing out does what it is for, whatever else is asked.
    [(page, path) for page, path in TAKING if page not in {Page.SIGN_IN, Page.SIGN_OUT}],
)
def test_a_form_is_read_only_of_whom_it_is_for(site: Site, page: Page, path: str) -> None:
    for who, client in site.clients.items():
        before = site.state()
        token = {} if who == STRANGER else {"csrf": csrf_token(client, "/fr/compte")}
        answer = client.post(site.path(page, path), data={**token, "do": "no such action"})
        # A stranger has no token, whose form has to come from a page that gives one.
        if who == STRANGER or not _may(who, TAKERS[page]):
            assert answer.status_code == 403, who
        else:
            assert answer.status_code in {303, 400, 404}, who
        assert site.state() == before


@pytest.mark.parametrize("do", ["publish", "return", "reject"])
def test_who_contributes_does_not_moderate_their_own(site: Site, do: str) -> None:
    client, path = site.clients[CONTRIBUTOR], f"/fr/brouillons/{site.draft.id}"
    before = site.state()
    sent = {"csrf": csrf_token(client, path), "do": do, "message": "x", "over": "1"}
    answer = client.post(path, data={**sent, "revision": str(site.draft.revision)})
    assert answer.status_code == 403
    assert site.state() == before


def test_a_directory_takes_a_moderator_from_its_first_form_on(site: Site) -> None:
    client = site.clients[CONTRIBUTOR]
    before = site.state()
    answer = client.post(
        "/fr/contribuer",
        data={"csrf": csrf_token(client, "/fr/contribuer"), "do": "directory", "source": "x"},
        files={"directory": ("a.csv", b"nom\nAvel\n")},
    )
    assert answer.status_code == 403
    assert site.state() == before


@pytest.mark.parametrize("room", WRITING_API)
def test_cookies_open_nothing_of_the_api(site: Site, room: Any) -> None:
    before = site.state()
    for method, path in _routes(room):
        filled = path.replace("{contribution_id}", site.draft.id).replace(
            "{job_id}", site.job.id
        ).replace("{record_id:path}", ANGOULEME.id)  # fmt: skip
        for who, client in site.clients.items():
            answer = client.request(method, filled, json={})
            assert answer.status_code == 401, (who, filled)
    assert site.state() == before


def test_a_role_that_is_taken_away_is_gone_with_the_next_request(site: Site) -> None:
    client = account_client(site.base, AccountRole.MODERATOR, "one who was a moderator")
    site.base.accounts.set_role("one who was a moderator", AccountRole.CONTRIBUTOR)
    # It signs in again, as what it is now.
    assert client.get("/fr/moderation").status_code == 303
    sign_in(client, "one who was a moderator", path="/fr/connexion")
    token = csrf_token(client, "/fr/compte")
    before = site.state()
    assert client.get("/fr/moderation").status_code == 403
    path = f"/fr/historique/acteurs/{AVEL.id}"
    sent = {"csrf": token, "do": "erase", "name": AVEL.name}
    assert client.post(path, data=sent).status_code == 403
    assert site.state() == before


def test_signing_in_gives_another_cookie_than_the_one_before(site: Site) -> None:
    client = client_of(site.base)
    token = csrf_token(client, "/fr/connexion")
    before = dict(client.cookies)
    answer = client.post("/fr/connexion", data={"csrf": token, "name": OTHER, "password": PASSWORD})
    assert answer.status_code == 303
    assert before
    assert all(client.cookies[name] != value for name, value in before.items())
    # What the page before had in its form is worth nothing to the account.
    answer = client.post("/fr/compte", data={"csrf": token, "do": "end_sessions"})
    assert answer.status_code == 403


def test_the_languages_have_the_same_doors() -> None:
    for page, paths in PATTERNS.items():
        assert set(paths) == set(Language)
        methods = [
            {method for method, one in PAGE_ROUTES if one == path} for path in paths.values()
        ]
        assert all(one == methods[0] for one in methods), page
