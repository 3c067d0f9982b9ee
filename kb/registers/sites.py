"""Sites: the networks' own sites that may show the search, and how much each is used.

Only numbers by day are kept of their searches, nothing of the person or the query. A site's key is
public: what guards a site is the list of origins that may show it.
"""

import json
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from operator import add

from kb.errors import SiteError, UnknownRecord
from kb.reference.departments import department_code
from kb.registers.clock import before, now
from kb.registers.origins import can_be_framed, origin_of
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store
from kb.text.folding import fold

KEY_PREFIX = "qss_"
"""The beginning of keys. A key is public, in the pages of its site: it is no secret."""

KEY_CHARS = len(KEY_PREFIX) + 16
"""Characters of a key."""

DEFAULT_PER_DAY = 20_000
MAX_PER_DAY = 100_000_000
MAX_NAME_CHARS = 80
MAX_THEME_CHARS = 200
MAX_ORIGINS = 20

SHOWN_DAYS = 30
"""Count of days for which the use of a site is shown, with today."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site that may show the search, with the filters that searches begin with there."""

    key: str
    name: str
    origins: tuple[str, ...]
    """As a browser's header `Origin` writes them: scheme://host, and a port unless it is usual."""
    department: str
    """The code of a department; empty for all of them."""
    theme: str
    """As the base writes it, where it has it; empty for all of them."""
    per_day: int
    """Most searches in a day, at least 1."""
    created_at: str
    disabled: bool

    @property
    def without_frame(self) -> tuple[str, ...]:
        """The `origins` where the widget can be shown, but no frame (`can_be_framed`)."""
        return tuple(origin for origin in self.origins if not can_be_framed(origin))


@dataclass(frozen=True, slots=True)
class SiteCounts:
    """Counts of the use of a site."""

    requests: int = 0
    """All requests of a search, also those at a pause in typing; `Site.per_day` bounds these."""
    searches: int = 0
    """The searches that stayed for a while, or were submitted."""
    empty: int = 0
    """The `searches` without a hit that fits."""
    selections: int = 0
    """The results that were opened."""

    def __add__(self, other: "SiteCounts") -> "SiteCounts":
        return SiteCounts(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class SiteUse:
    """The use of a site today, and in the last `SHOWN_DAYS` days with today, in UTC."""

    today: SiteCounts
    lately: SiteCounts


class Sites:
    """The register of sites. Sites may share a name, or an origin.

    Changes raise `ReadOnlyKnowledgeBase` if the base cannot be written, and methods that take a
    key raise `UnknownRecord` if no site has it.
    """

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(
        self,
        name: str,
        origins: Iterable[str],
        *,
        department: str = "",
        theme: str = "",
        per_day: int = DEFAULT_PER_DAY,
    ) -> Site:
        """Makes a site, with a new key.

        Raises:
            SiteError: a value cannot be used.
        """
        key = KEY_PREFIX + secrets.token_urlsafe(12)
        with self._stores.lend() as store:
            row = _row(store, name, origins, department, theme, per_day)
            with store.writing():
                store.insert("sites", {"key": key, **row, "created_at": now(), "disabled_at": ""})
            return _site(_known(store, key))

    def get(self, key: str) -> Site:
        """The site with this key, or `UnknownRecord`."""
        with self._stores.lend() as store:
            return _site(_known(store, key))

    def list(self) -> Sequence[Site]:
        """Every site, in the order of their names, whatever their case and accents."""
        with self._stores.lend() as store:
            rows = store.execute("select * from sites").fetchall()
        return sorted(map(_site, rows), key=lambda site: (fold(site.name), site.name, site.key))

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
        """Gives a site these values; its key and its counts stay.

        Raises:
            SiteError: a value cannot be used.
        """
        with self._stores.lend() as store:
            _known(store, key)
            row = _row(store, name, origins, department, theme, per_day)
        return self._update(key, row)

    def disable(self, key: str) -> Site:
        """Lets a site show the search no more. It keeps its key and its counts."""
        return self._update(key, {"disabled_at": now()})

    def enable(self, key: str) -> Site:
        """Lets a site show the search again."""
        return self._update(key, {"disabled_at": ""})

    def delete(self, key: str) -> None:
        """Deletes a site and its counts."""
        with self._stores.lend() as store, store.writing():
            _known(store, key)
            store.execute("delete from site_counts where key = ?", [key])
            store.execute("delete from sites where key = ?", [key])

    def count(self, day: str, counts: Mapping[str, SiteCounts]) -> None:
        """Adds to the counts of sites on a day, in one transaction; `counts` are by key.

        Keys of deleted sites are left out.

        Args:
            day: an ISO date, in UTC.
            counts: what to add to the counts of that day.
        """
        rows = [(day, *astuple(more), key) for key, more in counts.items() if more != SiteCounts()]
        if not rows:
            return
        with self._stores.lend() as store, store.writing():
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
        """Returns the use of a site by day, the newest first; days without any are left out.

        Args:
            key: which site.
            since: the first day, an ISO date in UTC; empty for all there are.
        """
        with self._stores.lend() as store:
            _known(store, key)
            rows = store.execute(
                "select * from site_counts where key = ? and day >= ? order by day desc",
                [key, since],
            ).fetchall()
        return [(row["day"], dataclass_of(SiteCounts, row)) for row in rows]

    def use(self, key: str) -> SiteUse:
        """Returns the recent use of a site, or raises `UnknownRecord`."""
        today = now()[:10]
        since = before((SHOWN_DAYS - 1) * 24 * 60 * 60)[:10]
        counts = dict(self.counts(key, since=since))
        return SiteUse(
            today=counts.get(today, SiteCounts()), lately=sum(counts.values(), SiteCounts())
        )

    def _update(self, key: str, values: Mapping[str, str | int]) -> Site:
        with self._stores.lend() as store, store.writing():
            _known(store, key)
            store.update("sites", {"key": key}, values)
            return _site(_known(store, key))


def _in_one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _row(
    store: Store, name: str, origins: Iterable[str], department: str, theme: str, per_day: int
) -> dict[str, str | int]:
    """The columns of a site with these values, its theme as the base usually writes it.

    Raises:
        SiteError: a value cannot be used.
    """
    name, theme = _in_one_line(name), _in_one_line(theme)
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise SiteError("site_name", "name", most=MAX_NAME_CHARS)
    checked = list(dict.fromkeys(origin_of(origin) for origin in origins if origin.strip()))
    if not checked:
        raise SiteError("no_origin", "origins")
    if len(checked) > MAX_ORIGINS:
        raise SiteError("many_origins", "origins", most=MAX_ORIGINS)
    try:
        department = department_code(department)
    except ValueError as error:
        raise SiteError("unknown_department", "department", reason=str(error)) from None
    if len(theme) > MAX_THEME_CHARS or not theme.isprintable():
        raise SiteError("site_theme", "theme", most=MAX_THEME_CHARS)
    if not 1 <= per_day <= MAX_PER_DAY:
        raise SiteError("site_per_day", "per_day", most=MAX_PER_DAY)
    usual = (known for known, _, _ in store.themes() if fold(known) == fold(theme))
    return {
        "name": name,
        "origins": json.dumps(checked),
        "department": department,
        "theme": next(usual, theme) if theme else "",
        "per_day": per_day,
    }


def _known(store: Store, key: str) -> StoreRow:
    row: StoreRow | None = store.execute("select * from sites where key = ?", [key]).fetchone()
    if row is None:
        raise UnknownRecord(f"There is no site with the key {key!r}.")
    return row


def _site(row: StoreRow) -> Site:
    origins = tuple(json.loads(row["origins"]))
    return dataclass_of(Site, row, origins=origins, disabled=bool(row["disabled_at"]))
