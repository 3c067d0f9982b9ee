-- What PostgreSQL has besides the tables of `kb/store/schema.sql`. Read by `kb.store.postgres.migrations`.

create table quisait_schema (number bigint not null);  -- one row: the version of these tables
insert into quisait_schema values (0);

-- Beside its row, a vector is read without a detour.
alter table embeddings alter column vector set storage plain;

-- How often each passage, of so many stems in all, has each stem; and how many there are of all.
-- Triggers keep both (`functions.sql`).
create table postings (
  stem text collate "C" not null,
  passage_id bigint not null,
  uses integer not null,
  length integer not null,
  primary key (stem, passage_id) include (uses, length)
);
create table word_totals (
  passages bigint not null,
  words bigint not null
);
insert into word_totals values (0, 0);
create trigger words_come after insert on passage_words referencing new table as changed
  for each statement execute function count_words();
create trigger words_go after delete on passage_words referencing old table as changed
  for each statement execute function count_words();

-- What a rebuild makes anew, and which records are still to do (`kb.store.postgres.side_tables`).
-- Triggers keep both true while it goes on.
create table side_documents (like documents including defaults including indexes);
alter table side_documents
  alter id set default nextval(pg_get_serial_sequence('documents', 'id'));
create table side_passages (like passages including indexes);
create table side_passage_words (like passage_words including indexes);
create table rebuild_waiting (
  kind text collate "C",
  record_id text collate "C",
  primary key (kind, record_id)
);
create trigger actor_changes after insert or update or delete on actors
  for each row execute function wait_for_rebuild('actor');
create trigger case_changes after insert or update or delete on cases
  for each row execute function wait_for_rebuild('case');
create trigger embedding_goes before delete on embeddings
  for each row execute function keep_for_rebuild();

-- What a folder has beside its database (`kb.registers.beside`). Uploads are compressed already, or
-- gone soon: nothing is won by compressing them here.
create table kept_files (
  name text collate "C",
  piece bigint,
  content bytea not null,
  at text collate "C" not null,
  primary key (name, piece)
);
alter table kept_files alter content set storage external;
