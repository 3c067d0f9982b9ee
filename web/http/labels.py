"""The labels of the values of records, in English, marked with `N_`; and remarks in a language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kb.language_model import PhraseKind
from kb.messages import MESSAGES, N_
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS, PARTICIPATION_FIELDS
from kb.reference.roles import FLOWS, ROLES, Flow, Part, Role
from kb.registers.accounts import AccountRole
from kb.remarks import MessageFormatter, Remark, shortened
from kb.search.query import PartKind
from kb.search.results import Fit
from kb.text.flow import case_flow
from kb.text.folding import fold
from kb.text.lexicon import Lexicons
from web.http.i18n import SOURCE_LANGUAGE, Language, translations, written_number

Value = TypeVar("Value")

FIT_LABELS: Mapping[Fit, str] = {
    Fit.STRONG: N_("Strong fit"),
    Fit.POSSIBLE: N_("Possible fit"),
    Fit.WEAK: N_("Unlikely"),
    Fit.NONE: N_("Very unlikely"),
}

NEARNESS_LABELS: Mapping[Fit, str] = {
    Fit.STRONG: N_("Very close"),
    Fit.POSSIBLE: N_("Close"),
    Fit.WEAK: N_("Related"),
    Fit.NONE: N_("Related"),
}

ROLE_LABELS: Mapping[Role, str] = {role: traits.label for role, traits in ROLES.items()}
FLOW_LABELS: Mapping[Flow, str] = {flow: traits.label for flow, traits in FLOWS.items()}

PART_LABELS: Mapping[Part, str] = {
    Part.MAKER: N_("Manufacturing"),
    Part.INPUTS: N_("Materials"),
    Part.CONTAINERS: N_("Containers"),
    Part.PACKAGING: N_("Boxes and labels"),
    Part.REPACKAGING: N_("Filling and packing"),
    Part.TRANSPORT: N_("Delivery"),
    Part.VALIDATION: N_("Testing and approval"),
    Part.COORDINATION: N_("Coordination"),
    Part.BUYER: N_("Users"),
}

PHRASE_KIND_LABELS: Mapping[PhraseKind, str] = {
    PhraseKind.TRADE: N_("trade:"),
    PhraseKind.MATERIAL: N_("material:"),
    PhraseKind.GESTURE: N_("task:"),
}

NEED_PART_LABELS: Mapping[PartKind, str] = {
    PartKind.QUANTITY: N_("quantity:"),
    PartKind.FREQUENCY: N_("frequency:"),
    PartKind.DEADLINE: N_("deadline:"),
    PartKind.PLACE: N_("place:"),
    PartKind.FOR: N_("for:"),
    PartKind.PRICE: N_("price:"),
}

FIELD_LABELS: Mapping[str, str] = {
    **{
        name: traits.label
        for fields in (PARTICIPATION_FIELDS, CASE_FIELDS, ACTOR_FIELDS)
        for name, traits in fields.items()
    },
    # Of forms alone.
    "same_as": N_("It is the same organisation as…"),
    "reason": N_("Why"),
    "message": N_("Your message to the contributor"),
    "until": N_("Until when"),
    "asker": N_("In whose name"),
    "contact_seen_by": N_("How to answer"),
    "told_at": N_("Your e-mail address"),
    "answer": N_("Your answer"),
    "new": N_("Password"),
    "subject": N_("What it is about"),
}

ACCOUNT_ROLE_LABELS: Mapping[AccountRole, str] = {
    AccountRole.HOLDER: N_("Holder of a page"),
    AccountRole.CONTRIBUTOR: N_("Contributor"),
    AccountRole.MODERATOR: N_("Moderator"),
    AccountRole.ADMINISTRATOR: N_("Administrator"),
}

_THEMES = Lexicons(Path(__file__).parent / "lexicons").rows("themes", len(Language))
THEME_LABELS = {Language.EN: {fold(theme): english for theme, english in _THEMES}}

UNKNOWN_DEPARTMENT = N_("There is no such department in France. Expected a code, such as 16 or 2A.")
TOWN_ELSEWHERE = N_("This department has no such town. Correct it, or send again to keep both.")


def labelled(labels: Mapping[Value, str], language: Language) -> Callable[[Value], str]:
    """Returns a function from a value to its label in a language, or to itself if it has none."""
    gettext = translations(language).gettext
    return lambda value: gettext(labels[value]) if value in labels else str(value)


def filters(language: Language) -> Mapping[str, Callable[..., object]]:
    field_label = labelled(FIELD_LABELS, language)
    themes = THEME_LABELS.get(language, {})
    return {
        "account_role_label": labelled(ACCOUNT_ROLE_LABELS, language),
        "by_label": lambda all_: sorted(all_, key=lambda t: fold(themes.get(fold(t.name), t.name))),
        # A part of a row has its number after its name: `role-2`.
        "field_label": lambda name: field_label(name.partition("-")[0]),
        "flow_of": case_flow,
        "flow_label": labelled(FLOW_LABELS, language),
        "fit_label": labelled(FIT_LABELS, language),
        "need_part_label": labelled(NEED_PART_LABELS, language),
        "nearness_label": labelled(NEARNESS_LABELS, language),
        "part_label": labelled(PART_LABELS, language),
        "phrase_kind_label": labelled(PHRASE_KIND_LABELS, language),
        "role_label": labelled(ROLE_LABELS, language),
        "theme_label": lambda theme: themes.get(fold(theme), theme),
    }


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A line for a person, its language if that is not the page's, and where it leads."""

    text: str
    lang: str = ""
    href: str = ""


class _LanguageFormatter(MessageFormatter):
    def __init__(self, language: Language) -> None:
        self._language = language

    def number(self, number: int) -> str:
        return written_number(number, self._language)

    def quoted(self, text: str) -> str:
        return f"«\u00a0{shortened(text)}\u00a0»"


def translated(message: str, language: Language) -> str:
    if isinstance(message, Remark):
        return localized(message, language).text
    return translations(language).gettext(message)


def localized(line: str, language: Language) -> LocalizedText:
    """Translates a remark; returns any other line unchanged, marked as English."""
    if language is SOURCE_LANGUAGE:
        return LocalizedText(line)
    if not isinstance(line, Remark):
        return LocalizedText(line, SOURCE_LANGUAGE.value)
    gettext = translations(language).gettext
    field = gettext(FIELD_LABELS[line.field]) if line.field in FIELD_LABELS else line.field
    inner = {
        name: localized(value, language).text if isinstance(value, Remark) else value
        for name, value in line.values.items()
    }
    values = {"field": field, **inner}
    message = gettext(MESSAGES[line.code])
    return LocalizedText(_LanguageFormatter(language).vformat(message, (), values))
