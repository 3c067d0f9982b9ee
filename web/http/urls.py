"""The address of every page in every language, and of this site as its visitors see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.settings import Settings
from web.http.i18n import Language

API_VERSION = "1"
API_VERSION_HEADER = "Quisait-API-Version"
WIDGET_PREFIX = "/embed/v1"  # under which everything lies that pages of other sites load
MCP_PATH = "/mcp"
_RECORD = "{record_id:path}"  # `path` because an id may hold a slash


class Page(StrEnum):
    """A kind of page: its name, and its paths in French and in English, after the language."""

    HOME = "home", "", ""
    SEARCH = "search", "recherche", "search"
    WHY = "why", "recherche/pourquoi", "search/why"
    REPORT = "report", "recherche/compte-rendu", "search/report"
    ACTOR = "actor", f"acteurs/{_RECORD}", f"actors/{_RECORD}"
    CASE = "case", f"cas/{_RECORD}", f"cases/{_RECORD}"
    THEMES = "themes", "themes", "themes"
    BOARD = "board", "besoins-et-offres", "needs-and-offers"
    NEW_NOTICE = "new_notice", "besoins-et-offres/publier", "needs-and-offers/post"
    NOTICE = "notice", f"besoins-et-offres/{_RECORD}", f"needs-and-offers/{_RECORD}"
    NOTICE_EDIT = "notice_edit", f"modifier/annonces/{_RECORD}", f"edit/notices/{_RECORD}"
    TERRITORY = "territory", "votre-territoire", "your-territory"
    ABOUT = "about", "a-propos", "about"
    DOSSIER = "dossier", "dossier", "dossier"
    DOSSIER_SHEET = "dossier_sheet", "dossier/feuille", "dossier/sheet"
    ENQUIRY = "enquiry", "dossier/demande", "dossier/enquiry"
    DOSSIER_LINK = "dossier_link", "dossier/lien", "dossier/link"
    SIGN_IN = "sign_in", "connexion", "sign-in"
    SIGN_OUT = "sign_out", "deconnexion", "sign-out"
    FORGOTTEN = "forgotten", "mot-de-passe-oublie", "forgotten-password"
    NEW_PASSWORD = "new_password", "nouveau-mot-de-passe", "new-password"
    ACCOUNT = "account", "compte", "account"
    ACCOUNTS = "accounts", "comptes", "accounts"
    SITES = "sites", "sites", "sites"
    MAIL = "mail", "courriels", "mail"
    ALERTS = "alerts", "alertes", "alerts"
    ALERT_CONFIRM = "alert_confirm", "alertes/confirmer", "alerts/confirm"
    MY_ALERTS = "my_alerts", "alertes/les-miennes", "alerts/mine"
    ALERT_STOP = "alert_stop", "alertes/arreter", "alerts/stop"
    CASES_FEED = "cases_feed", "flux/cas.atom", "feeds/cases.atom"
    CATALOGUE_FEED = "catalogue_feed", "flux/catalogue.atom", "feeds/catalogue.atom"
    SEARCH_FEED = "search_feed", "flux/recherche.atom", "feeds/search.atom"
    BOARD_FEED = "board_feed", "flux/besoins-et-offres.atom", "feeds/needs-and-offers.atom"
    NOTICE_FEED = "notice_feed", "flux/reponses.atom", "feeds/answers.atom"
    EMBED = "embed", "integrer", "embed"
    ASSISTANTS = "assistants", "assistants", "assistants"
    CONTRIBUTE = "contribute", "contribuer", "contribute"
    ORGANISATION = "organisation", "contribuer/organisation", "contribute/organisation"
    CONTRIBUTIONS = "contributions", "contributions", "contributions"
    DRAFT = "draft", f"brouillons/{_RECORD}", f"drafts/{_RECORD}"
    DIRECTORY = "directory", f"annuaires/{_RECORD}", f"directories/{_RECORD}"
    JOBS = "jobs", "taches", "jobs"
    JOB = "job", f"taches/{_RECORD}", f"jobs/{_RECORD}"
    HOLD = "hold", f"titulaire/{_RECORD}", f"holder/{_RECORD}"
    HOLD_CONFIRM = "hold_confirm", "prendre-en-main", "take-in-hand"
    FLAG = "flag", "signaler", "report-a-problem"
    FLAGGED = "flagged", "signalements", "reported-problems"
    MODERATION = "moderation", "moderation", "moderation"
    DASHBOARD = "dashboard", "tableau-de-bord", "dashboard"
    DASHBOARD_FILE = "dashboard_file", "tableau-de-bord/chiffres.csv", "dashboard/figures.csv"
    DUPLICATES = "duplicates", "doublons", "duplicates"
    SOURCES = "sources", "sources", "sources"
    ACTOR_HISTORY = "actor_history", f"historique/acteurs/{_RECORD}", f"history/actors/{_RECORD}"
    CASE_HISTORY = "case_history", f"historique/cas/{_RECORD}", f"history/cases/{_RECORD}"
    ACTOR_EDIT = "actor_edit", f"modifier/acteurs/{_RECORD}", f"edit/actors/{_RECORD}"
    CASE_EDIT = "case_edit", f"modifier/cas/{_RECORD}", f"edit/cases/{_RECORD}"
    SETTINGS = "settings", "reglages", "settings"
    PERSONAL_DATA = "personal_data", "donnees-personnelles", "personal-data"
    LEGAL = "legal", "mentions-legales", "legal-notice"
    ACCESSIBILITY = "accessibility", "accessibilite", "accessibility"
    PRIVACY = "privacy", "confidentialite", "privacy"

    patterns: Mapping[Language, str]

    def __new__(cls, name: str, french: str = "", english: str = "") -> Self:
        page = str.__new__(cls, name)
        page._value_ = name
        page.patterns = {Language.FR: f"/fr/{french}", Language.EN: f"/en/{english}"}
        return page


PATTERNS: Mapping[Page, Mapping[Language, str]] = {page: page.patterns for page in Page}


@dataclass(frozen=True, slots=True)
class Address:
    """A page with what it shows, whatever the language. `query` holds no empty values."""

    page: Page
    record_id: str = ""
    query: tuple[tuple[str, str], ...] = ()

    def path(self, language: Language) -> str:
        path = PATTERNS[self.page][language].replace(_RECORD, quote(self.record_id, safe=""))
        return f"{path}?{urlencode(self.query)}" if self.query else path


AbsoluteUrl = Callable[[Address], str]


def address(page: Page | str, record_id: str = "", **query: str | int) -> Address:
    """Returns the address of a page; leaves out empty query values."""
    kept = tuple((name, str(value)) for name, value in query.items() if value != "")
    return Address(Page(page), record_id, kept)


def site_root(request: Request, settings: Settings) -> str:
    return (settings.public_url or str(request.base_url)).rstrip("/")


def absolute_urls(root: str, language: Language) -> AbsoluteUrl:
    return lambda page_address: root + page_address.path(language)


def web_link(url: str) -> str:
    """Returns the URL, which anyone may have written, if it is http or https, else ""."""
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
        rest = path.removeprefix(self.prefix)
        return bool(self.prefix) and rest != path and (not rest or rest[0] in "/?#")


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
