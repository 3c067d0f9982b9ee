"""What a reader refuses, in the visitor's language.

Readers say in English what is wrong with a file. Those refusals that a contributor is likely to
meet have words here; another is shown as it is, marked as English.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.errors import QuisaitError
from web.http.i18n import SOURCE_LANGUAGE, Language, translations
from web.http.labels import N_


@dataclass(frozen=True, slots=True)
class Told:
    """A line for a person; `lang` where it is in another language than the page.

    `href` leads to what it speaks of, if to anything.
    """

    text: str
    lang: str = ""
    href: str = ""


_QUOTES = "'\""
_ENCODING = N_("Its letters are damaged: save it again as UTF-8, and send it.")

_WORDS: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), words)
    for pattern, words in (
        # Files
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
            r"^has no article",
            N_("No article was found in it: paste its text instead."),
        ),
        (
            r"(?:encrypted|protected by a password)",
            N_("This file is encrypted or protected by a password: save it without, and send it."),
        ),
        (
            r"only pictures of it",
            N_("It has no text, only pictures of it: run it through text recognition (OCR) first."),
        ),
        (
            r"(?:is cut off|end is missing)",
            N_("This file is cut off, its end is missing: save or fetch it again."),
        ),
        (
            r"(?:is damaged|is no document in|is no PDF|cannot be read as)",
            N_("This file is damaged, or is not what its name says: save it again, and send it."),
        ),
        (r"has (\d+) pages", N_("It has %s pages: send the article alone.")),
        (
            r"(?:bytes; at most|once unpacked|unpack to|packed \d+ times|characters; at most"
            r"|more than [\d,]+ tags|tag as no page|seconds to read)",
            N_("This is too large: send the article alone, or paste its text."),
        ),
        (r"(?:is not text|lost letters|damaged character|encoded twice)", _ENCODING),
        # Addresses
        (r"closed to robots", N_("The site does not let robots read this page: paste its text.")),
        (
            r"(?:no public address|on port \d+|name or a password)",
            N_("This address is not one of the public web: it is not fetched."),
        ),
        (
            r"(?:is not a web address|neither http nor https|only http and https)",
            N_("This is not a web address. It begins with http:// or https://."),
        ),
        (r"no host that is known", N_("This site is not known: check the address.")),
        (
            r"(?:cannot be reached|takes longer than|does not answer|try again later|no address)",
            N_("The site does not answer: try again later, or paste the text."),
        ),
        (r"redirects more than", N_("This address leads round and round: check it.")),
        (
            r"(?:which is no article|neither an article nor a feed)",
            N_("There is no article at this address."),
        ),
        (r"answer(?:s|ed)? (?:with )?(?:error )?(\d{3})", N_("The site answers with error %s.")),
        (
            r"(?:is no feed|not a feed|feed without items)",
            N_("There is no feed at this address: give that of its RSS or Atom feed."),
        ),
        (
            r"the feed has only the beginning",
            N_("The feed has only the beginning of this article."),
        ),
        # Rows of a directory
        (r"^has no name", N_("It has no name.")),
        (
            r"^number of cells is (\d+), but the header has (\d+)",
            N_("It has %s cells, the header has %s."),
        ),
        (r"^department (.+) is not a department", N_("%s is not a department of France.")),
        (r"^siret (.+) lost digits", N_("SIRET %s lost digits in a spreadsheet.")),
        (r"^siret (.+) is not valid", N_("%s is not a valid SIRET number.")),
        (r"^country (.+) is not known", N_("The country %s is not known.")),
        (r"^id (.+) was already given by row (\d+)", N_("The identifier %s is that of row %s.")),
        (r"^\w+ (.+) is not a date", N_("%s is not a date.")),
        (r"is closed, but no date", N_("It is closed, but no date says since when.")),
        (r"no(?: sheet with a)? column called name", N_("No column was found that holds a name.")),
        (r"was withdrawn", N_("It was withdrawn from the catalogue, and stays out.")),
        (
            r"is there already: the (?:draft|case) (['\"].+['\"]) \(",
            N_("It is known already: %s."),
        ),
        (r"already known|is there already", N_("It is known already.")),
        # What to look at in a draft
        (
            r"^resembles the (?:draft|case) (['\"].+['\"]) \(",
            N_("It resembles %s: are both one article?"),
        ),
        (r"^has no title", N_("No title stands out in the text: give it one.")),
        (r"^has no author", N_("No author is certain in the text.")),
        (r"^has no date", N_("No date is certain in the text.")),
        (r"^date (.+) is not a day", N_("%s is not a date: it is left empty.")),
        (r"^the page is signed (.+), which names nobody", N_("The page is signed %s: nobody.")),
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
            # `.+` takes values with the quotes that the readers put around them.
            shown = tuple(
                f"«\u00a0{value.strip(_QUOTES)}\u00a0»" if value[0] in _QUOTES else value
                for value in values
            )
            return Told(gettext(words) % shown if shown else gettext(words))
    return Told(message, SOURCE_LANGUAGE.value)
