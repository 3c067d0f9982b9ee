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
