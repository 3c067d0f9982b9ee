"""Where a knowledge base is: in a folder, or in a database of a PostgreSQL server."""

from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

SCHEMES = ("postgresql://", "postgres://")


class PostgresAddress:
    """The address of a database: `postgresql://user:password@host:5432/name?sslmode=require`.

    As text it is without passwords, for lines that people read; `given` has them, and
    `name` all else. `schema` is the schema of the tables, which the address may name
    (`?schema=members`); `url` is without it.
    """

    def __init__(self, url: str) -> None:
        self.given = url
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError if it is no number
        query = parse_qsl(parts.query, keep_blank_values=True)
        self.schema = dict(query).get("schema", "")
        given = _query([pair for pair in query if pair[0] != "schema"])
        user, at, host = parts.netloc.rpartition("@")
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


Place = Path | PostgresAddress
"""Where a base is: a folder, or an address. Of a store: a file of SQLite's, or an address."""


def place_of(text: str) -> Place:
    """The place that a text names.

    Raises:
        ValueError: it is an address that cannot be read.
    """
    return PostgresAddress(text) if text.startswith(SCHEMES) else Path(text)
