"""Values in links of mails, signed with the secret of the site: who has the link may follow it."""

from itsdangerous import BadSignature

from kb.registers.clock import moment
from web.http.request import PageRequest
from web.http.security.secret import signing, site_secret


class SignedLinks:
    """Signs values, each for one purpose, and reads them back."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, purpose: str, value: str) -> str:
        """Returns a token of the value, to be read for the same purpose alone."""
        return str(signing(self._secret, f"link {purpose}").dumps(value))

    def read(self, purpose: str, token: str, within_s: int | None = None) -> str | None:
        """Returns the value of a token, or None if it is none of this site's, or older.

        One that was made by a clock that was ahead, by less than `within_s`, is not older.
        """
        try:
            value, made_at = signing(self._secret, f"link {purpose}").loads(
                token, return_timestamp=True
            )
        except BadSignature:
            return None
        if within_s is not None and abs((moment() - made_at).total_seconds()) > within_s:
            return None
        return value if isinstance(value, str) else None


def signed_links_of(request: PageRequest) -> SignedLinks:
    """Returns what signs the links of a site.

    Raises:
        NoSecret: there is no secret, and none can be kept.
    """
    return SignedLinks(site_secret(request.settings, request.knowledge_base))
