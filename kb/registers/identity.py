"""The identity of the site: what its operator says of itself, in revisions that are all kept."""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from kb.errors import EditConflict, InputError
from kb.registers.clock import now
from kb.registers.register import Register, columns_of, find, known
from kb.store.store import Store

DEFAULT_NAME = "Qui sait faire\N{NARROW NO-BREAK SPACE}?"
MAX_NAME_CHARS = 60
MAX_TAGLINE_CHARS = 240
MAX_ALT_CHARS = 200
MAX_CONTACT_CHARS = 300
MAX_TEXT_CHARS = 50_000
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+|https?://[^\s/]+\S*")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Identity:
    """What the operator says of itself; what is empty has its default.

    `taglines` are by language, `texts` by `kind.language`, such as `privacy.fr`, in Markdown.
    """

    name: str = DEFAULT_NAME
    taglines: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    logo: str = ""
    logo_alt: str = ""
    accent: str = ""
    contact: str = ""
    texts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def has_own_name(self) -> bool:
        return self.name != DEFAULT_NAME


@dataclass(frozen=True, slots=True)
class IdentityRevision:
    revision: int
    identity: Identity
    by: str
    at: str


UNCHANGED = IdentityRevision(0, Identity(), "", "")


class IdentityRegister(Register):
    def current(self) -> IdentityRevision:
        with self._stores.lend() as store:
            return _current(store)

    def get(self, revision: int) -> IdentityRevision:
        if not revision:
            return UNCHANGED
        with self._stores.lend() as store:
            found = find(store, IdentityRevision, f"{_SELECT} where revision = ?", [revision])
        return known(found, f"The settings have no revision {revision}.")

    def revisions(self) -> Sequence[tuple[int, str, str]]:
        rows = self._rows('select revision, "by", "at" from identity order by revision desc')
        return [tuple(row) for row in rows]

    def save(self, identity: Identity, *, by: str, revision: int) -> IdentityRevision:
        checked = _checked(identity)
        with self._writing() as store:
            before = _current(store)
            if before.revision != revision:
                raise EditConflict(f"The settings were changed by {before.by} since you saw them.")
            if checked == before.identity:
                return before
            saved = IdentityRevision(revision + 1, checked, by, now())
            row = columns_of(saved)
            row["content"] = row.pop("identity")
            store.insert("identity", row)
            return saved


_SELECT = 'select revision, content as identity, "by", "at" from identity'


def _current(store: Store) -> IdentityRevision:
    found = find(store, IdentityRevision, f"{_SELECT} order by revision desc limit 1")
    return found or UNCHANGED


def _checked(identity: Identity) -> Identity:
    accent = identity.accent.strip().lower()
    if accent and not _COLOUR.fullmatch(accent):
        raise InputError("identity_accent", "accent", given=accent)
    contact = identity.contact.strip()
    if "@" in contact and ":" not in contact:
        contact = f"mailto:{contact}"
    if len(contact) > MAX_CONTACT_CHARS or (contact and not _CONTACT.fullmatch(contact)):
        raise InputError("identity_contact", "contact", given=contact)
    name = _line(identity.name, "name", MAX_NAME_CHARS) or DEFAULT_NAME
    taglines = {
        language: _line(tagline, f"tagline_{language}", MAX_TAGLINE_CHARS)
        for language, tagline in identity.taglines.items()
    }
    alt = _line(identity.logo_alt, "logo_alt", MAX_ALT_CHARS) if identity.logo else ""
    texts = {kind: _text(text, kind) for kind, text in identity.texts.items()}
    return Identity(name, _kept(taglines), identity.logo, alt, accent, contact, _kept(texts))


def _kept(values: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in values.items() if value}


def _line(text: str, field: str, most: int) -> str:
    line = " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()
    # A narrow space before a French mark is a space, and may stay.
    if len(line) > most or not line.replace("\u202f", "").replace("\xa0", "").isprintable():
        raise InputError("identity_line", field, most=most)
    return line


def _text(text: str, field: str) -> str:
    kept = text.replace("\r\n", "\n").strip()
    if len(kept) > MAX_TEXT_CHARS:
        raise InputError("identity_text", field, most=MAX_TEXT_CHARS)
    return kept


class FrontPage(Register):
    """The stories on the front page. A story is the id that a case and its translations share."""

    def choose(self, story: str, *, by: str) -> None:
        row = {"story": story, "chosen_by": by, "chosen_at": now()}
        with self._writing() as store:
            store.insert("front_page", row, key=["story"])

    def leave_out(self, story: str) -> None:
        self._write("delete from front_page where story = ?", [story])

    def is_chosen(self, story: str) -> bool:
        return bool(self._rows("select 1 from front_page where story = ?", [story]))

    def stories(self, most: int) -> Sequence[Collection[str]]:
        """Returns the ids of the editions of each story to show: the chosen, then the newest."""
        rows = self._rows(
            "select json_group_array(id) as editions,"
            " coalesce(nullif(translation_of, ''), id) as its_story from cases"
            " left join front_page on story = coalesce(nullif(translation_of, ''), id)"
            " group by its_story order by max(chosen_at) desc nulls last, max(date) desc,"
            " its_story limit ?",
            [most],
        )
        return [json.loads(row["editions"]) for row in rows]
