"""The register of pictures: their content in the base, so that a copy of the base has them."""

from collections.abc import Sequence

from kb.errors import UnknownRecord
from kb.registers.clock import now
from kb.registers.pictures.encoding import EncodedPicture
from kb.store.pool import StorePool


class Pictures:
    """The pictures, by the name under which they are served."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(self, encoded: Sequence[EncodedPicture], *, by: str) -> str:
        """Keeps a picture in all its widths, and returns the name of the last and largest."""
        at = now()
        with self._stores.lend() as store, store.writing():
            store.executemany(
                "insert into pictures (name, content, added_by, added_at) values (?, ?, ?, ?)"
                " on conflict (name) do update set added_at = excluded.added_at",
                [(picture.name, picture.content, by, at) for picture in encoded],
            )
        return encoded[-1].name

    def get(self, name: str) -> bytes:
        """Returns the content of a picture, or raises `UnknownRecord`."""
        with self._stores.lend() as store:
            row = store.execute("select content from pictures where name = ?", [name]).fetchone()
        if row is None:
            raise UnknownRecord(f"There is no picture {name!r}.")
        content: bytes = row["content"]
        return content

    def has(self, name: str) -> bool:
        """Returns whether there is a picture of this name."""
        with self._stores.lend() as store:
            found = store.execute("select 1 from pictures where name = ?", [name]).fetchone()
        return found is not None
