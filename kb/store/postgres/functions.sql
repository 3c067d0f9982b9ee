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
