"""The files beside a database: the secret, and the uploads that wait for their job.

Of a base in a folder they lie there; of one in PostgreSQL, they are rows (`kb.registers.beside`).
"""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from kb.base_folder import SECRET_FILE, UPLOADS
from kb.registers.beside.kept_files import PIECE_BYTES, KeptFiles
from kb.whole_file import replacing


class FolderFiles:
    """The files in the folder of a base; its methods are those of `KeptFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, begin: str) -> list[str]:
        """The names of the files of a folder that ends with a slash, or of this file."""
        path = self._folder / begin
        paths = sorted(path.glob("*")) if begin.endswith("/") else [path]
        return [found.relative_to(self._folder).as_posix() for found in paths if found.is_file()]

    def pieces(self, name: str) -> Iterator[bytes]:
        with (self._folder / name).open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def keep(self, name: str, content: BinaryIO) -> None:
        """Keeps a file that its owner alone can read."""
        with replacing(self._folder / name) as pending:
            pending.touch(mode=0o600)
            with pending.open("wb") as file:
                shutil.copyfileobj(content, file)


def copy_files(
    source: FolderFiles | KeptFiles, target: FolderFiles | KeptFiles, uploads: Collection[str]
) -> tuple[str, ...]:
    """Copies the secret, and the uploads in the folders of these names; returns what was there.

    Raises:
        OSError: one cannot be read or written.
    """
    beginnings = [SECRET_FILE, *(f"{UPLOADS}/{upload}/" for upload in sorted(uploads))]
    found = [name for begin in beginnings for name in source.names(begin)]
    for name in found:
        with tempfile.SpooledTemporaryFile(PIECE_BYTES) as content:
            content.writelines(source.pieces(name))
            content.seek(0)
            target.keep(name, content)  # type: ignore[arg-type]
    return tuple(found)
