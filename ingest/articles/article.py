"""An article as a person hands it in: its text, and what its page says about it."""

from dataclasses import dataclass, field

from kb.errors import InputError
from kb.registers.drafts import ProposedField


class NoArticle(InputError):
    """The content that was read holds no article."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person named beside an article, and the job at their work."""

    name: str = ""
    job: str = ""


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class Article:
    """An article. Fields that its page does not give for certain are empty.

    `text` is Markdown, without the title and without what the page puts around the article.
    `date` (written), `modified` and `moderated` are ISO 8601 dates, or dates with times.
    `found` has the line and the confidence of each value, `remarks` what deserves a look, and
    `page_text` the text of the page in its own order, notices included.
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
