"""The legal texts: the operator's, or those that come with this software, with blanks to fill in.

A blank is written `[[what is missing]]`. Visitors do not see the lines that still have one;
administrators see them, marked.
"""

import re
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from kb.registers.identity import Identity
from web.http.i18n import Language
from web.http.safe_html import article
from web.http.urls import Page

TEXT_PAGES = (Page.LEGAL, Page.ACCESSIBILITY, Page.PRIVACY)

_BLANK = re.compile(r"\[\[(.+?)\]\]")


@cache
def default_text(page: Page, language: Language) -> str:
    """Returns the Markdown that a page has until the operator writes another."""
    file = files("web").joinpath("identity", "texts", f"{page}.{language}.md")
    return file.read_text(encoding="utf-8").strip()


def text_name(page: Page, language: Language) -> str:
    """Returns the name of a text in `Identity.texts`."""
    return f"{page}.{language}"


def text_of(identity: Identity, page: Page, language: Language) -> str:
    """Returns the Markdown of a page."""
    return identity.texts.get(text_name(page, language)) or default_text(page, language)


def has_blanks(text: str) -> bool:
    """Returns whether something is left to fill in."""
    return _BLANK.search(text) is not None


def shown(text: str, *, with_blanks: bool) -> Markup:
    """Returns the HTML of a text: with its blanks marked, or without the lines that have any."""
    if not with_blanks:
        text = "\n".join(line for line in text.split("\n") if not _BLANK.search(line))
        # A heading with nothing below it says nothing.
        text = re.sub(r"^#+ .*\n\s*(?=#+ |\Z)", "", text, flags=re.MULTILINE)
    html = str(article(text))
    # Of HTML that is clean, the blanks are text: their brackets become an element.
    return Markup(_BLANK.sub(r"<mark>\1</mark>", html))  # noqa: S704
