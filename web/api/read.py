"""The JSON API, version 1: search, explanations, reports."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from starlette.responses import RedirectResponse

from kb.explanation.report_files import ReportFormat
from kb.models import Kind
from web.api.answers import ExplanationOut, SearchAnswer
from web.api.routing import (
    WRONG_PARAMETER,
    Department,
    Limit,
    PageLanguage,
    PageUrls,
    Theme,
    answers_of,
    made_answer,
    problems,
    reading_router,
)
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.routing import A_SEARCH, ONE_OF_FEW, APageRequest
from web.http.security.cookies import site_secret
from web.http.urls import API_VERSION, API_VERSION_HEADER, Page
from web.search.pages import MEDIA_TYPES, ReportHasChanged, report_file
from web.search.request import (
    MAX_STEERED,
    WITHOUT_MODEL,
    SearchRequest,
    none_given,
    steering_actors,
)

DESCRIPTION = f"""\
Find what organisations know how to do, from a need in everyday French or English.

**Stability.** This is version {API_VERSION}, as the header `{API_VERSION_HEADER}` says. Within a \
version, fields, parameters and kinds of evidence may be added; none is removed, renamed or \
changed in meaning.

**Reading** public data needs no account. **Writing**, and reading what is not public yet, needs a \
token from the page of your account: `Authorization: Bearer qsf_…`. To change a contribution, send \
in `If-Match` the revision that you read, as given in `ETag`.

**Lists** come in pages, in the order of the ids: follow the link `rel="next"` of the header \
`Link` until there is none. To ask later whether something has changed, send its `ETag` in \
`If-None-Match`: 304 says no.

**Refusals and failures** are problem details (RFC 9457); `detail` is one line for a person to \
read, with `lang=fr` in French where it is about the query. 400: the query cannot be searched. \
401 and 403: the token is missing or not sufficient. 404: no such record. 409 and 412: someone \
else changed it first. 413: too large. 422: a parameter or the body is wrong. 429 and 503: wait \
the seconds in `Retry-After`, if given.
"""

router = reading_router()
answers = answers_of(router)

_TOO_MANY = {
    429: "Several explanations and reports are already being made for this address.",
    503: "Too many explanations and reports are being made now, or the site cannot answer.",
}
_MANY_SEARCHES = {
    429: "Too many searches from this address at once.",
    503: "Very many people are searching now, or the site cannot answer.",
}
_CANNOT_BE_SEARCHED = "The query has no searchable word or is too long, or near names no town."

QueryText = Annotated[
    str,
    Query(
        description="The need, in everyday words (4,000 characters), or the name, SIRET, "
        "telephone number or e-mail address of an actor. A word after + counts more, a word after "
        "- is excluded, and words in quotation marks are required.",
        examples=["du gel hydroalcoolique"],
    ),
]


def _several(description: str) -> Any:
    return Query(
        default_factory=none_given,
        max_length=MAX_STEERED,
        description=f"{description} Can be repeated.",
    )


Like = Annotated[list[str], _several("The id of an example: similar trades count more.")]
Unlike = Annotated[
    list[str], _several("The id of a counterexample: left out, and similar trades count less.")
]
TakenBack = Annotated[
    list[str],
    _several("A phrase of the language model, or the text of a part of the need, not to be used."),
]
Near = Annotated[
    str,
    Query(
        description="The town in France that distances are measured from, in the place of one that "
        "the need names: its name, its postal code, or a name with a department or a postal code.",
        examples=["Saint-Denis (93)"],
    ),
]
Within = Annotated[
    int,
    Query(
        ge=0,
        le=1_000,
        description="Only actors at most so many kilometres from the town, as the crow flies, and "
        "cases in which such actors took part. By default, any distance, and 25 km are near.",
    ),
]
WordingChoice = Annotated[
    Literal["on", "off"], Query(description="With off, no language model is sent the need.")
]


async def _what_is_asked(
    *,
    q: QueryText,
    like: Like,
    unlike: Unlike,
    taken_back: TakenBack,
    department: Department = "",
    theme: Theme = "",
    near: Near = "",
    within: Within = 0,
    wording: WordingChoice = "on",
) -> SearchRequest:
    return SearchRequest(
        q,
        department,
        theme,
        near,
        within,
        tuple(like),
        tuple(unlike),
        tuple(taken_back),
        worded=wording != WITHOUT_MODEL,
    )


WhatIsAsked = Annotated[SearchRequest, Depends(_what_is_asked)]


@answers(
    "/search",
    dependencies=[A_SEARCH],
    summary="Who could meet this need?",
    response_description="Actors and cases.",
    response_model=SearchAnswer,
    responses=problems({400: _CANNOT_BE_SEARCHED} | WRONG_PARAMETER | _MANY_SEARCHES),
)
def search(
    *,
    request: APageRequest,
    absolute_url: PageUrls,
    asked: WhatIsAsked,
    limit: Limit = 10,
    kind: Annotated[Kind | None, Query(description="Only these; by default, both.")] = None,
    lang: PageLanguage = DEFAULT_LANGUAGE,
) -> Response:
    """Actors ranked by know-how, each with its evidence, and cases similar to the need.

    Hits with the fit `none` fill the answer up to the limit: the closest results, not answers.
    """
    asked, _ = steering_actors(request.knowledge_base, asked)
    result = request.knowledge_base.search(
        asked.q,
        limit=limit,
        filters=replace(asked.filters, kind=kind),
        lang=lang,
        steering=asked.steering,
    )
    return made_answer(SearchAnswer.of(result, asked.steering, absolute_url))


@answers(
    "/explain",
    dependencies=[ONE_OF_FEW],
    summary="Why does this actor have its rank?",
    response_description="The explanation.",
    responses=problems(
        {400: _CANNOT_BE_SEARCHED, 404: "No actor has this id."} | WRONG_PARAMETER | _TOO_MANY
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
    asked, _ = steering_actors(request.knowledge_base, asked)
    return ExplanationOut.of(
        request.knowledge_base.explain(
            asked.q, actor, filters=asked.filters, steering=asked.steering, lang=lang
        ),
        absolute_url,
    )


@answers(
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
        {400: _CANNOT_BE_SEARCHED, 409: "The report would no longer be the same."}
        | WRONG_PARAMETER
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
        Language, Query(description="The language of a CSV; in French, it has decimal commas.")
    ] = DEFAULT_LANGUAGE,
    at: Annotated[str, Query(description="With hmac: the date of the report to make again.")] = "",
    hmac: Annotated[str, Query(description="With at: the signature of that report.")] = "",
) -> Response:
    """Every actor that the filters keep, with its score and the parts of the score.

    With its SHA-256 and HMAC, the operator of this site can tell whether the file was altered. A
    client that accepts `text/html` is redirected to the page of the report instead of a 409.
    """
    # Before the search: it is in vain where nothing can be signed.
    key = site_secret(request.settings, request.knowledge_base)
    asked, _ = steering_actors(request.knowledge_base, asked)
    made = request.knowledge_base.report(
        asked.q, filters=asked.filters, steering=asked.steering, lang=lang
    )
    try:
        file = report_file(made, format, key, lang=lang, at=at, seal=hmac)
    except ReportHasChanged:
        if not request.wants_a_page:
            raise
        anew = asked.at(Page.REPORT, changed="yes").path(lang)
        return RedirectResponse(anew, 303, {"Vary": "Accept", API_VERSION_HEADER: API_VERSION})
    return Response(
        file,
        media_type=MEDIA_TYPES[format],
        headers={
            "Content-Disposition": f'attachment; filename="quisait-report.{format}"',
            API_VERSION_HEADER: API_VERSION,
        },
    )
