"""Sites that may show the search: their origins as browsers write them, and what is counted."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.registers.sites import (
    KEY_CHARS,
    KEY_PREFIX,
    MAX_PER_DAY,
    Site,
    SiteCounts,
    Sites,
    SiteUse,
    origin_of,
)

ORIGIN = "https://www.reseau.example"


@pytest.fixture
def sites(base: KnowledgeBase) -> Sites:
    return base.sites


@pytest.fixture
def network(sites: Sites) -> Site:
    return sites.add("Réseau de l’Angoumois", [ORIGIN])


def changed(sites: Sites, site: Site, **values: object) -> Site:
    """The site with some of its values changed, the others as they are."""
    names = ("name", "origins", "department", "theme", "per_day")
    return sites.change(site.key, **{name: getattr(site, name) for name in names} | values)


def test_a_site_is_kept_as_it_was_added(sites: Sites) -> None:
    site = sites.add(
        " Réseau\n de l’Angoumois ",
        [ORIGIN + "/", "", "HTTP://localhost:8080"],
        department="Charente",
        theme=" Cuir  et chaussure",
        per_day=500,
    )
    assert site == sites.get(site.key)
    assert site == Site(
        key=site.key,
        name="Réseau de l’Angoumois",
        origins=(ORIGIN, "http://localhost:8080"),
        department="16",
        theme="Cuir et chaussure",
        per_day=500,
        created_at=site.created_at,
        disabled=False,
    )
    assert re.fullmatch(KEY_PREFIX + "[A-Za-z0-9_-]{16}", site.key)
    assert len(site.key) == KEY_CHARS


def test_an_origin_is_written_as_browsers_write_it() -> None:
    for written, origin in {
        "  HTTPS://WWW.Reseau.EXAMPLE/ ": "https://www.reseau.example",
        "https://reseau.example:443": "https://reseau.example",
        "http://reseau.example:443": "http://reseau.example:443",
        "https://reseau.example:08443": "https://reseau.example:8443",
        "https://Re\u0301seau.example": "https://xn--rseau-bsa.example",
        "https://ｒｅｓｅａｕ。example": "https://reseau.example",
        "https://mon_site.example": "https://mon_site.example",
        "http://127.0.0.1": "http://127.0.0.1",
        "https://[2001:DB8:0:0::1]:443": "https://[2001:db8::1]",
        "http://[::1]:8080/": "http://[::1]:8080",
        # Browsers take these two for different sites.
        "https://reseau.example.": "https://reseau.example.",
    }.items():
        assert origin_of(written) == origin
        assert origin_of(origin) == origin


def test_what_is_no_origin_is_refused(sites: Sites) -> None:
    for written, reason in {
        "Null": "scheme",
        "https://*.reseau.example": "host",
        "www.reseau.example": "scheme",
        "localhost:3000": "scheme",
        "mailto:lea@reseau.example": "scheme",
        "javascript:alert(1)": "scheme",
        "https://": "host",
        "https://a..example": "host",
        "https://a.example;script-src": "host",
        "https://a.example, https://b.example": "host",
        "https://a\x00.example": "host",
        f"https://{'a' * 64}.example": "host",
        f"https://{'a.' * 130}example": "host",
        "https://1.2.3.256": "host",
        "https://[::1": "host",
        "https://www.reseau.example:65536": "host",
        "https://www.reseau.example:http": "host",
        "https://lea:secret@www.reseau.example/": "credentials",
        "https://www.reseau.example/page": "page",
        "https://www.reseau.example?page=1": "page",
        "https://www.reseau.example/#contact": "page",
    }.items():
        with pytest.raises(InputError) as refused:
            sites.add("Réseau", [ORIGIN, written])
        assert refused.value.code == f"origin_{reason}"
        assert "\n" not in str(refused.value)
    assert sites.list() == []


def test_a_frame_cannot_be_shown_where_no_policy_can_name_the_origin(sites: Sites) -> None:
    without = ("https://mon_site.example", "http://[::1]:8080")
    site = sites.add("Réseau", [ORIGIN, *without, "http://localhost:3000", "http://127.0.0.1"])
    assert site.without_frame == without


def test_a_value_that_cannot_be_used_is_refused_and_changes_nothing(
    sites: Sites, network: Site
) -> None:
    refusals: list[tuple[dict[str, object], str]] = [
        ({"name": " \n"}, "site_name"),
        ({"name": "a\u202eb"}, "site_name"),
        ({"name": "x" * 81}, "site_name"),
        ({"department": "99"}, "unknown_department"),
        ({"department": "Cognac"}, "unknown_department"),
        ({"theme": "x" * 201}, "site_theme"),
        ({"per_day": 0}, "site_per_day"),
        ({"per_day": MAX_PER_DAY + 1}, "site_per_day"),
        ({"origins": []}, "no_origin"),
        ({"origins": [f"https://{n}.example" for n in range(21)]}, "many_origins"),
    ]
    for values, reason in refusals:
        with pytest.raises(InputError) as refused:
            changed(sites, network, **values)
        assert refused.value.code == reason
    assert sites.list() == [network]


def test_a_theme_is_written_as_the_base_writes_it(base: KnowledgeBase) -> None:
    base.put([Actor(id="avel", name="Avel", themes=("Cuir et chaussure",))])
    assert (
        base.sites.add("Réseau", [ORIGIN], theme="CUIR ET CHAUSSURE").theme == "Cuir et chaussure"
    )
    assert base.sites.add("Réseau", [ORIGIN], theme="Verre").theme == "Verre"


def test_a_site_is_changed_switched_off_and_on_and_keeps_its_key(
    sites: Sites, network: Site
) -> None:
    other = changed(sites, network, name="Autre", origins=["https://b.example"], per_day=1)
    assert other == sites.get(network.key)
    assert (other.name, other.origins, other.per_day) == ("Autre", ("https://b.example",), 1)
    assert (other.key, other.created_at) == (network.key, network.created_at)
    assert sites.disable(network.key).disabled
    assert changed(sites, other, name="Encore").disabled
    assert not sites.enable(network.key).disabled


def test_an_unknown_site_is_reported(sites: Sites, network: Site) -> None:
    for asked in (
        sites.get,
        sites.disable,
        sites.enable,
        sites.delete,
        sites.counts,
        sites.use,
        lambda key: sites.change(
            key, name="x", origins=[ORIGIN], department="", theme="", per_day=1
        ),
    ):
        with pytest.raises(UnknownRecord, match="no site with the key 'qss_x'"):
            asked("qss_x")
    assert sites.list() == [network]


# What is counted


def test_counts_of_a_day_add_up(sites: Sites, network: Site) -> None:
    other = sites.add("Autre", [ORIGIN])
    sites.count("2026-07-01", {network.key: SiteCounts(5, 3, 1, 2), other.key: SiteCounts(1)})
    sites.count("2026-07-01", {network.key: SiteCounts(requests=2, selections=1)})
    sites.count("2026-07-02", {network.key: SiteCounts(1, 1, 1, 0), other.key: SiteCounts()})
    first, second = SiteCounts(7, 3, 1, 3), SiteCounts(1, 1, 1, 0)
    assert sites.counts(network.key) == [("2026-07-02", second), ("2026-07-01", first)]
    assert sites.counts(network.key, since="2026-07-02") == [("2026-07-02", second)]
    assert sites.counts(network.key, since="2026-07-03") == []
    assert sites.counts(other.key) == [("2026-07-01", SiteCounts(1))]
    assert sum((counts for _, counts in sites.counts(network.key)), SiteCounts()) == SiteCounts(
        8, 4, 2, 3
    )


def test_the_use_of_a_site_is_that_of_today_and_of_thirty_days(sites: Sites, network: Site) -> None:
    today = datetime.now(UTC).date()
    for days, requests in ((0, 1), (1, 10), (29, 100), (30, 1000)):
        day = (today - timedelta(days=days)).isoformat()
        sites.count(day, {network.key: SiteCounts(requests, 1, 0, 0)})
    assert sites.use(network.key) == SiteUse(SiteCounts(1, 1), SiteCounts(111, 3))
    assert sites.use(sites.add("Autre", [ORIGIN]).key) == SiteUse(SiteCounts(), SiteCounts())


def test_a_site_that_was_deleted_takes_its_counts_along_and_is_counted_no_more(
    sites: Sites, network: Site, base: KnowledgeBase
) -> None:
    other = sites.add("Autre", [ORIGIN])
    sites.count("2026-07-01", {network.key: SiteCounts(1), other.key: SiteCounts(1)})
    sites.delete(network.key)
    sites.count(
        "2026-07-01", {network.key: SiteCounts(1), other.key: SiteCounts(1), "": SiteCounts(1)}
    )
    assert sites.list() == [other]
    with base._stores.lend() as connection:
        rows = connection.execute("select key, day, requests from site_counts").fetchall()
    assert list(map(tuple, rows)) == [(other.key, "2026-07-01", 2)]


# The base
