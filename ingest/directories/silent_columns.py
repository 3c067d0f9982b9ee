"""Silent columns, which say nothing to a reader: codes, numbers of rows, yes or no, one value."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ingest.directories.columns_of import HeaderMap
from ingest.directories.header_words import FLAGS, is_silent, names_telling_codes
from ingest.directories.table import DirectoryRow
from ingest.records.fields import folded, one_line

_FEWEST_CELLS = 10  # of fewer, nothing is told by what they hold
_WORDS = re.compile(r"[^\W\d_]{3,}\W+(?:\w+\W+)*?[^\W\d_]{3,}|[^\W\d_]+[a-zà-ÿ]{3,}")
_CODE = re.compile(r"(?=.*\d)(?!.*[A-Z]{4})[A-Z0-9][A-Z0-9 ./_-]{0,19}")
_DATE_OR_AMOUNT = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}|\d{1,3}(?:[ .]\d{3})+|\d+\.\d+")
_ALIKE = 0.05  # of the codes of a column, as slips are made
_FEWEST_DIGITS = 5  # of numbers of one length that are codes


def silent_facts(rows: Iterable[DirectoryRow], header_map: HeaderMap) -> list[str]:
    cells: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for fact, cell in zip(header_map.plain_facts(row.header), row.cells, strict=False):
            if fact:
                cells[fact].append(one_line(cell))
    return [fact for fact, under in cells.items() if _is_silent(fact, under)]


def _is_silent(fact: str, cells: Sequence[str]) -> bool:
    filled = list(filter(None, cells))
    is_long = len(filled) >= _FEWEST_CELLS
    if is_long and len(set(cells)) == 1:
        return True
    if names_telling_codes(fact) or any(map(_WORDS.search, filled)):
        return False
    are_flags = FLAGS.issuperset(map(folded, filled))
    return is_silent(fact) or (is_long and (are_flags or _are_codes(filled)))


def _are_codes(cells: Sequence[str]) -> bool:
    different = set(cells)
    if len(different) < (1 - _ALIKE) * len(cells):
        return False
    if not all(map(str.isdecimal, cells)):
        return all(map(_CODE.fullmatch, cells)) and not any(map(_DATE_OR_AMOUNT.fullmatch, cells))
    numbers, lengths = list(map(int, different)), set(map(len, cells))
    are_of_rows = max(numbers) - min(numbers) < (1 + _ALIKE) * len(numbers)
    return are_of_rows or (len(lengths) == 1 and min(lengths) >= _FEWEST_DIGITS)
