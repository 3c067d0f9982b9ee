"""The page of moderators: what waits for them, from whom, since when."""

from collections.abc import Sequence

from starlette.responses import Response

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.registers.board.notice import NoticeState
from kb.registers.drafts import DraftState
from kb.registers.holders.holds import Hold
from kb.registers.jobs import FINAL_STATES
from web.catalogue.flagged_pages import page_of_flag
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

SHOWN_PUBLISHED = 20
SHOWN_PAIRS = 20

router = PageRouter()


@router.shows(Page.MODERATION)
def moderation(request: APageRequest, account: AModerator, done: str = "") -> Response:
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
        holds=_asked_pages(base),
        flags=[(flag, page_of_flag(base, flag)) for flag in base.flags.waiting()],
        done=done,
        on_tour=not account.toured,
    )


@router.takes(Page.MODERATION)
def end_tour(request: APageRequest, account: AModerator, form: AForm) -> Response:
    """Puts the tour away, for this account and for good."""
    if text_of(form, "do") != "end_tour":
        raise no_such_action()
    request.knowledge_base.accounts.end_tour(account.name)
    return see(request, address(Page.MODERATION))


def _unlisted(base: KnowledgeBase) -> int:
    """How many records their sources, which are read again, no longer list."""
    return sum(len(base.unlisted.of(location.name)) for location in base.source_locations.list())


def _asked_pages(base: KnowledgeBase) -> Sequence[tuple[Hold, Actor]]:
    """Returns the holds that wait, with the organisations whose pages they are."""
    waiting = base.holds.waiting()
    actors = base.actors_by_id({hold.actor_id for hold in waiting})
    return [(hold, actors[hold.actor_id]) for hold in waiting if hold.actor_id in actors]
