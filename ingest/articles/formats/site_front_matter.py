"""Front matter of the articles of a site, as Jekyll and Hugo write it: YAML or TOML."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import islice

from ingest.articles.article import Person
from ingest.articles.blocks import DeclaredField
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.labels import signed_name
from ingest.articles.metadata.person_names import person_named
from ingest.case_files import front_matter
from ingest.records.entries import NotInput
from ingest.records.fields import folded
from kb.errors import InputError

MAX_WORDS = 50
"""The items that are read of a value: aliases of YAML can stand for millions."""
MAX_VISITED = 500
"""The lists, mappings and items that are looked at for them: a list may hold itself."""
DECLARED = 0.93
"""The confidence in what front matter says: somebody wrote it for this article."""
_TOML = re.compile(r"\+\+\+[ \t]*\n(?P<values>.*?)^\+\+\+[ \t]*$", re.DOTALL | re.MULTILINE)
_TEMPLATE_TAG = re.compile(r"\{%[^{}]*%\}|\{\{[<%][^{}]*[%>]\}\}")
"""A tag of a template: none within it, so that many that are never closed are passed over soon."""
_KEYS = {
    "title": ("title", "titre"),
    "author": ("author", "authors", "auteur", "auteurs", "autrice", "by"),
    "date": ("date", "publishdate", "publish date", "pubdate", "date de publication"),
    "modified": ("lastmod", "last modified at", "last modified", "updated", "modified",
                 "date de modification"),
}  # fmt: skip
_THEMES = ("categories", "category", "tags", "tag", "keywords", "themes", "mots cles", "taxonomies")


def without_front_matter(text: str) -> tuple[str, tuple[DeclaredField, ...]]:
    """Returns a text without its front matter, and what that declares.

    A text whose front matter cannot be read is returned as it is.
    """
    values: Mapping[str, object]
    try:
        if toml := _TOML.match(text):
            values, body = tomllib.loads(toml["values"]), text[toml.end() :]
        else:
            values, body = front_matter.split(text)
    except (NotInput, InputError, tomllib.TOMLDecodeError, RecursionError):
        return text, ()
    by_key = {folded(str(key)): value for key, value in values.items()}
    return _TEMPLATE_TAG.sub("", body), tuple(_declared(by_key))


def _declared(values: Mapping[str, object]) -> Iterator[DeclaredField]:
    for field, keys in _KEYS.items():
        given = next((values[key] for key in keys if values.get(key)), None)
        words = ", ".join(_words(given))
        if not words:
            continue
        if field == "author":
            person = person_named(words)
            if signed_name(person.name):
                person = Person(person.name, person.job)
                yield DeclaredField(field, person.name, f"{field}: {words}", DECLARED, person)
        elif field == "title":
            yield DeclaredField(field, words, f"{field}: {words}", DECLARED)
        else:
            found = next(dates_in(words), None)
            if found and found.start == 0:
                yield DeclaredField(field, found.iso, f"{field}: {words}", DECLARED)
    themes = [word for key in _THEMES for word in _words(values.get(key))]
    if themes:
        yield DeclaredField("themes", " ; ".join(themes), "front matter", DECLARED)


def _words(value: object) -> list[str]:
    """The first words of a value: of a list each item, of a mapping its name or all its values."""
    return list(islice(_each(value), MAX_WORDS))


def _each(value: object) -> Iterator[str]:
    waiting = [value]
    for _ in range(MAX_VISITED):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.append(value.get("name") or list(islice(value.values(), MAX_WORDS)))
        elif isinstance(value, list):
            waiting += reversed(value[:MAX_WORDS])
        elif value is not None and (text := " ".join(str(value).split())):
            yield text
