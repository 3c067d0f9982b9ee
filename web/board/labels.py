"""The words of the board's pages, in English and marked with `N_`; the renderer translates them."""

from collections.abc import Callable, Mapping

from kb.messages import N_
from kb.reference.flows import Flow
from kb.registers.board.notice import AnswerKind, Closing, Notice, NoticeState
from kb.registers.clock import today
from web.http.i18n import Language, translations
from web.http.labels import labelled

FLOW_VERBS: Mapping[Flow, str] = {
    Flow.SEEKS: N_("I am looking for"),
    Flow.OFFERS: N_("I offer"),
    Flow.SHARES: N_("I share"),
}
"""What who posts a notice does, as its form says it."""

FLOW_KINDS: Mapping[Flow, str] = {
    Flow.SEEKS: N_("Need"),
    Flow.OFFERS: N_("Offer"),
    Flow.SHARES: N_("To share"),
}
"""What a notice is, by its flow."""

STATES: Mapping[NoticeState, str] = {
    NoticeState.WAITING: N_("Waiting for a moderator"),
    NoticeState.PUBLISHED: N_("Open"),
    NoticeState.REFUSED: N_("Not published"),
    NoticeState.CLOSED: N_("Closed"),
}

CLOSINGS: Mapping[Closing, str] = {
    Closing.MET: N_("Closed: a solution was found"),
    Closing.NOT_MET: N_("Closed: no solution was found"),
    Closing.WITHDRAWN: N_("Withdrawn"),
}

ANSWER_KINDS: Mapping[AnswerKind, str] = {
    AnswerKind.CAN: N_("We could do it"),
    AnswerKind.KNOWS: N_("I know someone"),
}

DONE: Mapping[str, str] = {
    "posted": N_(
        "Received. A moderator reads your notice before it is published. Keep the address of this "
        "page: with it you can correct or close your notice."
    ),
    "saved": N_("Saved."),
    "sent": N_("Received. A moderator reads the change before it is published again."),
    "published": N_("Published: everybody can read it now."),
    "refused": N_("Not published. Your message is shown to who posted it."),
    "answered": N_("Your answer is published."),
    "answer_waits": N_("Received. A moderator reads your answer before it is published."),
    "answer_refused": N_("The answer is no longer shown."),
    "answer_published": N_("The answer is published."),
    "closed": N_("Closed. The page stays here to be read."),
    "case_waits": N_(
        "Closed, and well done! A moderator now writes the case from this page, so that others "
        "find it."
    ),
    "deleted": N_("Deleted."),
}
"""What a page says was done, by the word in its address."""


def state_label(notice: Notice) -> str:
    """Returns the state of a notice in English; of a closed one, how it ended."""
    if notice.closing:
        return CLOSINGS[notice.closing]
    if notice.state is NoticeState.PUBLISHED and notice.is_over(today()):
        return N_("The last day for answers is past")
    return STATES[notice.state]


def filters(language: Language) -> Mapping[str, Callable[..., str]]:
    """Returns the filters of the board's templates."""
    gettext = translations(language).gettext
    return {
        "answer_kind": labelled(ANSWER_KINDS, language),
        "board_done": labelled(DONE, language),
        "notice_kind": labelled(FLOW_KINDS, language),
        "notice_state": lambda notice: gettext(state_label(notice)),
    }
