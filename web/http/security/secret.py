"""The secret of the site, which signs its cookies and forms.

A setting, or else random bytes in a file of the knowledge base's folder that only its owner may
read. It is never in the database, and so in no copy or export of what is known.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from kb.base_folder import MIN_SECRET_CHARS, SECRET_FILE
from kb.errors import KnowledgeBaseError, SettingsError
from kb.settings import Settings


class NoSecret(SettingsError):
    """There is no secret, and none can be kept: nobody can sign in."""


def site_secret(settings: Settings, folder: Path) -> str:
    """Returns the secret of the site; makes its file at first need.

    Raises:
        NoSecret: none is set, and the folder cannot keep one.
        KnowledgeBaseError: the file is there but is not what this program wrote.
    """
    given = settings.secret.get_secret_value()
    if given:
        return given
    path = folder / SECRET_FILE
    try:
        kept = _kept(path) or _made(path)
    except OSError as error:
        raise NoSecret(
            f"nobody can sign in: {path} cannot be kept ({error.strerror}). Set QUISAIT_SECRET to "
            f"{MIN_SECRET_CHARS} random characters or more."
        ) from None
    if len(kept) < MIN_SECRET_CHARS:
        raise KnowledgeBaseError(f"{path} is damaged: delete it, and everyone signs in again.")
    return kept


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""


def _made(path: Path) -> str:
    """Writes a new secret atomically, unless another process was faster; returns what is there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{SECRET_FILE}-")  # mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    return _kept(path)
