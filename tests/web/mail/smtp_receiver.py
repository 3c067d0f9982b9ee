"""A mail server on this machine that keeps what it is sent, with or without TLS and passwords."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "alertes", "p@ss/word"


class SmtpReceiver:
    """Keeps the messages it is sent; refuses what `refusals` says of a recipient."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.address = ""

    async def handle_RCPT(  # noqa: N802 (the name that the library calls)
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        assert envelope.rcpt_tos == [message["To"]]
        self.messages.append(message)
        return "250 OK"


class _ControllerOnAnyPort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def receiving(**options: Any) -> Iterator[SmtpReceiver]:
    """Runs a receiver on a free port; `options` are those of aiosmtpd's controller."""
    receiver = SmtpReceiver()
    controller = _ControllerOnAnyPort(receiver, hostname="127.0.0.1", port=0, **options)
    controller.start()
    receiver.address = f"{controller.hostname}:{controller.port}"
    try:
        yield receiver
    finally:
        controller.stop()


def with_password(tls: ssl.SSLContext) -> dict[str, Any]:
    """Options of a receiver that wants encryption and a password."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> Any:
        right = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=given == right, handled=given == right)

    return {"tls_context": tls, "require_starttls": True, "authenticator": check}
