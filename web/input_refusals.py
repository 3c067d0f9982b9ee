"""What a reader refuses, in the visitor's language.

Readers say in English what is wrong with a file. Those refusals that a contributor is likely to
meet have words here; another is shown as it is, marked as English.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.errors import QuisaitError
from web.localisation import SOURCE_LANGUAGE, Language, translations
from web.wording import N_


@dataclass(frozen=True, slots=True)
class Told:
    """A line for a person; `lang` where it is in another language than the page.

    `href` leads to what it speaks of, if to anything.
    """

    text: str
    lang: str = ""
    href: str = ""


_WORDS: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r"has more than (\d+) MB", N_("This is larger than %s MB: send less at once.")),
        (r"^is empty", N_("This file is empty.")),
        (
            r"^is no article",
            N_(
                "This is no article: send Markdown, text, HTML, PDF, Word (.docx) or OpenDocument "
                "(.odt)."
            ),
        ),
        (
            r"^has no article that could be found",
            N_("No article was found in it: paste its text instead."),
        ),
    )
]


def told(error: QuisaitError, language: Language) -> Told:
    """The refusal in a language; in the readers' own where there are no words for it."""
    message = str(error)
    if language is SOURCE_LANGUAGE:
        return Told(message)
    gettext = translations(language).gettext
    for pattern, words in _WORDS:
        found = pattern.search(message)
        if found:
            values = found.groups()
            return Told(gettext(words) % values if values else gettext(words))
    return Told(message, SOURCE_LANGUAGE.value)
