"""Answers to a notice: their form, and which of them a visitor reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.records.fields import one_line, paragraphs
from kb.messages import N_
from kb.registers.board.notice import AnswerKind, AnswerState, Notice, NoticeAnswer
from web.board.forms import MAX_LINE_CHARS, MAX_TEXT_CHARS, TOO_LONG, is_contact
from web.board.visitor import Visitor
from web.editorial.forms.choices import actor_finder
from web.http.routing import text_of

NO_ANSWER = N_("Say in a sentence what could be done, or by whom.")
NO_WAY_BACK = N_("Give an e-mail address or a telephone number, so that you can be reached.")


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """An answer as it was typed, and an English message of what is wrong, by field."""

    kind: str = AnswerKind.CAN.value
    organisation: str = ""
    answer: str = ""
    contact: str = ""
    private: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def sent(cls, form: Mapping[str, object]) -> "AnswerForm":
        return cls(
            text_of(form, "kind"),
            text_of(form, "organisation"),
            text_of(form, "answer").replace("\r\n", "\n"),
            text_of(form, "contact"),
            bool(text_of(form, "private")),
        )

    def problems(self, *, needs_contact: bool) -> Mapping[str, str]:
        """Returns what is wrong with it; a stranger says how to be reached."""
        errors = {}
        if not paragraphs(self.answer):
            errors["answer"] = NO_ANSWER
        elif len(paragraphs(self.answer)) > MAX_TEXT_CHARS:
            errors["answer"] = TOO_LONG
        for name, value in (("organisation", self.organisation), ("contact", self.contact)):
            if len(one_line(value)) > MAX_LINE_CHARS:
                errors[name] = TOO_LONG
        contact = one_line(self.contact)
        if (contact or needs_contact) and not is_contact(contact):
            errors["contact"] = NO_WAY_BACK
        return errors

    def wrong(self, errors: Mapping[str, str]) -> "AnswerForm":
        return replace(self, errors=errors)

    def keep(self, visitor: Visitor, notice: Notice) -> NoticeAnswer:
        """Stores the answer, linked to the entry that has its organisation's name, if one has."""
        base = visitor.request.knowledge_base
        organisation = one_line(self.organisation)
        return base.answers.add(
            notice.id,
            AnswerKind(self.kind) if self.kind in set(AnswerKind) else AnswerKind.CAN,
            text=paragraphs(self.answer),
            organisation=organisation,
            actor_id=actor_finder(base)(organisation) if organisation else "",
            private=self.private,
            contact=one_line(self.contact),
            by=visitor.name,
            waits=not visitor.is_member,
        )


def shown_answers(visitor: Visitor, notice: Notice) -> Sequence[NoticeAnswer]:
    """Returns the answers to a notice that a visitor reads, oldest first.

    Who asks reads the private ones too, a moderator all but those refused, who answered their own.
    """
    answers = visitor.request.knowledge_base.answers.of(notice.id)
    return [answer for answer in answers if _reads(visitor, notice, answer)]


def _reads(visitor: Visitor, notice: Notice, answer: NoticeAnswer) -> bool:
    if answer.state is AnswerState.REFUSED:
        return False
    if visitor.moderates or (answer.by and answer.by == visitor.name):
        return True
    if answer.state is AnswerState.WAITING:
        return False
    return not answer.private or visitor.owns(notice)
