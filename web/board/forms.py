"""The forms of the board: the words of notices, and what is typed of them."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from ingest.records.fields import one_line, paragraphs
from kb.errors import InputError
from kb.messages import N_
from kb.reference.communes import communes_named, elsewhere
from kb.reference.departments import NAMES, department_code
from kb.reference.roles import Flow
from kb.reference.visibility import Visibility
from kb.registers.alerts.outbox import checked_address
from kb.registers.board.notice import AnswerKind, Closing, Notice, NoticeContent, NoticeState
from kb.registers.clock import today
from kb.text.email_addresses import addresses_in
from kb.text.flow import flow_of
from kb.text.phone_numbers import dialling_region, numbers_in
from web.http.i18n import Language, translations
from web.http.labels import TOWN_ELSEWHERE, UNKNOWN_DEPARTMENT, labelled
from web.http.routing import PageRequest, text_of

FLOW_VERBS: Mapping[Flow, str] = {
    Flow.SEEKS: N_("I am looking for"),
    Flow.OFFERS: N_("I offer"),
    Flow.SHARES: N_("I share"),
}

FLOW_KINDS: Mapping[Flow, str] = {
    Flow.SEEKS: N_("Need"),
    Flow.OFFERS: N_("Offer"),
    Flow.SHARES: N_("To share"),
}

STATES: Mapping[NoticeState, str] = {
    NoticeState.WAITING: N_("Waiting for a moderator"),
    NoticeState.PUBLISHED: N_("Open"),
    NoticeState.REFUSED: N_("Not published"),
    NoticeState.CLOSED: N_("Closed"),
}

CLOSINGS: Mapping[Closing, str] = {
    Closing.MET: N_("Closed: it worked out"),
    Closing.NOT_MET: N_("Closed: nothing came of it"),
    Closing.WITHDRAWN: N_("Withdrawn"),
}

ANSWER_KINDS: Mapping[Flow | AnswerKind, str] = {
    Flow.SEEKS: N_("We could do it"),
    Flow.OFFERS: N_("We could use it"),
    Flow.SHARES: N_("We would share it"),
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
    "refused": N_("Not published. The author sees your message."),
    "answered": N_("Your answer is published."),
    "answer_waits": N_("Received. A moderator reads your answer before it is published."),
    "answer_refused": N_("The answer is no longer shown."),
    "answer_published": N_("The answer is published."),
    "closed": N_("Closed. The page stays here to be read."),
    "reopened": N_("Taken back: the notice is no longer closed."),
    "case_waits": N_(
        "Closed, and well done! A moderator now writes the case from this page, so that others "
        "find it."
    ),
    "deleted": N_("Deleted."),
}


def state_label(notice: Notice) -> str:
    """Returns the state of a notice in English; of a closed one, how it ended."""
    if notice.closing:
        return CLOSINGS[notice.closing]
    if notice.state is NoticeState.PUBLISHED and notice.is_over(today()):
        return N_("The last day for answers is past")
    return STATES[notice.state]


def filters(language: Language) -> Mapping[str, Callable[..., str]]:
    gettext = translations(language).gettext
    return {
        "answer_kind": labelled(ANSWER_KINDS, language),
        "board_done": labelled(DONE, language),
        "notice_kind": labelled(FLOW_KINDS, language),
        "notice_state": lambda notice: gettext(state_label(notice)),
    }


MAX_TITLE_CHARS = 120
MAX_LINE_CHARS = 200
MAX_TEXT_CHARS = 4000
MAX_THEMES = 10

FIELDS = (
    "flow title text place department until asker contact_seen_by contact themes told_at".split()
)

TOO_LONG = N_("This is too long: shorten it.")
NO_CONTACT = N_("Give an e-mail address or a telephone number, or choose answers on this page.")

EMPTY_ANSWER: Mapping[str, object] = {
    "kind": AnswerKind.CAN.value,
    "organisation": "",
    "organisation_id": "",
    "answer": "",
    "contact": "",
    "private": False,
    "errors": {},
}

EMPTY_CLOSING: Mapping[str, object] = {"who": "", "who_id": "", "errors": {}}

Choice = TypeVar("Choice", Flow, Visibility)


@dataclass(frozen=True, slots=True)
class NoticeForm:
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: NoticeContent, told_at: str = "") -> "NoticeForm":
        values = {
            name: str(getattr(content, name))
            for name in FIELDS
            if name not in {"themes", "told_at"}
        }
        return cls({**values, "themes": "\n".join(content.themes), "told_at": told_at})

    @classmethod
    def of_need(
        cls, need: str, *, near: str, department: str, theme: str, asker: str
    ) -> "NoticeForm":
        need, commune = one_line(need), next(iter(communes_named(near)), None)
        title = textwrap.shorten(need, MAX_TITLE_CHARS, placeholder="…")
        content = NoticeContent(
            flow=flow_of(need) or Flow.SEEKS,
            title=title,
            text="" if title == need else need[:MAX_TEXT_CHARS],
            place=commune.name if commune else "",
            department=commune.department if commune else department,
            themes=(theme,) if theme else (),
            asker=asker,
        )
        return cls.of(content)

    @classmethod
    def sent(cls, form: Mapping[str, object]) -> "NoticeForm":
        return cls({name: text_of(form, name).replace("\r\n", "\n") for name in (*FIELDS, "asked")})

    def read(self, lang: str, *, needs_email: bool) -> "ReadNotice":
        """Returns what the form says, with what is wrong; strangers need an address."""
        values, errors = self.values, dict[str, str]()

        def line(name: str, most: int = MAX_LINE_CHARS) -> str:
            text = one_line(values[name])
            if len(text) > most:
                errors[name] = TOO_LONG
            return text

        title, text = line("title", MAX_TITLE_CHARS), paragraphs(values["text"])
        if not title:
            errors["title"] = N_("Say in a few words what you are looking for, or what you offer.")
        if len(text) > MAX_TEXT_CHARS:
            errors["text"] = TOO_LONG
        try:
            department = department_code(values["department"])
        except ValueError:
            department, errors["department"] = "", UNKNOWN_DEPARTMENT
        place, same = line("place"), values["place"] + values["department"]
        # Asked once: who sends the same again means it, and a program is not asked.
        if department and values.get("asked", same) != same and elsewhere(department, place):
            errors["place"] = TOWN_ELSEWHERE
        until = one_line(values["until"])
        if until and not _is_day(until):
            errors["until"] = N_("Give a day, such as 2027-03-31, or leave this empty.")
        seen_by = _one_of(Visibility, values["contact_seen_by"], Visibility.NONE)
        contact = line("contact")
        if seen_by is not Visibility.NONE and not is_contact(contact, department):
            errors["contact"] = NO_CONTACT
        told_at = line("told_at")
        if told_at or needs_email:
            try:
                told_at = checked_address(told_at)
            except InputError:
                errors["told_at"] = N_("Give your e-mail address, such as name@example.org.")
        themes = dict.fromkeys(filter(None, map(one_line, values["themes"].split("\n"))))
        if len(themes) > MAX_THEMES or any(len(theme) > MAX_LINE_CHARS for theme in themes):
            errors["themes"] = TOO_LONG
        content = NoticeContent(
            flow=_one_of(Flow, values["flow"], Flow.SEEKS),
            title=title,
            text=text,
            place=place,
            department=department,
            until=until,
            asker=line("asker"),
            contact=contact,
            contact_seen_by=seen_by,
            themes=tuple(themes),
            lang=lang,
        )
        ordered = {name: errors[name] for name in FIELDS if name in errors}
        return ReadNotice(content, told_at, ordered)

    def wrong(self, errors: Mapping[str, str]) -> "NoticeForm":
        return NoticeForm(self.values, errors)


class ReadNotice(NamedTuple):
    """What a form says, and what is wrong with it; nothing of it counts where anything is."""

    content: NoticeContent
    told_at: str
    errors: Mapping[str, str]


def known_department(given: str) -> str:
    try:
        return department_code(given)
    except ValueError:
        return ""


def is_contact(text: str, department: str = "") -> bool:
    if "@" in text:
        return bool(addresses_in(text).kept)
    return bool(numbers_in(text, dialling_region("FR", department)).kept)


def choices(request: PageRequest, department: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Returns what the menus of the form offer; `department` is chosen, and need not be known."""
    gettext = translations(request.language).gettext
    departments = {code for code, _ in request.knowledge_base.departments()} | {department}
    return {
        "flow": [(flow.value, gettext(verb)) for flow, verb in FLOW_VERBS.items()],
        "department": [
            ("", gettext(N_("Anywhere"))),
            *((code, f"{name} ({code})") for code, name in NAMES.items() if code in departments),
        ],
        "contact_seen_by": [
            (Visibility.NONE.value, gettext(N_("On this page"))),
            (
                Visibility.PUBLIC.value,
                gettext(N_("By e-mail or telephone too, shown to everybody")),
            ),
            (
                Visibility.MEMBERS.value,
                gettext(N_("By e-mail or telephone too, shown to members only")),
            ),
        ],
    }


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _one_of(values: type[Choice], given: str, otherwise: Choice) -> Choice:
    return values(given) if given in set(values) else otherwise
