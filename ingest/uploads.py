"""Uploads: files sent through the pages, kept under names of chance until their job has ended.

Those of a base in PostgreSQL wait in its database, under the last parts of their path.
"""

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kb.address import UPLOADS
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase

KEPT_UNNAMED_S = 24 * 3600.0
MAX_BYTES = 1_000_000_000
MAX_NAME_CHARS = 120
_CHUNK_BYTES = 1 << 20
_UPLOAD = re.compile(rf"{UPLOADS}/[0-9a-f]{{32}}/[^/]+")


def keep_upload(
    base: KnowledgeBase, name: str, content: BinaryIO, *, max_bytes: int = MAX_BYTES
) -> Path:
    """Keeps an upload under its own name, made plain, or nothing of it; returns its path."""
    path = _new_path(base, plain_name(name))
    with contextlib.ExitStack() as unless_it_is_whole:
        unless_it_is_whole.callback(shutil.rmtree, path.parent, ignore_errors=True)
        with path.open("wb") as file:
            while chunk := content.read(_CHUNK_BYTES):
                if file.tell() + len(chunk) > max_bytes:
                    raise InputError("too_many_mb", file=path.name, most=max_bytes // 1_000_000)
                file.write(chunk)
        if base.kept_files:
            with path.open("rb") as file:
                base.kept_files.keep(_kept_name(path), file)
        else:
            unless_it_is_whole.pop_all()
    return path


def forget_upload(base: KnowledgeBase, path: Path) -> None:
    shutil.rmtree(path.parent, ignore_errors=True)
    if base.kept_files:
        base.kept_files.forget([_kept_name(path)])


@contextmanager
def upload_at(base: KnowledgeBase, path: str) -> Iterator[Path]:
    """The file of an upload that a job names, until the block ends; other paths are as given."""
    name = _kept_name(Path(path))
    if not _UPLOAD.fullmatch(name):
        yield Path(path)
    elif base.kept_files is None or not base.kept_files.has(name):
        yield base.folder / name
    else:
        here = _new_path(base, Path(path).name)
        try:
            with here.open("wb") as file:
                for piece in base.kept_files.pieces(name):
                    file.write(piece)
            yield here
        finally:
            shutil.rmtree(here.parent, ignore_errors=True)


def is_kept(base: KnowledgeBase, path: str) -> bool:
    name = _kept_name(Path(path))
    return base.kept_files.has(name) if base.kept_files else (base.folder / name).is_file()


def upload_named(base: KnowledgeBase, upload: str) -> str:
    names: list[str] = []
    if re.fullmatch("[0-9a-f]{32}", upload):
        begin = f"{UPLOADS}/{upload}/"
        if base.kept_files:
            names = base.kept_files.names(begin)
        else:
            names = [begin + path.name for path in sorted((base.folder / begin).glob("*"))]
    if not names:
        raise UnknownRecord(f"There is no upload {upload!r}.")
    return str(base.folder / names[0])


def without_upload_folders(kb_folder: Path, text: str) -> str:
    folder = re.escape(f"{kb_folder / UPLOADS}/")
    return re.sub(rf"{folder}[0-9a-f]{{32}}/", "", text)


def tidy_uploads(base: KnowledgeBase, wanted: Collection[str], done_with: Collection[str]) -> None:
    """Deletes the uploads that texts of `done_with` name and none of `wanted`, and old ones."""

    def is_done_with(upload: str, is_old: bool) -> bool:
        is_named = any(upload in text for text in done_with)
        return (is_old or is_named) and not any(upload in text for text in wanted)

    if base.kept_files:
        old = {*base.kept_files.names(f"{UPLOADS}/", older_than_s=KEPT_UNNAMED_S)}
        uploads = base.kept_files.names(f"{UPLOADS}/")
        gone = [each for each in uploads if is_done_with(each.split("/")[1], each in old)]
        if gone:
            base.kept_files.forget(gone)
        if wanted:
            return
    # Of a base in a database, these are what killed processes left, where no job is under way.
    for folder in (base.folder / UPLOADS).glob("*/"):
        with contextlib.suppress(FileNotFoundError):  # another worker tidies too
            if is_done_with(folder.name, time.time() - folder.stat().st_mtime > KEPT_UNNAMED_S):
                shutil.rmtree(folder, ignore_errors=True)


def _new_path(base: KnowledgeBase, name: str) -> Path:
    folder = base.folder / UPLOADS / secrets.token_hex(16)
    folder.mkdir(parents=True)
    return folder / name


def _kept_name(path: Path) -> str:
    return "/".join(path.parts[-3:])


def plain_name(name: str) -> str:
    """Returns the last part of a name, without what a file system or a terminal could trip over."""
    last = re.split(r"[/\\]", name)[-1]
    plain = Path(re.sub(r"[^\w .()'-]", "_", last).strip(" .-") or "upload")
    suffix = plain.suffix if len(plain.suffix) <= 11 else ""
    return plain.name.removesuffix(suffix)[: MAX_NAME_CHARS - len(suffix)] + suffix
