"""The page of moderators: what waits for them, from whom, since when."""

from starlette.responses import Response

from kb.editorial.drafts import DraftState
from kb.editorial.jobs import FINAL_STATES
from web.accounts import AModerator
from web.addresses import Page, address
from web.dependencies import AVisit
from web.page_routes import PageRouter

SHOWN_PUBLISHED = 20

router = PageRouter()


@router.shows(Page.MODERATION)
def moderation(visit: AVisit, _account: AModerator, done: str = "") -> Response:
    drafts = visit.knowledge_base.drafts
    return visit.page(
        "moderation.html",
        here=address(Page.MODERATION),
        # Who waits longest comes first.
        waiting=drafts.list([DraftState.SUBMITTED])[::-1],
        returned=drafts.list([DraftState.RETURNED]),
        unsent=drafts.list([DraftState.DRAFT]),
        published=drafts.list([DraftState.PUBLISHED], limit=SHOWN_PUBLISHED),
        busy=sum(job.state not in FINAL_STATES for job in visit.knowledge_base.jobs.list()),
        duplicates=visit.knowledge_base.duplicates.count(),
        done=done,
    )
