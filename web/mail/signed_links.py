"""Values in links of mails, signed with the secret of the site: who has the link may follow it."""

import hashlib

from itsdangerous import BadSignature, URLSafeTimedSerializer

from kb.registers.clock import moment
from kb.settings import Settings
from web.http.request import PageRequest
from web.http.security.secret import site_secret


class SignedLinks:
    """Signs values, each for one purpose, and reads them back."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, purpose: str, value: str) -> str:
        """Returns a token of the value, to be read for the same purpose alone."""
        return self._serializer(purpose).dumps(value)

    def read(self, purpose: str, token: str, within_s: int | None = None) -> str | None:
        """Returns the value of a token, or None if it is none of this site's, or older.

        One that was made by a clock that was ahead, by less than `within_s`, is not older.
        """
        try:
            value, made_at = self._serializer(purpose).loads(token, return_timestamp=True)
        except BadSignature:
            return None
        if within_s is not None and abs((moment() - made_at).total_seconds()) > within_s:
            return None
        return value if isinstance(value, str) else None

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._secret,
            salt=f"link {purpose}",
            signer_kwargs={"digest_method": hashlib.sha256},
        )


def signed_links_of(request: PageRequest) -> SignedLinks:
    """Returns what signs the links of a site.

    Raises:
        NoSecret: there is no secret, and none can be kept.
    """
    settings: Settings = request.settings
    return SignedLinks(site_secret(settings, request.knowledge_base))
