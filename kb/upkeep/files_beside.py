"""The files beside a database: the secret, and the uploads that wait for their job.

Of a base in a folder they lie there; of one in PostgreSQL, they are rows (`kb.registers.beside`).
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from kb.base_folder import SECRET_FILE, UPLOADS
from kb.registers.beside.kept_files import PIECE_BYTES, KeptFiles
from kb.registers.clock import now
from kb.settings import Settings
from kb.store.copying.tables import CopiedRow
from kb.store.pool import StorePool
from kb.store.store import Store
from kb.whole_file import replacing

KEPT, KEPT_COLUMNS = "kept_files", ("name", "piece", "content", "at")
"""The table of `KeptFiles`."""


class FolderFiles:
    """The files in the folder of a base; it reads as `KeptFiles` does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, begin: str) -> list[str]:
        """The names of the files of a folder that ends with a slash, or of this file."""
        path = self._folder / begin
        paths = sorted(path.glob("*")) if begin.endswith("/") else [path]
        return [found.relative_to(self._folder).as_posix() for found in paths if found.is_file()]

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a file, piece by piece, at least one; nothing if it is gone."""
        with suppress(FileNotFoundError), (self._folder / name).open("rb") as file:
            yield file.read(PIECE_BYTES)
            while piece := file.read(PIECE_BYTES):
                yield piece

    def keep(self, name: str, pieces: Iterable[bytes]) -> None:
        """Keeps a file that its owner alone can read."""
        with replacing(self._folder / name) as pending:
            pending.touch(mode=0o600)
            with pending.open("wb") as file:
                file.writelines(pieces)


Beside = FolderFiles | KeptFiles
"""The files beside a database, whichever it is."""


@contextmanager
def base_at(settings: Settings) -> Iterator[tuple[Store, Beside]]:
    """The store of the base that settings name, and the files beside it.

    Raises:
        NotAKnowledgeBase: there is none.
        KnowledgeBaseError: it cannot be reached, or read.
    """
    with closing(StorePool(settings.store)) as stores, stores.lend() as store:
        yield store, KeptFiles(stores) if settings.database else FolderFiles(settings.folder)


def names_beside(beside: Beside, uploads: Collection[str]) -> tuple[str, ...]:
    """The names of the secret, and of the uploads in the folders of these names, if there are.

    A name that leads to another folder is left out, since the base may be anybody's.
    """
    beginnings = [SECRET_FILE, *(f"{UPLOADS}/{upload}/" for upload in sorted(uploads))]
    return tuple(
        name
        for begin in beginnings
        for name in beside.names(begin)
        if "/" not in name.removeprefix(begin)
    )


def kept_rows(beside: Beside, names: Iterable[str]) -> Iterator[CopiedRow]:
    """These files as rows of `KEPT`, a piece each."""
    at = now()
    for name in names:
        for number, piece in enumerate(beside.pieces(name)):
            yield name, number, piece, at
