"""The dashboard: what is asked and not found, what waits, what is thin and what ages."""

import csv
import io
from typing import cast

from fastapi import HTTPException
from starlette.responses import Response

from kb.errors import ReadOnlyKnowledgeBase
from kb.explanation.report_files import CsvLayout
from kb.reference.departments import NAMES
from kb.registers.accounts import AccountRole
from kb.search.results import Fit
from web.dashboard import figures
from web.dashboard.figures import TABLES, WaitingWork
from web.editorial.labels import CANNOT_WRITE
from web.embed.usage import SiteUsage
from web.http.dependencies import APageRequest
from web.http.i18n import translations
from web.http.refusals import no_such_action, not_allowed
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address
from web.search.demand_counter import demand_counter_of

SHOWN_NEEDS = 50
SHOWN_THEMES = 15

router = PageRouter()


@router.shows(Page.DASHBOARD)
def dashboard(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    return _dashboard(request, done=done)


@router.takes(Page.DASHBOARD)
def change_counting(request: APageRequest, account: AModerator, form: AForm) -> Response:
    """Has searches counted or not, for administrators; or forgets a need that was asked."""
    demand, what = request.knowledge_base.demand, text_of(form, "do")
    if what in {"count", "stop"} and not account.role.may(AccountRole.ADMINISTRATOR):
        raise not_allowed()
    try:
        if what in {"count", "stop"}:
            demand.choose(counted=what == "count", by=account.name)
            demand_counter_of(request.http).flush()
        elif what == "forget":
            demand.forget(text_of(form, "need"))
        else:
            raise no_such_action()
    except ReadOnlyKnowledgeBase:
        return _dashboard(request, message=CANNOT_WRITE)
    return see(request, address(Page.DASHBOARD, done=what), "asked")


@router.shows(Page.DASHBOARD_FILE)
def figures_file(request: APageRequest, _account: AModerator, table: str = "searches") -> Response:
    """Answers a table as a CSV file, for spreadsheets of the language."""
    if table not in TABLES:
        raise HTTPException(404)
    _write_counts(request)
    found, layout = TABLES[table](request.knowledge_base), CsvLayout.of(request.language)
    written = io.StringIO()
    writer = csv.writer(written, delimiter=layout.delimiter)
    writer.writerow(map(translations(request.language).gettext, found.titles))
    writer.writerows(map(layout.cell, row) for row in found.rows)
    return Response(
        written.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{table}.csv"'},
    )


def _dashboard(request: PageRequest, *, done: str = "", message: str = "") -> Response:
    _write_counts(request)
    base = request.knowledge_base
    counts = dict(base.departments())
    searches = figures.searches_by_fit(base)
    return request.page(
        "dashboard/dashboard.html",
        here=address(Page.DASHBOARD),
        status_code=503 if message else 200,
        done=done,
        message=message,
        demand=base.demand,
        choice=base.demand.choice(),
        needs=base.demand.missed()[:SHOWN_NEEDS],
        below_threshold=base.demand.below_threshold(),
        searches=searches,
        fits=list(Fit),
        fitting=searches.total(Fit.STRONG, Fit.POSSIBLE),
        searched=searches.total(*Fit),
        waiting=WaitingWork.of(base),
        subscribed=len(figures.subscribed(base)),
        themes=figures.thin_themes(base),
        shown_themes=SHOWN_THEMES,
        theme_langs=base.theme_languages(),
        covered=sum(1 for code in NAMES if counts.get(code)),
        without_actors=[code for code in NAMES if not counts.get(code)],
        ageing=base.ageing_actors.count(figures.year_ago()),
        oldest=base.ageing_actors.oldest(figures.year_ago(), figures.SHOWN_AGEING),
        sites=figures.use_by_site(base),
    )


def _write_counts(request: PageRequest) -> None:
    """Writes down what is counted and not written yet, so that the page has it."""
    cast("SiteUsage", request.http.app.state.site_usage).flush()
    demand_counter_of(request.http).flush()
