"""Whom the routes are for that are no pages, and who asks. `test_doors` asks each as everyone."""

from collections.abc import Mapping

from kb.models import Kind
from tests.web.sample_base import AVEL

(
    STRANGER, DISABLED, OTHER_HOLDER, HOLDER, OTHER, CONTRIBUTOR, MODERATOR, ADMINISTRATOR
) = EVERYONE = (
    "a stranger", "a disabled account", "another holder", "a holder", "another contributor",
    "a contributor", "a moderator", "an administrator"
)  # fmt: skip
"""Who asks, from the least rights to the most.

The draft, the job and the notice are the contributor's, the organisation's page is the holder's.
The disabled account was an administrator's, and still has its cookies and its token. A token has
the rights of its account, and no others: there are no tokens with a scope of their own.
"""

TOKENS: Mapping[tuple[str, str], str] = {
    ("POST", "/api/contributions"): OTHER,
    ("GET", "/api/contributions"): OTHER,
    ("GET", "/api/contributions/{contribution_id}"): CONTRIBUTOR,
    ("PUT", "/api/contributions/{contribution_id}"): CONTRIBUTOR,
    ("POST", "/api/contributions/{contribution_id}/submit"): CONTRIBUTOR,
    ("POST", "/api/contributions/{contribution_id}/return"): MODERATOR,
    ("POST", "/api/contributions/{contribution_id}/reject"): MODERATOR,
    ("POST", "/api/contributions/{contribution_id}/publish"): MODERATOR,
    ("POST", "/api/directories"): MODERATOR,
    ("GET", "/api/sources"): MODERATOR,
    ("PUT", "/api/sources/{source:path}/contacts"): MODERATOR,
    ("POST", "/api/feeds"): OTHER,
    ("GET", "/api/jobs"): OTHER,
    ("GET", "/api/jobs/{job_id}"): CONTRIBUTOR,
    ("POST", "/api/jobs/{job_id}/cancel"): CONTRIBUTOR,
    ("GET", "/api/duplicates"): MODERATOR,
    ("POST", "/api/duplicates"): MODERATOR,
    ("POST", "/api/notices"): OTHER,
    **{
        (method, f"/api/{kind}s/{{record_id:path}}/{verb}"): MODERATOR
        for kind in Kind
        for method, verb in (
            ("GET", "history"),
            ("POST", "edit"),
            ("POST", "withdraw"),
            ("POST", "restore"),
            ("POST", "erase"),
        )
    },
}
"""The least of those whose token each route takes. Nothing else opens them, no cookie either."""

OPEN: Mapping[str, str] = {
    "/": "/",
    "/fr": "/fr",
    "/en": "/en",
    "/api/search": "/api/search?q=cirage",
    "/api/explain": f"/api/explain?q=cirage&actor={AVEL.id}",
    "/api/report": "/api/report?q=cirage",
    "/api/actors": "/api/actors",
    "/api/cases": "/api/cases",
    "/api/actors/{actor_id:path}": f"/api/actors/{AVEL.id}",
    "/api/cases/{case_id:path}": "/api/cases/angouleme",
    "/api/status": "/api/status",
    "/api/notices": "/api/notices",
    "/api/notices/{notice_id}": "/api/notices/NOTICE",
    "/api/suggestions": "/api/suggestions?q=cir",
    "/api/docs": "/api/docs",
    "/healthz": "/healthz",
    "/readyz": "/readyz",
    "/robots.txt": "/robots.txt",
    "/sitemap.xml": "/sitemap.xml",
    "/sitemap-{part}.xml": "/sitemap-1.xml",
    "/opensearch.xml": "/opensearch.xml",
    "/fr/opensearch.xml": "/fr/opensearch.xml",
    "/en/opensearch.xml": "/en/opensearch.xml",
    "/maps/outlines.json": "/maps/outlines.json",
    "/maps/towns.json": "/maps/towns.json",
    "/embed/v1/search": "/embed/v1/search?q=cirage",
    "/embed/v1/quisait.js": "/embed/v1/quisait.js",
    "/embed/v1/frame.js": "/embed/v1/frame.js",
    "/embed/v1/{build}.js": "/embed/v1/0000.js",
    "/embed/search": "/embed/search?q=cirage",
    "/mcp": "/mcp",
    "/identity.css": "/identity.css",
    "/media/{name}": "/media/0000.png",
}
"""What anyone may read, by route: an address of it."""

SENT = {("POST", "/embed/v1/counts"), ("POST", "/mcp")}
"""What programs send without an account: a count, and a message of an assistant."""

CLOSED = {"/metrics"}
"""What no role opens: it is for this machine, or for a token that the settings name."""
