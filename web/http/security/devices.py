"""Known devices: browsers in which an account signed in before.

Each has a cookie for the account, signed with its epoch: a new password ends it. Whoever guesses
passwords has none, so that a known device never waits for guesses that others make.
"""

import secrets

from itsdangerous import BadSignature

from kb.registers.accounts import Account, account_key
from web.http.security.secret import signing

REMEMBERED_S = 400 * 24 * 60 * 60
"""As long as browsers keep a cookie at most, counted from the last time of signing in."""

_MAX_UA_CHARS = 400


def device_cookie(secret: str, account: Account) -> str:
    """Returns a cookie by which a browser is known when the account signs in again.

    It names a device by chance, and says nothing of the account to who does not know it.
    """
    return str(signing(secret, _purpose(account)).dumps(secrets.token_urlsafe(9)))


def known_device(secret: str, account: Account, cookie: str) -> str:
    """Returns the id of the device that a cookie is of; empty if it is not the account's."""
    try:
        device = signing(secret, _purpose(account)).loads(cookie, max_age=REMEMBERED_S)
    except BadSignature:
        return ""
    return str(device)


def device_name(user_agent: str) -> str:
    """Returns the kind of browser and of system, such as "Firefox, Linux"; empty if unknown."""
    from ua_parser import parse_os, parse_user_agent

    user_agent = user_agent[:_MAX_UA_CHARS]
    browser, system = parse_user_agent(user_agent), parse_os(user_agent)
    return ", ".join(found.family for found in (browser, system) if found)


def _purpose(account: Account) -> str:
    return f"device {account.session_epoch} {account_key(account.name)}"
