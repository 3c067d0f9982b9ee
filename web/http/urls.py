"""The address of every page in every language, and of this site as its visitors see it.

Owns paths and how ids and queries are written in them. What is found there is the pages' work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import SettingsError
from kb.settings import Settings
from web.http.i18n import Language

API_VERSION = "1"
API_VERSION_HEADER = "Quisait-API-Version"
WIDGET_PREFIX = "/embed/v1"
"""Under which everything lies that pages of other sites load."""

MCP_PATH = "/mcp"
"""Where assistants connect."""


class Page(StrEnum):
    """A kind of page that has an address in every language."""

    HOME = "home"
    SEARCH = "search"
    WHO_TO_CALL = "who_to_call"
    WHY = "why"
    REPORT = "report"
    ACTOR = "actor"
    CASE = "case"
    THEMES = "themes"
    BOARD = "board"
    NEW_NOTICE = "new_notice"
    NOTICE = "notice"
    NOTICE_EDIT = "notice_edit"
    ABOUT = "about"
    LIST = "list"
    LIST_SHEET = "list_sheet"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    FORGOTTEN = "forgotten"
    NEW_PASSWORD = "new_password"  # noqa: S105 (the name of a page)
    ACCOUNT = "account"
    ACCOUNTS = "accounts"
    SITES = "sites"
    MAIL = "mail"
    ALERTS = "alerts"
    ALERT_CONFIRM = "alert_confirm"
    MY_ALERTS = "my_alerts"
    ALERT_STOP = "alert_stop"
    CASES_FEED = "cases_feed"
    CATALOGUE_FEED = "catalogue_feed"
    SEARCH_FEED = "search_feed"
    BOARD_FEED = "board_feed"
    NOTICE_FEED = "notice_feed"
    EMBED = "embed"
    ASSISTANTS = "assistants"
    CONTRIBUTE = "contribute"
    ORGANISATION = "organisation"
    CONTRIBUTIONS = "contributions"
    DRAFT = "draft"
    DIRECTORY = "directory"
    JOBS = "jobs"
    JOB = "job"
    HOLD = "hold"
    HOLD_CONFIRM = "hold_confirm"
    FLAG = "flag"
    FLAGGED = "flagged"
    MODERATION = "moderation"
    DASHBOARD = "dashboard"
    DASHBOARD_FILE = "dashboard_file"
    DUPLICATES = "duplicates"
    SOURCES = "sources"
    ACTOR_HISTORY = "actor_history"
    CASE_HISTORY = "case_history"
    ACTOR_EDIT = "actor_edit"
    CASE_EDIT = "case_edit"
    SETTINGS = "settings"
    PERSONAL_DATA = "personal_data"
    LEGAL = "legal"
    ACCESSIBILITY = "accessibility"
    PRIVACY = "privacy"


_RECORD = "{record_id:path}"  # `path` because an id may hold a slash

_PATHS: Mapping[Page, tuple[str, str]] = {
    Page.HOME: ("", ""),
    Page.SEARCH: ("recherche", "search"),
    Page.WHO_TO_CALL: ("recherche/qui-appeler", "search/who-to-call"),
    Page.WHY: ("recherche/pourquoi", "search/why"),
    Page.REPORT: ("recherche/compte-rendu", "search/report"),
    Page.ACTOR: (f"acteurs/{_RECORD}", f"actors/{_RECORD}"),
    Page.CASE: (f"cas/{_RECORD}", f"cases/{_RECORD}"),
    Page.THEMES: ("themes", "themes"),
    Page.BOARD: ("besoins-et-offres", "needs-and-offers"),
    Page.NEW_NOTICE: ("besoins-et-offres/publier", "needs-and-offers/post"),
    Page.NOTICE: (f"besoins-et-offres/{_RECORD}", f"needs-and-offers/{_RECORD}"),
    Page.NOTICE_EDIT: (f"modifier/annonces/{_RECORD}", f"edit/notices/{_RECORD}"),
    Page.ABOUT: ("a-propos", "about"),
    Page.LIST: ("liste", "list"),
    Page.LIST_SHEET: ("liste/feuille", "list/sheet"),
    Page.SIGN_IN: ("connexion", "sign-in"),
    Page.SIGN_OUT: ("deconnexion", "sign-out"),
    Page.FORGOTTEN: ("mot-de-passe-oublie", "forgotten-password"),
    Page.NEW_PASSWORD: ("nouveau-mot-de-passe", "new-password"),
    Page.ACCOUNT: ("compte", "account"),
    Page.ACCOUNTS: ("comptes", "accounts"),
    Page.SITES: ("sites", "sites"),
    Page.MAIL: ("courriels", "mail"),
    Page.ALERTS: ("alertes", "alerts"),
    Page.ALERT_CONFIRM: ("alertes/confirmer", "alerts/confirm"),
    Page.MY_ALERTS: ("alertes/les-miennes", "alerts/mine"),
    Page.ALERT_STOP: ("alertes/arreter", "alerts/stop"),
    Page.CASES_FEED: ("flux/cas.atom", "feeds/cases.atom"),
    Page.CATALOGUE_FEED: ("flux/catalogue.atom", "feeds/catalogue.atom"),
    Page.SEARCH_FEED: ("flux/recherche.atom", "feeds/search.atom"),
    Page.BOARD_FEED: ("flux/besoins-et-offres.atom", "feeds/needs-and-offers.atom"),
    Page.NOTICE_FEED: ("flux/reponses.atom", "feeds/answers.atom"),
    Page.EMBED: ("integrer", "embed"),
    Page.ASSISTANTS: ("assistants", "assistants"),
    Page.CONTRIBUTE: ("contribuer", "contribute"),
    Page.ORGANISATION: ("contribuer/organisation", "contribute/organisation"),
    Page.CONTRIBUTIONS: ("contributions", "contributions"),
    Page.DRAFT: (f"brouillons/{_RECORD}", f"drafts/{_RECORD}"),
    Page.DIRECTORY: (f"annuaires/{_RECORD}", f"directories/{_RECORD}"),
    Page.JOBS: ("taches", "jobs"),
    Page.JOB: (f"taches/{_RECORD}", f"jobs/{_RECORD}"),
    Page.HOLD: (f"titulaire/{_RECORD}", f"holder/{_RECORD}"),
    Page.HOLD_CONFIRM: ("prendre-en-main", "take-in-hand"),
    Page.FLAG: ("signaler", "report-a-problem"),
    Page.FLAGGED: ("signalements", "reported-problems"),
    Page.DASHBOARD: ("tableau-de-bord", "dashboard"),
    Page.DASHBOARD_FILE: ("tableau-de-bord/chiffres.csv", "dashboard/figures.csv"),
    Page.MODERATION: ("moderation", "moderation"),
    Page.DUPLICATES: ("doublons", "duplicates"),
    Page.SOURCES: ("sources", "sources"),
    Page.ACTOR_HISTORY: (f"historique/acteurs/{_RECORD}", f"history/actors/{_RECORD}"),
    Page.CASE_HISTORY: (f"historique/cas/{_RECORD}", f"history/cases/{_RECORD}"),
    Page.ACTOR_EDIT: (f"modifier/acteurs/{_RECORD}", f"edit/actors/{_RECORD}"),
    Page.CASE_EDIT: (f"modifier/cas/{_RECORD}", f"edit/cases/{_RECORD}"),
    Page.SETTINGS: ("reglages", "settings"),
    Page.PERSONAL_DATA: ("donnees-personnelles", "personal-data"),
    Page.LEGAL: ("mentions-legales", "legal-notice"),
    Page.ACCESSIBILITY: ("accessibilite", "accessibility"),
    Page.PRIVACY: ("confidentialite", "privacy"),
}
"""The paths of each page in French and English, after the language."""

PATTERNS: Mapping[Page, Mapping[Language, str]] = {
    page: {Language.FR: f"/fr/{french}", Language.EN: f"/en/{english}"}
    for page, (french, english) in _PATHS.items()
}


@dataclass(frozen=True, slots=True)
class Address:
    """A page with what it shows, whatever the language. `query` holds no empty values."""

    page: Page
    record_id: str = ""
    query: tuple[tuple[str, str], ...] = ()

    def path(self, language: Language) -> str:
        """The path and query of this page on this site, percent-encoded."""
        pattern = PATTERNS[self.page][language]
        path = pattern.replace(_RECORD, quote(self.record_id, safe=""))
        return f"{path}?{urlencode(self.query)}" if self.query else path


AbsoluteUrl = Callable[[Address], str]


def address(page: Page | str, record_id: str = "", **query: str | int) -> Address:
    """Returns the address of a page; leaves out empty query values."""
    kept = tuple((name, str(value)) for name, value in query.items() if value != "")
    return Address(Page(page), record_id, kept)


def site_root(request: Request, settings: Settings) -> str:
    """Returns the scheme and host that visitors use, without a final slash."""
    return (settings.public_url or str(request.base_url)).rstrip("/")


def absolute_urls(root: str, language: Language) -> AbsoluteUrl:
    """Returns a function from the address of a page to its full URL in a language."""
    return lambda page_address: root + page_address.path(language)


def web_link(url: str) -> str:
    """Returns the URL if a page may link to it (http or https), else an empty string.

    Sources and sites come from files that anyone may have written: `javascript:` must not pass.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


@dataclass(frozen=True, slots=True)
class SubPath:
    """`prefix` is empty, or begins with a slash and does not end with one."""

    prefix: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.public_path)

    def on_site(self, path: str) -> str:
        """Returns the path as browsers ask for it; as it is if it is no path, or has the prefix."""
        if (path and not path.startswith("/")) or path.startswith("//") or self._has(path):
            return path
        return self.prefix + path

    def inside(self, path: str) -> str:
        """Returns the path of a request as routes know it, with or without the prefix."""
        return path.removeprefix(self.prefix) or "/" if self._has(path) else path

    def _has(self, path: str) -> bool:
        """Whether the path is under the prefix, which is no path of a route (`refuse_taken`)."""
        rest = path.removeprefix(self.prefix)
        return bool(self.prefix) and rest != path and (not rest or rest[0] in "/?#")

    def refuse_taken(self, names: set[str]) -> None:
        """Refuses a prefix that begins as a route does: it could not be told from its paths.

        Raises:
            SettingsError: the first name of the prefix is among `names`.
        """
        first = self.prefix.partition("/")[2].partition("/")[0]
        if self.prefix and first in names:
            raise SettingsError(
                f"QUISAIT_PUBLIC_URL: /{first} is an address of this program. Choose another path."
            )


WHOLE_HOST = SubPath()


class UnderSubPath:
    """ASGI middleware that takes the prefix off paths of requests, and puts it on redirects."""

    def __init__(self, app: ASGIApp, sub_path: SubPath) -> None:
        self._app = app
        self._sub_path = sub_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._sub_path.prefix or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # In place: the answer to an unforeseen exception is made outside of every middleware.
        scope["path"] = self._sub_path.inside(scope["path"])

        async def send_on_site(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "Location" in headers:
                    headers["Location"] = self._sub_path.on_site(headers["Location"])
            await send(message)

        await self._app(scope, receive, send_on_site)
