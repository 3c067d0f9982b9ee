"""The links in mails of alerts: to confirm one, to see and change all, to stop them."""

from kb.registers.alerts.subscriptions import UNCONFIRMED_FOR_S, Subscriber
from web.http.urls import Address, Page, address
from web.mail.signed_links import SignedLinks

_CONFIRM, _MANAGE = "alert to confirm", "alerts of a subscriber"


class AlertLinks:
    """Makes the links, and reads what they are for."""

    def __init__(self, signed: SignedLinks) -> None:
        self._signed = signed

    def to_confirm(self, subscription_id: str) -> Address:
        return address(Page.ALERT_CONFIRM, t=self._signed.sign(_CONFIRM, subscription_id))

    def to_manage(self, subscriber: Subscriber) -> Address:
        return address(Page.MY_ALERTS, t=self._signed.sign(_MANAGE, subscriber.id))

    def to_stop(self, subscriber: Subscriber) -> Address:
        return address(Page.ALERT_STOP, t=self._signed.sign(_MANAGE, subscriber.id))

    def subscription_to_confirm(self, token: str) -> str | None:
        """Returns the id in a link to confirm, or None if it is no such link, or too old."""
        return self._signed.read(_CONFIRM, token, UNCONFIRMED_FOR_S)

    def subscriber_id(self, token: str) -> str | None:
        """Returns the id in a link to manage or stop, or None; such links do not age."""
        return self._signed.read(_MANAGE, token)
