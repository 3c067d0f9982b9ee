"""Who may open which door: every route that the site has, asked by everyone.

The routes are read from the application. One that is in none of the tables (those of pages here,
the others in `tests.web.door_rules`) fails the first test, so that whoever adds a route has to say
whom it is for.
"""

import io
import re
from collections.abc import Iterator
from contextlib import closing
from typing import cast
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from ingest.uploads import keep_upload
from kb.address import UPLOADS
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.reference.roles import Flow
from kb.registers.accounts import AccountRole, Credentials
from kb.registers.alerts.outbox import NewMail
from kb.registers.board.notice import NoticeContent, NoticeState
from kb.registers.dossiers import DossierEntry, Told
from kb.store.store import Store
from tests.encoders import WordCountEncoder
from tests.web.door_rules import (
    ADMINISTRATOR,
    CLOSED,
    CONTRIBUTOR,
    DISABLED,
    EVERYONE,
    HOLDER,
    MODERATOR,
    OPEN,
    OTHER,
    OTHER_HOLDER,
    SENT,
    STRANGER,
    TOKENS,
)
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY, WEAVER
from tests.web.signed_in import (
    PASSWORD,
    account_client,
    another_browser,
    client_of,
    csrf_token,
    sign_in,
)
from web.app import ROUTED
from web.http.i18n import Language
from web.http.urls import PATTERNS, Page
from web.mcp.endpoint import ROUTE as MCP_ENDPOINT

pytestmark = pytest.mark.thorough


PUBLIC = {
    Page.HOME, Page.SEARCH, Page.ACTOR, Page.CASE, Page.THEMES, Page.ABOUT, Page.TERRITORY,
    Page.CONTRIBUTE, Page.SIGN_IN, Page.SIGN_OUT, Page.WHY, Page.REPORT,
    Page.EMBED, Page.FORGOTTEN, Page.LEGAL, Page.ACCESSIBILITY, Page.PRIVACY,
    Page.BOARD, Page.NOTICE, Page.NEW_NOTICE,
    Page.ASSISTANTS, Page.DOSSIER, Page.DOSSIER_SHEET, Page.FLAG,
    Page.HOLD, Page.HOLD_CONFIRM, Page.ALERTS,
    Page.CASES_FEED, Page.CATALOGUE_FEED, Page.SEARCH_FEED, Page.BOARD_FEED, Page.NOTICE_FEED,
}  # fmt: skip
"""Pages that anyone may look at; those of the accounts only show their forms."""

LINKED = {
    Page.ALERT_CONFIRM, Page.ALERT_STOP, Page.MY_ALERTS, Page.NEW_PASSWORD, Page.DOSSIER_LINK,
}  # fmt: skip
"""Pages that only a link, of a mail or of an owner, opens, whoever follows it; no role does.

An account may look at its own alerts as well.
"""

FEEDS = {Page.CASES_FEED, Page.CATALOGUE_FEED, Page.SEARCH_FEED, Page.BOARD_FEED, Page.NOTICE_FEED}

LOWEST: dict[Page, str] = {
    Page.ACCOUNT: OTHER_HOLDER,
    Page.CONTRIBUTIONS: OTHER_HOLDER,
    Page.ENQUIRY: OTHER_HOLDER,
    Page.ORGANISATION: HOLDER,
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

The draft, the job and the notice are the contributor's; another contributor stands below. The
organisation is the one whose page the holder holds.
"""

TAKERS: dict[Page, str] = {
    Page.SIGN_IN: STRANGER,
    Page.SIGN_OUT: OTHER_HOLDER,
    Page.FORGOTTEN: STRANGER,
    Page.CONTRIBUTE: OTHER,
    Page.DOSSIER: OTHER_HOLDER,
    Page.ALERTS: STRANGER,
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

STATELESS = {Page.DOSSIER_SHEET}
"""The pages that answer what a form holds, and change nothing: anyone may send it, with no token.

Strangers have no cookie that a token could be bound to. Forms of other sites are refused.
"""


PAGES = {path: page for page, paths in PATTERNS.items() for path in paths.values()}
ROUTES = sorted(
    {
        (method, route.path)
        for room in ROUTED
        for route in (*room.router.routes, MCP_ENDPOINT)
        if isinstance(route, Route)
        for method in route.methods or ()
    }
)
PAGE_ROUTES = [(method, path) for method, path in ROUTES if path in PAGES]


class Site:
    """A site on which each has something of their own, and a browser for each of them."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        base.put([AVEL, DISTILLERY, WEAVER, ANGOULEME])
        self._hold(HOLDER, AVEL.id)
        self._hold(OTHER_HOLDER, DISTILLERY.id)
        roles = {DISABLED: AccountRole.ADMINISTRATOR, MODERATOR: AccountRole.MODERATOR}
        roles |= dict.fromkeys((OTHER, CONTRIBUTOR), AccountRole.CONTRIBUTOR)
        roles[ADMINISTRATOR] = AccountRole.ADMINISTRATOR
        for who, role in roles.items():
            base.accounts.add(who, PASSWORD, role)
        stranger = client_of(base)
        self.clients = {who: another_browser(stranger) for who in EVERYONE}
        for who in EVERYONE[1:]:
            assert sign_in(self.clients[who], who, path="/fr/connexion").status_code == 303
        # What the forms of each carry: of who is disabled now, that of the time before.
        self.csrf = {
            who: csrf_token(client, "/fr/connexion" if who == STRANGER else "/fr/compte")
            for who, client in self.clients.items()
        }
        self.tokens = {
            who: "" if who == STRANGER else base.accounts.issue_token(who, "tests")
            for who in EVERYONE
        }
        base.accounts.disable(DISABLED)
        self.draft = base.drafts.add(ANGOULEME, by=CONTRIBUTOR, origin="pasted", submitted=True)
        self.job = base.jobs.add("feed", {"url": "https://a.example/"}, by=CONTRIBUTOR)
        self.api_job = base.jobs.add("feed", {"url": "https://b.example/"}, by=CONTRIBUTOR)
        self.programs = another_browser(stranger)
        dossiers = base.dossiers
        self.dossier_id = dossiers.pick([DossierEntry(AVEL.id)], by=CONTRIBUTOR).id
        told = Told(need="cirage")
        self.shared_id = dossiers.pick([DossierEntry(AVEL.id)], by=CONTRIBUTOR, told=told).id
        for who in EVERYONE[1:]:
            dossiers.join(self.shared_id, by=who)
        notice = base.notices.add(NoticeContent(Flow.SEEKS, "Des flacons"), owner=CONTRIBUTOR)
        self.notice = base.notices.publish(notice.id, by=MODERATOR, revision=1)
        self.key = self._link(WEAVER.id)
        self.upload = keep_upload(base, "a.csv", io.BytesIO(b"nom\nAvel\n")).parent.name

    def _hold(self, name: str, actor_id: str) -> None:
        """Makes the account of who holds the page of an organisation."""
        key = self._link(actor_id)
        self.base.holds.confirm_with(key, Credentials.of(name, PASSWORD))

    def _link(self, actor_id: str) -> str:
        """Asks for a page; returns the key of the link."""
        keys = []

        def write(key: str) -> NewMail:
            keys.append(key)
            return NewMail("lea@avel.example", "", "", "", "fr", "")

        self.base.holds.ask(actor_id, "lea@avel.example", message="", lang="fr", write=write)
        return keys[0]

    def path(self, page: Page, pattern: str) -> str:
        if page in {Page.WHY, Page.REPORT}:
            return f"{pattern}?q=cirage&id={AVEL.id}"
        if page is Page.ENQUIRY:
            return f"{pattern}?dossier={self.shared_id}"
        if page is Page.HOLD_CONFIRM:
            return f"{pattern}?key={self.key}"
        if page is Page.FLAG:
            return f"{pattern}?kind=actor&id={AVEL.id}"
        if page is Page.ORGANISATION:
            return f"{pattern}?corrects={AVEL.id}"
        if page is Page.SEARCH_FEED:
            return f"{pattern}?q=cirage"
        if page is Page.NOTICE_FEED:
            return f"{pattern}?notice={self.notice.id}"
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
            [
                [token.handle for token in self.base.accounts.tokens(account.name)]
                for account in self.base.accounts.list()
            ],
            sorted(path.name for path in (self.base.folder / UPLOADS).iterdir()),
            self.base.duplicates.count(),
            self.base.sites.list(),
            [self.base.dossiers.of(who) for who in EVERYONE],
            self.base.identity.current(),
            self.base.demand.choice(),
            [self.base.contact_choices.of(name) for name, _ in self.base.claims.sources()],
            self.base.outbox.counts(),
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


def test_every_route_is_in_the_tables() -> None:
    """Whoever adds a route says whom it is for: in a table of pages, or in `door_rules`."""
    takers = {PAGES[path] for method, path in PAGE_ROUTES if method not in {"GET", "HEAD"}}
    assert takers == set(TAKERS) | STATELESS | LINKED
    shown = {PAGES[path] for method, path in PAGE_ROUTES if method == "GET"}
    assert shown == PUBLIC | set(LOWEST) | LINKED
    others = {(method, path) for method, path in ROUTES if path not in PAGES}
    read = {(method, path) for path in {*OPEN, *CLOSED} for method in ("GET", "HEAD")}
    assert others - read == set(TOKENS) | SENT
    assert {*OPEN, *CLOSED} == {path for method, path in others & read if method == "GET"}
    assert {method for method, _ in PAGE_ROUTES} == {"GET", "HEAD", "POST"}


def test_the_application_has_no_route_besides(site: Site) -> None:
    """What FastAPI or an application that is mounted would add shows here."""
    ours = {path for _, path in ROUTES}
    app = cast("FastAPI", site.clients[STRANGER].app)
    besides = {str(getattr(route, "path", route)) for route in app.routes} - ours
    assert besides == {"/api/openapi.json", "/static"}


SHOWN = [
    path
    for method, path in PAGE_ROUTES
    if method == "GET" and path.startswith("/fr/") and PAGES[path] not in LINKED
]
"""The French addresses of pages: the same functions answer the English ones, as a test tells."""


@pytest.mark.parametrize("path", SHOWN)
def test_a_page_is_shown_to_whom_it_is_for(site: Site, path: str) -> None:
    page = PAGES[path]
    lowest = STRANGER if page in PUBLIC else LOWEST[page]
    before = site.state()
    for who, client in site.clients.items():
        answer = client.get(site.path(page, path))
        if page in {Page.SIGN_IN, Page.SIGN_OUT, Page.DOSSIER_SHEET}:
            assert answer.status_code in {200, 303}
        elif _may(who, lowest):
            assert answer.status_code == 200, who
        elif who in {STRANGER, DISABLED}:
            assert answer.status_code == 303
            assert "/connexion?next=" in answer.headers["Location"] or (
                "/sign-in?next=" in answer.headers["Location"]
            )
        else:
            assert answer.status_code == 403, who
        if who != STRANGER:
            assert answer.headers["Cache-Control"] == "private, no-store"
    assert site.state() == before


SENT_TO = [
    (PAGES[path], path)
    for method, path in PAGE_ROUTES
    if method == "POST" and path.startswith("/fr/")
]
TAKING = [(page, path) for page, path in SENT_TO if page not in STATELESS | LINKED]


@pytest.mark.parametrize("path", [path for _, path in TAKING])
def test_what_a_form_does_no_address_does(site: Site, path: str) -> None:
    """A link or a picture on another site, followed by an administrator, changes nothing."""
    client, address = site.clients[ADMINISTRATOR], site.path(PAGES[path], path)
    before = site.state()
    query = urlencode({"csrf": site.csrf[ADMINISTRATOR], "id": site.draft.id, "name": OTHER})
    sign = "&" if "?" in address else "?"
    for do in ("delete", "publish", "erase", "disable"):
        assert client.get(f"{address}{sign}do={do}&{query}").status_code < 500
    for method in ("PUT", "PATCH", "DELETE"):
        assert client.request(method, address).status_code == 405
    assert site.state() == before


@pytest.mark.parametrize("path", [path for page, path in SENT_TO if page in LINKED])
def test_a_page_of_a_link_opens_for_nobody_without_it(site: Site, path: str) -> None:
    """Nor with a link that was signed for another purpose, or altered."""
    for who, client in site.clients.items():
        for key in ("", "x", site.csrf[who], site.key):
            looked = client.get(path, params={"t": key})
            own = PAGES[path] is Page.MY_ALERTS and not key
            opens = {200} if own and who not in {STRANGER, DISABLED} else {303} if own else {410}
            opens |= {200, 303} if PAGES[path] is Page.ALERT_STOP else set()
            assert looked.status_code in opens, (who, key)
            sent = client.post(path, data={"t": key, "do": "forget"})
            assert sent.status_code in {403, 410}, (who, key)


@pytest.mark.parametrize("path", [path for page, path in SENT_TO if page in STATELESS])
def test_a_form_without_a_token_is_answered_where_it_changes_nothing(site: Site, path: str) -> None:
    before = site.state()
    for who, client in site.clients.items():
        for do in ("vcf", "remove avel", "save", "delete", "drop"):
            answer = client.post(path, data={"do": do, "id": AVEL.id, "dossier": site.dossier_id})
            refused = 200 if who == CONTRIBUTOR else 410 if who in {STRANGER, DISABLED} else 404
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
    foreign = site.csrf[OTHER]
    before = site.state()
    for who, client in site.clients.items():
        for token in ({}, {"csrf": ""}, {"csrf": "."}, {"csrf": foreign}):
            if who == OTHER and token.get("csrf") == foreign:
                continue  # it is their own
            # What is to be done is not read: all is tried as who may most, a little by others.
            actions = ("delete", "publish", "erase", "withdraw", "cancel", "add", "disable")
            for do in actions[: None if who == ADMINISTRATOR and not token else 1]:
                answer = client.post(address, data={**token, "do": do, "name": OTHER})
                assert answer.status_code == 403, who
            answer = client.post(address, files={"files": b"a"}, data={**token, "do": "files"})
            assert answer.status_code in {400, 403}, who  # 400 where no file is wanted
    assert site.state() == before


@pytest.mark.parametrize(("page", "path"), TAKING)
def test_a_form_that_another_site_sends_changes_nothing(site: Site, page: Page, path: str) -> None:
    client = site.clients[ADMINISTRATOR]
    token = site.csrf[ADMINISTRATOR]
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
    before = site.state()
    for who, client in site.clients.items():
        sent = {"csrf": site.csrf[who], "do": "no such action"}
        answer = client.post(site.path(page, path), data=sent)
        # Who was disabled has a cookie and a token that were theirs, and has none of them now.
        if who == DISABLED or not _may(who, TAKERS[page]):
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


def _filled(site: Site, path: str, record_id: str) -> str:
    """The address of a route of the API, of what is the contributor's."""
    ids = {"contribution_id": site.draft.id, "job_id": site.api_job.id, "source:path": "x"}
    for name, id_ in {**ids, "record_id:path": record_id}.items():
        path = path.replace(f"{{{name}}}", id_)
    return path


@pytest.mark.parametrize(("method", "path"), sorted(TOKENS))
def test_a_route_of_the_api_is_for_whose_token_is_good_for_it(
    site: Site, method: str, path: str
) -> None:
    """With each token: of no account, of each role, and of who is disabled; cookies are ignored."""
    before = site.state()
    for who, client in site.clients.items():
        for header in ({}, {"Authorization": f"Bearer {site.tokens[who]}x"}):
            url = _filled(site, path, ANGOULEME.id)
            assert client.request(method, url, json={}, headers=header).status_code == 401, who
    assert site.state() == before
    # From the least of them upwards: what is allowed is asked of what is not there, or is stale.
    for who in EVERYONE:
        token, lowest = site.tokens[who], TOKENS[method, path]
        headers = {"Authorization": f"Bearer {token}", "If-Match": '"9"'}
        allowed = _may(who, lowest)
        url = _filled(site, path, "nobody" if allowed else ANGOULEME.id)
        answer = site.programs.request(method, url, json={}, headers=headers)
        if who in {STRANGER, DISABLED}:
            expected = {401}
        elif allowed:
            expected = set(range(200, 500)) - {401, 403}
        else:
            # What is somebody else's is not there; what is for others is forbidden.
            expected = {404} if lowest == CONTRIBUTOR and who == OTHER else {403}
        assert answer.status_code in expected, (who, answer.text)
        if not allowed:
            assert site.state() == before


def _without_times(text: str) -> str:
    return re.sub(r'"((?:[a-z]+_)?ms|at|hmac|sha256)":("[^"]*"|[0-9.]+)', "", text)


@pytest.mark.parametrize("path", sorted(OPEN))
def test_what_is_open_is_the_same_for_everyone(site: Site, path: str) -> None:
    """A stranger gets all that an account gets: nothing there depends on a cookie."""
    before = site.state()
    address = OPEN[path].replace("NOTICE", site.notice.id)
    answers = {who: client.get(address) for who, client in site.clients.items()}
    expected = answers[STRANGER]
    assert expected.status_code in {200, 303, 307, 404, 405}, expected.text
    for who, answer in answers.items():
        assert answer.status_code == expected.status_code, who
        if answer.status_code == 200 and path != "/api/docs":  # its top says who is signed in
            assert _without_times(answer.text) == _without_times(expected.text), who
    assert site.state() == before


@pytest.mark.parametrize("path", sorted(CLOSED))
def test_what_is_closed_is_closed_to_everyone(site: Site, path: str) -> None:
    for who, client in site.clients.items():
        for headers in ({}, {"Authorization": f"Bearer {site.tokens[who]}"}):
            assert client.get(path, headers=headers).status_code == 403, who


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


def test_the_languages_have_the_same_doors() -> None:
    """One function answers a page in every language, behind the same dependencies."""
    routes = [route for room in ROUTED for route in room.router.routes]
    for page, paths in PATTERNS.items():
        assert set(paths) == set(Language)
        doors = [
            [
                (route.methods, route.endpoint, [each.dependency for each in route.dependencies])
                for route in routes
                if isinstance(route, APIRoute) and route.path == path
            ]
            for path in paths.values()
        ]
        assert all(one == doors[0] for one in doors), page
        assert doors[0], page
