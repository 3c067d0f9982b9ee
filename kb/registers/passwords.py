"""Passwords: which can be used, and how they are hashed by argon2id."""

import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kb.errors import InputError

MIN_PASSWORD_CHARS = 12
MAX_PASSWORD_CHARS = 1000
_hashing = threading.BoundedSemaphore(2)  # each hash takes 64 MB: a crowd waits


def checked(password: str) -> str:
    if len(password) > MAX_PASSWORD_CHARS:
        raise InputError("long_password", "password", most=MAX_PASSWORD_CHARS)
    password = _normalised(password)
    if len(password) < MIN_PASSWORD_CHARS:
        raise InputError("short_password", "password", least=MIN_PASSWORD_CHARS)
    return password


def hashed(password: str) -> str:
    with _hashing:
        return _hasher().hash(_normalised(password))


def verify(password_hash: str, password: str) -> bool:
    """Verifies a password; takes as long for no hash or an unusable password as for a wrong one."""
    # Made before the first hash is verified, so that a missing one shows by no delay.
    hash_of_nothing = _hash_of_nothing()
    if not password_hash or len(password) > MAX_PASSWORD_CHARS:
        password_hash, password = hash_of_nothing, ""
    with _hashing:
        try:
            return _hasher().verify(password_hash, _normalised(password))
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(password_hash: str) -> bool:
    return _hasher().check_needs_rehash(password_hash)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _hash_of_nothing() -> str:
    return hashed(secrets.token_urlsafe())


def _normalised(password: str) -> str:
    return unicodedata.normalize("NFKC", password.encode(errors="replace").decode())
