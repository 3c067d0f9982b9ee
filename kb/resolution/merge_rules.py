"""One actor once: what several sources tell of a firm, made one record.

Each source is a teller, and tells under an id of its own. The record is what the tellers say
together, by one rule:

- a moderator's word wins, fact by fact;
- else the teller who came first keeps each field, and the others fill what is empty;
- themes and facts are united, descriptions joined, each paragraph once;
- an actor is closed when a teller says so, unless one has said since that it is open.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

from kb.models import Actor
from kb.text.analysis import fold

MODERATION = "moderation"
"""The source of what a moderator said."""
UNNAMED = ""
"""The source of what was known of an actor before any source was named."""
FACT_PREFIX = "fact:"
MAX_DESCRIPTION_CHARS = 20_000

_SCALARS = (
    "name",
    "place",
    "department",
    "country",
    "activity_code",
    "siret",
    "website",
    "source_url",
)
_Value = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a source tells of an actor, under the source's own id.

    `is_open`: it says in so many words that the actor is not closed.
    """

    actor: Actor
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and since when its source says so. Of a moderator, an empty one counts as well."""

    value: _Value
    at: str


@dataclass(frozen=True, slots=True)
class Teller:
    """What one source says of an actor under one id (`key`), by field of `Actor`.

    A fact's field is its name after `FACT_PREFIX`. `number` orders tellers as they came.
    """

    source: str
    key: str
    actor_id: str
    said: Mapping[str, Said]
    since: str
    number: int = 0


def told_by(
    source: str, told: Told, actor_id: str, at: str, before: Teller | None = None
) -> Teller:
    """The teller as it speaks now. What it said `before` and says still keeps its date."""
    known = before.said if before else {}
    values = values_of(told.actor)
    if told.is_open:
        values["closed_on"] = ""
    elif "closed_on" not in values and "closed_on" in known:
        values["closed_on"] = ""  # it no longer says "closed"
    said = {
        field: known[field] if field in known and known[field].value == value else Said(value, at)
        for field, value in values.items()
    }
    return Teller(
        source=source,
        key=told.actor.id,
        actor_id=actor_id,
        said=MappingProxyType(said),
        since=before.since if before else at,
        number=before.number if before else 0,
    )


def corrected_by_moderator(
    before: Actor | None, after: Actor, at: str, word: Teller | None = None
) -> Teller:
    """A moderator's word, with what makes the record `before` the record `after`."""
    was = values_of(before) if before else {}
    now = values_of(after)
    said = dict(word.said) if word else {}
    for field in sorted(was.keys() | now.keys()):
        if was.get(field, "") != now.get(field, ""):
            said[field] = Said(now.get(field, () if field == "themes" else ""), at)
    return Teller(
        source=MODERATION,
        key=after.id,
        actor_id=after.id,
        said=MappingProxyType(said),
        since=word.since if word else at,
        number=word.number if word else 0,
    )


def values_of(actor: Actor) -> dict[str, _Value]:
    """What is known of an actor, by field; what is empty is left out."""
    values = {
        field.name: getattr(actor, field.name)
        for field in fields(actor)
        if field.name not in {"id", "facts"} and getattr(actor, field.name)
    }
    values.update({f"{FACT_PREFIX}{name}": text for name, text in actor.facts.items() if text})
    return values


def combined(actor_id: str, tellers: Sequence[Teller]) -> Actor | None:
    """The record that the tellers give together; None when none of them gives a name."""
    word = next((teller for teller in tellers if teller.source == MODERATION), None)
    corrections = {field: said.value for field, said in word.said.items()} if word else {}
    sources = sorted(
        (teller for teller in tellers if teller.source != MODERATION),
        key=lambda teller: teller.number or float("inf"),
    )
    values: dict[str, _Value] = {}
    for teller in sources:
        for field, said in teller.said.items():
            if said.value:
                values.setdefault(field, said.value)
    told_description = [teller for teller in sources if _text(teller, "description")]
    values["description"] = _joined(_text(teller, "description") for teller in told_description)
    if told_description:
        values["lang"] = _text(told_description[0], "lang") or "fr"
    values["themes"] = _united(
        theme for teller in sources for theme in _themes(teller.said.get("themes"))
    )
    values["closed_on"] = _closed_on(sources)
    values.update(corrections)
    if not values.get("name"):
        return None
    themes = values.pop("themes")
    facts = {
        field.removeprefix(FACT_PREFIX): str(value)
        for field, value in values.items()
        if field.startswith(FACT_PREFIX) and value
    }
    return Actor(
        id=actor_id,
        name=str(values["name"]),
        description=str(values["description"]),
        lang=str(values.get("lang") or "fr"),
        themes=themes if isinstance(themes, tuple) else (),
        closed_on=str(values["closed_on"]),
        facts=MappingProxyType(facts),
        **{field: str(values.get(field, "")) for field in _SCALARS if field != "name"},
    )


def moved(teller: Teller, actor_id: str) -> Teller:
    """The teller as one of another actor, whom it joins as the last."""
    return replace(teller, actor_id=actor_id, number=0)


def _text(teller: Teller, field: str) -> str:
    said = teller.said.get(field)
    return said.value if said and isinstance(said.value, str) else ""


def _themes(said: Said | None) -> tuple[str, ...]:
    return said.value if said and isinstance(said.value, tuple) else ()


def _united(themes: Iterable[str]) -> tuple[str, ...]:
    """The themes, each once whatever its case."""
    by_key: dict[str, str] = {}
    for theme in themes:
        by_key.setdefault(theme.casefold(), theme)
    return tuple(by_key.values())


def _joined(descriptions: Iterable[str]) -> str:
    """The descriptions as paragraphs of one, without those that another one contains."""
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


def _closed_on(tellers: Sequence[Teller]) -> str:
    said = [teller.said["closed_on"] for teller in tellers if "closed_on" in teller.said]
    opened = max((one.at for one in said if not one.value), default="")
    return next((str(one.value) for one in said if one.value and one.at >= opened), "")
