"""An article as a person hands it in: its text, and what its page says about it."""

from dataclasses import dataclass, field

from kb.errors import InputError
from kb.registers.drafts import ProposedField


class NoArticle(InputError):
    """The content that was read holds no article."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str = ""
    job: str = ""


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class Article:
    """An article as Markdown `text`, without its title and what the page puts around it.

    Dates are in ISO 8601, with or without times; what the page does not give for certain is
    empty. `found` has the line and the confidence of each value, `remarks` what deserves a
    look.
    """

    title: str
    text: str
    author: Person = NOBODY
    moderator: Person = NOBODY
    date: str = ""
    modified: str = ""
    moderated: str = ""
    themes: tuple[str, ...] = ()
    lang: str = ""
    source_url: str = ""
    found: tuple[ProposedField, ...] = field(default=(), compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)
    page_text: str = field(default="", compare=False, repr=False)
