-- The tables of schema 31. Later schemas are migrations (kb.store.migrations).
--
-- For both engines; kb.store.postgres.statements says what PostgreSQL calls it. `numbered`: rows are
-- listed in the order in which they came. An `integer primary key not null` is given, any other counts.

create table actors (
  id text primary key not null,
  name text not null,
  description text,
  place text,
  department text,
  country text,
  activity_code text,
  siret text,
  website text,
  lang text,
  themes text,
  source_url text,
  facts text,
  updated_at text,
  closed_on text not null default '',
  phone text not null default '[]',
  email text not null default '[]',
  address text not null default '',
  contact text not null default '',
  members_only text not null default '[]',
  latitude real,
  longitude real
);
create index idx_actors_department on actors (department);
create index idx_actors_siret on actors (siret);
create index idx_actors_latitude_longitude_id on actors (latitude, longitude, id);

create table cases (
  id text primary key not null,
  title text not null,
  text text,
  lang text,
  date text,
  modified text,
  author text,
  moderator text,
  themes text,
  need text,
  source_url text,
  translation_of text,
  updated_at text,
  moderated text not null default '',
  author_job text not null default '',
  moderator_job text not null default '',
  flow text not null default '',
  period text not null default '',
  picture text not null default '',
  picture_alt text not null default '',
  picture_credit text not null default ''
);
create index idx_cases_translation_of on cases (translation_of);

-- actor_id is no foreign key: a case may name an actor whose directory comes later.
create table participations (
  case_id text references cases(id),
  position integer,
  actor_id text,
  name text,
  role text,
  contribution text,
  source_url text,
  primary key (case_id, position)
);
create index idx_participations_actor_id on participations (actor_id);

-- What actors and cases are filtered by, folded for comparison.
create table themes (
  kind text,
  record_id text,
  key text,
  name text,
  primary key (kind, record_id, key)
);
create index idx_themes_key on themes (key);

-- What an actor is called, folded, for exact names.
create table names (
  key text,
  actor_id text,
  primary key (key, actor_id)
);
create index idx_names_actor_id on names (actor_id);

create table documents (
  id integer primary key,
  kind text not null,
  record_id text not null,
  part text not null,
  lang text,
  text text not null
);
create unique index idx_documents_kind_record_id_part on documents (kind, record_id, part);

-- A passage's id is made from its text and place (kb.store.passages.passage_id).
create table passages (
  id integer primary key not null,
  document_id integer not null references documents(id),
  start integer not null,
  "end" integer not null,
  text_hash text
);
create index idx_passages_document_id on passages (document_id);
create index idx_passages_text_hash on passages (text_hash);

create table embeddings (
  text_hash text,
  encoder text,
  vector blob,
  trades blob, -- where it would be filed (`kb.search.trades`)
  trades_by text,
  primary key (text_hash, encoder)
);

-- Not contentless: FTS5 does not take what is deleted there out of BM25's statistics.
create virtual table passage_words using fts5(
  words, tokenize="unicode61 remove_diacritics 0"
);

create table properties (
  name text primary key,
  value text
);

-- Every state that a record had, as JSON, with who made it so.
create table versions (
  kind text,
  record_id text,
  number integer,
  content text,
  "by" text,
  at text,
  note text,
  restored integer,
  primary key (kind, record_id, number)
);

-- What was taken out, and is not to come back by the next ingest. Of an erased record, the id is
-- its hash.
create table withdrawals (
  kind text,
  record_id text,
  "by" text,
  at text,
  reason text,
  erased integer,
  primary key (kind, record_id)
);

-- Contributions on their way to publication. `content` is the record as JSON, `source_text` what it was
-- made from, `proposals` what was read out of that text, `kept_details` the private details to keep.
create table drafts (  -- numbered
  id text primary key,
  kind text,
  record_id text,
  state text,
  revision integer,
  content text,
  proposals text,
  source_text text,
  origin text,
  origin_hash text,
  remarks text,
  message text,
  created_by text,
  created_at text,
  updated_by text,
  updated_at text,
  based_on integer,
  kept_details text not null default '[]'
);
create index idx_drafts_state on drafts (state);
create index idx_drafts_origin_hash on drafts (origin_hash);

create table draft_versions (  -- numbered
  draft_id text references drafts(id),
  revision integer,
  kind text,
  record_id text,
  state text,
  content text,
  "by" text,
  at text,
  note text,
  primary key (draft_id, revision)
);

-- `key` is the name folded, for comparison. `password_hash` is argon2's own notation.
create table accounts (
  key text primary key,
  name text,
  password_hash text,
  role text,
  created_at text,
  disabled_at text,
  session_epoch integer,
  toured text not null default '',
  email text not null default '',
  confirmed text not null default ''
);

create table tokens (
  hash text primary key,
  account text references accounts(key),
  label text,
  created_at text,
  used_at text,
  expires_on text not null default ''
);

create table jobs (  -- numbered
  id text primary key,
  kind text,
  parameters text,
  state text,
  done integer,
  total integer,
  report text,
  message text,
  created_by text,
  created_at text,
  started_at text,
  finished_at text,
  beat_at text,
  cancel_asked integer,
  claim text,
  claims integer,
  file text not null default '',
  phase text not null default '',
  per_second real not null default 0.0
);
create index idx_jobs_state on jobs (state);

-- What each source says of an actor under an id of its own (`key`): `said` is JSON, the values by field
-- by the date since when.
create table statements (
  number integer primary key,
  source text not null,
  key text not null,
  actor_id text not null,
  said text,
  since text,
  unlisted_at text not null default ''
);
create unique index idx_statements_source_key on statements (source, key);
create index idx_statements_actor_id on statements (actor_id);

-- How the columns of a source's directories are read, and who sees its contacts.
create table sources (
  name text primary key,
  mapping text,
  updated_at text,
  contacts text not null default '',
  persons text not null default ''
);

-- Pairs of actors that may be one, and what a person decided. `left_id` < `right_id`.
create table duplicates (
  left_id text,
  right_id text,
  score real,
  reasons text,
  state text,
  decided_by text,
  decided_at text,
  primary key (left_id, right_id)
);

-- Actors that share a block may be one, and are compared (kb.resolution.similarity).
create table blocks (
  block integer,
  actor_id text,
  primary key (block, actor_id)
) without rowid;
create index idx_blocks_actor_id on blocks (actor_id);

-- Where the id of an actor leads that was found to be another.
create table merged_actors (
  id text primary key,
  actor_id text
);

-- What the input last said of each case, as JSON, whatever persons have made of it since.
create table inputs (
  case_id text primary key,
  content text,
  source text not null default '',
  unlisted_at text not null default ''
);

-- Which passages each change touched: a line for each passage, then one that names the generation.
create table passage_changes (
  id integer primary key,
  passage_id integer,
  generation text
);
create unique index passage_changes_generation on passage_changes (generation) where generation is not null;

-- Names word by word, for who spells them only nearly (kb.store.names). A word is kept once, with how
-- many names have it.
create table name_vocabulary (
  id integer primary key,
  word text not null unique,
  sound text not null,
  names integer not null
);

create table name_slips (
  slip text,
  word_id integer,
  primary key (slip, word_id)
) without rowid;

create table name_words (
  word_id integer,
  actor_id text,
  position integer,
  primary key (word_id, actor_id, position)
) without rowid;
create index idx_name_words_actor_id on name_words (actor_id);

-- Sites of networks that may show the search. `key` is public; `origins` is JSON.
create table sites (
  key text primary key,
  name text,
  origins text,
  department text,
  theme text,
  per_day integer,
  created_at text,
  disabled_at text
);

-- How much each site is used, by day and in numbers only: nothing of who searched, or for what.
create table site_counts (
  key text references sites(key),
  day text,
  requests integer,
  searches integer,
  empty integer,
  selections integer,
  primary key (key, day)
);

-- Where sources are, how their last reading went, and what tells whether anything is new there.
create table source_locations (
  name text primary key,
  location text,
  every text,
  added_by text,
  added_at text,
  tried_at text,
  read_at text,
  failures integer,
  problem text,
  address text,
  form text,
  etag text,
  last_modified text,
  digest text,
  choices text
);

-- Needs with the organisations picked for them. The owner is a member, too. `reader` and `writer` are
-- what the links that read and write are made of, empty if there is none.
create table dossiers (
  id text primary key,
  title text,
  owner text,
  created_at text,
  need text not null default '',
  quantity text not null default '',
  place text not null default '',
  until text not null default '',
  reader text not null default '',
  writer text not null default ''
);

create table dossier_members (
  dossier_id text,
  account text,
  primary key (dossier_id, account)
);
create index idx_dossier_members_account on dossier_members (account);

create table dossier_entries (  -- numbered
  dossier_id text,
  actor_id text,
  position integer,
  need text,
  status text,
  note text,
  changed_by text,
  changed_at text,
  why text not null default '{}',
  signed text not null default '',
  primary key (dossier_id, actor_id)
);

-- Mails on their way; of those that were sent, only to whom, and only for a while.
create table outbox (  -- numbered
  id text primary key,
  recipient text,
  subject text,
  text text,
  html text,
  lang text,
  purpose text,
  unsubscribe_url text,
  state text,
  queued_at text,
  next_at text,
  attempts integer,
  leased_until text,
  handed_at text,
  ended_at text,
  problem text,
  reply_to text not null default ''
);
create index idx_outbox_state_next_at on outbox (state, next_at);
create index idx_outbox_recipient on outbox (recipient);

-- Who is told of news by mail; an address is kept as long as it has a subscription.
create table subscribers (
  id text primary key,
  email text,
  lang text,
  created_at text
);
create unique index idx_subscribers_email on subscribers (email);

create table subscriptions (  -- numbered
  id text primary key,
  subscriber_id text references subscribers(id),
  topic text,
  frequency text,
  account text,
  created_at text,
  confirmed_at text,
  digested_at text,
  told_until text
);
create index idx_subscriptions_subscriber_id on subscriptions (subscriber_id);
create index idx_subscriptions_account on subscriptions (account);

-- What the operator says of itself: each change is a revision, `content` is JSON.
create table identity (
  revision integer primary key not null,
  content text,
  "by" text,
  at text
);

create table front_page (
  story text primary key,
  chosen_by text,
  chosen_at text
);

-- Pictures as they are served; the name holds a hash of the content.
create table pictures (
  name text primary key,
  content blob,
  added_by text,
  added_at text
);

-- Needs and offers that people make known, with every revision; their answers; what may fit.
create table notices (  -- numbered
  id text primary key,
  state text,
  revision integer,
  content text,
  flow text,
  department text,
  until text,
  owner text,
  told_at text,
  message text,
  closing text,
  draft_id text,
  created_at text,
  published_at text,
  updated_by text,
  updated_at text
);
create index idx_notices_published_at_id on notices (published_at, id);

create table notice_versions (
  notice_id text,
  revision integer,
  state text,
  content text,
  "by" text,
  at text,
  note text,
  primary key (notice_id, revision)
);

create table notice_answers (  -- numbered
  id text primary key,
  notice_id text,
  kind text,
  organisation text,
  actor_id text,
  text text,
  private integer,
  contact text,
  "by" text,
  state text,
  at text,
  published_at text not null default ''
);
create index idx_notice_answers_notice_id on notice_answers (notice_id);

create table notice_pairs (
  need_id text,
  offer_id text,
  closeness real,
  state text,
  "by" text,
  at text,
  primary key (need_id, offer_id)
);

-- What people say is wrong on a page, until a moderator has settled it.
create table flags (  -- numbered
  id text primary key,
  kind text,
  record_id text,
  reason text,
  text text,
  email text,
  lang text,
  at text,
  settlement text,
  settled_by text,
  settled_at text
);

-- Whether searches are counted, by whose choice: the last one holds.
create table demand_choices (
  id integer primary key,
  counted integer,
  "by" text,
  at text
);

create table search_counts (
  day text,
  fit text,
  searches integer,
  primary key (day, fit)
) without rowid;

create table missed_needs (
  hash text,
  day text,
  asked integer,
  primary key (hash, day)
) without rowid;

create table missed_words (
  hash text primary key,
  words text
) without rowid;

-- Which organisation asked for its page, and which account holds it.
create table holds (  -- numbered
  id text primary key,
  actor_id text,
  state text,
  email text,
  message text,
  lang text,
  proved integer,
  account text,
  accepted_by text,
  asked_at text,
  held_at text,
  link_until text,
  token_hash text
);
create index idx_holds_actor_id on holds (actor_id);

-- Which browsers are signed in. `hash` is of what the browser keeps; a session of another epoch than its
-- account's is over.
create table sessions (  -- numbered
  hash text primary key,
  account text references accounts(key),
  epoch integer,
  created_at text,
  seen_on text,
  device text
);
create index idx_sessions_account on sessions (account);

create table wrong_passwords (
  account text references accounts (key),
  day text,
  tried integer,
  primary key (account, day)
) without rowid;
