"""Merge rules: how the claims of several sources about one firm become one record.

A moderator's correction wins, field by field; else the first source does, and the others fill
gaps; lists, facts and descriptions are united; one is closed unless a later claim opens it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

from kb.models import Actor
from kb.reference.fields import ACTOR_FIELDS, CONTACT_FIELDS, LIST_KINDS
from kb.reference.visibility import ContactChoice, Visibility
from kb.text.folding import fold
from kb.text.know_how import statement_kind

MODERATION = "moderation"  # the source of a moderator's corrections
FACT_PREFIX = "fact:"
MAX_DESCRIPTION_CHARS = 20_000

_VALUES = tuple(
    field.name for field in fields(Actor) if field.name not in {"id", "facts", "members_only"}
)
_LISTS = frozenset(name for name in ACTOR_FIELDS if ACTOR_FIELDS[name].kind in LIST_KINDS)
_Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """An actor as a source describes it; `is_open`: the row states that it is not closed."""

    actor: Actor
    is_open: bool = False


class Claim(NamedTuple):
    """A value, and since when its source claims it. A moderator's empty value counts as well."""

    value: _Value
    at: str


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The claims of a source about an actor, by field; `number` is 0 if it is not stored."""

    source: str
    key: str
    actor_id: str
    claims: Mapping[str, Claim]
    since: str
    number: int = 0


def source_record(
    source: str, row: SourceRow, actor_id: str, at: str, before: SourceRecord | None = None
) -> SourceRecord:
    """Makes the record of a source's row; a claim that is also in `before` keeps its date."""
    known = before.claims if before else {}
    values = values_of(row.actor)
    if row.is_open:
        values["closed_on"] = ""
    elif "closed_on" not in values and "closed_on" in known:
        values["closed_on"] = ""  # the row no longer states that the actor is closed
    claims = {
        field: known[field] if field in known and known[field].value == value else Claim(value, at)
        for field, value in values.items()
    }
    since, number = (before.since, before.number) if before else (at, 0)
    return SourceRecord(source, row.actor.id, actor_id, MappingProxyType(claims), since, number)


def corrected(
    before: Actor | None, after: Actor, at: str, correction: SourceRecord | None = None
) -> SourceRecord:
    """Extends a moderator's `correction` by what turns the actor `before` into `after`."""
    was = values_of(before) if before else {}
    now = values_of(after)
    claims = dict(correction.claims) if correction else {}
    for field in sorted(was.keys() | now.keys()):
        if was.get(field, "") != now.get(field, ""):
            claims[field] = Claim(now.get(field, () if field in _LISTS else ""), at)
    since, number = (correction.since, correction.number) if correction else (at, 0)
    return SourceRecord(MODERATION, after.id, after.id, MappingProxyType(claims), since, number)


def values_of(actor: Actor) -> dict[str, _Value]:
    values = {field: value for field in _VALUES if (value := getattr(actor, field))}
    values.update({f"{FACT_PREFIX}{name}": text for name, text in actor.facts.items() if text})
    return values


def merged(actor_id: str, source_records: Sequence[SourceRecord]) -> Actor | None:
    """Merges the claims of all sources into an actor; None when none claims a name."""
    correction = next((record for record in source_records if record.source == MODERATION), None)
    sources = sorted(
        (record for record in source_records if record.source != MODERATION),
        key=lambda record: record.number or float("inf"),
    )
    values: dict[str, _Value] = {}
    for record in sources:
        for field, claim in record.claims.items():
            if claim.value:
                values.setdefault(field, claim.value)
    describing = [record for record in sources if _text(record, "description")]
    values["description"] = _joined(_text(record, "description") for record in describing)
    if describing:
        values["lang"] = _text(describing[0], "lang") or "fr"
    for field in values:
        if field.startswith(FACT_PREFIX) and statement_kind(field.removeprefix(FACT_PREFIX)):
            values[field] = _joined(filter(None, (_text(record, field) for record in sources)))
    themes: dict[str, str] = {}
    for theme in chain(*(_list(record, "themes") for record in sources)):
        themes.setdefault(theme.casefold(), theme)
    values["themes"] = tuple(themes.values())
    for field in ("phone", "email"):
        values[field] = tuple(dict.fromkeys(chain(*(_list(record, field) for record in sources))))
    values["closed_on"] = _closed_on(sources)
    if correction:
        values.update({field: claim.value for field, claim in correction.claims.items()})
    if not values.get("name"):
        return None
    facts = {
        field.removeprefix(FACT_PREFIX): str(value)
        for field, value in values.items()
        if field.startswith(FACT_PREFIX) and value
    }
    told: dict[str, Any] = {field: values[field] for field in _VALUES if values.get(field)}
    return Actor(actor_id, facts=MappingProxyType(facts), **told)


def allowed(actor: Actor, choice: ContactChoice) -> Actor:
    unseen = [field for field in CONTACT_FIELDS if choice.of(field) is Visibility.NONE]
    empty: dict[str, Any] = {
        field: () if field in _LISTS else "" for field in unseen if getattr(actor, field)
    }
    return replace(actor, **empty) if empty else actor


def without_contacts(record: SourceRecord, unseen: Mapping[str, frozenset[str]]) -> SourceRecord:
    claims = {}
    for field, claim in record.claims.items():
        hidden, value = unseen.get(field, frozenset()), claim.value
        if isinstance(value, tuple):
            value = tuple(each for each in value if each not in hidden)
        elif value in hidden:
            value = ""
        if value or not claim.value:
            claims[field] = claim._replace(value=value)
    return replace(record, claims=MappingProxyType(claims))


def contacts_in(record: SourceRecord, field: str) -> frozenset[str]:
    return frozenset(_list(record, field) or filter(None, [_text(record, field)]))


def members_only(
    actor: Actor,
    source_records: Sequence[SourceRecord],
    choice_of: Callable[[str], ContactChoice],
    published: Collection[str] = (),
) -> frozenset[str]:
    """Returns the contacts that no source gives to the public; what none claims, a person typed.

    A correction publishes nothing that it has from a source, but in the fields `published`.
    """
    hidden: set[str] = set()
    for field in CONTACT_FIELDS:
        value = getattr(actor, field)
        values = {value} - {""} if isinstance(value, str) else set(value)
        restricted: set[str] = set()
        public: set[str] = set()
        for record in source_records:
            claimed = contacts_in(record, field)
            if choice_of(record.source).of(field) is not Visibility.PUBLIC:
                restricted |= claimed
            elif record.source != MODERATION:
                public |= claimed
        typed = choice_of(MODERATION).of(field) is not Visibility.PUBLIC
        unclaimed = values - restricted - public
        before = frozenset() if field in published else actor.members_only
        kept = unclaimed if typed else unclaimed & before
        hidden |= values & (restricted - public) | kept
    return frozenset(hidden)


def moved(record: SourceRecord, actor_id: str) -> SourceRecord:
    return replace(record, actor_id=actor_id, number=0)


def _text(record: SourceRecord, field: str) -> str:
    claim = record.claims.get(field)
    return claim.value if claim and isinstance(claim.value, str) else ""


def _list(record: SourceRecord, field: str) -> tuple[str, ...]:
    claim = record.claims.get(field)
    return claim.value if claim and isinstance(claim.value, tuple) else ()


def _joined(descriptions: Iterable[str]) -> str:
    """Joins the paragraphs of all descriptions that no other contains."""
    kept: list[str] = []
    for description in descriptions:
        if not kept:
            kept.append(description)
            continue
        for paragraph in description.split("\n\n"):
            is_known = any(_plain(paragraph) in _plain(other) for other in kept)
            rest = [other for other in kept if _plain(other) not in _plain(paragraph)]
            size = sum(len(other) + 2 for other in rest) + len(paragraph)
            if not is_known and size <= MAX_DESCRIPTION_CHARS:
                kept = [*rest, paragraph]
    return "\n\n".join(kept)


def _plain(text: str) -> str:
    return " ".join(fold(text).split())


def _closed_on(sources: Sequence[SourceRecord]) -> str:
    claims = [record.claims["closed_on"] for record in sources if "closed_on" in record.claims]
    opened = max((claim.at for claim in claims if not claim.value), default="")
    return next((str(claim.value) for claim in claims if claim.value and claim.at >= opened), "")
