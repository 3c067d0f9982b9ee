"""The JSON API, version 1: search, explanations, reports, actors, cases, status.

Its shapes are in `web.api.schemas`; refusals are answered by `web.http.errors`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator
from starlette.responses import RedirectResponse

from kb.explanation.report_files import ReportFormat
from kb.models import Kind
from kb.reference.departments import department_code
from web.api.explanation_schemas import ExplanationOut
from web.api.schemas import (
    ActorWithCases,
    CaseOut,
    CaseReference,
    Problem,
    SearchAnswer,
    StatusOut,
)
from web.catalogue.provenance import shown_competences
from web.http.dependencies import ONE_OF_FEW, APageRequest, OpenKnowledgeBase
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.routing import Handler
from web.http.security.secret import site_secret
from web.http.urls import API_VERSION, API_VERSION_HEADER, AbsoluteUrl, Page, absolute_urls
from web.search.report_downloads import MEDIA_TYPES, ReportHasChanged, report_file
from web.search.request import (
    MAX_LIMIT,
    MAX_STEERED,
    WHOLE_TEXT,
    WITHOUT_MODEL,
    SearchRequest,
    steering_actors,
)

DESCRIPTION = f"""\
Find what organisations know how to do, from a need in everyday French or English.

**Stability.** This is version {API_VERSION}; the header `{API_VERSION_HEADER}` of every answer \
says so. Within a version, fields, parameters and kinds of evidence may be added; none is removed, \
renamed or changed in meaning. Ignore what you do not know. A change that would break a client \
makes a new version, under a new path.

**Reading** public data needs no account. **Writing**, and reading what is not public yet, needs a \
token: create it on the page of your account, and send it as `Authorization: Bearer qsf_…`. It can \
do what your account can do. To change a contribution, send in `If-Match` the revision that you \
read, as given in `ETag`: this way, two people never overwrite each other's changes.

**Refusals and failures** have one form, `{{"detail": "…"}}`, one line for a person to read. \
400: the query cannot be searched. 401 and 403: the token is missing or not sufficient. 404: no \
such record. 409 and 412: someone else changed it first. 413: too large. 422: a parameter or the \
body is wrong. 429 and 503: too many requests at once, or the knowledge base cannot answer now; \
`Retry-After` gives the number of seconds to wait, if known.
"""


async def announce_version(response: Response) -> None:
    response.headers[API_VERSION_HEADER] = API_VERSION


router = APIRouter(prefix="/api", dependencies=[Depends(announce_version)])


def problems(meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Documents the refusals of a route: maps each status to its meaning there."""
    return {
        status: {"model": Problem, "description": meaning} for status, meaning in meanings.items()
    }


_WRONG_PARAMETER = {422: "A parameter is wrong."}
_TOO_MANY = {
    429: "Several explanations and reports are already being made for this address.",
    503: "Too many explanations and reports are being made now, or the site cannot answer.",
}
_CANNOT_BE_SEARCHED = "The query has no searchable word, or is too long."


def _answers(path: str, **documented: Any) -> Callable[[Handler], Handler]:
    """Routes GET and HEAD of a path to a function; the document describes GET alone."""

    def register(handler: Handler) -> Handler:
        # The first of the two routes answers; the second is there for the document.
        router.add_api_route(
            path, handler, methods=["GET", "HEAD"], include_in_schema=False, **documented
        )
        router.add_api_route(path, handler, methods=["GET"], **documented)
        return handler

    return register


PageLanguage = Annotated[
    Language,
    Query(
        description="The language of linked pages, and of cases that exist in several languages."
    ),
]


async def _absolute_url(
    request: APageRequest, lang: PageLanguage = DEFAULT_LANGUAGE
) -> AbsoluteUrl:
    return absolute_urls(request.root, lang)


PageUrls = Annotated[AbsoluteUrl, Depends(_absolute_url)]

QueryText = Annotated[
    str,
    Query(
        description="The need, in everyday words, or the name or SIRET of an actor. A word after "
        "+ counts more, a word after - is excluded, and words in quotation marks are required. "
        "Of a long text, up to 4,000 characters, the sentences that ask for something count.",
        examples=["du gel hydroalcoolique"],
    ),
]
Department = Annotated[
    str,
    AfterValidator(department_code),
    Query(description="Only actors in this French department: code or name.", examples=["16"]),
]
Theme = Annotated[str, Query(description="Only records with this theme.", examples=["Emballage"])]
Like = Annotated[
    list[str],
    Query(
        default_factory=list,
        max_length=MAX_STEERED,
        description="The id of an example: actors with a similar trade count more. Can be "
        "repeated.",
        examples=[["avel"]],
    ),
]
Unlike = Annotated[
    list[str],
    Query(
        default_factory=list,
        max_length=MAX_STEERED,
        description="The id of a counterexample: it is left out, and its trade counts against "
        "others. Can be repeated.",
    ),
]


TakenBack = Annotated[
    list[str],
    Query(
        default_factory=list,
        max_length=MAX_STEERED,
        description="A phrase of the language model that is not to be used. Can be repeated.",
    ),
]


class TextChoice(StrEnum):
    """Whether a long text is searched as it is."""

    YES = WHOLE_TEXT
    NO = "no"


class WordingChoice(StrEnum):
    """Whether a language model words the need, if the site has one."""

    ON = "on"
    OFF = WITHOUT_MODEL


def _what_is_asked(
    *,
    request: APageRequest,
    q: QueryText,
    like: Like,
    unlike: Unlike,
    taken_back: TakenBack,
    department: Department = "",
    theme: Theme = "",
    wording: Annotated[
        WordingChoice,
        Query(description="With off, the words of the need are sent to no language model."),
    ] = WordingChoice.ON,
    whole: Annotated[
        TextChoice,
        Query(
            description="With yes, a long text is searched as it is. By default, it is searched by "
            "the sentences that ask for something."
        ),
    ] = TextChoice.NO,
) -> SearchRequest:
    """Returns the search as asked, steered only by actors that exist."""
    asked = SearchRequest(
        q,
        department,
        theme,
        tuple(like),
        tuple(unlike),
        tuple(taken_back),
        worded=wording is WordingChoice.ON,
        whole=whole is TextChoice.YES,
    )
    known, _ = steering_actors(request.knowledge_base, asked)
    return known


WhatIsAsked = Annotated[SearchRequest, Depends(_what_is_asked)]


@_answers(
    "/search",
    summary="Who could meet this need?",
    response_description="Actors and cases.",
    # Leaves out the `case` of evidence that is not a case, and the `precedent` that there is not.
    response_model_exclude_none=True,
    responses=problems({400: _CANNOT_BE_SEARCHED} | _WRONG_PARAMETER),
)
def search(
    *,
    request: APageRequest,
    absolute_url: PageUrls,
    asked: WhatIsAsked,
    limit: Annotated[
        int, Query(ge=1, le=MAX_LIMIT, description="The maximum number of actors, and of cases.")
    ] = 10,
    kind: Annotated[
        Kind | None, Query(description="Only actors, or only cases; by default, both.")
    ] = None,
    lang: PageLanguage = DEFAULT_LANGUAGE,
) -> SearchAnswer:
    """Actors ranked by know-how, each with its evidence, and cases similar to the need.

    An exact name or SIRET comes first. Hits with the fit `none` fill the answer up to the limit:
    they are the closest results, not answers. `roles` says who could take which part of meeting the
    need, based on similar cases.
    """
    result = request.knowledge_base.search(
        asked.q,
        limit=limit,
        filters=replace(asked.filters, kind=kind),
        lang=lang,
        steering=asked.steering,
    )
    return SearchAnswer.of(result, asked.steering, absolute_url)


@_answers(
    "/explain",
    dependencies=[ONE_OF_FEW],
    summary="Why does this actor have its rank?",
    response_description="The explanation.",
    responses=problems(
        {400: _CANNOT_BE_SEARCHED, 404: "No actor has this id."} | _WRONG_PARAMETER | _TOO_MANY
    ),
)
def explain(
    *,
    request: APageRequest,
    absolute_url: PageUrls,
    asked: WhatIsAsked,
    actor: Annotated[str, Query(description="The actor's id.", examples=["avel"])],
    lang: PageLanguage = DEFAULT_LANGUAGE,
) -> ExplanationOut:
    """An actor's score in a search as a sum, with the details of each part.

    The search is that of `/api/search` with the same parameters, with all candidates.
    """
    return ExplanationOut.of(
        request.knowledge_base.explain(
            asked.q, actor, filters=asked.filters, steering=asked.steering, lang=lang
        ),
        absolute_url,
    )


@_answers(
    "/report",
    dependencies=[ONE_OF_FEW],
    summary="A report of a search, with every candidate",
    response_class=Response,
    responses={
        200: {
            "description": "A file, with its digest and the signature of this site.",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    }
    | problems(
        {
            400: _CANNOT_BE_SEARCHED,
            409: "The requested report would no longer be the same.",
        }
        | _WRONG_PARAMETER
        | _TOO_MANY
        | {503: "Too many reports are being made now, or this site has no secret to sign with."}
    ),
)
def report(
    *,
    request: APageRequest,
    asked: WhatIsAsked,
    format: Annotated[
        ReportFormat, Query(description="JSON for programs, CSV for spreadsheets.")
    ] = ReportFormat.JSON,
    lang: Annotated[
        Language,
        Query(
            description="The language of cases that exist in several, and of a CSV: in French, "
            "semicolons and decimal commas; in English, commas and decimal points."
        ),
    ] = DEFAULT_LANGUAGE,
    at: Annotated[str, Query(description="With hmac: the date of the report to make again.")] = "",
    hmac: Annotated[
        str, Query(description="With at: the signature of that report, as given on its page.")
    ] = "",
) -> Response:
    """Every actor that the filters keep, with its score and the parts of the score.

    The file gives the query, the state of the base, the encoder and the constants. With its SHA-256
    and HMAC, the operator of this site can tell whether it was altered. A client that accepts
    `text/html`, such as a browser, is redirected to the page of the report instead of a 409.
    """
    # Before the search: it is in vain where nothing can be signed.
    key = site_secret(request.settings, request.knowledge_base.folder)
    made = request.knowledge_base.report(
        asked.q, filters=asked.filters, steering=asked.steering, lang=lang
    )
    try:
        file = report_file(made, format, key, lang=lang, at=at, seal=hmac)
    except ReportHasChanged:
        if not request.wants_a_page:
            raise
        anew = asked.at(Page.REPORT, changed="yes").path(lang)
        return RedirectResponse(anew, 303, {"Vary": "Accept"})
    return Response(
        file,
        media_type=MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="quisait-report.{format}"'},
    )


@_answers(
    "/actors/{actor_id:path}",
    summary="One actor",
    response_description="The actor.",
    responses=problems({404: "No actor has this id."} | _WRONG_PARAMETER),
)
def actor(
    actor_id: str,
    knowledge_base: OpenKnowledgeBase,
    absolute_url: PageUrls,
    lang: PageLanguage = DEFAULT_LANGUAGE,
) -> ActorWithCases:
    """An actor with its described competences, its facts, and its competences shown in cases."""
    shown = shown_competences(knowledge_base, actor_id, lang)
    return ActorWithCases.of(
        knowledge_base.actor(actor_id),
        absolute_url,
        cases=[
            CaseReference.of(competence.case, competence.participation, absolute_url)
            for competence in shown
        ],
    )


@_answers(
    "/cases/{case_id:path}",
    summary="One case",
    response_description="The case.",
    responses=problems({404: "No case has this id."} | _WRONG_PARAMETER),
)
def case(case_id: str, knowledge_base: OpenKnowledgeBase, absolute_url: PageUrls) -> CaseOut:
    """A case with its text and its participants, each with its role."""
    return CaseOut.of(knowledge_base.case(case_id), absolute_url)


@_answers("/status", summary="Contents of the knowledge base", response_description="The status.")
def status(knowledge_base: OpenKnowledgeBase) -> StatusOut:
    """Counts, encoder and state, for monitoring a server."""
    return StatusOut.model_validate(knowledge_base.status())
