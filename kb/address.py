"""The place of a knowledge base: a folder, or a database of a PostgreSQL server."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

DATABASE_FILE = "kb.sqlite"
# Holds what signs cookies, forms and reports, unless QUISAIT_SECRET does; for its owner alone.
SECRET_FILE = "secret"  # noqa: S105 (its name)
MIN_SECRET_CHARS = 32
UPLOADS = "uploads"  # a folder for each upload, named by 32 hexadecimal digits, with one file
ASIDE = "replaced-"  # begins names of folders (schemas, in PostgreSQL) that a restore replaced


SCHEMES = ("postgresql://", "postgres://")
# Hosts with their ports; libpq tries several one after the other.
_HOSTS = re.compile(r"(\[[^\]]*\]|[^\[\]:,@]*)(:\d*)?(,(\[[^\]]*\]|[^\[\]:,@]*)(:\d*)?)*")
# Says nothing of what was given: a part of a password may be anywhere in it.
_UNREADABLE = (
    "it is no address of a database: in a name or a password, write @ as %40, / as %2F, "
    ": as %3A, ? as %3F, # as %23 and % as %25"
)


class PostgresAddress:
    """The address of a database, such as `postgresql://user:password@host:5432/name?schema=s`.

    Its text has no passwords, `given` has them, `name` all else; `url` is without the `schema`.
    """

    def __init__(self, url: str) -> None:
        self.given = url
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ValueError(_UNREADABLE) from None
        query = parse_qsl(parts.query, keep_blank_values=True)
        user, at, host = parts.netloc.rpartition("@")
        astray = "@" in "".join([user, parts.path, *(name for name, _ in query)])
        broken = re.search(r"%(?![0-9a-f]{2})|%00", url, re.IGNORECASE)
        if astray or broken or parts.fragment or not _HOSTS.fullmatch(host):
            raise ValueError(_UNREADABLE)
        self.schema = dict(query).get("schema", "")
        given = _query([pair for pair in query if pair[0] != "schema"])
        self.url = _url(parts.netloc, parts.path, given)
        open_pairs = [pair for pair in query if "password" not in pair[0]]
        netloc = f"{user.partition(':')[0]}{at}{host}"
        self.name = _url(netloc, parts.path, _query(open_pairs))
        shown = _query([("schema", self.schema)] if self.schema else [])
        self._shown = _url(netloc, parts.path, shown)

    def __str__(self) -> str:
        return self._shown

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PostgresAddress):
            return NotImplemented
        return (self.url, self.schema) == (other.url, other.schema)

    def __hash__(self) -> int:
        return hash((self.url, self.schema))


def _query(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, quote_via=quote)  # libpq reads a plus as a plus


def _url(netloc: str, path: str, query: str) -> str:
    # The standard library leaves out the slashes before a host that is empty.
    return f"{SCHEMES[0]}{netloc}{path}{'?' * bool(query)}{query}"


Place = Path | PostgresAddress  # where a base is; of a store, a file of SQLite's or an address


def place_of(text: str) -> Place:
    return PostgresAddress(text) if text.startswith(SCHEMES) else Path(text)
