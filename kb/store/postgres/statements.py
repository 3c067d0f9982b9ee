"""Statements as PostgreSQL and psycopg read them, from what `kb.store.connection` says."""

import re
from functools import lru_cache

_PARTS = re.compile(
    r"""
    (?P<text> '(?:[^']|'')*' | "(?:[^"]|"")*" | :: | % )
    | \bnot\s+in\s+ :(?P<not_in> \w+ )
    | \bin\s+ :(?P<in> \w+ )
    | \bfrom\s+ :(?P<from> \w+ )
    | \blike\s+ (?P<like> \? )
    | :(?P<name> [a-z_]\w* )
    | (?P<mark> \? )
    """,
    re.VERBOSE,
)

_SAID = {
    "not_in": "<> all (%({})s)",
    "in": "= any (%({})s)",
    "from": "from unnest(%({})s) as listed (value)",
    # A for a, and a backslash for a backslash, as SQLite takes them.
    "like": "ilike %s escape ''",
    "name": "%({})s",
    "mark": "%s",
}


@lru_cache(maxsize=2_000)
def as_postgres(sql: str) -> str:
    """A statement with psycopg's places for values: `select ? + :name` as `%s + %(name)s`."""
    return _PARTS.sub(_said, sql)


def _said(part: re.Match[str]) -> str:
    kind = part.lastgroup or ""
    if kind == "text":
        return part[0].replace("%", "%%")
    return _SAID[kind].format(part[kind])
