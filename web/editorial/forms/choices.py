"""What a form offers to choose from: languages, roles, actors by their ids or names, readers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ingest.records.fields import folded
from kb.errors import QueryError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor, Kind
from kb.reference.flows import Flow
from kb.reference.roles import Role
from kb.reference.visibility import ContactChoice, Visibility
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
