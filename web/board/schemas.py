"""The shapes of notices in the JSON API."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from kb.reference.flows import Flow
from kb.reference.visibility import Visibility
from kb.registers.board.notice import (
    AnswerKind,
    AnswerState,
    Closing,
    Notice,
    NoticeAnswer,
    NoticeState,
)
from kb.registers.clock import today
from web.api.record_contents import Sent
from web.api.schemas import Shape, Themes
from web.board.forms import NoticeForm
from web.http.urls import AbsoluteUrl, Page, address

Title = Field(
    description="What is looked for or offered, in a few words.",
    examples=["500 flacons de verre de 100 ml"],
)


class ListedNotice(Shape):
    """A need or an offer of the board."""

    id: str
    url: str = Field(description="The address of its page, in the requested language.")
    flow: Flow = Field(
        description="`seeks`: somebody needs it; `offers`: somebody gives or does it; `shares`: "
        "somebody shares it."
    )
    title: str = Title
    text: str = Field(description="More about it, as plain text, or empty.")
    place: str = Field(description="The town, or empty.", examples=["Cognac"])
    department: str = Field(
        description="The code of the French department, or empty.", examples=["16"]
    )
    until: str = Field(
        description="The last day for answers (ISO 8601), or empty.", examples=["2027-03-31"]
    )
    asker: str = Field(description="Who asks, as they wish it shown, or empty.")
    contact: str = Field(
        description="An e-mail address or a telephone number, if everybody may see it, or empty."
    )
    themes: Themes
    lang: str = Field(description="The language of its text: ISO 639-1 code.", examples=["fr"])
    state: NoticeState = Field(
        description="`published`, or `closed`. `waiting` only in the answer to who posts it."
    )
    closing: Closing | None = Field(
        description="How it was closed: `met`, `not_met` or `withdrawn`; null if it is not."
    )
    is_open: bool = Field(description="Whether it can be answered today.")
    published_at: str = Field(description="ISO 8601 time; empty while it waits.")

    @classmethod
    def of(cls, notice: Notice, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(notice.content, notice, **_added(notice, absolute_url))


class AnswerOut(Shape):
    """An answer that everybody may read."""

    kind: AnswerKind = Field(description="`can`: we could do it; `knows`: I know someone.")
    organisation: str = Field(description="The organisation that it is about, or empty.")
    actor: str | None = Field(description="The id of its entry, or null.", examples=["avel"])
    text: str
    at: str = Field(description="ISO 8601 time.")

    @classmethod
    def of(cls, answer: NoticeAnswer) -> Self:
        return cls.read(answer, actor=answer.actor_id or None)


class NoticeOut(ListedNotice):
    """A need or an offer with its public answers."""

    answers: list[AnswerOut] = Field(description="Oldest first.")

    @classmethod
    def with_answers(
        cls,
        notice: Notice,
        answers: Sequence[NoticeAnswer],
        absolute_url: AbsoluteUrl,
    ) -> Self:
        shown = [
            AnswerOut.of(answer)
            for answer in answers
            if answer.state is AnswerState.PUBLISHED and not answer.private
        ]
        return cls.read(notice.content, notice, **_added(notice, absolute_url), answers=shown)


class NoticePage(Shape):
    """A page of the notices."""

    total: int = Field(description="The number of notices that the filters keep.")
    notices: list[ListedNotice] = Field(description="Newest first.")


class NewNotice(Sent):
    """A need or an offer to post."""

    flow: Flow = Field(default=Flow.SEEKS, description="As in the answer.")
    title: str = Title
    text: str = Field(default="", description="More about it, as plain text.")
    place: str = Field(default="", description="The town.")
    department: str = Field(default="", description="A French department: code or name.")
    until: str = Field(default="", description="The last day for answers (ISO 8601).")
    asker: str = Field(default="", description="Who asks, as everybody will read it.")
    contact: str = Field(default="", description="An e-mail address or a telephone number.")
    contact_seen_by: Visibility = Field(
        default=Visibility.NONE,
        description="Who sees the contact: `public`, `members`, or `none` for nobody.",
    )
    themes: list[str] = Field(default=[], description="Its themes.")
    lang: str = Field(
        default="fr", pattern="^[a-z]{2}$", description="The language of its text: ISO 639-1 code."
    )

    def form(self) -> NoticeForm:
        """The same as the form of the page, which holds it to the same rules."""
        values = {**self.model_dump(mode="json"), "themes": "\n".join(self.themes), "told_at": ""}
        return NoticeForm({name: str(value) for name, value in values.items()})


def _added(notice: Notice, absolute_url: AbsoluteUrl) -> dict[str, object]:
    return {
        "url": absolute_url(address(Page.NOTICE, notice.id)),
        "contact": notice.content.contact_shown(to_member=False),
        "is_open": notice.is_open(today()),
    }
