"""The sender: gives the mails of the outbox to the mail server, as long as this site is served.

Several processes may serve one base: each mail is taken by one of them.
"""

import logging
import time
from contextlib import ExitStack

from kb.errors import KnowledgeBaseError, MailError
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from web.mail.mail_server import MailServer
from web.mail.message import message_of
from web.regularly import Regularly

LOOK_EVERY_S = 2.0
MOST_AT_ONCE = 50
"""Most mails in one connection, before the thread looks whether it is to end."""

REST_S = 60.0
"""How long a mail server is left alone that cannot be reached."""

_log = logging.getLogger(__name__)


class MailSender(Regularly):
    """Sends mails, also in a thread of its own; none if the settings name no mail server."""

    def __init__(
        self, knowledge_base: KnowledgeBase, settings: Settings, server: MailServer | None = None
    ) -> None:
        """`server` is that of the settings unless given."""
        super().__init__("mail", self._send, LOOK_EVERY_S)
        self._knowledge_base = knowledge_base
        self._sender = settings.mail_from
        self._server = server or MailServer.of(settings)
        self._not_before = 0.0

    def send_due(self, at: str = "") -> int:
        """Sends the mails that are due at a time (now if empty); returns how many were sent.

        Stops at the first that is not taken: the next look goes on with the others.
        """
        outbox, server, count = self._knowledge_base.outbox, self._server, 0
        if server is None:
            return 0
        with ExitStack() as stack:
            connection = None
            while count < MOST_AT_ONCE and not self._ending.is_set():
                queued = outbox.take(at)
                if queued is None:
                    break
                try:
                    connection = connection or stack.enter_context(server.connected())
                    outbox.handing_over(queued.id, at)
                    message = message_of(queued.mail, self._sender, queued.id, queued.queued_at)
                    server.deliver(connection, message)
                except MailError as error:
                    # Its line may quote the server, and so the recipient.
                    _log.warning("A mail was not sent: %s", error.remark.code)
                    outbox.failed(queued.id, error.remark, for_good=error.for_good, at=at)
                    if connection is None:
                        self._not_before = time.monotonic() + REST_S
                    break
                outbox.sent(queued.id, at)
                count += 1
        return count

    def _send(self) -> None:
        try:
            if time.monotonic() >= self._not_before:
                self.send_due()
        except KnowledgeBaseError as error:
            _log.warning("Mails wait: %s", error)
            self._not_before = time.monotonic() + REST_S
        except Exception:  # noqa: BLE001 (what cannot be written keeps no other back)
            _log.exception("A mail was not sent")
