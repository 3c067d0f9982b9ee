"""The database's tables, as numbered migrations.

Each migration is a function that takes the database from the version before to its own; the
version is SQLite's `user_version`. Each runs in one transaction together with its number, so
that a base is always of one version. Published migrations are never edited.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable

import numpy as np
from sqlite_utils import Database

from kb.errors import SchemaTooNew
from kb.reference.whereabouts import point_of
from kb.text.analysis import forms_of
from kb.text.organisation_name import analyse_name
from kb.text.phonetics import slips, sound

APPLICATION_ID = 0x51534146
"""SQLite's `application_id` of a knowledge base: "QSAF"."""


def _first_tables(db: Database) -> None:
    db.table("actors").create(
        {
            "id": str,
            "name": str,
            "description": str,
            "place": str,
            "department": str,
            "country": str,
            "activity_code": str,
            "siret": str,
            "website": str,
            "lang": str,
            "themes": str,
            "source_url": str,
            "facts": str,
            "updated_at": str,
        },
        pk="id",
        not_null={"id", "name"},
    )
    db.table("actors").create_index(["department"])
    db.table("actors").create_index(["siret"])
    db.table("cases").create(
        {
            "id": str,
            "title": str,
            "text": str,
            "lang": str,
            "date": str,
            "modified": str,
            "author": str,
            "moderator": str,
            "themes": str,
            "need": str,
            "source_url": str,
            "translation_of": str,
            "updated_at": str,
        },
        pk="id",
        not_null={"id", "title"},
    )
    db.table("cases").create_index(["translation_of"])
    # actor_id is no foreign key: a case may name an actor whose directory comes later.
    db.table("participations").create(
        {
            "case_id": str,
            "position": int,
            "actor_id": str,
            "name": str,
            "role": str,
            "contribution": str,
            "source_url": str,
        },
        pk=("case_id", "position"),
        foreign_keys=[("case_id", "cases", "id")],
    )
    db.table("participations").create_index(["actor_id"])
    # What actors and cases are filtered by, folded for comparison.
    db.table("themes").create(
        {"kind": str, "record_id": str, "key": str, "name": str},
        pk=("kind", "record_id", "key"),
    )
    db.table("themes").create_index(["key"])
    # What an actor is called, folded, for exact names.
    db.table("names").create({"key": str, "actor_id": str}, pk=("key", "actor_id"))
    db.table("documents").create(
        {"id": int, "kind": str, "record_id": str, "part": str, "lang": str, "text": str},
        pk="id",
        not_null={"kind", "record_id", "part", "text"},
    )
    db.table("documents").create_index(["kind", "record_id", "part"], unique=True)
    # A passage's id is made from its text and place (see kb.store.passages.passage_id).
    db.table("passages").create(
        {"id": int, "document_id": int, "start": int, "end": int, "text_hash": str},
        pk="id",
        not_null={"document_id", "start", "end"},
        foreign_keys=[("document_id", "documents", "id")],
    )
    db.table("passages").create_index(["document_id"])
    db.table("passages").create_index(["text_hash"])
    db.table("embeddings").create(
        {"text_hash": str, "encoder": str, "vector": bytes}, pk=("text_hash", "encoder")
    )
    # Not contentless: FTS5 does not take what is deleted there out of BM25's statistics.
    db.execute(
        """
        create virtual table passage_words using fts5(
            words, tokenize="unicode61 remove_diacritics 0"
        )
        """
    )
    db.table("properties").create({"name": str, "value": str}, pk="name")


def _editorial_tables(db: Database) -> None:
    db.table("actors").add_column("closed_on", str, not_null_default="")
    for column in ("moderated", "author_job", "moderator_job"):
        db.table("cases").add_column(column, str, not_null_default="")
    # Every state that a record had, as JSON, with who made it so.
    db.table("versions").create(
        {
            "kind": str,
            "record_id": str,
            "number": int,
            "content": str,
            "by": str,
            "at": str,
            "note": str,
            "restored": int,
        },
        pk=("kind", "record_id", "number"),
    )
    # What was taken out, and is not to come back by the next ingest. Of an erased record, the
    # id is its hash.
    db.table("withdrawals").create(
        {"kind": str, "record_id": str, "by": str, "at": str, "reason": str, "erased": int},
        pk=("kind", "record_id"),
    )
    # Contributions on their way to publication. `content` is the record as JSON, `source_text`
    # what it was made from, `proposals` what was read out of that text.
    db.table("drafts").create(
        {
            "id": str,
            "kind": str,
            "record_id": str,
            "state": str,
            "revision": int,
            "content": str,
            "proposals": str,
            "source_text": str,
            "origin": str,
            "origin_hash": str,
            "remarks": str,
            "message": str,
            "created_by": str,
            "created_at": str,
            "updated_by": str,
            "updated_at": str,
            "based_on": int,
        },
        pk="id",
    )
    db.table("drafts").create_index(["state"])
    db.table("drafts").create_index(["origin_hash"])
    db.table("draft_versions").create(
        {
            "draft_id": str,
            "revision": int,
            "kind": str,
            "record_id": str,
            "state": str,
            "content": str,
            "by": str,
            "at": str,
            "note": str,
        },
        pk=("draft_id", "revision"),
        foreign_keys=[("draft_id", "drafts", "id")],
    )
    # `key` is the name folded, for comparison. `password_hash` is argon2's own notation.
    db.table("accounts").create(
        {
            "key": str,
            "name": str,
            "password_hash": str,
            "role": str,
            "created_at": str,
            "disabled_at": str,
            "session_epoch": int,
        },
        pk="key",
    )
    db.table("tokens").create(
        {"hash": str, "account": str, "label": str, "created_at": str, "used_at": str},
        pk="hash",
        foreign_keys=[("account", "accounts", "key")],
    )
    db.table("jobs").create(
        {
            "id": str,
            "kind": str,
            "parameters": str,
            "state": str,
            "done": int,
            "total": int,
            "report": str,
            "message": str,
            "created_by": str,
            "created_at": str,
            "started_at": str,
            "finished_at": str,
            "beat_at": str,
            "cancel_asked": int,
            "claim": str,
            "claims": int,
        },
        pk="id",
    )
    db.table("jobs").create_index(["state"])
    # What each source says of an actor under an id of its own (`key`): `said` is JSON, the values
    # by field by the date since when. `number` is the order in which the sources came.
    db.table("statements").create(
        {
            "number": int,
            "source": str,
            "key": str,
            "actor_id": str,
            "said": str,
            "since": str,
        },
        pk="number",
        not_null={"source", "key", "actor_id"},
    )
    db.table("statements").create_index(["source", "key"], unique=True)
    db.table("statements").create_index(["actor_id"])
    # How the columns of a source's directories are read.
    db.table("sources").create({"name": str, "mapping": str, "updated_at": str}, pk="name")
    # Pairs of actors that may be one, and what a person decided. `left_id` < `right_id`.
    db.table("duplicates").create(
        {
            "left_id": str,
            "right_id": str,
            "score": float,
            "reasons": str,
            "state": str,
            "decided_by": str,
            "decided_at": str,
        },
        pk=("left_id", "right_id"),
    )
    # Actors that share a block may be one, and are compared (see kb.resolution.similarity).
    db.execute(
        "create table blocks (block integer, actor_id text, primary key (block, actor_id))"
        " without rowid"
    )
    db.table("blocks").create_index(["actor_id"])
    # Where the id of an actor leads that was found to be another.
    db.table("merged_actors").create({"id": str, "actor_id": str}, pk="id")
    # What the input last said of each case, as JSON, whatever persons have made of it since.
    db.table("inputs").create({"case_id": str, "content": str}, pk="case_id")
    # Which passages each change touched, so that an index need not look at all. A change is a
    # line for each passage, then one that names the generation it made.
    db.table("passage_changes").create({"id": int, "passage_id": int, "generation": str}, pk="id")
    db.execute(
        "create unique index passage_changes_generation on passage_changes (generation)"
        " where generation is not null"
    )


def _name_tables(db: Database) -> None:
    # Names word by word, for who spells them only nearly (see kb.store.names). A word is kept
    # once, with how many names have it.
    db.execute(
        "create table name_vocabulary (id integer primary key, word text not null unique,"
        " sound text not null, names integer not null)"
    )
    db.execute(
        "create table name_slips (slip text, word_id integer, primary key (slip, word_id))"
        " without rowid"
    )
    db.execute(
        "create table name_words (word_id integer, actor_id text, position integer,"
        " primary key (word_id, actor_id, position)) without rowid"
    )
    db.table("name_words").create_index(["actor_id"])
    db.table("names").create_index(["actor_id"])
    placed = {
        (word, actor_id, position)
        for actor_id, name in db.execute("select id, name from actors").fetchall()
        for position, word in analyse_name(name).placed()
    }
    names = Counter(word for word, _ in {(word, actor_id) for word, actor_id, _ in placed})
    ids = {word: id_ for id_, word in enumerate(sorted(names), start=1)}
    insert = db.conn.executemany
    insert(
        "insert into name_vocabulary values (?, ?, ?, ?)",
        ((id_, word, sound(word), names[word]) for word, id_ in ids.items()),
    )
    insert(
        "insert into name_slips values (?, ?)",
        ((slip, id_) for word, id_ in ids.items() for slip in slips(word)),
    )
    insert(
        "insert into name_words values (?, ?, ?)", ((ids[word], *rest) for word, *rest in placed)
    )


def _site_tables(db: Database) -> None:
    # Sites of networks that may show the search. `key` is public; `origins` is JSON.
    db.table("sites").create(
        {
            "key": str,
            "name": str,
            "origins": str,
            "department": str,
            "theme": str,
            "per_day": int,
            "created_at": str,
            "disabled_at": str,
        },
        pk="key",
    )
    # How much each is used, by day and in numbers only: nothing of who searched, or for what.
    db.table("site_counts").create(
        {
            "key": str,
            "day": str,
            "requests": int,
            "searches": int,
            "empty": int,
            "selections": int,
        },
        pk=("key", "day"),
        foreign_keys=[("key", "sites", "key")],
    )


def _flow_of_cases(db: Database) -> None:
    # Empty where a case does not say which way its need goes: then its words tell it.
    db.table("cases").add_column("flow", str, not_null_default="")


def _places_of_actors(db: Database) -> None:
    # With the id, so that a place is looked for without reading the actors.
    db.table("actors").create_index(["place", "id"])


def _contacts_of_actors(db: Database) -> None:
    # Several numbers and addresses of e-mail are lists in JSON.
    for column, default in {"phone": "[]", "email": "[]", "address": "", "contact": ""}.items():
        db.table("actors").add_column(column, str, not_null_default=default)


def _privacy_of_contacts(db: Database) -> None:
    # The values among an actor's contacts that only members may see, as JSON.
    db.table("actors").add_column("members_only", str, not_null_default="[]")
    # Who sees the contacts of a source; empty until a person chooses (`kb.reference.visibility`).
    for column in ("contacts", "persons"):
        db.table("sources").add_column(column, str, not_null_default="")


def _sources_read_again(db: Database) -> None:
    # Where sources are, how their last reading went, and what tells whether anything is new there.
    db.table("source_locations").create(
        {
            "name": str,
            "location": str,
            "every": str,
            "added_by": str,
            "added_at": str,
            "tried_at": str,
            "read_at": str,
            "failures": int,
            "problem": str,
            "address": str,
            "form": str,
            "etag": str,
            "last_modified": str,
            "digest": str,
            "choices": str,
        },
        pk="name",
    )
    # Since when a source no longer lists what it described; empty while it does.
    db.table("statements").add_column("unlisted_at", str, not_null_default="")
    db.table("inputs").add_column("source", str, not_null_default="")
    db.table("inputs").add_column("unlisted_at", str, not_null_default="")


def _place_of_jobs(db: Database) -> None:
    # Where a job is: in which file, at what, and how many entries it does in a second.
    db.table("jobs").add_column("file", str, not_null_default="")
    db.table("jobs").add_column("phase", str, not_null_default="")
    db.table("jobs").add_column("per_second", float, not_null_default=0.0)


def _contact_lists(db: Database) -> None:
    # The organisations that accounts picked. The owner is a member, too; of the lists of an
    # account, one takes what it picks.
    db.table("contact_lists").create(
        {"id": str, "name": str, "owner": str, "created_at": str}, pk="id"
    )
    db.table("contact_list_members").create(
        {"list_id": str, "account": str, "takes_picks": int}, pk=("list_id", "account")
    )
    db.table("contact_list_members").create_index(["account"])
    db.table("contact_list_entries").create(
        {
            "list_id": str,
            "actor_id": str,
            "position": int,
            "need": str,
            "status": str,
            "note": str,
            "changed_by": str,
            "changed_at": str,
        },
        pk=("list_id", "actor_id"),
    )


def _outbox(db: Database) -> None:
    # Mails on their way; of those that were sent, only to whom, and only for a while.
    db.table("outbox").create(
        {
            "id": str,
            "recipient": str,
            "subject": str,
            "text": str,
            "html": str,
            "lang": str,
            "purpose": str,
            "unsubscribe_url": str,
            "reply_to": str,
            "state": str,
            "queued_at": str,
            "next_at": str,
            "attempts": int,
            "leased_until": str,
            "handed_at": str,
            "ended_at": str,
            "problem": str,
        },
        pk="id",
    )
    db.table("outbox").create_index(["state", "next_at"])
    db.table("outbox").create_index(["recipient"])


def _subscriptions(db: Database) -> None:
    # Who is told of news by mail, and of which; an address is kept as long as it has one.
    db.table("subscribers").create(
        {"id": str, "email": str, "lang": str, "created_at": str}, pk="id"
    )
    db.table("subscribers").create_index(["email"], unique=True)
    db.table("subscriptions").create(
        {
            "id": str,
            "subscriber_id": str,
            "topic": str,
            "frequency": str,
            "account": str,
            "created_at": str,
            "confirmed_at": str,
            "digested_at": str,
            "told_until": str,
        },
        pk="id",
        foreign_keys=[("subscriber_id", "subscribers", "id")],
    )
    db.table("subscriptions").create_index(["subscriber_id"])
    db.table("subscriptions").create_index(["account"])


def _identity_and_pictures(db: Database) -> None:
    # What the operator says of itself: each change is a revision, `content` is JSON.
    db.table("identity").create(
        {"revision": int, "content": str, "by": str, "at": str}, pk="revision"
    )
    # Stories that moderators put on the front page.
    db.table("front_page").create({"story": str, "chosen_by": str, "chosen_at": str}, pk="story")
    # Pictures as they are served; the name holds a hash of the content.
    db.table("pictures").create(
        {"name": str, "content": bytes, "added_by": str, "added_at": str}, pk="name"
    )


def _coordinates_of_actors(db: Database) -> None:
    # By which a circle finds who is in it; they follow from the place and the facts.
    for column in ("latitude", "longitude"):
        db.table("actors").add_column(column, float)
    rows = db.execute("select id, place, department, country, facts from actors").fetchall()
    points = (
        (point_of(place, department, country, _plain_facts(facts)), id_)
        for id_, place, department, country, facts in rows
    )
    db.conn.executemany(
        "update actors set latitude = ?, longitude = ? where id = ?",
        [(point.latitude, point.longitude, id_) for point, id_ in points if point],
    )
    db.table("actors").create_index(["latitude", "longitude", "id"])


def _plain_facts(text: str) -> dict[str, str]:
    """The facts of an actor, which stand first where other fields stand with them."""
    facts = json.loads(text)
    return dict(facts[0] if isinstance(facts, list) else facts)


def _period_of_cases(db: Database) -> None:
    # The time of the facts, in EDTF; empty where nobody told it.
    db.table("cases").add_column("period", str, not_null_default="")


def _board(db: Database) -> None:
    # Needs and offers that people make known, with every revision; their answers; what may fit.
    db.table("notices").create(
        {
            "id": str,
            "state": str,
            "revision": int,
            "content": str,
            "flow": str,
            "department": str,
            "until": str,
            "owner": str,
            "told_at": str,
            "message": str,
            "closing": str,
            "draft_id": str,
            "created_at": str,
            "published_at": str,
            "updated_by": str,
            "updated_at": str,
        },
        pk="id",
    )
    db.table("notices").create_index(["published_at", "id"])
    db.table("notice_versions").create(
        {
            "notice_id": str,
            "revision": int,
            "state": str,
            "content": str,
            "by": str,
            "at": str,
            "note": str,
        },
        pk=("notice_id", "revision"),
    )
    db.table("notice_answers").create(
        {
            "id": str,
            "notice_id": str,
            "kind": str,
            "organisation": str,
            "actor_id": str,
            "text": str,
            "private": int,
            "contact": str,
            "by": str,
            "state": str,
            "at": str,
        },
        pk="id",
    )
    db.table("notice_answers").create_index(["notice_id"])
    db.table("notice_pairs").create(
        {
            "need_id": str,
            "offer_id": str,
            "closeness": float,
            "state": str,
            "by": str,
            "at": str,
        },
        pk=("need_id", "offer_id"),
    )


def _pictures_of_cases(db: Database) -> None:
    # The name of a picture, what it shows, and whose it is.
    for column in ("picture", "picture_alt", "picture_credit"):
        db.table("cases").add_column(column, str, not_null_default="")


def _tour_of_moderation(db: Database) -> None:
    # When an account put away the tour of the moderation page; empty until then.
    db.table("accounts").add_column("toured", str, not_null_default="")


def _publication_of_answers(db: Database) -> None:
    # Since when everybody may read an answer, which may be later than it was written.
    db.table("notice_answers").add_column("published_at", str, not_null_default="")
    db.execute("update notice_answers set published_at = \"at\" where state = 'published'")


def _flags(db: Database) -> None:
    # What people say is wrong on a page, until a moderator has settled it.
    db.table("flags").create(
        {
            "id": str,
            "kind": str,
            "record_id": str,
            "reason": str,
            "text": str,
            "email": str,
            "lang": str,
            "at": str,
            "settlement": str,
            "settled_by": str,
            "settled_at": str,
        },
        pk="id",
    )


def _demand(db: Database) -> None:
    # Whether searches are counted, by whose choice: the last one holds.
    db.table("demand_choices").create({"id": int, "counted": int, "by": str, "at": str}, pk="id")
    # The order of lines would be that of searches: these tables keep none.
    db.execute(
        "create table search_counts (day text, fit text, searches integer,"
        " primary key (day, fit)) without rowid"
    )
    db.execute(
        "create table missed_needs (hash text, day text, asked integer,"
        " primary key (hash, day)) without rowid"
    )
    db.execute("create table missed_words (hash text primary key, words text) without rowid")


def _holds(db: Database) -> None:
    # Which organisation asked for its page, and which account holds it.
    db.table("holds").create(
        {
            "id": str,
            "actor_id": str,
            "state": str,
            "email": str,
            "message": str,
            "lang": str,
            "proved": int,
            "account": str,
            "accepted_by": str,
            "asked_at": str,
            "held_at": str,
            "link_until": str,
            "token_hash": str,
        },
        pk="id",
    )
    db.table("holds").create_index(["actor_id"])


def _sessions_of_accounts(db: Database) -> None:
    # Which browsers are signed in. `hash` is of what the browser keeps; a session of another
    # epoch than its account's is over.
    db.table("sessions").create(
        {
            "hash": str,
            "account": str,
            "epoch": int,
            "created_at": str,
            "seen_on": str,
            "device": str,
        },
        pk="hash",
        foreign_keys=[("account", "accounts", "key")],
    )
    db.table("sessions").create_index(["account"])
    # The last day of a token; empty where it has none.
    db.table("tokens").add_column("expires_on", str, not_null_default="")
    db.execute(
        "create table wrong_passwords (account text references accounts (key), day text,"
        " tried integer, primary key (account, day)) without rowid"
    )


def _kept_details_of_drafts(db: Database) -> None:
    # The private details of a draft that a person decided to keep, by their keys, as JSON.
    db.table("drafts").add_column("kept_details", str, not_null_default="[]")


def _embeddings_in_half_precision(db: Database) -> None:
    # From float32 to float16. Their base is copied before, so nothing of them is lost.
    db.conn.create_function(
        "halved",
        1,
        lambda vector: np.frombuffer(vector, "<f4").astype("<f2").tobytes(),
        deterministic=True,
    )
    db.execute("update embeddings set vector = halved(vector) where length(vector) % 4 = 0")


def _nothing(_db: Database) -> None:
    """Changes nothing: a folder has as files what is a table in PostgreSQL."""


def _parts_of_jobs(db: Database) -> None:
    # Of a part, the job that it helps; what parts embed waits until that job puts its passages.
    db.table("jobs").add_column("part_of", str, not_null_default="")
    db.table("embeddings_ahead").create(
        {"text_hash": str, "encoder": str, "vector": bytes, "job": str}, pk=("text_hash", "encoder")
    )


def _words_of_places(db: Database) -> None:
    # Places of actors word by word, so that a place that a need names is found at once.
    db.execute(
        "create table place_words (word text, actor_id text, primary key (word, actor_id))"
        " without rowid"
    )
    db.conn.create_function(
        "forms_of", 1, lambda place: json.dumps(forms_of(place)), deterministic=True
    )
    db.execute(
        "insert into place_words select value, actors.id from actors, json_each(forms_of(place))"
        " where place != '' order by 1, 2"
    )
    db.table("place_words").create_index(["actor_id"])
    db.execute("drop index idx_actors_place_id")


def _addresses_of_accounts(db: Database) -> None:
    # Where the link for a forgotten password is sent. Mails are answered to the site alone.
    db.table("accounts").add_column("email", str, not_null_default="")
    db.execute("alter table outbox drop column reply_to")


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _first_tables,
    _editorial_tables,
    _name_tables,
    _site_tables,
    _flow_of_cases,
    _places_of_actors,
    _contacts_of_actors,
    _privacy_of_contacts,
    _sources_read_again,
    _place_of_jobs,
    _contact_lists,
    _outbox,
    _subscriptions,
    _identity_and_pictures,
    _coordinates_of_actors,
    _period_of_cases,
    _board,
    _pictures_of_cases,
    _tour_of_moderation,
    _publication_of_answers,
    _flags,
    _demand,
    _holds,
    _sessions_of_accounts,
    _kept_details_of_drafts,
    _embeddings_in_half_precision,
    _nothing,  # kept_files
    _parts_of_jobs,
    _words_of_places,
    _addresses_of_accounts,
)
SCHEMA_VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def migrate(db: Database) -> None:
    """Brings the database to the version of this program; does nothing if it is there.

    Raises:
        SchemaTooNew: the database was written by a later version.
    """
    version = version_of(db.conn)
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"The knowledge base has schema {version}; this program knows {SCHEMA_VERSION} at "
            "most. Use the version that wrote it, or a later one."
        )
    for number in range(version + 1, SCHEMA_VERSION + 1):
        with db.conn:
            db.conn.execute("begin immediate")
            if version_of(db.conn) >= number:  # another process was faster
                continue
            MIGRATIONS[number - 1](db)
            db.conn.execute(f"pragma application_id = {APPLICATION_ID}")
            db.conn.execute(f"pragma user_version = {number}")
