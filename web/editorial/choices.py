"""Beside the forms of records: choices, pictures, suggestions, and what differs in a version."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from starlette.datastructures import FormData, UploadFile

from ingest.reading import photograph_of
from ingest.records.fields import folded, one_line
from kb.errors import InputError, QueryError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor, Case, Kind, Participation, Record
from kb.reference.roles import Flow, Role
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.drafts import ProposedParticipation
from kb.registers.pictures import MAX_UPLOAD_MB
from kb.search.results import EvidenceKind, Filters
from web.editorial.record_form import ParticipationRow, RecordForm, is_suggested
from web.http.i18n import translations
from web.http.labels import FLOW_LABELS, ROLE_LABELS
from web.http.routing import PageRequest, text_of

MAX_LIKELY = 5


def form_choices(request: PageRequest, form: RecordForm) -> dict[str, Any]:
    gettext, names = translations(request.language).gettext, request.language.locale.languages
    current = form.values.get("lang", "")
    codes = dict.fromkeys(["fr", "en", *([current] if current else [])])
    flows = [(flow.value, gettext(FLOW_LABELS[flow])) for flow in Flow]
    return {
        "choices": {
            "lang": [(code, str(names.get(code, code))) for code in codes],
            "flow": [("", gettext(N_("Infer from the text"))), *flows],
        },
        "roles": [
            ("", gettext(N_("Choose…"))),
            *((role.value, gettext(ROLE_LABELS[role])) for role in Role),
        ],
    }


def actor_finder(base: KnowledgeBase) -> Callable[[str], str]:
    def find(given: str) -> str:
        if known := actor_or_none(base, given):
            return known.id
        named = [one for one in actors_named(base, given) if folded(one.name) == folded(given)]
        return named[0].id if len(named) == 1 else ""

    return find


def actor_or_none(base: KnowledgeBase, actor_id: str) -> Actor | None:
    try:
        return base.actor(actor_id) if actor_id else None
    except UnknownRecord:
        return None


def organisation_in(base: KnowledgeBase, form: FormData, name: str) -> tuple[str, str]:
    """Returns the organisation that a field names, and its id: the one chosen, or so called."""
    given = one_line(text_of(form, name))
    chosen = actor_or_none(base, text_of(form, f"{name}_id"))
    if chosen is None or folded(chosen.name) != folded(given):
        chosen = actor_or_none(base, actor_finder(base)(given))
    return (chosen.name, chosen.id) if chosen else (given, "")


class LikelyActor(NamedTuple):
    actor: Actor
    reasons: tuple[str, ...] = ()


def likely_actors(base: KnowledgeBase, entry: Actor) -> list[LikelyActor]:
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
    of_firms, of_persons = (text_of(form, name) for name in ("organisations", "persons"))
    return ContactChoice(
        Visibility(of_firms) if of_firms in set(Visibility) else before.organisations,
        Visibility(of_persons) if of_persons in set(Visibility) else before.persons,
    )


def with_picture(
    base: KnowledgeBase, form: Mapping[str, object], *, by: str
) -> tuple[Mapping[str, object], str]:
    """Keeps an uploaded picture; returns the form with its name, and what is wrong, if anything."""
    if "picture" not in form and "picture_file" not in form:
        return form, ""
    upload, name, problem = form.get("picture_file"), str(form.get("picture", "")), ""
    if isinstance(upload, UploadFile) and upload.filename:
        try:
            encoded = photograph_of(upload.file.read(MAX_UPLOAD_MB * 1_000_000 + 1))
            name = base.pictures.add(encoded, by=by)
        except InputError as error:
            problem = error.remark
    elif form.get("without_picture"):
        return {**form, "picture": "", "picture_alt": "", "picture_credit": ""}, ""
    elif name and not base.pictures.known([name]):
        name = ""
    return {**form, "picture": name}, problem


def suggestions(
    rows: Sequence[ParticipationRow], proposals: Sequence[ProposedParticipation]
) -> Mapping[str, Any]:
    """Groups rows of proposals: new `organisations`, `also` further roles, all in `waiting`."""
    waiting = [number for number, row in enumerate(rows) if is_suggested(row, proposals)]
    waiting.sort(key=lambda at: -proposals[rows[at].proposal].confidence)
    groups: dict[str, list[int]] = {}
    for number in sorted(range(len(rows)), key=lambda at: (at in waiting, at)):
        keys = _keys(rows[number])
        group = next((groups[key] for key in keys if key in groups), [])
        group.append(number)
        groups |= dict.fromkeys(keys, group)
    also: dict[int, list[int]] = {}
    organisations: list[dict[str, Any]] = []
    for group in {id(group): group for group in groups.values()}.values():
        new = [number for number in waiting if number in group]
        if known := [number for number in group if number not in waiting]:
            roles = {rows[number].role for number in known}
            also[known[0]] = [number for number in new if rows[number].role not in roles]
        else:
            actor_id = next((rows[at].actor_id for at in new if rows[at].actor_id), "")
            organisations.append({"name": rows[new[0]].name, "actor_id": actor_id, "rows": new})
    organisations.sort(key=lambda one: waiting.index(one["rows"][0]))
    return {"organisations": organisations, "also": also, "waiting": waiting}


def _keys(row: ParticipationRow) -> list[str]:
    return [f"{kind} {key}" for kind, key in (("id", row.actor_id), ("n", folded(row.name))) if key]


# What Markdown and line breaks may have put between two words of a sentence.
_BETWEEN_WORDS = r"[\s*_`#>|\\\[\]]+"


class NumberedText(NamedTuple):
    """A text in stretches, each with the number of its sentence or 0; and those by sentence.

    A stretch is in pieces: every second one is a name.
    """

    stretches: Sequence[tuple[Sequence[str], int]]
    numbers: Mapping[str, int]


def numbered(text: str, sentences: Iterable[str], names: Iterable[str]) -> NumberedText:
    """Marks the first occurrence of each sentence, those that overlap as one; and all names."""
    places = {sentence: place for sentence in sentences if (place := _place(text, sentence))}
    stretches: list[tuple[str, int]] = []
    numbers: dict[str, int] = {}
    number = position = 0
    for sentence, (start, end) in sorted(places.items(), key=lambda found: found[1]):
        if start >= position:
            number += 1
            stretches += [(text[position:start], 0), (text[start:end], number)]
            position = end
        elif end > position:
            stretches[-1] = (stretches[-1][0] + text[position:end], number)
            position = end
        numbers[sentence] = number
    stretches.append((text[position:], 0))
    written = sorted(filter(None, map(_pattern, names)), key=len, reverse=True)
    called = re.compile(rf"(?<!\w)({'|'.join(written)})(?!\w)", re.IGNORECASE)
    pieces = ((called.split(stretch) if written else [stretch], at) for stretch, at in stretches)
    return NumberedText([(piece, at) for piece, at in pieces if any(piece)], numbers)


def _place(text: str, sentence: str) -> tuple[int, int] | None:
    pattern = _pattern(sentence)
    found = re.search(pattern, text, re.IGNORECASE) if pattern else None
    return found.span() if found else None


def _pattern(words: str) -> str:
    return _BETWEEN_WORDS.join(map(re.escape, filter(None, re.split(_BETWEEN_WORDS, words))))


CONTEXT_CHARS = 160
MAX_COMPARED = 4_000_000
"""Pairs of words that are compared; beyond, the whole stretch counts as replaced."""

_WORDS = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
Piece = tuple[str, str]
"""`same`, `removed`, `added` or `gap` (unchanged text not shown), and the text."""


def differences(
    before: Record, after: Record, role_label: Callable[[Role], str] = str
) -> dict[str, list[Piece]]:
    old, new = (_texts(record, role_label) for record in (before, after))
    return {
        field: list(_with_gaps(compared(old.get(field, ""), new.get(field, ""))))
        for field in {**old, **new}
        if old.get(field, "") != new.get(field, "")
    }


def told_differences(request: PageRequest, before: Record, after: Record) -> dict[str, list[Piece]]:
    gettext = translations(request.language).gettext
    return differences(before, after, lambda role: gettext(ROLE_LABELS[role]))


def compared(before: str, after: str) -> list[Piece]:
    """Returns the pieces of both texts in order: compares lines, then words of changed lines."""
    pieces = _compared(_LINES.findall(before), _LINES.findall(after), are_lines=True)
    joined = groupby(pieces, key=itemgetter(0))
    return [(change, "".join(text for _, text in group)) for change, group in joined]


def _compared(before: list[str], after: list[str], *, are_lines: bool = False) -> Iterator[Piece]:
    blocks = [("replace", 0, len(before), 0, len(after))]
    if len(before) * len(after) <= MAX_COMPARED:
        blocks = list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())
    for change, start, end, new_start, new_end in blocks:
        old, new = "".join(before[start:end]), "".join(after[new_start:new_end])
        if change == "equal":
            yield "same", old
        elif are_lines:
            yield from _compared(_WORDS.findall(old), _WORDS.findall(new))
        else:
            yield from (piece for piece in (("removed", old), ("added", new)) if piece[1])


def _texts(record: Record, role_label: Callable[[Role], str]) -> dict[str, str]:
    def line(item: object) -> str:
        if not isinstance(item, Participation):
            return str(item)
        who = f"{item.name} ({item.actor_id})" if item.actor_id else item.name
        texts = (who, role_label(item.role), item.contribution, item.source_url)
        return " · ".join(filter(None, texts))

    texts = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, Mapping):
            value = tuple(f"{name}: {text}" for name, text in value.items())
        texts[field.name] = "\n".join(map(line, value if isinstance(value, tuple) else (value,)))
    return {name: text for name, text in texts.items() if name not in {"id", "members_only"}}


def _with_gaps(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Leaves out of long unchanged pieces what does not touch a change."""
    for at, (change, text) in enumerate(pieces):
        if change != "same" or len(text) < 3 * CONTEXT_CHARS:
            yield change, text
            continue
        if at > 0:
            yield "same", _whole_words(text[:CONTEXT_CHARS])
        yield "gap", ""
        if at < len(pieces) - 1:
            yield "same", _whole_words(text[-CONTEXT_CHARS:][::-1])[::-1]


def _whole_words(text: str) -> str:
    return text[: text.rfind(" ") + 1] or text


def name_of(record: Record) -> str:
    return record.title if isinstance(record, Case) else record.name
