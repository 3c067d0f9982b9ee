"""Telephone numbers: read from a cell, kept as `+33536490010;ext=12`, shown as they are dialled."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kb.text.folding import fold
from kb.text.lexicon import LEXICONS

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_MAX_NUMBERS = 20
_MAX_CHARS = 2000
_BLANKS = re.compile(r"[^\S\n]+")
_NONE = frozenset(LEXICONS.phrases("contacts", "none"))
_EXTENSIONS = "|".join(LEXICONS.phrases("contacts", "extension"))
_EXTENSION = re.compile(
    rf"[\s,(]{{0,4}}(?:;\s*ext=|\b(?:{_EXTENSIONS})\b)[\s.:=]{{0,4}}(?:n[°o]\s?)?(\d{{1,6}})\)?"
)
_FAXES = "|".join(LEXICONS.phrases("contacts", "fax"))
_FAX = re.compile(
    rf"\b(?:{_FAXES})\b[^\d+(|;/\n]{{0,20}}\(?[+\d][\d .()-]{{4,40}}"
    rf"|[+\d(][\d .()-]{{4,40}}\(\s*(?:{_FAXES})\s*\)"
)
_NOTE = re.compile(r"\((?=[^()]*[^\W\d_])(?!(?:[^()\d]*\d){6})[^()]*\)")
_EMPTY = re.compile(r"\(\s*\)")
_WORD = re.compile(r"[^\W\d_]+")
_ENDS = " \t.,:;/|-–—_'\"<>"
_STRONG = re.compile(r"[|;\n]")
_WEAK = re.compile(r"([/,]|\s[-–—]\s|[^\W\d_]+)")
_MIN_DIGITS = 3
_SHORT = re.compile(r"\d{2,6}")
_FRENCH_MOBILE = re.compile(r"\+33[67]")
_OVERSEAS = {"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "976": "YT"}
FRENCH_REGIONS = frozenset({"FR", *_OVERSEAS.values()})  # each with a prefix of its own


class FoundNumbers(NamedTuple):
    """The numbers of a cell, each once, and its parts that cannot be dialled."""

    kept: tuple[str, ...]
    refused: tuple[str, ...]


def dialling_region(country: str, department: str = "") -> str:
    """Returns the region whose numbers an actor writes without a prefix: ISO 3166 alpha-2."""
    return _OVERSEAS.get(department, "FR") if country in {"", "FR"} else country


def is_no_value(text: str) -> bool:
    """Says whether a cell stands for no value: "-", "NC"."""
    words = " ".join(re.findall("[a-z0-9]+", fold(text)))
    return not words or words in _NONE


@lru_cache(maxsize=4096)
def numbers_in(text: str, region: str) -> FoundNumbers:
    """Returns the numbers in a cell, as they are kept; those for a fax are passed over."""
    if is_no_value(text):
        return FoundNumbers((), ())
    kept: dict[str, None] = {}
    refused: list[str] = []
    text = _BLANKS.sub(" ", text[:_MAX_CHARS])
    plain = _EXTENSION.sub(r"#\1", _FAX.sub(" ", fold(text)))
    for number, written in _read(plain, region):
        if number:
            kept.setdefault(number)
        else:
            refused.append(written)
    if not kept and (refused or not any(map(str.isdigit, plain))):
        # A fax is no refusal, but words alone are.
        refused = [] if _FAX.search(fold(text)) else [" ".join(text.split())]
    return FoundNumbers(tuple(kept)[:_MAX_NUMBERS], tuple(refused))


@lru_cache(maxsize=4096)
def is_mobile(number: str) -> bool:
    import phonenumbers

    parsed = _parsed(number, "")
    is_one = parsed and phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    return bool(is_one) or _FRENCH_MOBILE.match(number) is not None


@lru_cache(maxsize=4096)
def shown_number(number: str, region: str) -> str:
    """Returns a kept number as it is dialled and written in a region, its digits in groups."""
    import phonenumbers

    parsed = _parsed(number, region)
    if parsed is not None:
        forms = phonenumbers.PhoneNumberFormat
        for form in (forms.NATIONAL, forms.INTERNATIONAL):
            shown: str = phonenumbers.format_number(parsed, form)
            if region in FRENCH_REGIONS:
                shown = shown.replace(" ext. ", " poste ")
            if numbers_in(shown, region).kept == (number,):
                return shown
    return number


def _read(text: str, region: str) -> Iterator[tuple[str, str]]:
    """Yields each number and "", or "" and what has digits and is none."""
    for part in _STRONG.split(text):
        alone = _number(part, region, may_be_short=True)
        if alone and _SHORT.fullmatch(alone):
            yield alone, ""
            continue
        pieces = _pieces(_NOTE.sub(" ", part))
        numbers = [_number(piece, region) for _, piece in pieces]
        whole = "" if numbers and all(numbers) else _number(part, region)
        if whole:
            yield whole, ""
            continue
        for (before, piece), number in zip(pieces, numbers, strict=True):
            found = number or (_number(piece, region, may_be_short=True) if before == "/" else "")
            if found:
                yield found, ""
            elif _digits(piece) >= _MIN_DIGITS:
                yield "", " ".join(piece.split()).strip(_ENDS)


def _pieces(text: str) -> list[tuple[str, str]]:
    first, *rest = _WEAK.split(text)
    pairs = [("", first), *zip(rest[::2], rest[1::2], strict=True)]
    return [(before, piece) for before, piece in pairs if _digits(piece)]


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _number(text: str, region: str, *, may_be_short: bool = False) -> str:
    """Returns the number that the whole text is, beside words, or ""."""
    import phonenumbers

    bare = _EMPTY.sub(" ", _WORD.sub(" ", _NOTE.sub(" ", text))).strip(_ENDS)
    compact = re.sub(r"[\s.]", "", bare)
    parsed = _parsed(bare, region)
    if parsed is None:
        return ""
    if _SHORT.fullmatch(compact):
        is_short = phonenumbers.is_valid_short_number_for_region(parsed, region)
        return compact if may_be_short and is_short else ""
    # Many plans change every year: the length of a number tells enough.
    possible = phonenumbers.is_possible_number(parsed) and not parsed.italian_leading_zero
    if not (possible or phonenumbers.is_valid_number(parsed)):
        return ""
    number: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"{number};ext={parsed.extension}" if parsed.extension else number


def _parsed(text: str, region: str) -> "PhoneNumber | None":
    import phonenumbers

    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
