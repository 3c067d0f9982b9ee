"""The fields of actors, cases and participations, and all that depends on which field it is.

Adding one takes an attribute in `kb.models`, an entry here, a translated label and mostly a column.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FieldKind(StrEnum):
    ID = "id"
    LINE = "line"
    SENTENCE = "sentence"
    TEXT = "text"
    DATE = "date"
    PERIOD = "period"
    DAY = "day"
    WEB_ADDRESS = "web_address"
    LANGUAGE = "language"
    DEPARTMENT = "department"
    COUNTRY = "country"
    ACTIVITY_CODE = "activity_code"
    SIRET = "siret"
    PHONE = "phone"
    EMAIL = "email"
    THEMES = "themes"
    FACTS = "facts"
    ROLE = "role"
    FLOW = "flow"
    PICTURE = "picture"
    PARTICIPANTS = "participants"


@dataclass(frozen=True, slots=True)
class FieldTraits:
    label: str  # on English pages; other languages translate it
    kind: FieldKind
    required: bool = False  # a record without it is refused
    form_line: int = 0  # line of an editor's form, from 1; 0 where it is not typed
    rows: int = 0  # lines an editor sees at once; 0 for an input of one line
    listed: bool = False  # the actor's page lists it under its label
    meaning: str = ""  # for the documentation of the API, as `example`
    example: str = ""
    key: str = ""  # its name in files and in the API, if not that of `kb.models`


LIST_KINDS = frozenset({FieldKind.THEMES, FieldKind.PHONE, FieldKind.EMAIL})  # ` | ` between

_LANGUAGE_MEANING = "The language of its text: ISO 639-1 code."
_SOURCE_MEANING = "The address of its source, or empty."

ACTOR_FIELDS: Mapping[str, FieldTraits] = MappingProxyType({
    "id": FieldTraits("Identifier", FieldKind.ID, meaning="Its identifier.", example="avel"),
    "name": FieldTraits("Name", FieldKind.LINE, required=True, form_line=1,
        example="Avel (Saphir)"),
    "description": FieldTraits("What it says it does", FieldKind.TEXT, form_line=2, rows=8,
        meaning="Its described competences, in the language of the source."),
    "place": FieldTraits("Town", FieldKind.LINE, form_line=3, example="Magnac-Lavalette"),
    "department": FieldTraits("Department", FieldKind.DEPARTMENT, form_line=3,
        meaning="French department code, or empty.", example="16"),
    "country": FieldTraits("Country", FieldKind.COUNTRY, form_line=3,
        meaning="ISO 3166 alpha-2 code, or empty.", example="FR"),
    "activity_code": FieldTraits("Activity code", FieldKind.ACTIVITY_CODE, form_line=4, listed=True,
        meaning="NAF or NACE code, or empty.", example="20.41Z"),
    "siret": FieldTraits("SIRET", FieldKind.SIRET, form_line=4, listed=True,
        meaning="14 digits, or empty.", example="12345678900012"),
    "website": FieldTraits("Website", FieldKind.WEB_ADDRESS, form_line=5,
        meaning="The address of its website, or empty."),
    "phone": FieldTraits("Telephone", FieldKind.PHONE, form_line=6, rows=2,
        meaning="Its telephone numbers: E.164, an extension after `;ext=`; a short number of "
                "its country as it is.", example="+33536490010"),
    "email": FieldTraits("E-mail", FieldKind.EMAIL, form_line=6, rows=2,
        meaning="Its e-mail addresses.", example="contact@saphir.example"),
    "address": FieldTraits("Street and postal code", FieldKind.LINE, form_line=7,
        meaning="Its street and postal code, or empty.", example="12 rue des Tanneurs, 16320"),
    "contact": FieldTraits("Contact person", FieldKind.LINE, form_line=7,
        meaning="A person to ask for, with a job, or empty."),
    "lang": FieldTraits("Language", FieldKind.LANGUAGE, form_line=8, meaning=_LANGUAGE_MEANING,
        example="fr"),
    "themes": FieldTraits("Themes", FieldKind.THEMES, form_line=9, rows=4, meaning="Its themes.",
        example="Cuir et chaussure"),
    "source_url": FieldTraits("Link to the source", FieldKind.WEB_ADDRESS, form_line=5,
        meaning=_SOURCE_MEANING, example="https://www.angouleme.fr/"),
    "closed_on": FieldTraits("Closed since", FieldKind.DAY, form_line=8,
        meaning="The day on which it closed: ISO 8601, or empty."),
    "facts": FieldTraits("Other facts", FieldKind.FACTS,
        meaning="Other facts from the source, in its own words."),
})  # fmt: skip

CASE_FIELDS: Mapping[str, FieldTraits] = MappingProxyType({
    "id": FieldTraits("Identifier", FieldKind.ID, meaning="Its identifier."),
    "title": FieldTraits("Title", FieldKind.LINE, required=True, form_line=1,
        example="Angoulême : du cirage au gel hydroalcoolique"),
    "text": FieldTraits("Text", FieldKind.TEXT, required=True, form_line=4, rows=16,
        meaning="The article, in Markdown."),
    "lang": FieldTraits("Language", FieldKind.LANGUAGE, form_line=9, meaning=_LANGUAGE_MEANING,
        example="fr"),
    "date": FieldTraits("Written on", FieldKind.DATE, form_line=7,
        meaning="The date on which it was written: ISO 8601 date or time, or empty.",
        example="2020-07-01"),
    "modified": FieldTraits("Last changed by the author on", FieldKind.DATE, form_line=7),
    "moderated": FieldTraits("Moderated on", FieldKind.DATE, form_line=7),
    "author": FieldTraits("Author", FieldKind.LINE, form_line=5),
    "author_job": FieldTraits("Author’s job", FieldKind.LINE, form_line=5),
    "moderator": FieldTraits("Moderator", FieldKind.LINE, form_line=6),
    "moderator_job": FieldTraits("Moderator’s job", FieldKind.LINE, form_line=6),
    "themes": FieldTraits("Themes", FieldKind.THEMES, form_line=8, rows=4, meaning="Its themes.",
        example="Santé"),
    "need": FieldTraits("The need that was met", FieldKind.SENTENCE, form_line=2, rows=2,
        meaning="The need that was met, or empty."),
    "flow": FieldTraits("Need, offer or share?", FieldKind.FLOW, form_line=3,
        meaning="Whether somebody sought a thing (`seeks`), had one to give (`offers`) or "
                "wanted to share one (`shares`); empty where the words of the need tell it.",
        example="offers"),
    "period": FieldTraits("When it happened", FieldKind.PERIOD, form_line=3,
        meaning="The time of the facts, not of the article: EDTF (ISO 8601-2, level 1), or "
                "empty. Spring, summer, autumn and winter have the numbers 21 to 24.",
        example="2020-21"),
    "source_url": FieldTraits("Link to the source", FieldKind.WEB_ADDRESS, form_line=9,
        meaning=_SOURCE_MEANING),
    "translation_of": FieldTraits("Translation of", FieldKind.LINE,
        meaning="The id of the same case in another language, or empty."),
    "picture": FieldTraits("Picture", FieldKind.PICTURE, form_line=10,
        meaning="The name of its picture, which is at `/media/` and this name; or empty.",
        example="0f4c81d2a5b36e7f9081a2b3c4d5e6f7-1600x900.webp"),
    "picture_alt": FieldTraits("What the picture shows", FieldKind.LINE, form_line=11,
        meaning="What the picture shows, for those who do not see it."),
    "picture_credit": FieldTraits("Credit and licence of the picture", FieldKind.LINE, form_line=11,
        meaning="Whose picture it is, and under which licence."),
    "participants": FieldTraits("Who did what", FieldKind.PARTICIPANTS),
})  # fmt: skip

PARTICIPATION_FIELDS: Mapping[str, FieldTraits] = MappingProxyType({
    "actor_id": FieldTraits("Entry in the directory", FieldKind.LINE, key="actor"),
    "name": FieldTraits("Name", FieldKind.LINE, required=True),
    "role": FieldTraits("Role", FieldKind.ROLE, required=True),
    "contribution": FieldTraits("What the organisation did", FieldKind.SENTENCE),
    "source_url": FieldTraits("Link to the source", FieldKind.WEB_ADDRESS),
})  # fmt: skip


CONTACT_FIELDS = ("phone", "email", "address", "contact")  # never searched, never evidence


def form_lines(fields: Mapping[str, FieldTraits]) -> tuple[tuple[str, ...], ...]:
    numbers = sorted({traits.form_line for traits in fields.values() if traits.form_line})
    return tuple(
        tuple(name for name, traits in fields.items() if traits.form_line == number)
        for number in numbers
    )
