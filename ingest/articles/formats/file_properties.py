"""The properties of a file: a program wrote them, so that they are only hints."""

from collections.abc import Iterator

from ingest.articles.blocks import DeclaredField
from ingest.articles.metadata.person_names import is_person, person_at

TITLE, AUTHOR, DATE, KEYWORDS = 0.5, 0.4, 0.3, 0.6
"""The confidence in each property."""
_MIN_TITLE_WORDS = 3


def file_properties(
    title: str = "", author: str = "", day: str = "", keywords: str = ""
) -> Iterator[DeclaredField]:
    """The fields that the properties of a file declare; `day` is an ISO 8601 date."""
    if len(title.split()) >= _MIN_TITLE_WORDS:
        yield DeclaredField("title", title, f"title of the file: {title}", TITLE)
    if is_person(author):
        person, _ = person_at(author, 0)
        yield DeclaredField("author", person.name, f"author of the file: {author}", AUTHOR, person)
    if day:
        yield DeclaredField("date", day, f"date of the file: {day}", DATE)
    if keywords:
        yield DeclaredField("themes", keywords, "keywords of the file", KEYWORDS)
