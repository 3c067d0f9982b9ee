"""The JSON API of the board: reading needs and offers, and posting them with a token."""

from collections.abc import Sequence
from typing import Annotated, Self

from fastapi import HTTPException, Query, Response

from kb.errors import UnknownRecord
from kb.reference.roles import Flow
from kb.reference.visibility import Visibility
from kb.registers.board.notice import (
    AnswerKind,
    Closing,
    Notice,
    NoticeAnswer,
    NoticeContent,
    NoticeState,
)
from kb.registers.clock import today
from web.api.routing import (
    LISTED,
    OF_A_LIST,
    UNCHANGED,
    WRONG_PARAMETER,
    After,
    AnAccount,
    Department,
    Limit,
    PageUrls,
    RevalidatedRoute,
    Theme,
    answers_of,
    documented,
    link_to_next,
    problems,
    reading_router,
    token_router,
)
from web.api.schemas import Shape, Themes, about
from web.api.write_schemas import Sent
from web.board.forms import NoticeForm
from web.http.routing import APageRequest, OpenKnowledgeBase
from web.http.urls import AbsoluteUrl, Page, address

Title = about("What is looked for or offered, in a few words.", "500 flacons de verre de 100 ml")


class ListedNotice(Shape):
    """A notice in “Needs and offers”."""

    id: str
    url: str = about("The address of its page, in the requested language.")
    flow: Flow = about("`seeks`: somebody needs it; `offers`: gives or does it; or `shares` it.")
    title: str = Title
    text: str = about("More about it, as plain text, or empty.")
    place: str = about("The town, or empty.", "Cognac")
    department: str = about("The code of the French department, or empty.", "16")
    until: str = about("The last day for answers (ISO 8601), or empty.", "2027-03-31")
    asker: str = about("Who asks, as they wish it shown, or empty.")
    contact: str = about("An e-mail address or a telephone number that all may see, or empty.")
    themes: Themes
    lang: str = about("The language of its text: ISO 639-1 code.", "fr")
    state: NoticeState = about("`published` or `closed`; `waiting` only to who posts it.")
    closing: Closing | None = about("`met`, `not_met` or `withdrawn`; null if it is not closed.")
    is_open: bool = about("Whether it can be answered today.")
    published_at: str = about("ISO 8601 time; empty while it waits.")

    @classmethod
    def of(cls, notice: Notice, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(notice.content, notice, **_added(notice, absolute_url))


class AnswerOut(Shape):
    """An answer that everybody may read."""

    kind: AnswerKind = about("`can`: we could do it; `knows`: I know someone.")
    organisation: str = about("The organisation that it is about, or empty.")
    actor: str | None = about("The id of its entry, or null.", "avel")
    text: str
    at: str = about("ISO 8601 time.")


class NoticeOut(ListedNotice):
    """A need or an offer with its public answers."""

    answers: list[AnswerOut] = about("Oldest first.")

    @classmethod
    def with_answers(
        cls, notice: Notice, answers: Sequence[NoticeAnswer], absolute_url: AbsoluteUrl
    ) -> Self:
        public = (answer for answer in answers if answer.is_public)
        shown = [AnswerOut.read(one, actor=one.actor_id or None) for one in public]
        return cls.read(notice.content, notice, **_added(notice, absolute_url), answers=shown)


class NoticePage(Shape):
    """A page of the notices."""

    total: int = about("The number of notices that the filters keep.")
    notices: list[ListedNotice] = about("Newest first.")


class NewNotice(Sent):
    """A need or an offer to post."""

    flow: Flow = about("As in the answer.", default=Flow.SEEKS)
    title: str = Title
    text: str = about("More about it, as plain text.", default="")
    place: str = about("The town.", default="")
    department: str = about("A French department: code or name.", default="")
    until: str = about("The last day for answers (ISO 8601).", default="")
    asker: str = about("Who asks, as everybody will read it.", default="")
    contact: str = about("An e-mail address or a telephone number.", default="")
    contact_seen_by: Visibility = about("Who sees the contact.", default=Visibility.NONE)
    themes: list[str] = about("Its themes.", default=[])
    lang: str = about("Its language: ISO 639-1 code.", default="fr", pattern="^[a-z]{2}$")

    def form(self) -> NoticeForm:
        values = {**self.model_dump(mode="json"), "themes": "\n".join(self.themes), "told_at": ""}
        return NoticeForm({name: str(value) for name, value in values.items()})


def _added(notice: Notice, absolute_url: AbsoluteUrl) -> dict[str, object]:
    return {
        "url": absolute_url(address(Page.NOTICE, notice.id)),
        "contact": notice.content.contact_shown(to_member=False),
        "is_open": notice.is_open(today()),
    }


router = reading_router(RevalidatedRoute)
_writing = token_router()
answers = answers_of(router)


@answers(
    "/notices",
    summary="Needs and offers, page by page",
    response_description="A page of the notices.",
    responses=OF_A_LIST,
)
def notices(
    *,
    request: APageRequest,
    response: Response,
    absolute_url: PageUrls,
    flow: Annotated[Flow | None, Query(description="Only such notices.")] = None,
    department: Annotated[
        Department, Query(description="Only notices of this French department: code or name.")
    ] = "",
    theme: Theme = "",
    past: Annotated[bool, Query(description="Also those that are closed or past.")] = False,
    limit: Limit = LISTED,
    after: After = "",
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
    link_to_next(request, response, listed.notices, is_last=listed.is_last)
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


def content_of(sent: NewNotice) -> NoticeContent:
    """Returns the content of a sent notice, or refuses what the form of the page refuses."""
    read = sent.form().read(sent.lang, needs_email=False)
    if read.errors:
        field, problem = next(iter(read.errors.items()))
        raise HTTPException(422, f"{field}: {problem}")
    return read.content


@_writing.post(
    "/notices",
    status_code=201,
    **documented("Post a need or an offer", answer="The new notice, which waits."),
)
def post_notice(
    sent: NewNotice,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
) -> NoticeOut:
    """Posts a notice in the name of the account; a moderator reads it before it is published."""
    notice = knowledge_base.notices.add(content_of(sent), owner=account.name)
    response.headers["Location"] = f"/api/notices/{notice.id}"
    return NoticeOut.with_answers(notice, [], absolute_url)


router.routes.extend(_writing.routes)
