"""Records as pages show them: contacts, sources, linked data, and what flags are about."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.fields import CONTACT_FIELDS
from kb.reference.visibility import Visibility
from kb.registers.accounts import Account
from kb.registers.holders import Flag, FlaggedKind
from kb.registers.records.sources import SourcedClaim
from kb.resolution.merge_rules import MODERATION
from kb.text.folding import fold
from kb.text.periods import schema_coverage
from kb.text.phone_numbers import dialling_region, numbers_in, shown_number
from web.http.urls import AbsoluteUrl, Address, Page, address, web_link

_ADDRESS = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")


@dataclass(frozen=True, slots=True)
class ContactText:
    text: str
    href: str = ""

    @property
    def is_phone(self) -> bool:
        return self.href.startswith("tel:")


@dataclass(frozen=True, slots=True)
class ShownContacts:
    """How an actor is reached, as far as the reader may see. `person` is a line in its parts."""

    phones: Sequence[ContactText]
    emails: Sequence[ContactText]
    street: str
    person: Sequence[ContactText]

    def __bool__(self) -> bool:
        return bool(self.phones or self.emails or self.street or self.person)


def as_seen_by(actor: Actor, account: Account | None) -> Actor:
    is_member = account is not None and account.is_member
    return replace(actor, members_only=frozenset()) if is_member else actor.public


def shown_to(actor: Actor, account: Account | None) -> ShownContacts:
    seen = as_seen_by(actor, account)
    region = dialling_region(actor.country, actor.department)
    return ShownContacts(
        phones=[ContactText(shown_number(each, region), f"tel:{each}") for each in seen.phone],
        emails=[ContactText(each, f"mailto:{quote(each, safe='@')}") for each in seen.email],
        street=with_town(seen),
        person=[_linked(part, region) for part in seen.contact.split(", ") if part],
    )


def with_town(actor: Actor) -> str:
    if not actor.address or fold(actor.place) in fold(actor.address):
        return actor.address
    return f"{actor.address} {actor.place}"


def _linked(part: str, region: str) -> ContactText:
    if _ADDRESS.fullmatch(part):
        return ContactText(part, f"mailto:{quote(part, safe='@')}")
    found = numbers_in(part, region).kept if any(map(str.isdigit, part)) else ()
    if len(found) == 1 and shown_number(found[0], region) == part:
        return ContactText(part, f"tel:{found[0]}")
    return ContactText(part)


def contact_filters() -> Mapping[str, Callable[..., object]]:
    return {"contacts_shown_to": shown_to}


_FACT = "fact:"


@dataclass(frozen=True, slots=True)
class Source:
    """The claims of one source about an actor. `is_moderation`: they are a moderator's."""

    name: str
    claims: Sequence[SourcedClaim]
    is_moderation: bool

    @property
    def latest(self) -> str:
        return max(claim.claimed_at for claim in self.claims)


def claims_by_source(
    knowledge_base: KnowledgeBase, actor: Actor, *, for_members: bool = False
) -> list[Source]:
    by_source: dict[str, list[SourcedClaim]] = {}
    for claim in knowledge_base.claims.of(actor.id):
        if claim.field in CONTACT_FIELDS and not for_members:
            choice = knowledge_base.contact_choices.of(claim.source)
            is_hidden = any(value in claim.value for value in actor.members_only)
            if is_hidden or choice.of(claim.field) is not Visibility.PUBLIC:
                continue
        if claim.source and claim.field != "id":
            by_source.setdefault(claim.source, []).append(claim)
    return [Source(name, claims, name == MODERATION) for name, claims in by_source.items()]


def fact_name(field: str) -> str:
    return field.removeprefix(_FACT) if field.startswith(_FACT) else ""


@dataclass(frozen=True, slots=True)
class ShownCompetence:
    case: Case
    participation: Participation
    position: int


def shown_competences(
    knowledge_base: KnowledgeBase, actor_id: str, lang: str
) -> list[ShownCompetence]:
    """Returns the actor's parts in cases, latest case first, in `lang` where it has an edition."""
    return [
        ShownCompetence(case, participation, position)
        for case in knowledge_base.cases_of(actor_id, lang)
        for position, participation in enumerate(case.participants)
        if participation.actor_id == actor_id
    ]


Description = Mapping[str, Any]


def website(name: str, absolute_url: AbsoluteUrl) -> Description:
    search = f"{absolute_url(address('search'))}?q={{search_term_string}}"
    return {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": name,
        "url": absolute_url(address("home")),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": search},
            "query-input": "required name=search_term_string",
        },
    }


def organization(actor: Actor, absolute_url: AbsoluteUrl) -> Description:
    actor = actor.public
    place = {
        "streetAddress": actor.address,
        "addressLocality": actor.place,
        "addressCountry": actor.country,
    }
    siret = {"@type": "PropertyValue", "propertyID": "SIRET", "value": actor.siret}
    return {"@context": "https://schema.org", "@type": "Organization"} | _without_empty(
        name=actor.name,
        description=actor.description,
        url=web_link(actor.website),
        telephone=[number.partition(";")[0] for number in actor.phone],
        email=list(actor.email),
        mainEntityOfPage=absolute_url(address("actor", actor.id)),
        address={"@type": "PostalAddress"} | _without_empty(**place) if any(place.values()) else "",
        identifier=siret if actor.siret else "",
        knowsAbout=list(actor.themes),
        subjectOf=web_link(actor.source_url),
    )


def article(case: Case, absolute_url: AbsoluteUrl) -> Description:
    return {"@context": "https://schema.org", "@type": "Article"} | _without_empty(
        headline=case.title,
        inLanguage=case.lang,
        author=case.author,
        editor=case.moderator,
        datePublished=case.date,
        dateModified=case.modified,
        temporalCoverage=schema_coverage(case.period) if case.period else "",
        about=case.need,
        keywords=list(case.themes),
        url=absolute_url(address("case", case.id)),
        isBasedOn=web_link(case.source_url),
        mentions=[
            {"@type": "Organization"}
            | _without_empty(
                name=participant.name,
                url=participant.actor_id and absolute_url(address("actor", participant.actor_id)),
            )
            for participant in case.participants
        ],
    )


def as_script_content(description: Description) -> Markup:
    """Returns a description as JSON that is safe in a `<script>`: without `<`, `>` or `&`."""
    text = json.dumps(description, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 (inside a script element the three above are all that counts)


def _without_empty(**properties: Any) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value}


@dataclass(frozen=True, slots=True)
class FlaggedPage:
    """A page with its title, in the language `lang`. `page` is None where it is gone."""

    title: str
    lang: str
    page: Address | None


def flagged_page(base: KnowledgeBase, kind: str, id: str) -> FlaggedPage:
    if kind == FlaggedKind.ACTOR:
        return FlaggedPage(base.actor(id).name, "", address(Page.ACTOR, id))
    if kind == FlaggedKind.CASE:
        case = base.case(id)
        return FlaggedPage(case.title, case.lang, address(Page.CASE, id))
    if kind == FlaggedKind.NOTICE and (notice := base.notices.get(id)).is_public:
        return FlaggedPage(notice.content.title, notice.content.lang, address(Page.NOTICE, id))
    raise UnknownRecord(f"There is no page of {kind!r} with the id {id!r}.")


def page_of_flag(base: KnowledgeBase, flag: Flag) -> FlaggedPage:
    try:
        return flagged_page(base, flag.kind, flag.record_id)
    except UnknownRecord:
        return FlaggedPage(flag.record_id, "", None)
