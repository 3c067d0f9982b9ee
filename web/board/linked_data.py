"""Descriptions of notices for search engines: schema.org's Demand and Offer."""

from collections.abc import Mapping
from typing import Any

from kb.reference.departments import NAMES
from kb.reference.flows import Flow
from kb.registers.board.notice import Notice
from web.http.urls import AbsoluteUrl, Page, address


def notice(notice: Notice, absolute_url: AbsoluteUrl) -> Mapping[str, Any]:
    """Describes a notice with the contact that everybody may see; who posted it is not told."""
    content = notice.content
    contact = content.contact_shown(to_member=False)
    place = ", ".join(filter(None, (content.place, NAMES.get(content.department, ""))))
    organisation = {
        "name": content.asker,
        "email" if "@" in contact else "telephone": contact,
    }
    described = {
        "name": content.title,
        "description": content.text,
        "url": absolute_url(address(Page.NOTICE, notice.id)),
        "availabilityStarts": notice.published_at[:10],
        "availabilityEnds": content.until,
        "areaServed": place,
        "seller" if content.flow is not Flow.SEEKS else "buyer": {
            "@type": "Organization",
            **{name: value for name, value in organisation.items() if value},
        }
        if content.asker
        else "",
    }
    return {
        "@context": "https://schema.org",
        "@type": "Demand" if content.flow is Flow.SEEKS else "Offer",
        **{name: value for name, value in described.items() if value},
    }
