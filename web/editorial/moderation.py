"""The page of moderators: what waits for them, from whom, since when."""

from starlette.responses import Response

from kb.knowledge_base import KnowledgeBase
from kb.registers.board.notice import NoticeState
from kb.registers.drafts import DraftState
from kb.registers.jobs import FINAL_STATES
from web.http.dependencies import APageRequest
from web.http.routing import PageRouter
from web.http.security.sessions import AModerator
from web.http.urls import Page, address

SHOWN_PUBLISHED = 20
SHOWN_PAIRS = 20

router = PageRouter()


@router.shows(Page.MODERATION)
def moderation(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    base = request.knowledge_base
    drafts = base.drafts
    return request.page(
        "editorial/moderation.html",
        here=address(Page.MODERATION),
        # Who waits longest comes first.
        waiting=drafts.list([DraftState.SUBMITTED])[::-1],
        returned=drafts.list([DraftState.RETURNED]),
        unsent=drafts.list([DraftState.DRAFT]),
        published=drafts.list([DraftState.PUBLISHED], limit=SHOWN_PUBLISHED),
        busy=sum(job.state not in FINAL_STATES for job in base.jobs.list()),
        duplicates=base.duplicates.count(),
        failing=base.source_locations.failing(),
        unlisted=_unlisted(base),
        notices=base.notices.list([NoticeState.WAITING]),
        answers=[(answer, base.notices.get(answer.notice_id)) for answer in base.answers.waiting()],
        pairs=[
            (base.notices.get(pair.need_id), base.notices.get(pair.offer_id))
            for pair in base.notice_pairs.proposed()[:SHOWN_PAIRS]
        ],
        done=done,
    )


def _unlisted(base: KnowledgeBase) -> int:
    """How many records their sources, which are read again, no longer list."""
    return sum(len(base.unlisted.of(location.name)) for location in base.source_locations.list())
