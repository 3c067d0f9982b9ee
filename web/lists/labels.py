"""The words of lists: how far a call has come, and what was done."""

from collections.abc import Callable, Mapping

from kb.messages import N_
from kb.registers.contact_lists import CallStatus
from web.http.i18n import Language
from web.http.labels import labelled

STATUS_LABELS: Mapping[CallStatus, str] = {
    CallStatus.TO_CALL: N_("To call"),
    CallStatus.CALLED: N_("Called"),
    CallStatus.INTERESTED: N_("Interested"),
    CallStatus.NO: N_("No"),
}

DONE_LABELS: Mapping[str, str] = {
    "picked": N_("The organisations are in your list."),
    "kept": N_("The organisations of this browser are in your account."),
    "saved": N_("Your statuses and notes are saved."),
    "removed": N_("The organisation is no longer in the list."),
    "added": N_("The list is made. What you pick from now on goes there."),
    "renamed": N_("The list has its new name."),
    "chosen": N_("What you pick from now on goes to this list."),
    "deleted": N_("The list is deleted."),
    "shared": N_("Your colleague sees the list under “My list”, and can change it."),
    "unshared": N_("The list is no longer shared with this person."),
}
"""What the page says was done, by the value of `done` in its address."""


def filters(language: Language) -> Mapping[str, Callable[..., object]]:
    """Returns the filters of the templates of lists."""
    return {
        "call_status_label": labelled(STATUS_LABELS, language),
        "list_done_label": labelled(DONE_LABELS, language),
    }
