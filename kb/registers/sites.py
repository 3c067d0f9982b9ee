"""Sites: the networks' own sites that may show the search, and how much each is used.

Only numbers by day are kept of their searches, nothing of the person or the query. A site's key is
public: what guards a site is the list of origins that may show it.
"""

import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from operator import add

from kb.errors import SiteError, UnknownRecord
from kb.reference.departments import department_code
from kb.registers.clock import before, now
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


_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
"""The schemes of an origin, and the port that browsers leave out of each."""

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<site>[^/?#\\]*)(?P<page>.*)", re.IGNORECASE
)
_SITE = re.compile(r"(?P<host>\[[^]]*\]|[^:]*)(?::(?P<port>.*))?")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_LOOPBACK = re.compile(
    r"(?:(?:[^/?#\\:]*\.)?localhost|127(?:\.\d+){3}|\[::1\])(?=[/?#\\:]|$)", re.IGNORECASE
)
_NOT_IN_POLICIES = re.compile(r"[_\[]")
_LAST_IS_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?")
_MAX_HOST_CHARS = 253


def origin_of(text: str) -> str:
    """The origin that a text names, as browsers write it.

    That is the serialisation of an origin in https://url.spec.whatwg.org/: in lower case, without
    the port that is usual for its scheme, names that are not ASCII in Punycode.

    Raises:
        SiteError: the text is no origin, or more than an origin.
    """
    text = text.strip()
    if text.casefold() == "null":
        raise _refused(text, "origin_null")
    if "*" in text:
        raise _refused(text, "origin_wildcard")
    found = _ADDRESS.fullmatch(text)
    scheme = found["scheme"].lower() if found else ""
    if not found or scheme not in _PORTS:
        bare = text.lstrip("/")
        likely = "http" if _LOOPBACK.match(bare) else "https"
        instead = "" if found or "@" in text else f"{likely}://{bare}"
        raise _refused(text, "origin_scheme", instead)
    if "@" in found["site"]:
        without = f"{scheme}://{found['site'].rpartition('@')[2]}"
        raise _refused(text, "origin_credentials", without)
    site = _SITE.fullmatch(found["site"])
    host = _host(site["host"]) if site else ""
    if not site or not host:
        raise _refused(text, "origin_host")
    origin = f"{scheme}://{host}"
    if site["port"]:
        port = _port(site["port"])
        if port is None:
            raise _refused(text, "origin_port")
        if port != _PORTS[scheme]:
            origin += f":{port}"
    if found["page"] not in ("", "/"):
        raise _refused(text, "origin_page", origin)
    return origin


def can_be_framed(origin: str) -> bool:
    """Returns whether browsers' policies, such as `frame-ancestors`, can name an origin.

    They cannot name hosts with a `_`, nor addresses of IPv6.
    """
    return not _NOT_IN_POLICIES.search(origin)


def _refused(given: str, code: str, instead: str = "") -> SiteError:
    """Returns the refusal of an origin; `instead` is the text to write in its place, if any.

    If `instead` is itself refused, the text that its own refusal advises is used.
    """
    if not instead:
        return SiteError(code, "origins", given=given)
    try:
        instead = origin_of(instead)
    except SiteError as error:
        instead = str(error.remark.values.get("instead", ""))
        if not instead:
            return SiteError(code, "origins", given=given)
    code = code if code == "origin_page" else f"{code}_instead"
    return SiteError(code, "origins", given=given, instead=instead)


def _host(text: str) -> str:
    """A host as browsers write it; empty where it is none."""
    if text.startswith("["):
        return _ipv6(text[1:-1])
    host = text.lower() if text.isascii() else _in_ascii(text)
    if _LAST_IS_NUMBER.fullmatch(host):
        # Browsers read 127.1 and 017700000001 as addresses too; here an address is written out.
        try:
            return str(IPv4Address(host.removesuffix(".")))
        except AddressValueError:
            return ""
    if len(host.removesuffix(".")) > _MAX_HOST_CHARS or not _HOST.fullmatch(host):
        return ""
    return host


def _port(text: str) -> int | None:
    """A port's number; None where it is none."""
    digits = text.lstrip("0") or "0"
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 5):
        return None
    return int(digits) if int(digits) <= 65_535 else None


def _in_ascii(text: str) -> str:
    """A name with other letters than ASCII's as DNS knows it; empty where it can have none."""
    import idna

    try:
        return idna.encode(text, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return ""


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return ""
    if address.scope_id:
        return ""
    mapped = address.ipv4_mapped
    if mapped:  # Python's way to write it differs from version to version
        high, low = divmod(int(mapped), 2**16)
        return f"[::ffff:{high:x}:{low:x}]"
    return f"[{address.compressed}]"
