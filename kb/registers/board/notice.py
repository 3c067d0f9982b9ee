"""A notice of the board: a need that somebody has, an offer, or a thing to share; its answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kb.reference.flows import Flow
from kb.reference.visibility import Visibility


class NoticeState(StrEnum):
    """What a moderator, or who posted it, made of a notice. A refused one may be sent again."""

    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"
    CLOSED = "closed"


class Closing(StrEnum):
    """Why a notice was closed."""

    MET = "met"
    NOT_MET = "not_met"
    WITHDRAWN = "withdrawn"


class AnswerKind(StrEnum):
    """What an answer says: we could do it, or I know somebody who could."""

    CAN = "can"
    KNOWS = "knows"


class AnswerState(StrEnum):
    """What became of an answer. Those of members are published as they come."""

    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """What a notice says.

    `text` is plain, `until` the ISO 8601 day after which nobody need answer, or empty. `asker` is
    who asks, as they wish it shown. `contact` is an e-mail address or a telephone number, shown to
    whom `contact_seen_by` says; with NONE, one answers on the page alone. `lang` is the language of
    the text, `themes` are those of the catalogue.
    """

    flow: Flow
    title: str
    text: str = ""
    place: str = ""
    department: str = ""
    until: str = ""
    asker: str = ""
    contact: str = ""
    contact_seen_by: Visibility = Visibility.NONE
    themes: tuple[str, ...] = ()
    lang: str = "fr"

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "NoticeContent":
        return cls(
            **{
                **values,
                "flow": Flow(values["flow"]),
                "contact_seen_by": Visibility(values["contact_seen_by"]),
                "themes": tuple(values["themes"]),
            }
        )

    @property
    def words(self) -> str:
        """What it asks for or offers, as a search reads it."""
        return f"{self.title}. {self.text}" if self.text else self.title

    @property
    def wordings(self) -> tuple[str, ...]:
        """The same, short and in full: what is said besides can hide what it is about."""
        return tuple(dict.fromkeys((self.title, self.words)))

    def contact_shown(self, *, to_member: bool) -> str:
        """Returns the contact that a visitor sees, empty if there is none for them."""
        if self.contact_seen_by is Visibility.PUBLIC:
            return self.contact
        return self.contact if to_member and self.contact_seen_by is Visibility.MEMBERS else ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice with what became of it.

    `owner` is the account that posted it, empty for a stranger; `told_at` the e-mail address at
    which who posted it is told, which no page shows. `message` is the last of a moderator to them.
    `draft_id` is the draft of the case that it was closed as, or empty.
    """

    id: str
    state: NoticeState
    revision: int
    content: NoticeContent
    owner: str
    told_at: str
    message: str
    closing: Closing | None
    draft_id: str
    created_at: str
    published_at: str
    updated_by: str
    updated_at: str

    def is_over(self, today: str) -> bool:
        """Returns whether its last day, if it has one, is past on this day (ISO 8601)."""
        return bool(self.content.until) and self.content.until < today

    def is_open(self, today: str) -> bool:
        """Returns whether it is published and can still be answered on this day."""
        return self.state is NoticeState.PUBLISHED and not self.is_over(today)

    @property
    def is_public(self) -> bool:
        """Returns whether everybody may read it: published, or closed after it was."""
        return self.state is NoticeState.PUBLISHED or (
            self.state is NoticeState.CLOSED and bool(self.published_at)
        )


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """A notice at one revision, and who wrote it."""

    notice_id: str
    revision: int
    state: NoticeState
    content: NoticeContent
    by: str
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """An answer to a notice.

    `organisation` is whom it is about, and `actor_id` its entry, if it has one. With `private`,
    only who asks and moderators read it. `by` is the account that wrote it, empty for a stranger;
    `contact` how to reach who answers, for who asks and moderators only. `published_at` is when it
    was first published, empty before.
    """

    id: str
    notice_id: str
    kind: AnswerKind
    organisation: str
    actor_id: str
    text: str
    private: bool
    contact: str
    by: str
    state: AnswerState
    at: str
    published_at: str = ""

    @property
    def is_public(self) -> bool:
        """Returns whether everybody may read it, where they may read the notice."""
        return self.state is AnswerState.PUBLISHED and not self.private
