"""What grows old is deleted by itself, a day after it is kept and not a day before."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kb.knowledge_base import KnowledgeBase
from kb.reference.roles import Flow
from kb.reference.visibility import Visibility
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import NewMail
from kb.registers.board.notice import AnswerKind, AnswerState, Closing, NoticeContent
from kb.registers.clock import later, now
from kb.registers.demand import NeedWords
from kb.registers.drafts import DraftState
from kb.registers.holders import FlaggedKind, FlagReason
from kb.registers.jobs import JobState
from kb.registers.personal_data.traits import Kept, Retention
from kb.settings import Settings
from tests.kb.records import POLISH

KEPT = Retention.of(Settings())
DAY_S = 24 * 3600
EMAIL = "zorglub@avel.example"
CONTENT = NoticeContent(
    Flow.SEEKS, "Des cuves", contact=EMAIL, contact_seen_by=Visibility.MEMBERS, asker="Avel"
)


def job(base: KnowledgeBase) -> str:
    base.jobs.add("feed", {"url": "https://a.example/zorglub"}, by="max")
    claimed = base.jobs.claim()
    assert claimed
    base.jobs.finish(claimed.id, JobState.DONE, {"remarks": [{"reason": EMAIL}]})
    return "jobs"


def sent_mail(base: KnowledgeBase) -> str:
    id_ = base.outbox.queue(NewMail(EMAIL, "s", "t", "h", "fr", "test"))
    assert base.outbox.take()
    base.outbox.sent(id_)
    return "outbox"


def failed_mail(base: KnowledgeBase) -> str:
    id_ = base.outbox.queue(NewMail(EMAIL, "s", "t", "h", "fr", "test"))
    assert base.outbox.take()
    base.outbox.failed(id_, "no", for_good=True)
    return "outbox"


def rejected_draft(base: KnowledgeBase) -> str:
    draft = base.drafts.add(replace(POLISH, email=(EMAIL,)), by="léa", origin="")
    base.drafts.set_state(draft.id, DraftState.REJECTED, by="max", revision=1)
    return "drafts"


def refused_notice(base: KnowledgeBase) -> str:
    notice = base.notices.add(CONTENT, told_at=EMAIL)
    base.notices.refuse(notice.id, "non", by="max", revision=1)
    return "notices"


def refused_answer(base: KnowledgeBase) -> str:
    notice = base.notices.add(replace(CONTENT, contact=""))
    answer = base.answers.add(notice.id, AnswerKind.CAN, text=EMAIL)
    base.answers.set_state(answer.id, AnswerState.REFUSED)
    return "notice_answers"


def settled_flag(base: KnowledgeBase) -> str:
    flag = base.flags.add(
        FlaggedKind.ACTOR, "avel", FlagReason.OTHER, text=EMAIL, lang="fr", email=EMAIL
    )
    base.flags.settle(flag.id, "fait", by="max")
    return "flags"


def refused_hold(base: KnowledgeBase) -> str:
    base.holds.ask("avel", EMAIL, message="moi", lang="fr")
    base.holds.refuse(base.holds.waiting()[0].id)
    return "holds"


def missed_need(base: KnowledgeBase) -> str:
    base.demand.choose(counted=True, by="max")
    base.demand.count(now()[:10], {"none": 1}, [NeedWords("zorglub", "zorglub")], key="k")
    return "missed_needs"


def counted_searches(base: KnowledgeBase) -> str:
    base.demand.choose(counted=True, by="max")
    base.demand.count(now()[:10], {"none": 1}, key="k")
    return "search_counts"


def session(base: KnowledgeBase) -> str:
    base.accounts.add("Léa", "correct horse battery", AccountRole.CONTRIBUTOR)
    base.sessions.add("h", base.accounts.get("Léa"), "Firefox")
    return "sessions"


def wrong_password(base: KnowledgeBase) -> str:
    base.wrong_passwords.note("Léa")
    return "wrong_passwords"


def count(base: KnowledgeBase, table: str) -> int:
    with base._stores.lend() as store:
        return int(store.execute(f"select count(*) from {table}").fetchone()[0])


def in_days(days: float) -> str:
    return later(now(), days * DAY_S)


def test_what_grows_old_is_deleted(base: KnowledgeBase) -> None:
    made: list[tuple[Kept, Callable[[KnowledgeBase], str]]] = [
        (Kept.JOB, job),
        (Kept.SENT_MAIL, sent_mail),
        (Kept.FAILED_MAIL, failed_mail),
        (Kept.REFUSED, rejected_draft),
        (Kept.REFUSED, refused_notice),
        (Kept.REFUSED, refused_answer),
        (Kept.REFUSED, settled_flag),
        (Kept.REFUSED, refused_hold),
        (Kept.NEED, missed_need),
        (Kept.SEARCHES, counted_searches),
        (Kept.SESSION, session),
        (Kept.WRONG_PASSWORDS, wrong_password),
    ]
    for kept, make in made:
        table = make(base)
        before = count(base, table)
        base.personal_data.forget_old(KEPT, in_days(KEPT.days[kept] - 1))
        assert count(base, table) == before > 0, make
        base.personal_data.forget_old(KEPT, in_days(KEPT.days[kept] + 1))
        assert count(base, table) == 0, make
    assert b"zorglub" not in bytes_of(base.folder)


def test_work_that_waits_is_not_old(base: KnowledgeBase) -> None:
    base.jobs.add("feed", {"url": "https://a.example/"}, by="max")
    base.drafts.add(POLISH, by="léa", origin="")
    base.flags.add(FlaggedKind.ACTOR, "avel", FlagReason.OTHER, text="faux", lang="fr")
    base.holds.ask("avel", EMAIL, message="moi", lang="fr")
    assert base.personal_data.forget_old(KEPT, in_days(3000)) == 0


def test_of_a_notice_that_is_over_addresses_and_private_answers_go(base: KnowledgeBase) -> None:
    notice = base.notices.add(CONTENT, told_at=EMAIL)
    base.notices.publish(notice.id, by="max", revision=1)
    public = base.answers.add(notice.id, AnswerKind.CAN, text="Nous.", contact=EMAIL, by="léa")
    base.answers.add(notice.id, AnswerKind.CAN, text=f"À {EMAIL}", private=True, by="léa")
    base.notices.close(notice.id, Closing.MET, by="max", revision=2)
    base.personal_data.forget_old(KEPT, in_days(KEPT.days[Kept.CONTACT] - 1))
    assert base.notices.get(notice.id).told_at == EMAIL
    base.personal_data.forget_old(KEPT, in_days(KEPT.days[Kept.CONTACT] + 1))
    left = base.notices.get(notice.id)
    assert (left.told_at, left.content) == ("", replace(CONTENT, contact=""))
    assert base.answers.of(notice.id) == [replace(base.answers.get(public.id), contact="")]
    assert {version.content.contact for version in base.notices.versions(notice.id)} == {""}
    assert EMAIL.encode() not in bytes_of(base.folder)


def test_a_notice_is_over_after_its_last_day_and_a_silent_one_in_the_end(
    base: KnowledgeBase,
) -> None:
    ending = base.notices.add(replace(CONTENT, until=in_days(100)[:10]), told_at=EMAIL)
    silent = base.notices.add(CONTENT, told_at=EMAIL)
    for notice in (ending, silent):
        base.notices.publish(notice.id, by="max", revision=1)

    def told(days: float) -> list[str]:
        base.personal_data.forget_old(KEPT, in_days(days))
        return [base.notices.get(notice.id).told_at for notice in (ending, silent)]

    contact, silence = KEPT.days[Kept.CONTACT], KEPT.days[Kept.SILENT]
    assert told(100 + contact - 2) == [EMAIL, EMAIL]
    assert told(100 + contact + 2) == ["", EMAIL]
    assert told(silence - 1) == ["", EMAIL]
    assert told(silence + 1) == ["", ""]


def test_the_days_are_those_of_the_settings() -> None:
    settings = Settings(
        keep_jobs_days=1, keep_contacts_days=2, keep_silent_days=3, keep_refused_days=4
    )
    days = Retention.of(settings).days
    assert [days[kept] for kept in (Kept.JOB, Kept.CONTACT, Kept.SILENT, Kept.REFUSED)] == [
        1, 2, 3, 4,
    ]  # fmt: skip
    assert set(days) == set(Kept)


def bytes_of(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_the_documentation_says_these_days() -> None:
    told = (Path(__file__).parents[4] / "docs" / "privacy.md").read_text()
    table = told.split("## How long")[1].split("## Where it goes")[0]
    rows = [row.split("|")[2].strip() for row in table.splitlines() if row.startswith("| ")]
    assert sorted(map(int, rows[2:])) == sorted(KEPT.days.values())
