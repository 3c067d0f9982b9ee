"""The page of likely duplicates: pairs of actors side by side, for a moderator to decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.registers.duplicates import Duplicate
from web.editorial.edit import ACTOR_ITEMS
from web.editorial.forms.choices import actor_or_none
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

SHOWN_PAIRS = 10
_PARTICULARS = ACTOR_ITEMS["particulars"]
_AT_A_GLANCE = _PARTICULARS.index("themes")
_COMPARED = (*_PARTICULARS[:_AT_A_GLANCE], "description", *_PARTICULARS[_AT_A_GLANCE:])

router = PageRouter()


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
    listed = base.duplicates.list(limit=SHOWN_PAIRS, sources=sources)
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
