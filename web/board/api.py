"""The JSON API of the board, to be read: what everybody may see of needs and offers."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Response

from kb.errors import UnknownRecord
from kb.reference.flows import Flow
from web.api.routing import (
    UNCHANGED,
    WRONG_PARAMETER,
    Department,
    PageUrls,
    RevalidatedRoute,
    Theme,
    answers_of,
    problems,
    reading_router,
)
from web.board.schemas import ListedNotice, NoticeOut, NoticePage
from web.http.dependencies import APageRequest, OpenKnowledgeBase
from web.search.request import MAX_LIMIT

LISTED = 50
"""How many notices a page of the list has, unless another number is asked for."""

router = reading_router(RevalidatedRoute)
answers = answers_of(router)


@answers(
    "/notices",
    summary="Needs and offers, page by page",
    response_description="A page of the notices.",
    responses={
        200: {
            "headers": {
                "Link": {
                    "description": 'The address of the next page, with `rel="next"` (RFC 8288); '
                    "absent on the last page.",
                    "schema": {"type": "string"},
                }
            }
        },
        **UNCHANGED,
        **problems(WRONG_PARAMETER),
    },
)
def notices(
    *,
    request: APageRequest,
    response: Response,
    absolute_url: PageUrls,
    flow: Annotated[
        Flow | None, Query(description="Only needs, only offers, or only things to share.")
    ] = None,
    department: Annotated[
        Department, Query(description="Only notices of this French department: code or name.")
    ] = "",
    theme: Theme = "",
    past: Annotated[
        bool, Query(description="Also those that are closed, or whose last day is past.")
    ] = False,
    limit: Annotated[
        int, Query(ge=1, le=MAX_LIMIT, description="How many notices a page has at most.")
    ] = LISTED,
    after: Annotated[
        str,
        Query(
            description="Only notices after the one of this id, which is the last of the page "
            "before. The link to the next page has it."
        ),
    ] = "",
) -> NoticePage:
    """The notices that moderators have published, newest first.

    Contacts are given only where they are shown to everybody.
    """
    listed = request.knowledge_base.notices.public(
        flows=[flow] if flow else tuple(Flow),
        department=department,
        theme=theme,
        open_only=not past,
        after=after,
        limit=limit,
    )
    if not listed.is_last:
        kept = [item for item in request.http.query_params.multi_items() if item[0] != "after"]
        query = urlencode([*kept, ("after", listed.notices[-1].id)])
        url = f"{request.root}{request.http.url.path}?{query}"
        response.headers["Link"] = f'<{url}>; rel="next"'
    return NoticePage(
        total=listed.total,
        notices=[ListedNotice.of(notice, absolute_url) for notice in listed.notices],
    )


@answers(
    "/notices/{notice_id}",
    summary="One need or offer",
    response_description="The notice.",
    responses={**UNCHANGED, **problems({404: "No notice has this id."} | WRONG_PARAMETER)},
)
def notice(notice_id: str, knowledge_base: OpenKnowledgeBase, absolute_url: PageUrls) -> NoticeOut:
    """A notice with the answers that everybody may read."""
    found = knowledge_base.notices.get(notice_id)
    if not found.is_public:
        raise UnknownRecord(f"There is no notice with the id {notice_id!r}.")
    return NoticeOut.with_answers(found, knowledge_base.answers.of(notice_id), absolute_url)
