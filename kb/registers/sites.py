"""Sites: the networks' own sites that may show the search, and how much each is used, by day.

A site's key is public: what guards a site is the list of origins that may show it.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from operator import add

from pydantic_core import Url

from kb.errors import InputError
from kb.reference.departments import department_code
from kb.registers.clock import day, now
from kb.registers.register import Register, as_json, find, known
from kb.store.store import Store
from kb.text.folding import fold

KEY_PREFIX = "qss_"  # a key is public, in the pages of its site: it is no secret
KEY_CHARS = len(KEY_PREFIX) + 16
DEFAULT_PER_DAY = 20_000
MAX_PER_DAY = 100_000_000
MAX_NAME_CHARS = 80
MAX_THEME_CHARS = 200
MAX_ORIGINS = 20
SHOWN_DAYS = 30  # count of days for which the use of a site is shown, with today


@dataclass(frozen=True, slots=True)
class Site:
    key: str
    name: str
    origins: tuple[str, ...]  # as browsers write them: scheme://host, and a port unless usual
    department: str  # the code of a department; empty for all of them
    theme: str  # as the base writes it, where it has it; empty for all of them
    per_day: int  # most searches in a day, at least 1
    created_at: str
    disabled: bool

    @property
    def without_frame(self) -> tuple[str, ...]:
        """Returns the origins that can show no frame: policies name no `_` or IPv6."""
        return tuple(origin for origin in self.origins if {"_", "["} & set(origin))


@dataclass(frozen=True, slots=True)
class SiteCounts:
    requests: int = 0  # of a search, at pauses in typing too; `Site.per_day` bounds these
    searches: int = 0  # the searches that stayed for a while, or were submitted
    empty: int = 0  # the `searches` without a hit that fits
    selections: int = 0  # the results that were opened

    def __add__(self, other: "SiteCounts") -> "SiteCounts":
        return SiteCounts(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class SiteUse:
    today: SiteCounts
    lately: SiteCounts


class Sites(Register):
    """The register of sites; an unknown key raises `UnknownRecord`."""

    def add(
        self,
        name: str,
        origins: Iterable[str],
        *,
        department: str = "",
        theme: str = "",
        per_day: int = DEFAULT_PER_DAY,
    ) -> Site:
        key = KEY_PREFIX + secrets.token_urlsafe(12)
        with self._stores.lend() as store:
            row = _row(store, name, origins, department, theme, per_day)
            with store.writing():
                store.insert("sites", {"key": key, **row, "created_at": now(), "disabled_at": ""})
            return _known(store, key)

    def get(self, key: str) -> Site:
        with self._stores.lend() as store:
            return _known(store, key)

    def list(self) -> Sequence[Site]:
        sites = self._read(Site, _SELECT)
        return sorted(sites, key=lambda site: (fold(site.name), site.name, site.key))

    def change(
        self,
        key: str,
        *,
        name: str,
        origins: Iterable[str],
        department: str,
        theme: str,
        per_day: int,
    ) -> Site:
        with self._stores.lend() as store:
            _known(store, key)
            row = _row(store, name, origins, department, theme, per_day)
        return self._update(key, row)

    def disable(self, key: str) -> Site:
        return self._update(key, {"disabled_at": now()})

    def enable(self, key: str) -> Site:
        return self._update(key, {"disabled_at": ""})

    def delete(self, key: str) -> None:
        with self._writing() as store:
            _known(store, key)
            store.execute("delete from site_counts where key = ?", [key])
            store.execute("delete from sites where key = ?", [key])

    def count(self, day: str, counts: Mapping[str, SiteCounts]) -> None:
        """Adds to the counts of sites, by key, of a day in UTC; ignores unknown keys."""
        rows = [(day, *astuple(more), key) for key, more in counts.items() if more != SiteCounts()]
        if not rows:
            return
        with self._writing() as store:
            store.executemany(
                "insert into site_counts (key, day, requests, searches, empty, selections)"
                " select key, ?, ?, ?, ?, ? from sites where key = ?"
                " on conflict (key, day) do update set"
                " requests = site_counts.requests + excluded.requests,"
                " searches = site_counts.searches + excluded.searches,"
                " empty = site_counts.empty + excluded.empty,"
                " selections = site_counts.selections + excluded.selections",
                rows,
            )

    def counts(self, key: str, *, since: str = "") -> Sequence[tuple[str, SiteCounts]]:
        self.get(key)
        rows = self._rows(
            "select day, requests, searches, empty, selections from site_counts"
            " where key = ? and day >= ? order by day desc",
            [key, since],
        )
        return [(day, SiteCounts(*counted)) for day, *counted in rows]

    def use(self, key: str) -> SiteUse:
        counts = dict(self.counts(key, since=day(SHOWN_DAYS - 1)))
        return SiteUse(counts.get(day(0), SiteCounts()), sum(counts.values(), SiteCounts()))

    def _update(self, key: str, values: Mapping[str, str | int]) -> Site:
        with self._writing() as store:
            _known(store, key)
            store.update("sites", {"key": key}, values)
            return _known(store, key)


_SELECT = "select *, disabled_at != '' as disabled from sites"


def _known(store: Store, key: str) -> Site:
    site = find(store, Site, f"{_SELECT} where key = ?", [key])
    return known(site, f"There is no site with the key {key!r}.")


def _row(
    store: Store, name: str, origins: Iterable[str], department: str, theme: str, per_day: int
) -> dict[str, str | int]:
    name, theme = (" ".join(unicodedata.normalize("NFKC", text).split()) for text in (name, theme))
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise InputError("site_name", "name", most=MAX_NAME_CHARS)
    checked = list(dict.fromkeys(origin_of(origin) for origin in origins if origin.strip()))
    if not checked:
        raise InputError("no_origin", "origins")
    if len(checked) > MAX_ORIGINS:
        raise InputError("many_origins", "origins", most=MAX_ORIGINS)
    try:
        department = department_code(department)
    except ValueError as error:
        raise InputError("unknown_department", "department", reason=str(error)) from None
    if len(theme) > MAX_THEME_CHARS or not theme.isprintable():
        raise InputError("site_theme", "theme", most=MAX_THEME_CHARS)
    if not 1 <= per_day <= MAX_PER_DAY:
        raise InputError("site_per_day", "per_day", most=MAX_PER_DAY)
    if theme:  # as the base usually writes it
        theme = next((each for each, _, _ in store.themes() if fold(each) == fold(theme)), theme)
    row = {"name": name, "origins": as_json(checked), "department": department, "theme": theme}
    return {**row, "per_day": per_day}


_PORTS: Mapping[str, int] = {"http": 80, "https": 443}  # that browsers leave out
# What may stand in a policy of browsers without being read as more of it.
_HOST = re.compile(r"(?=.{1,254}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[[0-9a-f:]+\]")


def origin_of(text: str) -> str:
    """Returns the origin that a text names, as browsers write it (https://url.spec.whatwg.org/)."""
    given = text.strip()
    if not given.lower().startswith(("http://", "https://")):
        raise InputError("origin_scheme", "origins", given=given)
    try:
        url = Url(given)
    except ValueError:
        url = None
    if not url or not url.host or not _HOST.fullmatch(url.host):
        raise InputError("origin_host", "origins", given=given)
    if url.username or url.password:
        raise InputError("origin_credentials", "origins", given=given)
    port = "" if url.port == _PORTS[url.scheme] else f":{url.port}"
    origin = f"{url.scheme}://{url.host}{port}"
    if url.path != "/" or url.query is not None or url.fragment is not None:
        raise InputError("origin_page", "origins", given=given, instead=origin)
    return origin
