"""The page of the sites that embed the search: which they are, what they may, how much they use it.

For administrators. What is counted of a site are numbers by day, and the page says so.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from kb.errors import ReadOnlyKnowledgeBase, SiteError, UnknownRecord
from kb.messages import N_
from kb.reference.departments import NAMES
from kb.registers.sites import DEFAULT_PER_DAY, MAX_PER_DAY, Site, SiteUse
from kb.text.folding import fold
from web.editorial.labels import CANNOT_WRITE, NOT_THE_NAME
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AnAdministrator
from web.http.urls import Page, address
from web.tallies import tallies_of

NO_SITE = N_("This site no longer exists. Nothing was changed.")

DONE: Mapping[str, str] = {
    "changed": N_("The site is changed."),
    "disabled": N_("The site is switched off: it no longer shows the search."),
    "enabled": N_("The site can show the search again."),
    "deleted": N_("The site and its counts are deleted."),
}
"""What the page says was done, by the value of `done` in its address."""

_BETWEEN_ORIGINS = re.compile(r"[\s,;]+")

router = PageRouter()


@dataclass(frozen=True, slots=True)
class Filled:
    """What the forms of a site show, and whether they are open.

    `wrong` is the field that was refused, and `message` why.
    """

    name: str = ""
    origins: str = ""
    department: str = ""
    theme: str = ""
    per_day: str = str(DEFAULT_PER_DAY)
    is_open: bool = False
    wrong: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """A site with how much it was used, and what its forms show."""

    site: Site
    use: SiteUse
    filled: Filled
    has_namesake: bool


@router.shows(Page.SITES)
def sites_page(
    request: APageRequest, _account: AnAdministrator, done: str = "", added: str = ""
) -> Response:
    """`added` is the key of the site that was."""
    return _sites_page(request, done=DONE.get(done, ""), added=added)


@router.takes(Page.SITES)
def change_sites(request: APageRequest, _account: AnAdministrator, form: AForm) -> Response:
    sites = request.knowledge_base.sites
    what, key = text_of(form, "do"), text_of(form, "key")
    try:
        if what == "add":
            added = sites.add(**_permissions(form))
            return see(request, address(Page.SITES, added=added.key), added.key)
        if what == "change":
            sites.change(key, **_permissions(form))
            done = "changed"
        elif what == "disable":
            sites.disable(key)
            done = "disabled"
        elif what == "enable":
            sites.enable(key)
            done = "enabled"
        elif what == "delete":
            if " ".join(text_of(form, "confirmed").split()) != sites.get(key).name:
                return _sites_page(
                    request, key=key, refused=Filled(wrong="confirmed", message=NOT_THE_NAME)
                )
            sites.delete(key)
            done = "deleted"
        else:
            raise no_such_action()
    except SiteError as error:
        return _sites_page(request, key=key, refused=_refused(form, error))
    except UnknownRecord:
        return _sites_page(request, message=NO_SITE)
    except ReadOnlyKnowledgeBase:
        kept = _filled_in(form) if what in {"add", "change"} else None
        return _sites_page(request, key=key, refused=kept, message=CANNOT_WRITE)
    return see(request, address(Page.SITES, done=done))


def _permissions(form: FormData) -> dict[str, Any]:
    """Returns what the form says of a site, as `Sites.add` and `Sites.change` take it."""
    return {
        **{name: text_of(form, name) for name in ("name", "department", "theme")},
        # None of what stands between two origins is part of one.
        "origins": _BETWEEN_ORIGINS.split(text_of(form, "origins")),
        "per_day": number_in(form, "per_day"),
    }


def _filled_in(form: FormData) -> Filled:
    names = ("name", "origins", "department", "theme", "per_day")
    return Filled(**{name: text_of(form, name) for name in names}, is_open=True)


def _refused(form: FormData, error: SiteError) -> Filled:
    return replace(_filled_in(form), wrong=error.field, message=error.remark)


def _filled_with(site: Site) -> Filled:
    return Filled(
        site.name, "\n".join(site.origins), site.department, site.theme, str(site.per_day)
    )


def _sites_page(
    request: PageRequest,
    *,
    done: str = "",
    added: str = "",
    message: str = "",
    key: str = "",
    refused: Filled | None = None,
) -> Response:
    """The page. What was `refused` of the site with `key`, or of a new one, is shown again."""
    base = request.knowledge_base
    tallies_of(request.http).flush()
    entries = []
    sites = base.sites.list()
    names = Counter(fold(site.name) for site in sites)
    for site in sites:
        filled = _filled_with(site)
        if refused and site.key == key:
            filled = (
                replace(filled, wrong=refused.wrong, message=refused.message)
                if refused.wrong == "confirmed"
                else refused
            )
        has_namesake = names[fold(site.name)] > 1
        entries.append(SiteEntry(site, base.sites.use(site.key), filled, has_namesake))
    return request.page(
        "editorial/sites.html",
        here=address(Page.SITES),
        status_code=400 if message or refused else 200,
        entries=entries,
        new=refused if refused and not key else Filled(),
        departments=NAMES,
        themes=[theme.name for theme in base.themes()],
        max_per_day=MAX_PER_DAY,
        done=done,
        added=added,
        message=message,
    )
