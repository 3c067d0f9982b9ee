"""Signatures: files that only the owner of a base can have given out.

A signature is a SHA-256 by which anyone sees which content is meant, and an HMAC that only the
base's secret can make, by which its owner can later say that the content was given out here and was
not changed. The secret comes as an argument: where it is kept is not known here.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass

_PURPOSE = b"quisait report sign-off"
"""The purpose of the secret here: a signature for another purpose does not sign a report."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The SHA-256 of a canonical content, and its HMAC by the secret of a base, in hexadecimal."""

    sha256: str
    hmac: str

    def matches(self, other: "Signature") -> bool:
        return self.sha256 == other.sha256 and hmac.compare_digest(
            self.hmac.encode(), other.hmac.encode()
        )


def canonical(content: object) -> bytes:
    """The canonical bytes of plain values, of which a digest is taken.

    They are JSON in UTF-8: keys sorted, no space between tokens, no character escaped that need not
    be.

    Raises:
        ValueError: a number is not finite, or there are halves of characters in a text.
    """
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def digest(content: object) -> str:
    """The SHA-256 of plain values, in hexadecimal."""
    return hashlib.sha256(canonical(content)).hexdigest()


def sign(content: object, key: str) -> Signature:
    own_key = hmac.digest(key.encode(), _PURPOSE, "sha256")
    return Signature(digest(content), hmac.digest(own_key, canonical(content), "sha256").hex())
