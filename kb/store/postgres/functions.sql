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

-- Keeps `postings` and `word_totals` beside `passage_words`. A stem of 255 letters is told from
-- others (`kb.store.postgres.passages`).
create or replace function count_words() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into postings (stem, passage_id, uses, length)
      select left(stem, 255) as stem, rowid, count(*), min(length) from (
        select rowid, stem, count(*) over (partition by rowid) as length
        from changed, string_to_table(words, ' ') as stem
      ) as said group by 1, 2;
  else
    delete from postings using changed, string_to_table(words, ' ') as said
      where stem = left(said, 255) and passage_id = rowid;
  end if;
  update word_totals set passages = passages + sign * come, words = words + sign * said
    from (
      select case tg_op when 'INSERT' then 1 else -1 end as sign, count(*) as come,
        coalesce(sum(cardinality(string_to_array(words, ' '))), 0) as said from changed
    ) as counted;
  return null;
end $$;
