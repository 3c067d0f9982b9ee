create extension if not exists vector with schema public;

-- SQLite's functions of JSON, as far as statements use them: paths are '$.name' or '$.name.name'.
-- What is no JSON is an error, as it is there. Made anew at each migration.

create or replace function json_extract(content text, path text) returns text
  language sql immutable parallel safe
  return content::json #>> string_to_array(substr(path, 3), '.');

create or replace function json_set(content text, path text, value text) returns text
  language sql immutable parallel safe
  return jsonb_set(content::jsonb, string_to_array(substr(path, 3), '.'), to_jsonb(value))::text;

create or replace function json_each(content text, path text) returns table (value text)
  language sql immutable parallel safe
  return json_array_elements_text(
    case when json_typeof(content::json #> string_to_array(substr(path, 3), '.')) = 'array'
      then content::json #> string_to_array(substr(path, 3), '.') else '[]' end
  );

-- While a rebuild goes on, a record that changes leaves the side tables, and waits to come back.
create or replace function wait_for_rebuild() returns trigger language plpgsql as $$
declare
  changed text := case when tg_op = 'DELETE' then old.id else new.id end;
begin
  if not exists (select from properties where name = 'rebuild') then
    return null;
  end if;
  delete from side_passage_words w using side_passages p, side_documents d
    where w.rowid = p.id and p.document_id = d.id
    and d.kind = tg_argv[0] and d.record_id = changed;
  delete from side_passages p using side_documents d
    where p.document_id = d.id and d.kind = tg_argv[0] and d.record_id = changed;
  delete from side_documents where kind = tg_argv[0] and record_id = changed;
  if tg_op = 'DELETE' then
    delete from rebuild_waiting where kind = tg_argv[0] and record_id = changed;
  else
    insert into rebuild_waiting values (tg_argv[0], changed) on conflict do nothing;
  end if;
  return null;
end $$;

-- What a passage of the side tables has is not let go with the last other one of its text.
create or replace function keep_for_rebuild() returns trigger language plpgsql as $$
begin
  if exists (select from properties where name = 'rebuild')
    and exists (select from side_passages where text_hash = old.text_hash)
  then
    return null;
  end if;
  return old;
end $$;

-- Keeps `postings` and `word_totals` beside `passage_words`, or those of the same beginning beside
-- `side_passage_words`. A stem of 255 letters is told from others (`kb.store.postgres.passages`).
create or replace function count_words() returns trigger language plpgsql as $$
declare
  postings text := format('%I.%I',
    tg_table_schema, replace(tg_table_name, 'passage_words', 'postings'));
  totals text := format('%I.%I',
    tg_table_schema, replace(tg_table_name, 'passage_words', 'word_totals'));
begin
  if tg_op = 'INSERT' then
    execute format(
      'insert into %s (stem, passage_id, uses, length)'
      ' select left(stem, 255) as stem, rowid, count(*), min(length) from ('
      '   select rowid, stem, count(*) over (partition by rowid) as length'
      '   from changed, string_to_table(words, '' '') as stem'
      ' ) as said group by 1, 2', postings);
  else
    execute format(
      'delete from %s using changed, string_to_table(words, '' '') as said'
      ' where stem = left(said, 255) and passage_id = rowid', postings);
  end if;
  execute format(
    'update %s set passages = passages + $1 * come, words = words + $1 * said from ('
    '   select count(*) as come,'
    '     coalesce(sum(cardinality(string_to_array(words, '' ''))), 0) as said from changed'
    ' ) as counted', totals)
    using case tg_op when 'INSERT' then 1 else -1 end;
  return null;
end $$;
