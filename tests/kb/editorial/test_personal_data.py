"""What is kept of a person is found in every register, and erased from every byte of the files."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind, Participation
from kb.reference.roles import Role
from kb.registers.accounts import AccountRole
from kb.registers.alerts.subscriptions import Frequency, NewsTopic, TopicKind
from kb.registers.dossiers import DossierEntry
from kb.registers.personal_data.traits import (
    NOT_ERASED,
    PLACES,
    PersonalKind,
    PersonalPlace,
    Retention,
)
from kb.resolution.merge_rules import SourceRow
from kb.settings import Settings
from kb.store.store import SqliteStore
from tests.encoders import WordCountEncoder
from tests.kb.records import GLOVER, POLISH, RECORDS, SANITISER
from tests.kb.registers.alerts.test_subscriptions import to_confirm

pytestmark = pytest.mark.usefixtures("lazy_deletes")

NAME = "Zorglub Quaxifrage"
EMAIL = "zorglub.quaxifrage@avel.example"
PHONE = "06 12 34 56 78"
TEXT = f"Appeler {NAME} ({EMAIL}, {PHONE}), née à Kwyjibo."
TRACES = tuple(
    word.encode(encoding)
    for word in ("zorglub", "quaxifrage")
    for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)


def has_traces(folder: Path) -> bool:
    content = b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return any(trace in content.lower() for trace in TRACES)


def rows(base: KnowledgeBase, sql: str) -> list[tuple[object, ...]]:
    with base._stores.lend() as store:
        return [tuple(row) for row in store.execute(sql)]


EMPTY = {"INTEGER": 1, "FLOAT": 0.0, "BLOB": b""}


def plant(base: KnowledgeBase, kind: PersonalKind | None) -> None:
    """A row of each table of a kind, which says the name wherever a text can stand."""
    for place in PLACES:
        if place.kind is kind:
            plant_in(base, place, place.read)


def plant_in(base: KnowledgeBase, place: PersonalPlace, columns: Collection[str]) -> None:
    """A row whose `columns` name the person, with the id "planted" or 1."""
    with base._stores.lend() as store:
        info = store.execute(f"pragma table_info({place.table})").fetchall()
        values: dict[str, object] = {row["name"]: EMPTY.get(row["type"], "") for row in info}
        values |= dict.fromkeys({*place.says, *place.fixed} & set(columns), TEXT)
        values |= dict.fromkeys(set(place.addresses) & set(columns), EMAIL)
        if values[place.id] == "":
            values[place.id] = "planted"
        if "kind" in values:
            values["kind"] = "actor"
        if "finished_at" in values:
            values["finished_at"] = "2026-01-01"
        names = ", ".join(f'"{name}"' for name in values)
        sql = f"insert into {place.table} ({names}) values ({', '.join('?' * len(values))})"
        # A row stands for itself here, without those that it goes with.
        store.execute("pragma foreign_keys = off")
        with store.writing():
            store.execute(sql, [*values.values()])
        store.execute("pragma foreign_keys = on")


@pytest.fixture
def told(base: KnowledgeBase) -> KnowledgeBase:
    """A base in which an organisation, a case and everything about them name a person."""
    base.put(RECORDS)
    base.begin_rows(
        "registre",
        [
            SourceRow(
                replace(POLISH, description=TEXT, contact=NAME, email=(EMAIL,), phone=(PHONE,))
            )
        ],
    ).put()
    told = replace(
        SANITISER,
        author=NAME,
        text=TEXT,
        participants=(Participation(NAME, Role.PRODUCER, "avel", TEXT),),
    )
    base.put([told], by=NAME)
    base.ingest_cases([replace(told, need=TEXT)])
    draft = base.drafts.add(told, by=NAME, origin=f"{NAME}.pdf", source_text=TEXT)
    base.drafts.save(draft.id, replace(told, title=NAME), by=NAME, revision=1, note=TEXT)
    base.edit(Kind.ACTOR, "avel", by=NAME)
    base.duplicates.decide("avel", GLOVER.id, same=False, by=NAME)
    base.save_index()
    return base


# No register is forgotten

DERIVED = frozenset({
    "themes", "names", "documents", "passages", "passage_words", "embeddings", "properties",
    "name_vocabulary", "name_slips", "name_words", "blocks", "passage_changes",
})  # fmt: skip
"""Tables made of records, which change and go with them."""

COUNTS = frozenset({"site_counts", "search_counts"})
"""Tables of numbers, by day."""

PLAIN = frozenset({
    "id", "kind", "record_id", "actor_id", "case_id", "draft_id", "notice_id", "dossier_id",
    "subscriber_id", "left_id", "right_id", "need_id", "offer_id", "story", "hash", "key",
    "token_hash", "name", "state", "status", "lang", "flow", "role", "reason", "settlement",
    "closing", "fit", "frequency", "purpose", "visibility", "form", "every", "contacts", "persons",
    "claim", "phase", "day", "date", "modified", "moderated", "period", "until", "since",
    "closed_on", "at", "beat_at", "unlisted_at", "department", "country", "activity_code", "theme",
    "source", "translation_of", "picture", "origin_hash", "etag", "last_modified", "digest",
    "choices", "created_at", "updated_at", "decided_at", "added_at", "chosen_at", "changed_at",
    "used_at", "disabled_at", "started_at", "finished_at", "tried_at", "read_at", "asked_at",
    "held_at", "link_until", "queued_at", "next_at", "leased_until", "handed_at", "ended_at",
    "settled_at", "seen_on", "expires_on", "kept_details", "published_at", "confirmed_at",
    "digested_at", "told_until", "reader", "writer",
})  # fmt: skip
"""Columns, of any table, that hold ids, states, times and words of ours."""


def test_every_column_of_text_is_known(base: KnowledgeBase) -> None:
    known = {place.table: {*place.read, *place.by, place.id} for place in PLACES}
    known["accounts"] |= {"password_hash", "toured"}
    unknown = [
        f"{table}.{column}"
        for table, column, type_ in rows(
            base,
            "select t.name, c.name, c.type from pragma_table_list t"
            " join pragma_table_info(t.name) c"
            " where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite_%'",
        )
        if type_ in {"TEXT", "BLOB", ""}
        and table not in {*DERIVED, *COUNTS}
        and column not in {*known.get(str(table), ()), *PLAIN}
        and (table, column) != ("pictures", "content")
    ]
    assert not unknown, (
        "say in kb.registers.personal_data.traits, or above, what stands in these columns"
    )


# Finding


def test_everything_about_a_person_is_found(told: KnowledgeBase) -> None:
    for term in (NAME, "quaxifrage zorglub", EMAIL, "+33612345678"):
        found = {(finding.kind, finding.id): finding for finding in told.personal_data.find(term)}
        kinds = {kind for kind, _ in found}
        assert kinds >= {PersonalKind.ACTOR, PersonalKind.CASE, PersonalKind.DRAFT}
        actor = found[PersonalKind.ACTOR, "avel"]
        assert {"actors", "statements", "versions"} <= actor.tables.keys()
        assert any("Zorglub" in excerpt for excerpt in actor.excerpts)
        if term == NAME:
            assert found[PersonalKind.ACCOUNT, NAME].tables == {
                "versions": 1, "drafts": 4, "draft_versions": 3, "duplicates": 1,
            }  # fmt: skip


def test_each_column_of_each_register_is_read(base: KnowledgeBase) -> None:
    for place in PLACES:
        for column in place.read:
            plant_in(base, place, [column])
            (found,) = base.personal_data.find("quaxifrage")
            kind = place.kind or PersonalKind.ACTOR
            assert (found.kind, found.tables) == (kind, {place.table: 1}), (place.table, column)
            assert found.id in {"planted", "1"}
            with base._stores.lend() as store, store.writing():
                store.execute("pragma defer_foreign_keys = on")
                store.execute(f"delete from {place.table}")


# Erasing


def test_what_is_erased_leaves_no_byte(base: KnowledgeBase) -> None:
    with_mail = {"notice", "flag", "hold", "subscriber"}
    for kind in sorted({*PersonalKind} - NOT_ERASED - {"actor", "case", "account"}):
        plant(base, kind)
        if kind in with_mail:
            plant(base, PersonalKind.MAIL)
        if kind is PersonalKind.NOTICE:
            plant(base, PersonalKind.ANSWER)
            with base._stores.lend() as store, store.writing():
                store.execute("update notice_answers set notice_id = 'planted'")
        assert has_traces(base.folder)
        base.personal_data.erase(kind, "planted", by="max")
        assert not has_traces(base.folder), kind
        assert base.personal_data.find("quaxifrage") == []
        with pytest.raises(UnknownRecord):
            base.personal_data.erase(kind, "planted", by="max")


def test_records_are_erased_with_all_that_names_the_person(told: KnowledgeBase) -> None:
    for finding in told.personal_data.find(NAME):
        if finding.kind in {PersonalKind.ACTOR, PersonalKind.CASE}:
            told.personal_data.erase(finding.kind, finding.id, by="max")
    for finding in told.personal_data.find(NAME):
        told.personal_data.erase(finding.kind, finding.id, by="max")
    assert told.personal_data.find(NAME) == []
    told.save_index()
    assert not has_traces(told.folder)
    assert told.ids(Kind.ACTOR) == {"matha", "gants"}


def test_what_is_no_persons_or_not_ended_is_not_erased(base: KnowledgeBase) -> None:
    for kind in NOT_ERASED:
        with pytest.raises(InputError):
            base.personal_data.erase(kind, "anything", by="max")
    job = base.jobs.add("feed", {"url": "https://a.example/"}, by="max")
    with pytest.raises(UnknownRecord):
        base.personal_data.erase(PersonalKind.JOB, job.id, by="max")
    assert base.jobs.get(job.id) == job


# Accounts


@pytest.fixture
def account(told: KnowledgeBase) -> KnowledgeBase:
    told.accounts.add("Max", "correct horse battery", AccountRole.ADMINISTRATOR)
    told.accounts.add(NAME, "correct horse battery", AccountRole.MODERATOR)
    told.accounts.issue_token(NAME, TEXT[:60])
    asked = told.subscriptions.ask(
        EMAIL, "fr", NewsTopic(TopicKind.CASES), Frequency.DAILY, to_confirm, account=NAME
    )
    assert asked
    told.dossiers.pick([DossierEntry("matha", note=TEXT)], by=NAME)
    shared = told.dossiers.pick([DossierEntry("gants")], by="Max")
    told.dossiers.join(shared.id, by=NAME)
    told.drafts.add(POLISH, by=NAME, origin="", submitted=False)
    return told


def test_an_account_is_erased_with_what_is_only_its_own(account: KnowledgeBase) -> None:
    account.personal_data.erase(PersonalKind.ACCOUNT, NAME.upper(), by="Max")
    assert [one.name for one in account.accounts.list()] == ["Max"]
    kinds = {finding.kind for finding in account.personal_data.find(NAME)}
    assert kinds == {PersonalKind.ACTOR, PersonalKind.CASE, PersonalKind.DRAFT}
    # What it wrote for all stays, by nobody that could be told.
    written = {version.by for version in account.history(Kind.CASE, SANITISER.id)}
    assert "…" in written
    assert NAME not in written
    assert [list_.colleagues for list_ in account.dossiers.of("Max")] == [()]


def test_nobody_can_take_the_name_that_stands_for_erased_accounts(base: KnowledgeBase) -> None:
    assert base.accounts.add("…", "correct horse battery", AccountRole.CONTRIBUTOR).name == "..."


def test_the_last_administrator_is_not_erased(base: KnowledgeBase) -> None:
    base.accounts.add(NAME, "correct horse battery", AccountRole.ADMINISTRATOR)
    with pytest.raises(InputError):
        base.personal_data.erase(PersonalKind.ACCOUNT, NAME, by="max")


# Taking words out


def test_a_person_is_taken_out_of_every_text(
    account: KnowledgeBase, word_counts: WordCountEncoder
) -> None:
    for kind in PersonalKind:
        if kind not in {"actor", "case", "account", "subscriber", "mail", "site", "source"}:
            plant(account, kind)
    assert account.personal_data.take_out(NAME, by="Max") > 10
    # The names of accounts stay: the account is erased as one.
    assert {finding.kind for finding in account.personal_data.find(NAME)} == {PersonalKind.ACCOUNT}
    case, actor = account.case(SANITISER.id), account.actor("avel")
    assert case.author == "[…]"
    assert case.participants[0].name == "[…]"
    assert case.text.startswith("Appeler […] (")
    assert (actor.contact, actor.email) == ("", ())
    assert actor.phone == (PHONE,)
    account.personal_data.erase(PersonalKind.ACCOUNT, NAME, by="Max")
    account.save_index()
    assert not has_traces(account.folder)
    # What is left is found, and index and records agree.
    assert account.search("gel hydroalcoolique").cases[0].case.id == SANITISER.id
    assert not account.status().problems


def test_what_things_are_found_by_stays(base: KnowledgeBase) -> None:
    row = SourceRow(replace(POLISH, id="zorglub-quaxifrage", contact=NAME))
    base.begin_rows("registre", [row]).put()
    base.personal_data.take_out(NAME, by="max")
    (found,) = base.personal_data.find(NAME)
    assert (found.kind, found.id) == (PersonalKind.ACTOR, "zorglub-quaxifrage")
    # The source still knows its own: another reading changes the same organisation.
    base.begin_rows("registre", [SourceRow(replace(row.actor, place="Cognac"))]).put()
    assert base.ids(Kind.ACTOR) == {"zorglub-quaxifrage"}
    assert base.actor("zorglub-quaxifrage").place == "Cognac"


def test_taking_out_what_is_nowhere_changes_nothing(told: KnowledgeBase) -> None:
    with told._stores.lend() as store:
        before = store.generation
    assert told.personal_data.take_out("Jeanne Martin", by="max") == 0
    with told._stores.lend() as store:
        assert store.generation == before


def test_an_erasure_that_was_interrupted_is_finished_by_whoever_is_next(
    told: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_store: SqliteStore) -> None:
        raise KeyboardInterrupt

    told.put([replace(SANITISER, author="", text="", participants=())])
    scrub = SqliteStore.scrub
    monkeypatch.setattr(SqliteStore, "scrub", killed)
    with pytest.raises(KeyboardInterrupt):
        told.personal_data.take_out(NAME, by="max")
    with pytest.raises(KeyboardInterrupt):
        told.personal_data.erase(PersonalKind.ACCOUNT, NAME, by="max")
    monkeypatch.setattr(SqliteStore, "scrub", scrub)
    assert has_traces(told.folder)
    told.personal_data.forget_old(Retention.of(Settings()))
    assert not has_traces(told.folder)
    with told._stores.lend() as store:
        assert not store.is_to_be_scrubbed()
