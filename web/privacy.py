"""Personal data: what names a person, found and erased, and what is forgotten in time."""

import logging
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from kb.editorial.personal_data import Unreached
from kb.errors import InputError, KnowledgeBaseError, NotYetScrubbed, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.personal_data.keeping import PersonalFinding
from kb.registers.personal_data.traits import NOT_ERASED, PersonalKind, Retention
from web.http.refusals import no_such_action
from web.http.routing import APageRequest, PageRequest, PageRouter, text_of
from web.http.security.sessions import AForm, AnAdministrator
from web.http.urls import Page, address
from web.regularly import Regularly

router = PageRouter()
FIRST_AFTER_S = 60.0  # how long a server is left alone when it starts
EVERY_S = 60 * 60.0
_log = logging.getLogger(__name__)


class Forgetting(Regularly):
    """Forgets in a thread of its own; several processes may serve one base."""

    def __init__(self, knowledge_base: KnowledgeBase, retention: Retention) -> None:
        super().__init__("forget", self._forget, EVERY_S, first_after_s=FIRST_AFTER_S)
        self._knowledge_base = knowledge_base
        self._retention = retention

    def start(self) -> None:
        if self._knowledge_base.writable:
            super().start()

    def _forget(self) -> None:
        try:
            self._knowledge_base.personal_data.forget_old(self._retention)
            # One that nobody is carrying out: its process was killed, or its job cancelled.
            self._knowledge_base.finish_choices()
        except KnowledgeBaseError as error:
            _log.warning("What is old is forgotten later: %s", error)
        except Exception:  # noqa: BLE001 (the next look may go better)
            _log.exception("What is old was not forgotten")


KIND_LABELS: Mapping[PersonalKind, str] = {
    PersonalKind.ACTOR: N_("Organisation"),
    PersonalKind.CASE: N_("Case"),
    PersonalKind.DRAFT: N_("Draft"),
    PersonalKind.NOTICE: N_("Need or offer"),
    PersonalKind.ANSWER: N_("Answer to a need or an offer"),
    PersonalKind.FLAG: N_("Reported problem"),
    PersonalKind.HOLD: N_("Request for a page"),
    PersonalKind.SUBSCRIBER: N_("Address with alerts"),
    PersonalKind.MAIL: N_("E-mail on its way"),
    PersonalKind.ACCOUNT: N_("Account"),
    PersonalKind.DOSSIER: N_("Dossier"),
    PersonalKind.JOB: N_("Job"),
    PersonalKind.NEED: N_("Need that was searched for"),
    PersonalKind.SOURCE: N_("Source"),
    PersonalKind.SITE: N_("Site that embeds the search"),
    PersonalKind.SETTINGS: N_("Settings of the site"),
}

_PAGES: Mapping[PersonalKind, Page] = {
    PersonalKind.ACTOR: Page.ACTOR_HISTORY,
    PersonalKind.CASE: Page.CASE_HISTORY,
    PersonalKind.DRAFT: Page.DRAFT,
    PersonalKind.NOTICE: Page.NOTICE,
    PersonalKind.JOB: Page.JOB,
    PersonalKind.FLAG: Page.FLAGGED,
    PersonalKind.MAIL: Page.MAIL,
    PersonalKind.ACCOUNT: Page.ACCOUNTS,
    PersonalKind.NEED: Page.DASHBOARD,
    PersonalKind.SOURCE: Page.SOURCES,
    PersonalKind.SITE: Page.SITES,
    PersonalKind.SETTINGS: Page.SETTINGS,
}

UNCONFIRMED = N_("Tick the box first: this cannot be undone.")

UNREACHED_LABELS = {
    Unreached.ASIDE: N_("what a restored backup replaced: have it deleted when nobody needs it"),
    Unreached.UNDER_WAY: N_("a copy or a backup that is being made: look again when it is done"),
    Unreached.UPLOAD: N_("a file that was sent: it goes when its job has ended, or after a day"),
}


@router.shows(Page.PERSONAL_DATA)
def personal_data(request: APageRequest, _account: AnAdministrator) -> Response:
    return _page(request, "", [])


@router.takes(Page.PERSONAL_DATA)
def find_or_erase(request: APageRequest, account: AnAdministrator, form: AForm) -> Response:
    """Finds a person, in a form so that no log names them, or erases; shows what is left."""
    base, what, term = request.knowledge_base, text_of(form, "do"), text_of(form, "term").strip()
    done = message = ""
    status_code = 200
    if what not in {"find", "erase", "take_out"}:
        raise no_such_action()
    try:
        if what != "find" and not form.get("sure"):
            message, status_code = UNCONFIRMED, 400
        elif what == "erase":
            kind = text_of(form, "kind")
            if kind not in set(PersonalKind):
                raise no_such_action()
            base.personal_data.erase(PersonalKind(kind), text_of(form, "id"), by=account.name)
            done = N_("Erased, in the files too.")
        elif what == "take_out":
            base.personal_data.take_out(term, by=account.name)
            done = N_("Taken out of every text, in the files too.")
    except UnknownRecord:
        message, status_code = N_("It is no longer here, or it is a job that has not ended."), 404
    except InputError as error:
        message, status_code = error.remark, 400
    except NotYetScrubbed:
        done = N_(
            "Another process uses the database. What was erased is cleaned from its files within "
            "the hour."
        )
    try:
        found = base.personal_data.find(term)
    except InputError as error:
        return _page(request, term, [], message=error.remark, status_code=400)
    return _page(request, term, found, done=done, message=message, status_code=status_code)


def _page(
    request: PageRequest,
    term: str,
    found: Sequence[PersonalFinding],
    *,
    done: str = "",
    message: str = "",
    status_code: int = 200,
) -> Response:
    return request.page(
        "privacy/personal_data.html",
        here=address(Page.PERSONAL_DATA),
        status_code=status_code,
        term=term,
        found=[
            (finding, address(_PAGES[finding.kind], finding.id) if finding.kind in _PAGES else None)
            for finding in found
        ],
        labels=KIND_LABELS,
        not_erased=NOT_ERASED,
        unreached=[
            (UNREACHED_LABELS[what], place)
            for what, place in request.knowledge_base.personal_data.unreached()
        ]
        if term
        else [],
        done=done,
        message=message,
    )
