"""The tables in which something about a person can stand, each with its traits.

Finding, erasing and forgetting work from `PLACES`, which a test compares with the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from kb.registers.access import IDLE_DAYS, KEPT_DAYS
from kb.registers.alerts.outbox import KEPT_FAILED_S, KEPT_SENT_S
from kb.registers.alerts.subscriptions import UNCONFIRMED_FOR_S
from kb.registers.clock import DAY_S
from kb.registers.demand import Demand
from kb.registers.holders import LINK_S
from kb.settings import Settings


class PersonalKind(StrEnum):
    ACTOR = "actor"
    CASE = "case"
    DRAFT = "draft"
    NOTICE = "notice"
    ANSWER = "answer"
    FLAG = "flag"
    HOLD = "hold"
    SUBSCRIBER = "subscriber"
    MAIL = "mail"
    ACCOUNT = "account"
    DOSSIER = "dossier"
    JOB = "job"
    NEED = "need"
    SOURCE = "source"
    SITE = "site"
    SETTINGS = "settings"


# They have pages of their own: only words are taken out of them.
NOT_ERASED = frozenset({PersonalKind.SOURCE, PersonalKind.SITE, PersonalKind.SETTINGS})


class Kept(StrEnum):
    """What is deleted when it is old enough. The visitors' page and the docs word each."""

    SENT_MAIL = "sent_mail"
    SESSION = "session"
    WRONG_PASSWORDS = "wrong_passwords"
    UNCONFIRMED = "unconfirmed"
    FAILED_MAIL = "failed_mail"
    JOB = "job"
    NEED = "need"
    SEARCHES = "searches"
    CONTACT = "contact"
    SILENT = "silent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Retention:
    days: Mapping[Kept, int]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            {
                Kept.SENT_MAIL: KEPT_SENT_S // DAY_S,
                Kept.SESSION: IDLE_DAYS,
                Kept.WRONG_PASSWORDS: KEPT_DAYS,
                Kept.UNCONFIRMED: max(UNCONFIRMED_FOR_S, LINK_S) // DAY_S,
                Kept.FAILED_MAIL: KEPT_FAILED_S // DAY_S,
                Kept.JOB: settings.keep_jobs_days,
                Kept.NEED: Demand.NEED_DAYS,
                Kept.SEARCHES: Demand.SEARCH_DAYS,
                Kept.CONTACT: settings.keep_contacts_days,
                Kept.SILENT: settings.keep_silent_days,
                Kept.REFUSED: settings.keep_refused_days,
            }
        )


@dataclass(frozen=True, slots=True)
class PersonalPlace:
    """A table whose rows are parts of a thing; the first of a kind has the things themselves."""

    table: str
    kind: PersonalKind | None  # if None, the column `kind` has it
    id: str  # the column that names the thing
    says: tuple[str, ...] = ()  # columns with texts, or with JSON, that may name a person
    addresses: tuple[str, ...] = ()  # columns that hold an e-mail address and nothing else
    fixed: tuple[str, ...] = ()  # columns by which things are found again: they stay
    by: tuple[str, ...] = ()  # columns with the name of an account
    ended: str = "true"  # the SQL of the rows that may be changed and erased
    goes_with: tuple[tuple[PersonalKind, str], ...] = ()  # columns that name another kind's things
    old: Mapping[Kept, str] = field(default_factory=dict)  # the SQL of things too old at `:then`

    @property
    def read(self) -> tuple[str, ...]:
        return (*self.changed, *self.fixed)

    @property
    def changed(self) -> tuple[str, ...]:
        return (*self.says, *self.addresses)


_K = PersonalKind

PLACES: tuple[PersonalPlace, ...] = (
    PersonalPlace(
        "actors", _K.ACTOR, "id",
        ("name", "description", "place", "siret", "website", "themes", "source_url", "facts",
         "phone", "email", "address", "contact", "members_only"),
    ),
    PersonalPlace("statements", _K.ACTOR, "actor_id", ("said",), fixed=("key",)),
    PersonalPlace("duplicates", _K.ACTOR, "left_id", ("reasons",), by=("decided_by",)),
    PersonalPlace(
        "cases", _K.CASE, "id",
        ("title", "text", "author", "author_job", "moderator", "moderator_job", "themes", "need",
         "source_url", "picture_alt", "picture_credit"),
    ),
    PersonalPlace("participations", _K.CASE, "case_id", ("name", "contribution", "source_url")),
    PersonalPlace("inputs", _K.CASE, "case_id", ("content",)),
    PersonalPlace("versions", None, "record_id", ("content", "note"), by=("by",)),
    PersonalPlace("withdrawals", None, "record_id", ("reason",), by=("by",)),
    PersonalPlace(
        "drafts", _K.DRAFT, "id",
        ("content", "proposals", "source_text", "origin", "remarks", "message"),
        by=("created_by", "updated_by"),
        old={Kept.REFUSED: "state = 'rejected' and updated_at < :then"},
    ),
    PersonalPlace("draft_versions", _K.DRAFT, "draft_id", ("content", "note"), by=("by",)),
    PersonalPlace("front_page", _K.CASE, "story", by=("chosen_by",)),
    PersonalPlace("pictures", _K.CASE, "name", by=("added_by",)),
    PersonalPlace(
        "notices", _K.NOTICE, "id", ("content", "message"), ("told_at",),
        by=("owner", "updated_by"),
        old={Kept.REFUSED: "state = 'refused' and updated_at < :then"},
    ),
    PersonalPlace("notice_versions", _K.NOTICE, "notice_id", ("content", "note"), by=("by",)),
    PersonalPlace(
        "notice_answers", _K.ANSWER, "id", ("organisation", "text", "contact"), by=("by",),
        goes_with=((_K.NOTICE, "notice_id"),),
        old={Kept.REFUSED: "state = 'refused' and \"at\" < :then"},
    ),
    PersonalPlace(
        "notice_pairs", _K.NOTICE, "need_id", by=("by",), goes_with=((_K.NOTICE, "offer_id"),)
    ),
    PersonalPlace(
        "flags", _K.FLAG, "id", ("text", "settlement"), ("email",), by=("settled_by",),
        old={Kept.REFUSED: "settled_at != '' and settled_at < :then"},
    ),
    PersonalPlace(
        "holds", _K.HOLD, "id", ("message",), ("email",), by=("account", "accepted_by"),
        old={
            Kept.UNCONFIRMED: "state = 'linked' and accepted_by = '' and link_until < :now",
            Kept.REFUSED: "state in ('refused', 'withdrawn') and asked_at < :then",
        },
    ),
    PersonalPlace("subscribers", _K.SUBSCRIBER, "id", addresses=("email",)),
    PersonalPlace("subscriptions", _K.SUBSCRIBER, "subscriber_id", ("topic",), by=("account",)),
    PersonalPlace(
        "outbox", _K.MAIL, "id",
        ("subject", "text", "html", "problem"), ("recipient", "reply_to"),
        fixed=("unsubscribe_url",),
        old={
            Kept.SENT_MAIL: "state = 'sent' and ended_at < :then",
            Kept.FAILED_MAIL: "state = 'failed' and ended_at < :then",
        },
    ),
    PersonalPlace("accounts", _K.ACCOUNT, "name", addresses=("email", "confirmed")),
    PersonalPlace("tokens", _K.ACCOUNT, "account", ("label",)),
    PersonalPlace(
        "sessions", _K.ACCOUNT, "account", ("device",),
        old={Kept.SESSION: "seen_on < substr(:then, 1, 10)"},
    ),
    PersonalPlace(
        "wrong_passwords", _K.ACCOUNT, "account",
        old={Kept.WRONG_PASSWORDS: "day <= substr(:then, 1, 10)"},
    ),
    PersonalPlace(
        "dossiers", _K.DOSSIER, "id", ("title", "need", "quantity", "place", "until"), by=("owner",)
    ),
    PersonalPlace("dossier_members", _K.DOSSIER, "dossier_id", by=("account",)),
    PersonalPlace(
        "dossier_entries", _K.DOSSIER, "dossier_id", ("need", "note", "why", "signed"),
        by=("changed_by",),
    ),
    PersonalPlace(
        "jobs", _K.JOB, "id", ("parameters", "report", "message", "file"), by=("created_by",),
        ended="finished_at != ''", old={Kept.JOB: "finished_at < :then"},
    ),
    PersonalPlace("missed_needs", _K.NEED, "hash"),
    PersonalPlace("missed_words", _K.NEED, "hash", ("words",)),
    PersonalPlace("demand_choices", _K.SETTINGS, "id", by=("by",)),
    PersonalPlace("identity", _K.SETTINGS, "revision", ("content",), by=("by",)),
    PersonalPlace("sites", _K.SITE, "key", ("name",), fixed=("origins",)),
    PersonalPlace("sources", _K.SOURCE, "name", ("mapping",)),
    PersonalPlace(
        "source_locations", _K.SOURCE, "name", ("problem",), by=("added_by",),
        fixed=("location", "address"),
    ),
)  # fmt: skip
