"""The case that a notice becomes when it was met: written from the page, finished by people.

What somebody wrote for the asker alone goes into no case.
"""

from collections.abc import Iterator, Sequence

from ingest.articles.markdown_escape import escaped
from ingest.records.fields import record_id
from kb.errors import EditConflict
from kb.messages import N_
from kb.models import Case, Participation
from kb.reference.flows import Flow
from kb.reference.roles import Role
from kb.registers.board.notice import (
    AnswerState,
    Closing,
    Notice,
    NoticeAnswer,
    NoticeContent,
)
from kb.registers.clock import today
from kb.registers.drafts import Draft
from web.board.visitor import Visitor
from web.editorial.forms.choices import actor_finder
from web.http.i18n import Language, translations
from web.http.urls import Page, address

BOARD_ORIGIN = "board"
"""The origin of drafts of cases that were notices."""

_THE_NEED = N_("What was asked")
_THE_ANSWERS = N_("What was answered")
_ID_CHARS = 8


def close_as_case(visitor: Visitor, notice: Notice, revision: int) -> Draft:
    """Closes a notice that was met, with the draft of its case; returns the draft.

    The draft is theirs to finish; a stranger's, who has no page for it, waits for a moderator.

    Raises:
        EditConflict: `revision` is not the current one, or the notice is closed.
    """
    base = visitor.request.knowledge_base
    draft = base.drafts.add(
        case_of(visitor, notice),
        by=visitor.name,
        origin=BOARD_ORIGIN,
        submitted=visitor.account is None,
    )
    try:
        base.notices.close(
            notice.id, Closing.MET, by=visitor.name, revision=revision, draft_id=draft.id
        )
    except EditConflict:
        base.drafts.delete(draft.id)
        raise
    return draft


def case_of(visitor: Visitor, notice: Notice) -> Case:
    """Returns the case that a notice, its public answers and what it was told with amount to."""
    base, content = visitor.request.knowledge_base, notice.content
    answers = [
        answer
        for answer in base.answers.of(notice.id)
        if answer.state is AnswerState.PUBLISHED and not answer.private
    ]
    told = [
        other.content
        for other in map(base.notices.get, base.notice_pairs.told_with(notice.id))
        if other.is_public
    ]
    return Case(
        id=record_id("", content.title, notice.id[:_ID_CHARS]),
        title=content.title,
        need=content.title,
        text=_text(content, answers, told),
        lang=content.lang,
        date=today(),
        period=_months(notice.published_at, today()),
        flow=content.flow.value,
        themes=content.themes,
        source_url=visitor.request.absolute_url(address(Page.NOTICE, notice.id)),
        participants=tuple(_participants(visitor, content, answers, told)),
    )


def _months(first: str, last: str) -> str:
    """The months from one day to another, in EDTF."""
    since, until = first[:7], last[:7]
    return since if since == until else f"{since}/{until}"


def _text(
    content: NoticeContent, answers: Sequence[NoticeAnswer], told: Sequence[NoticeContent]
) -> str:
    gettext = translations(Language(content.lang)).gettext
    parts = [f"## {gettext(_THE_NEED)}", escaped(content.text or content.title)]
    said = [(answer.organisation, answer.text) for answer in answers]
    said += [(other.asker, other.words) for other in told]
    if said:
        parts.append(f"## {gettext(_THE_ANSWERS)}")
        parts += [
            f"**{escaped(who)}** – {escaped(text)}" if who else escaped(text) for who, text in said
        ]
    return "\n\n".join(parts)


def _participants(
    visitor: Visitor,
    content: NoticeContent,
    answers: Sequence[NoticeAnswer],
    told: Sequence[NoticeContent],
) -> Iterator[Participation]:
    """The asker, then who answered; whoever offers something supplies it, whoever takes it uses it.

    Each organisation once.
    """
    find = actor_finder(visitor.request.knowledge_base)
    seeks = content.flow is Flow.SEEKS
    role_of_asker = Role.BUYER if seeks else Role.SUPPLIER
    role_of_others = Role.PRODUCER if seeks else Role.BUYER
    named = [(content.asker, "", role_of_asker)]
    named += [(answer.organisation, answer.actor_id, role_of_others) for answer in answers]
    named += [(other.asker, "", role_of_others) for other in told]
    seen: set[str] = set()
    for name, actor_id, role in named:
        if name and name not in seen:
            seen.add(name)
            yield Participation(name, role, actor_id or find(name))
