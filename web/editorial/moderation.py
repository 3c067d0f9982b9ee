"""The page of moderators, and that of likely duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.registers.board.notice import NoticeState
from kb.registers.drafts import DraftState
from kb.registers.holders import Hold
from kb.registers.jobs import FINAL_STATES
from kb.registers.records.duplicates import Duplicate
from web.catalogue.records import page_of_flag
from web.editorial.edit import ACTOR_ITEMS
from web.editorial.forms.choices import actor_or_none
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

router = PageRouter()


SHOWN_PUBLISHED = 20
SHOWN_PAIRS = 20


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


SHOWN_DUPLICATES = 10
_PARTICULARS = ACTOR_ITEMS["particulars"]
_AT_A_GLANCE = _PARTICULARS.index("themes")
_COMPARED = (*_PARTICULARS[:_AT_A_GLANCE], "description", *_PARTICULARS[_AT_A_GLANCE:])


@dataclass(frozen=True, slots=True)
class ComparedField:
    """A field of two actors. `differs` only if both have a value."""

    field: str
    left: str
    right: str
    differs: bool


@dataclass(frozen=True, slots=True)
class ActorPair:
    """Two actors that may be the same, and their fields."""

    left: Actor
    right: Actor
    reasons: Sequence[str]
    fields: Sequence[ComparedField]


@router.shows(Page.DUPLICATES)
def duplicates(
    request: APageRequest, _account: AModerator, done: str = "", source: str = ""
) -> Response:
    base = request.knowledge_base
    sources = [source] if source else []
    listed = base.duplicates.list(limit=SHOWN_DUPLICATES, sources=sources)
    return request.page(
        "editorial/duplicates.html",
        here=address(Page.DUPLICATES, source=source),
        pairs=[pair for duplicate in listed if (pair := _pair(base, duplicate))],
        count=base.duplicates.count(sources=sources),
        source=source,
        done=done,
    )


@router.takes(Page.DUPLICATES)
def decide(request: APageRequest, account: AModerator, form: AForm) -> Response:
    left, right = text_of(form, "left"), text_of(form, "right")
    what = text_of(form, "do")
    kept = {"keep_left": left, "keep_right": right, "different": ""}
    if what not in kept:
        raise no_such_action()
    same = what != "different"
    request.knowledge_base.duplicates.decide(
        left, right, same=same, keep=kept[what], by=account.name
    )
    done = "merged" if same else "different"
    return see(request, address(Page.DUPLICATES, source=text_of(form, "source"), done=done))


def _pair(base: KnowledgeBase, duplicate: Duplicate) -> ActorPair | None:
    left, right = actor_or_none(base, duplicate.left_id), actor_or_none(base, duplicate.right_id)
    if left is None or right is None:
        return None
    fields = []
    for name in _COMPARED:
        here, there = _said(getattr(left, name)), _said(getattr(right, name))
        if here or there:
            differs = bool(here and there) and here != there
            fields.append(ComparedField(name, here, there, differs))
    return ActorPair(left, right, duplicate.reasons, fields)


def _said(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
