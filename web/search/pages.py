"""The pages of a search: results, why, and the report with its files."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Self
from urllib.parse import quote

from fastapi import HTTPException, Query
from starlette.responses import RedirectResponse, Response

from kb.errors import QueryError
from kb.explanation.explanation import OwnPart, score_table
from kb.explanation.report import SearchReport
from kb.explanation.report_files import ReportFormat, as_csv, as_json, signature
from kb.language_model import WordingState
from kb.reference.communes import communes_named
from kb.reference.departments import department_code
from kb.reference.trades import means_of
from kb.remarks import Remark
from kb.search.filters import commune_meant
from kb.search.need.reading import readings
from kb.search.results import DISTANCES, ActorHit, CaseHit, Fit, PartAnswer, SearchResult
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.routing import A_SEARCH, ONE_OF_FEW, APageRequest, PageRequest, PageRouter
from web.http.security.cookies import NoSecret, site_secret
from web.http.urls import Address, Page, address
from web.maps import result_map
from web.search.request import MAX_LIMIT, ASearchRequest, SearchRequest, steering_actors
from web.tallies import count_demand

router = PageRouter()
MEDIA_TYPES = {ReportFormat.JSON: "application/json", ReportFormat.CSV: "text/csv; charset=utf-8"}


class ReportHasChanged(HTTPException):
    def __init__(self) -> None:
        super().__init__(
            409, "The base, or the program, has changed since this report: make it anew."
        )


def report_file(
    report: SearchReport, format: ReportFormat, key: str, *, lang: str, at: str = "", seal: str = ""
) -> bytes:
    """Returns the file of a report, or raises ReportHasChanged if that of `seal` is gone."""
    if at or seal:
        report = replace(report, at=at)
        if not hmac.compare_digest(signature(report, key).hmac.encode(), seal.encode()):
            raise ReportHasChanged
    return as_json(report, key) if format is ReportFormat.JSON else as_csv(report, key, lang)


LIMITS = (10, 25, 50, MAX_LIMIT)
"""How many actors a page of results shows at first, and then when more are asked for."""

NEAREST, MOST_NEIGHBOURS, GESTURES = 5, 3, 3
TO_CALL = 25


@dataclass(frozen=True, slots=True)
class Answers:
    """A search's result as a page shows it; `distant` and `leading_cases` where nothing fits."""

    serious: Sequence[ActorHit]
    unlikely: Sequence[ActorHit]
    distant: Sequence[ActorHit]
    cases: Sequence[CaseHit]
    leading_cases: Sequence[CaseHit]
    total: int
    serious_total: int
    next_limit: int | None
    roles: Sequence[PartAnswer]

    def dossier_of(self, need: str) -> Address | None:
        """Returns the address of a dossier of who is worth a call, as a whole or for a part."""
        hits = [hit for hit in self.fitting if hit.fit.is_worth_a_call]
        hits += [hit for answer in self.roles for hit in answer.hits]
        ids = list(dict.fromkeys(hit.actor.id for hit in hits))[:TO_CALL]
        named = (("need", need), *(("id", id_) for id_ in ids))
        return Address(Page.DOSSIER, query=named) if ids else None

    @property
    def fitting(self) -> Sequence[ActorHit]:
        return (*self.serious, *self.unlikely)

    @classmethod
    def of(cls, result: SearchResult, limit: int) -> Self:
        found = [hit for hit in result.hits if hit.fit is not Fit.NONE]
        cases = [hit for hit in result.cases if hit.fit is not Fit.NONE]
        nothing = result.nothing_fits
        larger_limits = (larger for larger in LIMITS if larger > limit)
        return cls(
            serious=[hit for hit in found if hit.fit.is_worth_a_call],
            unlikely=[hit for hit in found if not (nothing or hit.fit.is_worth_a_call)],
            distant=(found if nothing else ()) if found else result.hits[:NEAREST],
            cases=() if nothing else cases,
            leading_cases=cases if nothing else (),
            total=result.total,
            serious_total=result.serious,
            next_limit=next(larger_limits, None) if result.total > limit else None,
            roles=result.parts,
        )


@dataclass(frozen=True, slots=True)
class Where:
    """The place in a search's form, what it could mean, and the hits by `distances` in km."""

    place: str = ""
    problem: Remark | None = None
    namesakes: Sequence[str] = ()
    distances: Sequence[tuple[int, int | None]] = tuple((km, None) for km in DISTANCES)


@router.shows(Page.SEARCH, [A_SEARCH])
def search(
    request: APageRequest,
    asked: ASearchRequest,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = LIMITS[0],
) -> Response:
    result, message = None, ""
    asked, steering = steering_actors(request.knowledge_base, asked)
    asked, where = _with_place(asked)
    try:
        asked = replace(asked, department=department_code(asked.department))
        if "q" in request.http.query_params:
            result = _found(request, asked, limit)
            if limit == LIMITS[0] and not asked.is_steered:  # More, or steered, is no other search.
                count_demand(request.http, asked.q, result)
    except ValueError:
        asked, message = asked.without("department"), UNKNOWN_DEPARTMENT
    except QueryError as error:
        if error.code == "within_nothing":  # A distance chosen for the place of a former need
            return _back_to_the_search(request, asked.without("within"))
        message = error.remark

    base = request.knowledge_base
    departments, themes = (
        (result.departments, result.themes)
        if result
        else (dict(base.departments()), {theme.name: theme.actors for theme in base.themes()})
    )
    if result and result.distances:
        where = replace(where, distances=list(result.distances.items()))
    answers = Answers.of(result, limit) if result else None
    is_need = result is not None and result.absent is None
    meant = base.spelling.meant(asked.q) if is_need else ""
    return request.page(
        "search/search.html",
        here=asked.at(Page.SEARCH, limit="" if limit == LIMITS[0] else limit),
        status_code=400 if message else 200,
        asked=asked,
        understood=result.asked if result else None,
        wording=result.wording if result else None,
        trades=result.trades if result else (),
        readings=readings(result.asked, request.language)
        if result and is_need and not any(hit.fit is Fit.STRONG for hit in result.hits)
        else (),
        names={actor.id: actor.name for actor in steering},
        unsaid=result.unsaid if result else (),
        unquoted=_unquoted(asked, result) if result else asked,
        absent=result.absent if result else None,
        meant=replace(asked, q=meant) if meant else None,
        related=base.related_needs.near(result.asked.text, request.language)
        if result and is_need
        else (),
        message=message,
        departments=_with_chosen(asked.department, departments),
        themes=_with_chosen(asked.theme, themes),
        theme_langs=base.theme_languages(),
        where=where,
        map=result_map(answers.serious or answers.unlikely, result.filters.near, request.settings)
        if answers and result
        else None,
        answers=answers,
        filters=result.filters if result else None,
        is_filtered=result is not None and not result.filters.keep_all,
        limit=limit,
        neighbours=_neighbours(request, asked, result) if result and result.nothing_fits else (),
        gestures=means_of(result.trades[0].trade.code, request.language)[:GESTURES]
        if result and result.trades
        else (),
        to_post=_to_post(asked, result) if result else None,
        need_link=_link_to_tell(request, asked),
        json_path=asked.data("/api/search", limit=limit, lang=request.language),
    )


@router.shows(Page.WHY, [ONE_OF_FEW])
def why(request: APageRequest, asked: ASearchRequest, id: str = "") -> Response:
    asked, steering = steering_actors(request.knowledge_base, asked)
    try:
        explanation = request.knowledge_base.explain(
            asked.q, id, filters=asked.filters, steering=asked.steering, lang=request.language
        )
    except QueryError:
        return _back_to_the_search(request, asked)
    hit = explanation.hit if isinstance(explanation.hit, ActorHit) else None
    return request.page(
        "search/why.html",
        here=asked.at(Page.WHY, id=id),
        asked=asked,
        understood=explanation.asked,
        wording=explanation.wording,
        names={actor.id: actor.name for actor in steering},
        explanation=explanation,
        actor=explanation.record,
        hit=hit,
        table=score_table(hit, explanation.weights) if hit else (),
        own=OwnPart.of(hit.parts, explanation.weights) if hit else None,
        weights=explanation.weights,
        precedents_shown=5,
        json_path=asked.data("/api/explain", actor=id, lang=request.language),
    )


@router.shows(Page.REPORT, [ONE_OF_FEW])
def report(request: APageRequest, asked: ASearchRequest, changed: str = "") -> Response:
    """`changed`: the file of a former report was asked for, which cannot be made any more."""
    asked, steering = steering_actors(request.knowledge_base, asked)
    try:
        made = request.knowledge_base.report(
            asked.q, filters=asked.filters, steering=asked.steering, lang=request.language
        )
    except QueryError:
        return _back_to_the_search(request, asked)
    try:
        signed = signature(made, site_secret(request.settings, request.knowledge_base))
    except NoSecret:
        signed = None
    sealed = {"at": made.at, "hmac": signed.hmac} if signed else {}
    # The files are those of this report, even if the language model has answered meanwhile.
    of_files = asked.without_model() if made.wording.state is WordingState.MISSING else asked
    return request.page(
        "search/report.html",
        here=asked.at(Page.REPORT, changed="yes" if changed else ""),
        changed=bool(changed),
        asked=asked,
        understood=made.asked,
        wording=made.wording,
        names={actor.id: actor.name for actor in steering},
        report=made,
        rows=made.hits[:5_000],
        signed=signed,
        files={
            format_: of_files.data("/api/report", format=format_, lang=request.language, **sealed)
            for format_ in ("json", "csv")
        },
    )


def _found(request: PageRequest, asked: SearchRequest, limit: int) -> SearchResult:
    return request.knowledge_base.search(
        asked.q, limit=limit, filters=asked.filters, lang=request.language, steering=asked.steering
    )


def _neighbours(
    request: PageRequest, asked: SearchRequest, result: SearchResult
) -> Sequence[SearchRequest]:
    """Returns searches near to one that found nothing, each of which finds somebody."""
    means = (found.means for hit in result.hits for found in hit.evidence)
    phrases = dict.fromkeys(near.phrase for near in means if near and near.lang == request.language)
    others = [replace(asked, q=phrase) for phrase in list(phrases)[:MOST_NEIGHBOURS]]
    return [other for other in others if _found(request, other.without_model(), 1).serious]


def _back_to_the_search(request: PageRequest, asked: SearchRequest) -> Response:
    return RedirectResponse(asked.at(Page.SEARCH).path(request.language), 303)


def _unquoted(asked: SearchRequest, result: SearchResult) -> SearchRequest:
    for said in result.asked.required:
        asked = asked.without_sign("", said)
    return asked


def _with_chosen(chosen: str, counts: Mapping[str, int]) -> Mapping[str, int]:
    return {**({chosen: 0} if chosen else {}), **counts}


def _with_place(asked: SearchRequest) -> tuple[SearchRequest, Where]:
    try:
        commune = commune_meant(asked.near)
    except QueryError as error:
        namesakes = [commune.label for commune in communes_named(asked.near)[:12]]
        return asked.without("near", "within"), Where(asked.near, error.remark, namesakes)
    if commune is None:
        return asked, Where()
    return replace(asked, near=commune.label), Where(commune.label)


def _to_post(asked: SearchRequest, result: SearchResult) -> Address:
    """Returns the address to post the need of a search, where it was searched."""
    near, departments = result.filters.near, result.filters.departments
    return address(
        Page.NEW_NOTICE,
        q=asked.q,
        near=near.label if near else "",
        department=asked.department or ("" if departments[1:] else "".join(departments)),
        theme=asked.theme,
    )


def _link_to_tell(request: PageRequest, asked: SearchRequest) -> str:
    contact_url = request.contact_url
    if contact_url.startswith("mailto:"):
        separator = "&" if "?" in contact_url else "?"
        name = request.identity.identity.name.replace("\u202f", " ")
        subject = quote(f"{name}{'' if name.endswith('?') else ' –'} {asked.q}")
        body = quote(request.absolute_url(asked.at(Page.SEARCH)), safe="")
        return f"{contact_url}{separator}subject={subject}&body={body}"
    return contact_url
