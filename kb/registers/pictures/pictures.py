"""The register of pictures: their content in the base, so that a copy of the base has them."""

from collections.abc import Collection, Sequence

from kb.errors import UnknownRecord
from kb.registers.clock import before, now
from kb.registers.pictures.encoding import DIGEST_CHARS, EncodedPicture
from kb.store.pool import StorePool
from kb.store.store import Store

_UNUSED_FOR_S = 24 * 60 * 60

_USED = """
    select picture as name from cases
    union select json_extract(content, '$.picture') from versions
    union select json_extract(content, '$.picture') from drafts
    union select json_extract(content, '$.picture') from draft_versions
    union select json_extract(content, '$.logo') from identity
"""
"""The names of all pictures that a case, a version, a draft or the identity has."""


class Pictures:
    """The pictures, by the name under which they are served."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(self, encoded: Sequence[EncodedPicture], *, by: str) -> str:
        """Keeps a picture in all its widths, and returns the name of the last and largest.

        Pictures that nothing has shown for a day, such as those of a form that was never saved,
        are dropped meanwhile.
        """
        at = now()
        with self._stores.lend() as store, store.writing():
            store.executemany(
                "insert into pictures (name, content, added_by, added_at) values (?, ?, ?, ?)"
                " on conflict (name) do update set added_at = excluded.added_at",
                [(picture.name, picture.content, by, at) for picture in encoded],
            )
            drop_unused(store, added_before=before(_UNUSED_FOR_S))
        return encoded[-1].name

    def get(self, name: str) -> bytes:
        """Returns the content of a picture, or raises `UnknownRecord`."""
        with self._stores.lend() as store:
            row = store.execute("select content from pictures where name = ?", [name]).fetchone()
        if row is None:
            raise UnknownRecord(f"There is no picture {name!r}.")
        content: bytes = row["content"]
        return content

    def known(self, names: Collection[str]) -> set[str]:
        """Returns those of the names that a picture has."""
        with self._stores.lend() as store:
            rows = store.run("select name from pictures where name in :values", names)
        return {row["name"] for row in rows}


# Within a transaction of the caller's


def drop_unused(store: Store, *, added_before: str = "") -> None:
    """Drops pictures that nothing names any more, of those added before a time if it is given."""
    store.execute(
        f"with used as ({_USED})"  # noqa: S608 (written above)
        " delete from pictures where substr(name, 1, :chars) not in"
        " (select substr(name, 1, :chars) from used where name is not null)"
        " and (:added_before = '' or added_at < :added_before)",
        {"chars": DIGEST_CHARS, "added_before": added_before},
    )
