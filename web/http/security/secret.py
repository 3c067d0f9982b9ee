"""The secret of the site, which signs its cookies and forms.

A setting, or else random bytes: in a file of the knowledge base's folder that only its owner may
read, or, of a base that is in no folder, in its database, where every machine finds them. It is
never among what is known, and so in no export of that.
"""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from itsdangerous import URLSafeTimedSerializer

from kb.base_folder import MIN_SECRET_CHARS, SECRET_FILE
from kb.errors import KnowledgeBaseError, ReadOnlyKnowledgeBase, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.registers.kept_files import KeptFiles
from kb.settings import Settings


class NoSecret(SettingsError):
    """There is no secret, and none can be kept: nobody can sign in."""


def site_secret(settings: Settings, base: KnowledgeBase) -> str:
    """Returns the secret of the site, made at first need; raises `NoSecret`."""
    given = settings.secret.get_secret_value()
    if given:
        return given
    if files := base.kept_files:
        return _in_database(files)
    path = base.folder / SECRET_FILE
    try:
        kept = _kept(path) or _made(path)
    except OSError as error:
        raise _no_secret(f"{path} cannot be kept ({error.strerror})") from None
    if len(kept) < MIN_SECRET_CHARS:
        raise KnowledgeBaseError(f"{path} is damaged: delete it, and everyone signs in again.")
    return kept


def signing(secret: str, purpose: str) -> URLSafeTimedSerializer:
    """Returns what signs values for one purpose, with the time, and reads them back."""
    return URLSafeTimedSerializer(
        secret, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256}
    )


def _no_secret(why: str) -> NoSecret:
    return NoSecret(
        f"nobody can sign in: {why}. Set QUISAIT_SECRET to {MIN_SECRET_CHARS} random characters "
        "or more."
    )


def _in_database(files: KeptFiles) -> str:
    kept = b"".join(files.pieces(SECRET_FILE))
    try:
        return (kept or files.keep_first(SECRET_FILE, secrets.token_urlsafe(48).encode())).decode()
    except ReadOnlyKnowledgeBase as error:
        raise _no_secret(str(error).removesuffix(".")) from None


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
