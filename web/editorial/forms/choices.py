"""What a field can be chosen from, pictures of forms, and the source text beside them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import UploadFile

from ingest.reading.documents import photograph_of
from ingest.records.fields import folded
from kb.errors import InputError, QueryError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor, Kind
from kb.reference.flows import Flow
from kb.reference.roles import Role
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.pictures import MAX_UPLOAD_MB
from kb.search.results import EvidenceKind, Filters
from web.http.i18n import translations
from web.http.labels import FLOW_LABELS, ROLE_LABELS
from web.http.request import PageRequest
from web.http.routing import text_of

MAX_LIKELY = 5
"""How many actors a person is asked to compare with a new entry."""


def language_choices(request: PageRequest, current: str) -> Sequence[tuple[str, str]]:
    """Returns the languages that a record can be in: those of the site, and its present one."""
    names = request.language.locale.languages
    codes = dict.fromkeys(["fr", "en", *([current] if current else [])])
    return [(code, str(names.get(code, code))) for code in codes]


def flow_choices(request: PageRequest) -> Sequence[tuple[str, str]]:
    gettext = translations(request.language).gettext
    unsaid = gettext(N_("As the words of the need say"))
    return [("", unsaid), *((flow.value, gettext(FLOW_LABELS[flow])) for flow in Flow)]


def role_choices(request: PageRequest) -> Sequence[tuple[str, str]]:
    gettext = translations(request.language).gettext
    return [("", gettext(N_("Choose…"))), *((r.value, gettext(ROLE_LABELS[r])) for r in Role)]


def actor_finder(base: KnowledgeBase) -> Callable[[str], str]:
    """Returns a function that finds an actor's id by its id, or by a name only it has."""

    def find(given: str) -> str:
        known = actor_or_none(base, given)
        if known:
            return known.id
        named = [
            actor for actor in actors_named(base, given) if folded(actor.name) == folded(given)
        ]
        return named[0].id if len(named) == 1 else ""

    return find


def actor_or_none(base: KnowledgeBase, actor_id: str) -> Actor | None:
    try:
        return base.actor(actor_id) if actor_id else None
    except UnknownRecord:
        return None


@dataclass(frozen=True, slots=True)
class LikelyActor:
    """An actor that a new entry may be of, and why, as `kb.resolution.similarity` names it."""

    actor: Actor
    reasons: tuple[str, ...] = ()


def likely_actors(base: KnowledgeBase, entry: Actor) -> list[LikelyActor]:
    """Returns the actors that an entry, which is not published, may be of, likeliest first."""
    alike = dict(base.duplicates.alike(entry, MAX_LIKELY))
    found = {
        id_: LikelyActor(actor, similarity.reasons)
        for id_, similarity in alike.items()
        if (actor := actor_or_none(base, id_))
    }
    for actor in actors_named(base, entry.name):
        if actor.id != entry.id:
            found.setdefault(actor.id, LikelyActor(actor))
    return list(found.values())[:MAX_LIKELY]


def actors_named(base: KnowledgeBase, name: str) -> list[Actor]:
    """Returns the actors that a search finds by this name."""
    try:
        found = base.search(name, limit=5, filters=Filters(kind=Kind.ACTOR))
    except QueryError:
        return []
    return [
        hit.actor
        for hit in found.hits
        if any(evidence.kind is EvidenceKind.NAME for evidence in hit.evidence)
    ]


def contact_choice_in(form: Mapping[str, object], before: ContactChoice) -> ContactChoice:
    """Returns who is to see contacts, as a form says; what it does not say is as before."""
    return ContactChoice(
        _visibility(text_of(form, "organisations"), before.organisations),
        _visibility(text_of(form, "persons"), before.persons),
    )


def _visibility(given: str, before: Visibility) -> Visibility:
    return Visibility(given) if given in set(Visibility) else before


_MEGABYTE = 1_000_000


def with_picture(
    base: KnowledgeBase, form: Mapping[str, object], *, by: str
) -> tuple[Mapping[str, object], str]:
    """Returns the form with the name of its picture, and what is wrong with an upload, if anything.

    What is uploaded is kept at once: nothing is sent twice if another field is refused. A name that
    no picture of the base has is taken out.
    """
    if "picture" not in form and "picture_file" not in form:
        return form, ""
    upload, name, problem = form.get("picture_file"), str(form.get("picture", "")), ""
    if isinstance(upload, UploadFile) and upload.filename:
        try:
            encoded = photograph_of(upload.file.read(MAX_UPLOAD_MB * _MEGABYTE + 1))
            name = base.pictures.add(encoded, by=by)
        except InputError as error:
            problem = error.remark
    elif form.get("without_picture"):
        return {**form, "picture": "", "picture_alt": "", "picture_credit": ""}, ""
    elif name and not base.pictures.known([name]):
        name = ""
    return {**form, "picture": name}, problem


# What Markdown and line breaks may have put between two words of a sentence.
_BETWEEN_WORDS = r"[\s*_`#>|\\\[\]]+"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the text; `number` is 0 outside of the marked sentences."""

    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class NumberedText:
    """`stretches` joined are the text; `numbers` has the sentences that were found in it."""

    stretches: tuple[Stretch, ...]
    numbers: Mapping[str, int]


def numbered(text: str, sentences: Iterable[str]) -> NumberedText:
    """Marks the first occurrence of each sentence; those that overlap share a mark."""
    places = {sentence: place for sentence in sentences if (place := _place(text, sentence))}
    spans: list[tuple[int, int]] = []
    for start, end in sorted(places.values()):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))

    stretches, position = [], 0
    for number, (start, end) in enumerate(spans, start=1):
        stretches += [Stretch(text[position:start]), Stretch(text[start:end], number)]
        position = end
    stretches.append(Stretch(text[position:]))
    numbers = {
        sentence: number
        for sentence, (start, _) in places.items()
        for number, (first, last) in enumerate(spans, start=1)
        if first <= start < last
    }
    return NumberedText(tuple(stretch for stretch in stretches if stretch.text), numbers)


def _place(text: str, sentence: str) -> tuple[int, int] | None:
    """The half-open span of the sentence in the text, whatever stands between its words."""
    words = re.findall(r"[^\s*_`#>|\\\[\]]+", sentence)
    if not words:
        return None
    sentence = sentence.strip()
    start = text.find(sentence)
    if start >= 0:
        return start, start + len(sentence)
    found = re.search(_BETWEEN_WORDS.join(map(re.escape, words)), text)
    return found.span() if found else None
