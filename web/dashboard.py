"""The dashboard: what is asked and not found, what waits, what is thin and what ages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import HTTPException
from starlette.responses import Response

from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.reference.departments import NAMES
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import NoticeState
from kb.registers.clock import before, today
from kb.registers.drafts import DraftState
from kb.registers.sites import SHOWN_DAYS, SiteCounts
from kb.search.need.reading import regions
from kb.search.results import Fit
from web.http.i18n import translations
from web.http.refusals import no_such_action, not_allowed
from web.http.routing import APageRequest, PageRouter, csv_answer, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address
from web.tallies import tallies_of

router = PageRouter()

COLUMN_TITLES: Mapping[str, str] = {
    "need": N_("Need"),
    "asked": N_("Times asked"),
    "days": N_("Days"),
    "last": N_("Last time"),
    "day": N_("Day"),
    "strong": N_("Strong fit"),
    "possible": N_("Possible fit"),
    "weak": N_("Unlikely"),
    "none": N_("Very unlikely"),
    "theme": N_("Theme"),
    "department": N_("Department"),
    "actors": N_("Organisations"),
    "cases": N_("Cases"),
    "organisation": N_("Organisation"),
    "changed": N_("Last changed"),
    "site": N_("Site"),
    "searches": N_("Searches"),
    "empty": N_("Without a fit"),
    "selections": N_("Results opened"),
}

STEP, BAR = 10.0, 8.0  # width of a day in a plot, and of the bar in it
HEIGHT = 100.0


def stacked_bars(rows: Sequence[Sequence[int]]) -> Mapping[str, Any]:
    top = max((sum(row) for row in rows), default=0)
    bars = []
    for place, row in enumerate(rows):
        below = 0
        for series, number in enumerate(row):
            if number:
                below += number
                bar = {"x": place * STEP, "y": HEIGHT * (top - below) / top, "width": BAR}
                bars.append({**bar, "series": series, "height": HEIGHT * number / top})
    return {"bars": bars, "width": len(rows) * STEP, "height": HEIGHT, "top": top}


THIN_ACTORS = 3
"""A theme with fewer actors than this is thin, and so is one with fewer actors than cases."""


@dataclass(frozen=True, slots=True)
class FigureTable:
    columns: tuple[str, ...]
    rows: Sequence[tuple[str | int, ...]]

    @property
    def titles(self) -> Sequence[str]:
        return [COLUMN_TITLES[column] for column in self.columns]

    def plot(self, *columns: str) -> Mapping[str, Any]:
        return stacked_bars(self._numbers(columns))

    def total(self, *columns: str) -> int:
        return sum(map(sum, self._numbers(columns)))

    def _numbers(self, columns: Sequence[str]) -> list[list[int]]:
        places = [self.columns.index(column) for column in columns]
        return [[int(row[place]) for place in places] for row in self.rows]


def waiting_work(base: KnowledgeBase) -> Mapping[str, int | str]:
    drafts = base.drafts.list([DraftState.SUBMITTED])
    notices = base.notices.list([NoticeState.WAITING])
    sources = base.source_locations.list()
    return {
        "drafts": len(drafts),
        "drafts_since": min((draft.created_at for draft in drafts), default=""),
        "notices": len(notices),
        "notices_since": min((notice.created_at for notice in notices), default=""),
        "answers": len(base.answers.waiting()),
        "pairs": len(base.notice_pairs.proposed()),
        "flags": len(base.flags.waiting()),
        "duplicates": base.duplicates.count(),
        "failing": len(base.source_locations.failing()),
        "unlisted": sum(len(base.unlisted.of(source.name)) for source in sources),
    }


def missed_needs(base: KnowledgeBase) -> FigureTable:
    rows = [(need.words, need.asked, need.days, need.last) for need in base.demand.missed()]
    return FigureTable(("need", "asked", "days", "last"), rows)


def searches_by_fit(base: KnowledgeBase) -> FigureTable:
    days = _last_days()
    found = base.demand.searches(days[0])
    rows: list[tuple[str | int, ...]] = [
        (day, *(found.get(day, {}).get(fit, 0) for fit in Fit)) for day in days
    ]
    return FigureTable(("day", *(fit.value for fit in Fit)), rows)


def thin_themes(base: KnowledgeBase) -> FigureTable:
    thin = [
        theme for theme in base.themes() if theme.actors < THIN_ACTORS or theme.actors < theme.cases
    ]
    thin.sort(key=lambda theme: (theme.actors - theme.cases, theme.name))
    rows = [(theme.name, theme.actors, theme.cases) for theme in thin]
    return FigureTable(("theme", "actors", "cases"), rows)


def actors_by_department(base: KnowledgeBase) -> FigureTable:
    counts = dict(base.departments())
    return FigureTable(("department", "actors"), [(code, counts.get(code, 0)) for code in NAMES])


def ageing_actors(base: KnowledgeBase) -> FigureTable:
    oldest = base.ageing_actors.oldest(year_ago(), 5_000)
    rows = [(actor.name, actor.changed[:10]) for actor in oldest]
    return FigureTable(("organisation", "changed"), rows)


def use_of_sites(base: KnowledgeBase) -> FigureTable:
    return FigureTable(
        ("site", "day", "searches", "empty", "selections"),
        [(name, *row) for name, table in use_by_site(base).items() for row in table.rows],
    )


def use_by_site(base: KnowledgeBase) -> Mapping[str, FigureTable]:
    days = _last_days()
    sites = base.sites.list()
    names = [site.name for site in sites]
    found = {}
    for site in sites:
        counts = dict(base.sites.counts(site.key, since=days[0]))
        used = [(day, counts.get(day, SiteCounts())) for day in days]
        rows = [(day, use.searches, use.empty, use.selections) for day, use in used]
        name = site.name if names.count(site.name) == 1 else f"{site.name} ({site.key})"
        found[name] = FigureTable(("day", "searches", "empty", "selections"), rows)
    return found


TABLES: Mapping[str, Callable[[KnowledgeBase], FigureTable]] = {
    "searches": searches_by_fit,
    "needs": missed_needs,
    "themes": thin_themes,
    "departments": actors_by_department,
    "ageing": ageing_actors,
    "sites": use_of_sites,
}


def year_ago() -> str:
    return before(365 * 24 * 60 * 60)[:10]


def _last_days() -> Sequence[str]:
    last = date.fromisoformat(today())
    return [(last - timedelta(days=ago)).isoformat() for ago in reversed(range(SHOWN_DAYS))]


def departments_missing(counts: Mapping[str, int]) -> list[str]:
    """Lists departments without actors, where the base has most of their region or of France."""
    areas = (*regions().values(), tuple(NAMES))
    own = [area for area in areas if 2 * sum(code in counts for code in area) > len(area)]
    return [code for code in NAMES if code not in counts and any(code in area for area in own)]


@router.shows(Page.DASHBOARD)
def dashboard(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    tallies_of(request.http).flush()
    base = request.knowledge_base
    counts = dict(base.departments())
    searches = searches_by_fit(base)
    return request.page(
        "dashboard/dashboard.html",
        here=address(Page.DASHBOARD),
        done=done,
        demand=base.demand,
        choice=base.demand.choice(),
        needs=base.demand.missed()[:50],
        below_threshold=base.demand.below_threshold(),
        searches=searches,
        fits=list(Fit),
        fitting=searches.total(Fit.STRONG, Fit.POSSIBLE),
        searched=searches.total(*Fit),
        waiting=waiting_work(base),
        subscribed=len(base.subscriptions.confirmed()),
        themes=thin_themes(base),
        shown_themes=15,
        theme_langs=base.theme_languages(),
        covered=sum(1 for code in NAMES if counts.get(code)),
        without_actors=departments_missing(counts),
        ageing=base.ageing_actors.count(year_ago()),
        oldest=base.ageing_actors.oldest(year_ago(), 10),
        sites=use_by_site(base),
    )


@router.takes(Page.DASHBOARD)
def change_counting(request: APageRequest, account: AModerator, form: AForm) -> Response:
    demand, what = request.knowledge_base.demand, text_of(form, "do")
    if what in {"count", "stop"} and not account.role.may(AccountRole.ADMINISTRATOR):
        raise not_allowed()
    if what in {"count", "stop"}:
        demand.choose(counted=what == "count", by=account.name)
        tallies_of(request.http).flush()
    elif what == "forget":
        demand.forget(text_of(form, "need"))
    else:
        raise no_such_action()
    return see(request, address(Page.DASHBOARD, done=what), "asked")


@router.shows(Page.DASHBOARD_FILE)
def figures_file(request: APageRequest, _account: AModerator, table: str = "searches") -> Response:
    if table not in TABLES:
        raise HTTPException(404)
    tallies_of(request.http).flush()
    found = TABLES[table](request.knowledge_base)
    titles = map(translations(request.language).gettext, found.titles)
    return csv_answer(table, titles, found.rows, request.language)
