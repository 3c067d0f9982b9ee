"""The address of every page in every language, and of this site as its visitors see it.

Owns paths and how ids and queries are written in them. What is found there is the pages' work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request

from kb.settings import Settings
from web.http.i18n import Language

API_VERSION = "1"
API_VERSION_HEADER = "Quisait-API-Version"
WIDGET_PREFIX = "/embed/v1"
"""Under which everything lies that pages of other sites load."""


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
    ABOUT = "about"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    ACCOUNT = "account"
    ACCOUNTS = "accounts"
    SITES = "sites"
    EMBED = "embed"
    CONTRIBUTE = "contribute"
    CONTRIBUTIONS = "contributions"
    DRAFT = "draft"
    DIRECTORY = "directory"
    JOBS = "jobs"
    JOB = "job"
    MODERATION = "moderation"
    DUPLICATES = "duplicates"
    ACTOR_HISTORY = "actor_history"
    CASE_HISTORY = "case_history"
    ACTOR_EDIT = "actor_edit"
    CASE_EDIT = "case_edit"


PATTERNS: Mapping[Page, Mapping[Language, str]] = {
    Page.HOME: {Language.FR: "/fr/", Language.EN: "/en/"},
    Page.SEARCH: {Language.FR: "/fr/recherche", Language.EN: "/en/search"},
    Page.WHO_TO_CALL: {
        Language.FR: "/fr/recherche/qui-appeler",
        Language.EN: "/en/search/who-to-call",
    },
    Page.WHY: {Language.FR: "/fr/recherche/pourquoi", Language.EN: "/en/search/why"},
    Page.REPORT: {Language.FR: "/fr/recherche/compte-rendu", Language.EN: "/en/search/report"},
    # `path` because an id may hold a slash.
    Page.ACTOR: {
        Language.FR: "/fr/acteurs/{record_id:path}",
        Language.EN: "/en/actors/{record_id:path}",
    },
    Page.CASE: {Language.FR: "/fr/cas/{record_id:path}", Language.EN: "/en/cases/{record_id:path}"},
    Page.THEMES: {Language.FR: "/fr/themes", Language.EN: "/en/themes"},
    Page.ABOUT: {Language.FR: "/fr/a-propos", Language.EN: "/en/about"},
    Page.SIGN_IN: {Language.FR: "/fr/connexion", Language.EN: "/en/sign-in"},
    Page.SIGN_OUT: {Language.FR: "/fr/deconnexion", Language.EN: "/en/sign-out"},
    Page.ACCOUNT: {Language.FR: "/fr/compte", Language.EN: "/en/account"},
    Page.ACCOUNTS: {Language.FR: "/fr/comptes", Language.EN: "/en/accounts"},
    Page.SITES: {Language.FR: "/fr/sites", Language.EN: "/en/sites"},
    Page.EMBED: {Language.FR: "/fr/integrer", Language.EN: "/en/embed"},
    Page.CONTRIBUTE: {Language.FR: "/fr/contribuer", Language.EN: "/en/contribute"},
    Page.CONTRIBUTIONS: {Language.FR: "/fr/contributions", Language.EN: "/en/contributions"},
    Page.DRAFT: {
        Language.FR: "/fr/brouillons/{record_id:path}",
        Language.EN: "/en/drafts/{record_id:path}",
    },
    Page.DIRECTORY: {
        Language.FR: "/fr/annuaires/{record_id:path}",
        Language.EN: "/en/directories/{record_id:path}",
    },
    Page.JOBS: {Language.FR: "/fr/taches", Language.EN: "/en/jobs"},
    Page.JOB: {
        Language.FR: "/fr/taches/{record_id:path}",
        Language.EN: "/en/jobs/{record_id:path}",
    },
    Page.MODERATION: {Language.FR: "/fr/moderation", Language.EN: "/en/moderation"},
    Page.DUPLICATES: {Language.FR: "/fr/doublons", Language.EN: "/en/duplicates"},
    Page.ACTOR_HISTORY: {
        Language.FR: "/fr/historique/acteurs/{record_id:path}",
        Language.EN: "/en/history/actors/{record_id:path}",
    },
    Page.CASE_HISTORY: {
        Language.FR: "/fr/historique/cas/{record_id:path}",
        Language.EN: "/en/history/cases/{record_id:path}",
    },
    Page.ACTOR_EDIT: {
        Language.FR: "/fr/modifier/acteurs/{record_id:path}",
        Language.EN: "/en/edit/actors/{record_id:path}",
    },
    Page.CASE_EDIT: {
        Language.FR: "/fr/modifier/cas/{record_id:path}",
        Language.EN: "/en/edit/cases/{record_id:path}",
    },
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
        path = pattern.replace("{record_id:path}", quote(self.record_id, safe=""))
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
