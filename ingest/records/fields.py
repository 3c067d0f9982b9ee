"""Cleans values, or refuses them; applied to its own result a function changes nothing."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from slugify import slugify

from kb.errors import InputError
from kb.text.folding import fold

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

MAX_CELL_CHARS = 20_000
MAX_COLUMNS = 1_000  # most columns of a table: each header is looked up in many words
MAX_LINE_CHARS = 500
MAX_LINE_BYTES = 1_300  # written and folded: PostgreSQL's indexes take 2,704, some of two
MIN_DETECTABLE_CHARS = 40
_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Controls, lone surrogates (a JSON escape can make one, UTF-8 cannot hold it) and byte order marks.
_UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d)", re.IGNORECASE)
_THEME_SEPARATOR = re.compile(r"[|;\n]")


def paragraphs(text: str) -> str:
    """Returns the text in NFC with line feeds, without controls or blanks around it."""
    if not text.isprintable():  # most are, and then have neither
        text = _UNSTORABLE.sub("", _LINE_BREAK.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def one_line(text: str) -> str:
    """Returns the text as `paragraphs` does, each run of blanks and line ends made a space."""
    return " ".join(paragraphs(text).split())


def folded(text: str) -> str:
    """Returns the text in lower-case ASCII letters and digits, with spaces between words."""
    # Lines come again and again; whole articles would fill the memory.
    return _folded_line(text) if len(text) <= MAX_LINE_CHARS else _folded_line.__wrapped__(text)


@lru_cache(maxsize=4096)
def _folded_line(text: str) -> str:
    words: str = slugify(text.replace("’", "'"), separator=" ")
    return words


def names_of(fields: Iterable[str], spellings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {folded(name): field for field in fields for name in (field, *spellings.get(field, ()))}


def refuse_oversize(text: str, field: str) -> None:
    """Refuses what is longer than `MAX_CELL_CHARS`: more likely an unclosed quote than a text."""
    if len(text) > MAX_CELL_CHARS:
        raise InputError("too_long", field, count=len(text), most=MAX_CELL_CHARS)


def short_line(text: str, field: str) -> str:
    """Returns the text as one line; refuses more than `MAX_LINE_CHARS` or `MAX_LINE_BYTES`."""
    line = one_line(text)
    if len(line) > MAX_LINE_CHARS:
        raise InputError("too_long", field, count=len(line), most=MAX_LINE_CHARS)
    if (count := bytes_of_line(line)) > MAX_LINE_BYTES:
        raise InputError("too_many_bytes", field, count=count, most=MAX_LINE_BYTES)
    return line


def bytes_of_line(line: str) -> int:
    """Returns the bytes that a line needs in UTF-8, as it is or folded: whichever are more."""
    return len(line) if line.isascii() else max(len(line.encode()), len(fold(line).encode()))


def record_id(given: str, *named_after: str) -> str:
    """Returns the id as given, or else a slug of the names; refuses one without a letter."""
    if identifier := short_line(given, "id"):
        if not any(character.isalnum() for character in identifier):
            raise InputError("id_without_letter", "id", value=identifier)
        return identifier
    if not (words := folded(" ".join(named_after))):
        raise InputError("no_id", "id", value=" ".join(named_after).strip())
    slug = words.replace(" ", "-")
    if len(slug) <= MAX_LINE_CHARS:
        return slug
    digest = hashlib.sha256(slug.encode()).hexdigest()[:12]
    return f"{slug[: MAX_LINE_CHARS - 13]}-{digest}"


def theme_names(text: str) -> tuple[str, ...]:
    """Returns the themes between `|`, `;` or line ends, in order, each once whatever its case."""
    names: dict[str, str] = {}
    for part in _THEME_SEPARATOR.split(paragraphs(text)):
        if name := short_line(part, "themes"):
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


def web_address(text: str, field: str) -> str:
    if not (address := one_line(text)):
        return ""
    scheme = _SCHEME.match(address)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        raise InputError("other_scheme", field, value=address, scheme=scheme[1])
    if scheme:
        url = scheme[1].lower() + address[scheme.end(1) :]
    else:
        url = f"https://{address.removeprefix('//')}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises ValueError where the port is no number
    except ValueError:
        host = ""
    if " " in url or not host or ("." not in host and not scheme):
        raise InputError("no_web_address", field, value=address)
    return url


_MONTH = re.compile(r"(?:1[5-9]|20)\d\d-(?:0[1-9]|1[0-2])")


def iso_date(text: str, field: str) -> str:
    """A day, a moment, or a month such as 2020-03."""
    if not (written := one_line(text)) or _MONTH.fullmatch(written):
        return written
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(written).isoformat()
        except ValueError:
            continue
    raise InputError("no_date", field, value=written)


FRENCH_OR_ENGLISH = ("fr", "en")  # the languages of cases and of the pages


def language(given: str, text: str, among: tuple[str, ...] = FRENCH_OR_ENGLISH) -> str:
    """Returns the two-letter code of the language given, else that of the text, one of `among`."""
    if not (written := one_line(given)):
        return detected_language(text, among)
    # "fr-FR", "en_GB": only the language counts.
    if not (code := _codes_by_name("languages").get(folded(re.split("[-_]", written)[0]))):
        raise InputError("unknown_language", "lang", value=written)
    return code


def detected_language(text: str, among: tuple[str, ...] = FRENCH_OR_ENGLISH) -> str:
    if len(text) < MIN_DETECTABLE_CHARS:
        return "fr"
    lang: str = _identifier(among).classify(text)[0]
    return lang


@lru_cache(maxsize=4096)
def country_code(text: str) -> str:
    """Returns the ISO 3166 code of a country, given it or a name in five languages; else "FR"."""
    written = one_line(text)
    code = _codes_by_name("territories").get(folded(written)) if written else "FR"
    if not code:
        raise InputError("unknown_country", "country", value=written)
    return code


@lru_cache(maxsize=2)
def _codes_by_name(table: str) -> dict[str, str]:
    """Maps folded codes and names to two-letter codes, from a table of the Unicode CLDR."""
    from babel import Locale

    codes: dict[str, str] = {}
    for locale in map(Locale, ("fr", "en", "de", "nl", "es")):
        for code, name in getattr(locale, table).items():
            if len(code) == 2 and code.isalpha():
                codes[folded(code)] = code
                codes.setdefault(folded(name), code)
    return codes


@cache
def _identifier(among: tuple[str, ...]) -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(among))
    return identifier
