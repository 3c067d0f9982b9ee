"""Naming: a pattern that finds a person, by a name, an address or a number, however written."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from itertools import permutations
from typing import Any

from kb.errors import InputError
from kb.registers.register import as_json
from kb.text.folding import fold

LEAST_CHARS = 3
LEAST_DIGITS = 6
MOST_CHARS = 200
MOST_PERMUTED = 3  # most words of a name that are looked for in any order
_BETWEEN_WORDS = r"[\W_]{1,3}"
_BETWEEN_DIGITS = r"[\s./()-]{0,3}"
_PREFIX = rf"(?:(?:\+|00)\d{{1,3}}{_BETWEEN_DIGITS}(?:0{_BETWEEN_DIGITS})?|0{_BETWEEN_DIGITS})?"
_NAMED_BY_SOURCES = "facts"  # the field whose parts are called as a source calls them
_LATIN = [chr(code) for code in (*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00))]


def pattern_of(term: str) -> re.Pattern[str]:
    """Returns a pattern: "Jeanne Martin" finds "MARTIN Jeanne", "06 12 34 56 78" "+33612345678"."""
    words = re.findall(r"[^\W_]+", fold(term))
    digits = re.sub(r"\D", "", term)
    letters = sum(map(len, words))
    if not LEAST_CHARS <= letters <= MOST_CHARS:
        raise InputError("personal_term", "term", least=LEAST_CHARS, most=MOST_CHARS)
    if len(digits) == letters:
        return _of_number(term, digits)
    is_permuted = "@" not in term and len(words) <= MOST_PERMUTED
    orders = list(permutations(words)) if is_permuted else [tuple(words)]
    ways = [_BETWEEN_WORDS.join(map(_word, each)) for each in orders]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(ways)})(?![^\W_])", re.IGNORECASE)


def _of_number(term: str, digits: str) -> re.Pattern[str]:
    """The pattern of a number: of a telephone, with or without the prefix of its country."""
    import phonenumbers

    if len(digits) < LEAST_DIGITS:
        raise InputError("personal_number", "term", least=LEAST_DIGITS)
    prefix = ""
    try:
        parsed = phonenumbers.parse(term, "FR")
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is not None and phonenumbers.is_valid_number(parsed):
        digits, prefix = str(parsed.national_number), _PREFIX
    return re.compile(rf"(?<!\d){prefix}{_BETWEEN_DIGITS.join(digits)}(?!\d)")


def _word(folded: str) -> str:
    """A pattern of a word, whose letters may be joined in one, as in "œ"."""
    letters = "".join(map(_letter, folded))
    for joined in "œæ":
        apart = "".join(map(_letter, fold(joined)))
        letters = letters.replace(apart, f"(?:{apart}|{joined})")
    return letters


@cache
def _letter(folded: str) -> str:
    """A pattern of the letters that fold to one, with what accents may follow on their own."""
    alike = "".join(letter for letter in _LATIN if fold(letter) == folded)
    return rf"[{re.escape(folded)}{alike}][\u0300-\u036f]*"


def texts_in(value: Any, key: str = "") -> Iterator[str]:
    """Yields the texts in a value of JSON, and the names of facts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            if key == _NAMED_BY_SOURCES:
                yield name
            yield from texts_in(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)


def read_column(content: object) -> str:
    text = "" if content is None else str(content)
    plain = parsed(text)
    return text if plain is None else "\n".join(texts_in(plain))


def parsed(text: str) -> Any:
    if text[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


GONE = "[…]"  # what stands where words were taken out
_DROPPED = frozenset({"phone", "email"})
_EMPTIED = frozenset({"website", "source_url", "contact", "url", "address"})
_KEPT = frozenset({
    "id", "actor_id", "translation_of", "picture", "logo", "accent", "siret", "lang", "date",
    "role", "flow", "country", "department", "activity_code",
})  # fmt: skip


def without(pattern: re.Pattern[str], value: Any, key: str = "") -> Any:
    """Takes what a pattern finds out of a value of JSON; ids stay, contacts that have it go."""
    if isinstance(value, str):
        if key in _KEPT:
            return value
        return "" if key in _EMPTIED and pattern.search(value) else pattern.sub(GONE, value)
    if isinstance(value, list):
        if key in _DROPPED:
            return [each for each in value if not pattern.search(str(each))]
        return [without(pattern, each) for each in value]
    if isinstance(value, dict):
        renames = key == _NAMED_BY_SOURCES
        return {
            pattern.sub(GONE, name) if renames else name: without(pattern, each, name)
            for name, each in value.items()
        }
    return value


def column_without(pattern: re.Pattern[str], text: str) -> str:
    plain = parsed(text)
    if plain is None:
        return pattern.sub(GONE, text)
    changed = without(pattern, plain)
    return text if changed == plain else json.dumps(changed, ensure_ascii=False)


def telling_of(ids: Collection[str], names: Collection[str]) -> Callable[[object], bool]:
    """Returns a test of whether a value of JSON tells of a record with an id, or a name."""
    mentions = [as_json(name)[1:-1] for name in names if name]
    mentions += [quote + as_json(id_)[1:-1] + quote for id_ in ids for quote in ("'", '"', '\\"')]
    return lambda said: any(mention in as_json(said) for mention in mentions)
