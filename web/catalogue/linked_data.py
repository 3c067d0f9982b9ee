"""Descriptions of pages for search engines: schema.org as JSON-LD."""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from kb.models import Actor, Case
from kb.text.periods import schema_coverage
from web.http.urls import AbsoluteUrl, address, web_link

Description = Mapping[str, Any]


def website(name: str, absolute_url: AbsoluteUrl) -> Description:
    """Describes the site and how to search it."""
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
    """Describes an actor, with the contacts of it that are public."""
    actor = actor.public
    place = {
        "streetAddress": actor.address,
        "addressLocality": actor.place,
        "addressCountry": actor.country,
    }
    siret = {"@type": "PropertyValue", "propertyID": "SIRET", "value": actor.siret}
    return {
        "@context": "https://schema.org",
        "@type": "Organization",
    } | _without_empty(
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
    return {
        "@context": "https://schema.org",
        "@type": "Article",
    } | _without_empty(
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
