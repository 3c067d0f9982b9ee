"""Uploads: files sent through the pages, which wait in the base's folder for their job.

Each lies in a folder of its own, with a name that cannot be guessed. It is deleted when the job
that names it has ended, or after a day if no job ever named it.
"""

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from kb.base_folder import UPLOADS
from kb.errors import InputError

KEPT_UNNAMED_S = 24 * 3600.0
MAX_BYTES = 1_000_000_000
MAX_NAME_CHARS = 120
_CHUNK_BYTES = 1 << 20


def keep_upload(
    kb_folder: Path, name: str, content: BinaryIO, *, max_bytes: int = MAX_BYTES
) -> Path:
    """Writes an upload to a file under its own name, made plain, and returns the path.

    Raises:
        InputError: it has more than `max_bytes`; nothing of it is kept.
        OSError: it cannot be written, as on a full disk; nothing of it is kept.
    """
    folder = kb_folder / UPLOADS / secrets.token_hex(16)
    folder.mkdir(parents=True)
    path = folder / plain_name(name)
    with contextlib.ExitStack() as unless_it_is_whole:
        unless_it_is_whole.callback(shutil.rmtree, folder, ignore_errors=True)
        with path.open("wb") as file:
            while chunk := content.read(_CHUNK_BYTES):
                if file.tell() + len(chunk) > max_bytes:
                    raise InputError("too_many_mb", file=path.name, most=max_bytes // 1_000_000)
                file.write(chunk)
        unless_it_is_whole.pop_all()
    return path


def forget_upload(path: Path) -> None:
    """Deletes an upload that no job will name, with its folder."""
    shutil.rmtree(path.parent, ignore_errors=True)


def upload_here(kb_folder: Path, path: str) -> Path:
    """The upload that a job names, where the base is now: it may have been moved, or restored."""
    given = Path(path)
    inside = given.parts[-3:]
    is_upload = re.fullmatch(rf"{UPLOADS}/[0-9a-f]{{32}}/[^/]+", "/".join(inside))
    return kb_folder.joinpath(*inside) if is_upload else given


def without_upload_folders(kb_folder: Path, text: str) -> str:
    """Returns a text without the folders of the uploads that it names."""
    folder = re.escape(f"{kb_folder / UPLOADS}/")
    return re.sub(rf"{folder}[0-9a-f]{{32}}/", "", text)


def tidy_uploads(kb_folder: Path, wanted: Collection[str], done_with: Collection[str]) -> None:
    """Deletes the uploads that texts of `done_with` name and none of `wanted`, and old ones."""
    try:
        folders = [path for path in (kb_folder / UPLOADS).iterdir() if path.is_dir()]
    except FileNotFoundError:
        return
    for folder in folders:
        if any(folder.name in text for text in wanted):
            continue
        with contextlib.suppress(FileNotFoundError):  # another worker tidies too
            is_old = time.time() - folder.stat().st_mtime > KEPT_UNNAMED_S
            if is_old or any(folder.name in text for text in done_with):
                shutil.rmtree(folder, ignore_errors=True)


def plain_name(name: str) -> str:
    """Returns the last part of a name, without what a file system or a terminal could trip over."""
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w .()'-]", "_", last).strip(" .-")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > 10:
        return plain[:MAX_NAME_CHARS] or "upload"
    return f"{stem[: MAX_NAME_CHARS - len(suffix) - 1]}.{suffix}"
