"""An article as a person hands it in: what it says, and what its page says of it.

Readers make it, one per format; drafting makes a case of it.
"""

from dataclasses import dataclass, field

from kb.errors import InputError


class NoArticle(InputError):
    """What was read holds no article."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named beside an article. `job` is what they do where they work."""

    name: str = ""
    job: str = ""


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class FoundField:
    """A value that was read in the page: the line that it comes from, and how sure it is.

    `field` is the name of a field of `Case`; `confidence` lies between 0 and 1.
    """

    field: str
    value: str
    line: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Article:
    """An article. What its page does not say for certain is empty.

    `text` is Markdown, without the title and without what the page puts around the article.
    `date` (written), `modified` and `moderated` are ISO 8601 dates, or dates with times.
    `found` says where each value comes from, `remarks` what a person should look at, `page_text`
    is what the page says in its own order, the article and its notices.
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
    found: tuple[FoundField, ...] = field(default=(), compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)
    page_text: str = field(default="", compare=False, repr=False)
