"""Remarks in the visitor's language."""

from dataclasses import dataclass

from kb.messages import MESSAGES
from kb.remarks import MessageFormatter, Remark, shortened
from web.http.i18n import SOURCE_LANGUAGE, Language, translations, written_number
from web.http.labels import FIELD_LABELS


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A line for a person; `lang` is its language if that is not the page's.

    `href` leads to what it speaks of, if to anything.
    """

    text: str
    lang: str = ""
    href: str = ""


class _LanguageFormatter(MessageFormatter):
    """Fills in the values of a message as a language writes them."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def number(self, number: int) -> str:
        return written_number(number, self._language)

    def quoted(self, text: str) -> str:
        return f"«\u00a0{shortened(text)}\u00a0»"


def translated(message: str, language: Language) -> str:
    """Returns the text of a remark, or of a message marked with `N_`, in a language."""
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
    values = {"field": field, **line.values}
    message = gettext(MESSAGES[line.code])
    return LocalizedText(_LanguageFormatter(language).vformat(message, (), values))
