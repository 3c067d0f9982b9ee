"""Cases in Markdown: one article per file, its facts in front matter, the YAML at its head."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import yaml

from ingest.encodings import open_text
from ingest.records.entries import WHOLE_FILE, Entry, NotInput
from ingest.records.fields import (
    folded,
    names_of,
    one_line,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
)
from ingest.records.parsers import parsed
from kb.errors import InputError
from kb.models import MAX_TEXT_CHARS, Case, Participation
from kb.reference.fields import CASE_FIELDS, PARTICIPATION_FIELDS, FieldKind
from kb.reference.roles import ROLES, Role
from kb.text.lexicon import Lexicons

MAX_BYTES = 5_000_000  # the largest file of a case, as of any article in Markdown
MAX_CHARS = 200_000  # the longest front matter, as long as the text of a case may be
_FENCE = re.compile(r"---[ \t]*")
_CLOSING_FENCE = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
CASE_KEYS = names_of(
    (name for name, traits in CASE_FIELDS.items() if traits.kind is not FieldKind.TEXT),
    _LEXICONS.spellings("keys", "case"),
)
_OF_ARTICLES = frozenset(
    "title author author_job date modified themes lang picture picture_alt picture_credit".split()
)
"""The fields that a site's own articles have, too."""
_PARTICIPATION = {traits.key or name: traits for name, traits in PARTICIPATION_FIELDS.items()}
PARTICIPATION_KEYS = names_of(_PARTICIPATION, _LEXICONS.spellings("keys", "participation"))
_ROLES = {word: role for role, traits in ROLES.items() for word in (role.value, *traits.french)}


def read_markdown(path: Path) -> Iterator[Entry]:
    """Reads the case of a Markdown file; raises NotInput for another file, or InputError."""
    if (size := path.stat().st_size) > MAX_BYTES:
        raise InputError("large_feed", size=size, most=MAX_BYTES)
    with open_text(path) as file:
        article = file.read()
    try:
        values, text = split(article)
        fields = {CASE_KEYS.get(folded(str(key)), "") for key in values} - {"title", "lang"}
        # Jekyll and Hugo write front matter, too: it says nothing that only a case has.
        if fields and fields <= _OF_ARTICLES | {""}:
            raise NotInput("front_matter_of_a_site")
        yield Entry(WHOLE_FILE, case_from(values, text))
    except InputError as error:
        yield Entry(WHOLE_FILE, reason=error.remark)


class _TextLoader(yaml.SafeLoader):
    """Reads every scalar but null as the text it is: no `no` becomes False."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def split(text: str) -> tuple[dict[str, object], str]:
    """Returns the front matter of a text, of text, None, lists and mappings, and the rest."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head, _, rest = text.partition("\n")
    if not _FENCE.fullmatch(head):
        raise NotInput("no_front_matter")
    if not (end := _CLOSING_FENCE.search(rest)):
        raise InputError("open_front_matter")
    if end.start() > MAX_CHARS:
        raise InputError("long_front_matter", most=MAX_CHARS)
    try:
        values: object = _TextLoader(rest[: end.start()]).get_single_data()
    # The last three come of a tag that does not fit its value, like `!!int abc`.
    except (yaml.YAMLError, RecursionError, ValueError, AttributeError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = " ".join(str(getattr(error, "problem", error) if mark else error).split())
        if mark is None:
            raise InputError("no_yaml", reason=reason) from None
        # The first line of the block is the second of the file.
        raise InputError("no_yaml_at", line=str(mark.line + 2), reason=reason) from None
    if not isinstance(values, dict):
        raise InputError("strange_front_matter")
    return values, rest[end.end() :]


def join(values: Mapping[str, object], text: str) -> str:
    block = yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False, width=100)
    return f"---\n{block}---\n\n{text}\n"


def case_from(front_matter: Mapping[str, object], text: str) -> Case:
    values = _by_field(front_matter, CASE_KEYS)
    cells = {
        name: _text(values, name, "|" if traits.kind is FieldKind.THEMES else ", ")
        for name, traits in CASE_FIELDS.items()
        if traits.kind not in {FieldKind.TEXT, FieldKind.PARTICIPANTS}
    }
    if not short_line(cells["title"], "title"):
        raise InputError("no_title", "title")
    if not (body := paragraphs(text)):
        raise InputError("no_text", "text")
    if len(body) > MAX_TEXT_CHARS:
        raise InputError("too_long", "text", count=len(body), most=MAX_TEXT_CHARS)
    known = parsed({**cells, "text": body}, CASE_FIELDS)
    participants = values.get("participants") or []
    if not isinstance(participants, list):
        raise InputError("no_participant_list", "participants")
    id_ = record_id(cells["id"], known["title"])
    parts = tuple(_participation(each, number) for number, each in enumerate(participants, start=1))
    return Case(id=id_, participants=parts, **known)


def _by_field(mapping: Mapping[str, object], fields: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in mapping.items():
        name = folded(str(key))
        if field := fields.get(name):
            values.setdefault(field, value)
        elif meant := get_close_matches(name, fields, n=1, cutoff=0.8):
            raise InputError("unknown_key", key=str(key), meant=meant[0])
    return values


def _text(values: Mapping[str, object], field: str, separator: str = ", ") -> str:
    """Returns a value as text, the items of a list joined; "" when it is absent or null."""
    value = values.get(field)
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, list | dict) for item in items):
        raise InputError("not_only_text", field)
    text = separator.join(str(item) for item in items if item is not None)
    refuse_oversize(text, field)
    return text


def _participation(item: object, number: int) -> Participation:
    if not isinstance(item, dict):
        raise InputError("no_participant_keys", "participants", number=number)
    values = _by_field(item, PARTICIPATION_KEYS)
    cells = {key: _text(values, key) for key in _PARTICIPATION}
    name, written = short_line(cells["name"], "name"), one_line(cells["role"])
    if not name:
        raise InputError("nameless_participant", "participants", number=number)
    if not (role := _ROLES.get(folded(written))):
        problem = {"role": written} if written else {}
        code = "unknown_role" if written else "no_role"
        raise InputError(code, "participants", name=name, **problem, roles=", ".join(Role))
    known = parsed(cells, _PARTICIPATION)
    return Participation(role=role, actor_id=known.pop("actor"), **known)
